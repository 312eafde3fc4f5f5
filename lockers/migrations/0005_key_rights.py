from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("lockers", "0004_organisation_settings")]

    operations = [
        migrations.AlterModelOptions(
            name="site",
            options={
                "ordering": ["name"],
                "permissions": [
                    ("operate_site", "Can open, release and take out of service at this site"),
                    ("manage_site", "Can change the estate, people and policies of this site"),
                    ("view_combination", "Can look at the combinations of locks at this site"),
                ],
                "verbose_name": "site",
                "verbose_name_plural": "sites",
            },
        ),
    ]
