from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("kiosk", "0002_waiting_scans_are_announced")]

    operations = [
        migrations.AddField(
            model_name="scan",
            name="needs_pin",
            field=models.BooleanField(default=False, verbose_name="needs a PIN"),
        ),
    ]
