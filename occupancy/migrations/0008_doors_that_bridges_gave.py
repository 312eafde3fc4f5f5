from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0009_letters_of_lockers"),
        ("lockers", "0016_authority"),
        ("occupancy", "0007_what_bridges_keep"),
    ]

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
                    ("offer_over", "the offer was answered, or lapsed"),
                    ("recovered", "emptied by staff"),
                    ("cancelled", "cancelled"),
                    ("no_show", "nobody came"),
                    ("lifted", "closure lifted"),
                    ("withdrawn", "withdrawn: its bank was cut off"),
                    ("handed_on", "handed on: transferred, swapped or moved"),
                ],
                max_length=20,
                verbose_name="how it ended",
            ),
        ),
        migrations.CreateModel(
            name="AloneUse",
            fields=[
                ("ref", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("given_at", models.DateTimeField(verbose_name="given at")),
                (
                    "breach",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("limit", "more than the policy allows"),
                            ("not_allowed", "not allowed any more"),
                            ("door_held", "staff gave the door to somebody else meanwhile"),
                            ("unknown", "a person or policy that we do not know"),
                        ],
                        max_length=12,
                        verbose_name="to look at",
                    ),
                ),
                (
                    "looked_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="looked at"
                    ),
                ),
                (
                    "looked_by",
                    models.CharField(
                        blank=True, editable=False, max_length=60, verbose_name="looked at by"
                    ),
                ),
                (
                    "bridge",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        to="lockers.bridge",
                        verbose_name="bridge",
                    ),
                ),
                (
                    "claim",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="occupancy.claim",
                        verbose_name="claim",
                    ),
                ),
                (
                    "compartment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="lockers.compartment",
                        verbose_name="compartment",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="access.person",
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "door given by a bridge",
                "verbose_name_plural": "doors given by bridges",
                "ordering": ["-given_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("claim__isnull", False),
                            models.Q(("breach", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="occupancy_alone_use_without_claim_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("looked_at__isnull", True),
                            models.Q(("looked_by", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="occupancy_alone_use_is_looked_at_by_somebody",
                    ),
                ],
            },
        ),
    ]
