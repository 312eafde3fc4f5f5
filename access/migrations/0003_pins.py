from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0002_badges"), ("lockers", "0004_organisation_settings")]

    operations = [
        # What was counted before says nothing of its tenant: made anew rather than guessed.
        migrations.DeleteModel(name="Throttle"),
        migrations.CreateModel(
            name="Throttle",
            fields=[
                (
                    "key",
                    models.CharField(
                        max_length=60, primary_key=True, serialize=False, verbose_name="of"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("person", "person"),
                            ("unknown", "nobody (a number that does not exist)"),
                            ("device", "screen or bridge"),
                            ("organisation", "whole organisation"),
                        ],
                        max_length=12,
                        verbose_name="what",
                    ),
                ),
                ("failures", models.PositiveIntegerField(default=0, verbose_name="wrong PINs")),
                ("failed_at", models.DateTimeField(verbose_name="last wrong PIN")),
                (
                    "blocked_until",
                    models.DateTimeField(blank=True, null=True, verbose_name="waits until"),
                ),
                (
                    "disabled_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="out of use since"),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="lockers.organisation",
                        verbose_name="organisation",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="throttles",
                        to="access.person",
                        verbose_name="person",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="lockers.site",
                        verbose_name="site",
                    ),
                ),
            ],
            options={
                "verbose_name": "PIN back-off",
                "verbose_name_plural": "PIN back-offs",
                "ordering": ["-failed_at"],
            },
        ),
        migrations.AddIndex(
            model_name="throttle",
            index=models.Index(
                condition=models.Q(("kind__in", ["person", "unknown"])),
                fields=["organisation", "failed_at"],
                name="access_guessed_at_lately",
            ),
        ),
        migrations.AddConstraint(
            model_name="credential",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "pin"), _negated=True),
                    ("purpose", "personal"),
                    ("valid_until__isnull", False),
                    _connector="OR",
                ),
                name="access_pin_that_is_lent_has_an_end",
            ),
        ),
    ]
