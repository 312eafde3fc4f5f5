from __future__ import annotations

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("lockers", "0014_working_alone"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="reader",
            name="lockers_reader_has_a_length",
        ),
        migrations.AddField(
            model_name="reader",
            name="baudrate",
            field=models.PositiveIntegerField(
                choices=[
                    (1200, "1200"),
                    (2400, "2400"),
                    (4800, "4800"),
                    (9600, "9600"),
                    (19200, "19200"),
                    (38400, "38400"),
                    (57600, "57600"),
                    (115200, "115200"),
                ],
                default=9600,
                verbose_name="speed",
            ),
        ),
        migrations.AddField(
            model_name="reader",
            name="installs_key",
            field=models.BooleanField(
                default=False,
                help_text="Only while somebody stands there and watches: until it has its key, anything on the wire could take it. It ends by itself when the reader has it.",
                verbose_name="set up: give the reader its key",
            ),
        ),
        migrations.AddField(
            model_name="reader",
            name="sealed_key",
            field=models.TextField(blank=True, editable=False),
        ),
        migrations.AddField(
            model_name="reader",
            name="unit",
            field=models.PositiveSmallIntegerField(
                default=0,
                help_text="The OSDP address that is set at the reader, 0 to 126.",
                validators=[django.core.validators.MaxValueValidator(126)],
                verbose_name="number",
            ),
        ),
        migrations.AlterField(
            model_name="reader",
            name="length",
            field=models.PositiveSmallIntegerField(
                default=10,
                help_text="Characters between prefix and suffix; anything else is refused. OSDP has neither.",
                validators=[django.core.validators.MaxValueValidator(64)],
                verbose_name="length",
            ),
        ),
        migrations.AlterField(
            model_name="reader",
            name="transport",
            field=models.CharField(
                choices=[
                    ("wedge", "types like a keyboard at the terminal"),
                    ("wired", "wired to the bridge"),
                    ("osdp", "wired to the bridge, OSDP"),
                ],
                default="wedge",
                max_length=8,
                verbose_name="transport",
            ),
        ),
        migrations.AddConstraint(
            model_name="reader",
            constraint=models.CheckConstraint(
                condition=models.Q(("length__gt", 0), ("transport", "osdp"), _connector="OR"),
                name="lockers_reader_has_a_length",
            ),
        ),
        migrations.AddConstraint(
            model_name="reader",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("transport", "osdp"), _negated=True),
                    models.Q(
                        models.Q(("address", ""), _negated=True),
                        models.Q(("sealed_key", ""), _negated=True),
                        ("baudrate__in", (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)),
                        ("profile__isnull", False),
                        ("unit__lte", 126),
                    ),
                    _connector="OR",
                ),
                name="lockers_osdp_reader_has_address_key_and_profile",
                violation_error_message="An OSDP reader needs an address and a profile.",
            ),
        ),
        migrations.AddConstraint(
            model_name="reader",
            constraint=models.CheckConstraint(
                condition=models.Q(("installs_key", False), ("transport", "osdp"), _connector="OR"),
                name="lockers_only_osdp_readers_are_given_keys",
                violation_error_message="Only OSDP readers have a key.",
            ),
        ),
        migrations.AddConstraint(
            model_name="reader",
            constraint=models.UniqueConstraint(
                condition=models.Q(("transport", "osdp")),
                fields=("bank", "address", "unit"),
                name="lockers_one_osdp_reader_per_number",
                violation_error_message="Another reader on this wire has this number.",
            ),
        ),
    ]
