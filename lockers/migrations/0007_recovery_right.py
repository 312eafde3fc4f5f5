from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("lockers", "0006_site_rights"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="area",
            options={
                "ordering": ["site", "position", "name"],
                "permissions": [
                    ("operate_area", "Can open, release and take out of service in this area"),
                    ("override_area", "Can open any door of this area without its holder"),
                    ("recover_area", "Can empty overdue doors of this area into lost property"),
                ],
                "verbose_name": "area",
                "verbose_name_plural": "areas",
            },
        ),
        migrations.AlterModelOptions(
            name="site",
            options={
                "ordering": ["name"],
                "permissions": [
                    ("operate_site", "Can open, release and take out of service at this site"),
                    ("manage_site", "Can change the estate, people and policies of this site"),
                    ("view_combination", "Can look at the combinations of locks at this site"),
                    ("override_site", "Can open any door of this site without its holder"),
                    ("staff_site", "Can give roles to the staff of this site"),
                    ("recover_site", "Can empty overdue doors of this site into lost property"),
                ],
                "verbose_name": "site",
                "verbose_name_plural": "sites",
            },
        ),
    ]
