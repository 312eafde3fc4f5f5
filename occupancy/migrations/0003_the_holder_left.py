from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("occupancy", "0002_changes_are_announced")]

    operations = [
        migrations.AlterField(
            model_name="claim",
            name="closed_how",
            field=models.CharField(
                blank=True,
                choices=[
                    ("finished", "finished by the holder"),
                    ("expired", "released by itself at the end"),
                    ("released_by_staff", "released by staff"),
                    ("holder_left", "the holder left"),
                ],
                max_length=20,
                verbose_name="how it ended",
            ),
        ),
    ]
