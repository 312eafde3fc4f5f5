from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0007_passes"),
        ("kiosk", "0003_scans_may_wait_for_a_pin"),
    ]

    operations = [
        migrations.AddField(
            model_name="scan",
            name="shown_pass",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="scans",
                to="access.pass",
                verbose_name="pass",
            ),
        ),
    ]
