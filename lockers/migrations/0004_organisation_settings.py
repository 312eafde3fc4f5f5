from __future__ import annotations

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lockers", "0003_reader_profiles")]

    operations = [
        migrations.AddField(
            model_name="organisation",
            name="pin_length",
            field=models.PositiveSmallIntegerField(
                db_default=6,
                default=6,
                help_text="Digits, 6 to 12. People may choose longer ones; PINs given before stay.",
                validators=[
                    django.core.validators.MinValueValidator(6),
                    django.core.validators.MaxValueValidator(12),
                ],
                verbose_name="shortest PIN",
            ),
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.CheckConstraint(
                condition=models.Q(("pin_length__range", (6, 12))),
                name="lockers_shortest_pin_is_sensible",
            ),
        ),
    ]
