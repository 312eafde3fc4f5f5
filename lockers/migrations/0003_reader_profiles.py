from __future__ import annotations

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lockers", "0002_changes_are_announced")]

    operations = [
        migrations.CreateModel(
            name="ReaderProfile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("key", models.CharField(editable=False, max_length=20, verbose_name="key")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("text", "a text, taken as it comes"),
                            ("uid", "the serial number of the card (UID)"),
                            ("wiegand", "facility and number of a card format"),
                        ],
                        default="text",
                        max_length=8,
                        verbose_name="what it reads",
                    ),
                ),
                (
                    "wiegand_format",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("H10301", "H10301, 26 bits"),
                            ("H10306", "H10306 (N10002), 34 bits"),
                            ("BQT34", "BQT, 34 bits"),
                            ("D10202", "D10202, 33 bits"),
                            ("C1k35s", "Corporate 1000, 35 bits"),
                            ("H10302", "H10302, 37 bits without facility"),
                            ("H10304", "H10304, 37 bits"),
                            ("C1k48s", "Corporate 1000, 48 bits"),
                        ],
                        max_length=8,
                        verbose_name="card format",
                    ),
                ),
                (
                    "content",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("frame", "all bits as one number"),
                            ("left", "all bits from the left of whole bytes (OSDP)"),
                            ("data", "facility and number as one number, without parity"),
                            ("pair", "facility, then number"),
                        ],
                        max_length=8,
                        verbose_name="writes",
                    ),
                ),
                (
                    "base",
                    models.CharField(
                        choices=[("decimal", "decimal"), ("hex", "hexadecimal")],
                        default="decimal",
                        max_length=8,
                        verbose_name="digits are",
                    ),
                ),
                (
                    "byte_order",
                    models.CharField(
                        choices=[("msb", "as the card sends them"), ("lsb", "backwards")],
                        default="msb",
                        max_length=3,
                        verbose_name="order of the bytes",
                    ),
                ),
                (
                    "uid_bytes",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="4, 7 or 10; 0 for everything else.",
                        verbose_name="bytes of the UID",
                    ),
                ),
                (
                    "digits",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="Exactly as many, zeros in front included; 0 leaves it to the reader.",
                        validators=[django.core.validators.MaxValueValidator(64)],
                        verbose_name="characters",
                    ),
                ),
                (
                    "facility_digits",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="Where facility and number stand together without a separator.",
                        validators=[django.core.validators.MaxValueValidator(10)],
                        verbose_name="digits of the facility",
                    ),
                ),
                (
                    "separator",
                    models.CharField(
                        blank=True,
                        help_text="Between facility and number.",
                        max_length=1,
                        verbose_name="separator",
                    ),
                ),
                (
                    "assurance",
                    models.CharField(
                        choices=[
                            ("plain", "plain number, can be copied"),
                            ("secure", "secure card format"),
                            ("osdp", "secure card over a secure reader line"),
                        ],
                        default="plain",
                        max_length=8,
                        verbose_name="how safe",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reader_profiles",
                        to="lockers.organisation",
                        verbose_name="organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "reader profile",
                "verbose_name_plural": "reader profiles",
                "ordering": ["organisation", "name"],
            },
        ),
        migrations.AddField(
            model_name="reader",
            name="profile",
            field=models.ForeignKey(
                blank=True,
                help_text="How it writes badges down. Without one the text is taken as it comes.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="readers",
                to="lockers.readerprofile",
                verbose_name="profile",
            ),
        ),
        migrations.AddConstraint(
            model_name="readerprofile",
            constraint=models.UniqueConstraint(
                fields=("organisation", "name"), name="lockers_one_reader_profile_per_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="readerprofile",
            constraint=models.UniqueConstraint(
                fields=("organisation", "key"), name="lockers_one_reader_profile_per_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="readerprofile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("key", ""), _negated=True), models.Q(("key", "main"), _negated=True)
                ),
                name="lockers_reader_profile_has_its_own_key",
            ),
        ),
        migrations.AddConstraint(
            model_name="readerprofile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("content", ""), ("kind", "text"), ("uid_bytes", 0), ("wiegand_format", "")
                    ),
                    models.Q(
                        ("content", ""),
                        ("kind", "uid"),
                        ("uid_bytes__in", [4, 7, 10]),
                        ("wiegand_format", ""),
                    ),
                    models.Q(
                        ("content__in", ["frame", "data"]),
                        ("kind", "wiegand"),
                        ("uid_bytes", 0),
                        (
                            "wiegand_format__in",
                            [
                                "H10301",
                                "H10306",
                                "BQT34",
                                "D10202",
                                "C1k35s",
                                "H10302",
                                "H10304",
                                "C1k48s",
                            ],
                        ),
                    ),
                    models.Q(
                        ("base", "hex"),
                        ("byte_order", "msb"),
                        ("content", "left"),
                        ("kind", "wiegand"),
                        ("uid_bytes", 0),
                        (
                            "wiegand_format__in",
                            [
                                "H10301",
                                "H10306",
                                "BQT34",
                                "D10202",
                                "C1k35s",
                                "H10302",
                                "H10304",
                                "C1k48s",
                            ],
                        ),
                    ),
                    models.Q(
                        models.Q(
                            models.Q(("separator", ""), _negated=True),
                            ("facility_digits__gt", 0),
                            _connector="OR",
                        ),
                        ("byte_order", "msb"),
                        ("content", "pair"),
                        ("kind", "wiegand"),
                        ("uid_bytes", 0),
                        (
                            "wiegand_format__in",
                            [
                                "H10301",
                                "H10306",
                                "BQT34",
                                "D10202",
                                "C1k35s",
                                "H10302",
                                "H10304",
                                "C1k48s",
                            ],
                        ),
                    ),
                    _connector="OR",
                ),
                name="lockers_reader_profile_says_how_to_read",
                violation_error_message=(
                    "A number of a card format needs its format and what is written of it; facility"
                    " and number need a separator or the digits of the facility; a serial number"
                    " its 4, 7 or 10 bytes; a text none of these."
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="readerprofile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "uid"), _negated=True),
                    ("assurance", "plain"),
                    _connector="OR",
                ),
                name="lockers_uid_profile_is_plain",
                violation_error_message=("A serial number can be copied, so it is a plain number."),
            ),
        ),
    ]
