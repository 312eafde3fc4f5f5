from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("occupancy", "0002_changes_are_announced")]

    operations = [
        migrations.CreateModel(
            name="DeskBooking",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "external_id",
                    models.CharField(max_length=120, verbose_name="number in the other system"),
                ),
                ("desk", models.CharField(blank=True, max_length=200, verbose_name="desk")),
                ("starts_at", models.DateTimeField(blank=True, null=True, verbose_name="from")),
                ("ends_at", models.DateTimeField(blank=True, null=True, verbose_name="until")),
                (
                    "cancelled_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="cancelled at"),
                ),
            ],
            options={
                "verbose_name": "desk booking",
                "verbose_name_plural": "desk bookings",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Occurrence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                (
                    "skipped_why",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("none_free", "no door was free"),
                            ("closed", "the site is closed"),
                            ("limit", "the person has booked as many as they may"),
                            ("not_for_you", "the policies do not allow it"),
                            ("not_admitted", "the person may not be here then"),
                            ("too_late", "it was too late to book it"),
                        ],
                        max_length=30,
                        verbose_name="could not be had",
                    ),
                ),
            ],
            options={
                "verbose_name": "time of a recurring booking",
                "verbose_name_plural": "times of recurring bookings",
                "ordering": ["series", "starts_at"],
            },
        ),
        migrations.CreateModel(
            name="Series",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "rule",
                    models.CharField(
                        help_text="An RRULE of RFC 5545.", max_length=300, verbose_name="repeats"
                    ),
                ),
                ("first_day", models.DateField(verbose_name="first day")),
                ("starts_at", models.TimeField(verbose_name="from")),
                ("ends_at", models.TimeField(verbose_name="until")),
                ("booked_by", models.CharField(max_length=60, verbose_name="booked by")),
                ("made_at", models.DateTimeField(verbose_name="made at")),
                (
                    "made_until",
                    models.DateTimeField(blank=True, null=True, verbose_name="booked up to"),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended at")),
            ],
            options={
                "verbose_name": "recurring booking",
                "verbose_name_plural": "recurring bookings",
                "ordering": ["-id"],
            },
        ),
        migrations.AddField(
            model_name="claim",
            name="booked_by",
            field=models.CharField(
                blank=True, db_default="", max_length=60, verbose_name="booked by"
            ),
        ),
        migrations.AddField(
            model_name="claim",
            name="lapses_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="no-show from"),
        ),
        migrations.AddField(
            model_name="claim",
            name="unserved_since",
            field=models.DateTimeField(blank=True, null=True, verbose_name="without a door since"),
        ),
        migrations.RemoveConstraint(
            model_name="claim", name="occupancy_claim_closes_after_it_starts"
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("closed_at__isnull", True),
                    ("closed_at__gte", models.F("starts_at")),
                    ("started_at__isnull", True),
                    _connector="OR",
                ),
                name="occupancy_claim_closes_after_it_starts",
            ),
        ),
        migrations.AddIndex(
            model_name="claim",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", True), ("lapses_at__isnull", False)),
                fields=["lapses_at"],
                name="occupancy_claim_lapses",
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("lapses_at__isnull", True),
                    models.Q(
                        ("holder__isnull", False),
                        ("kind", "reservation"),
                        ("lapses_at__gt", models.F("starts_at")),
                    ),
                    _connector="OR",
                ),
                name="occupancy_only_a_booking_lapses",
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "reservation"), _negated=True),
                    models.Q(("ends_at__isnull", False), ("started_at__isnull", True)),
                    _connector="OR",
                ),
                name="occupancy_booking_is_a_window_to_come",
            ),
        ),
        migrations.AddField(
            model_name="deskbooking",
            name="area",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="lockers.area",
                verbose_name="area",
            ),
        ),
        migrations.AddField(
            model_name="deskbooking",
            name="claim",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="desk_booking",
                to="occupancy.claim",
                verbose_name="booking",
            ),
        ),
        migrations.AddField(
            model_name="deskbooking",
            name="organisation",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="desk_bookings",
                to="lockers.organisation",
                verbose_name="organisation",
            ),
        ),
        migrations.AddField(
            model_name="occurrence",
            name="claim",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="occurrence",
                to="occupancy.claim",
                verbose_name="booking",
            ),
        ),
        migrations.AddField(
            model_name="series",
            name="bank",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="series",
                to="lockers.bank",
                verbose_name="bank",
            ),
        ),
        migrations.AddField(
            model_name="series",
            name="compartment",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="lockers.compartment",
                verbose_name="that very door",
            ),
        ),
        migrations.AddField(
            model_name="series",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="series",
                to="access.person",
                verbose_name="person",
            ),
        ),
        migrations.AddField(
            model_name="series",
            name="size",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="lockers.size",
                verbose_name="size",
            ),
        ),
        migrations.AddField(
            model_name="occurrence",
            name="series",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="occurrences",
                to="occupancy.series",
                verbose_name="recurring booking",
            ),
        ),
        migrations.AddConstraint(
            model_name="deskbooking",
            constraint=models.UniqueConstraint(
                fields=("organisation", "external_id"),
                name="occupancy_one_booking_of_an_outside_id",
            ),
        ),
        migrations.AddConstraint(
            model_name="deskbooking",
            constraint=models.CheckConstraint(
                condition=models.Q(("external_id", ""), _negated=True),
                name="occupancy_outside_id_is_not_empty",
            ),
        ),
        migrations.AddConstraint(
            model_name="deskbooking",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("claim__isnull", False), ("cancelled_at__isnull", False), _connector="OR"
                ),
                name="occupancy_desk_is_booked_or_was_cancelled",
            ),
        ),
        migrations.AddConstraint(
            model_name="series",
            constraint=models.CheckConstraint(
                condition=models.Q(("rule", ""), _negated=True), name="occupancy_series_has_a_rule"
            ),
        ),
        migrations.AddConstraint(
            model_name="series",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ended_at__isnull", True),
                    ("ended_at__gte", models.F("made_at")),
                    _connector="OR",
                ),
                name="occupancy_series_ends_after_it_is_made",
            ),
        ),
        migrations.AddConstraint(
            model_name="occurrence",
            constraint=models.UniqueConstraint(
                fields=("series", "starts_at"), name="occupancy_series_books_a_time_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="occurrence",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("claim__isnull", False), ("skipped_why", "")),
                    models.Q(("claim__isnull", True), models.Q(("skipped_why", ""), _negated=True)),
                    _connector="OR",
                ),
                name="occupancy_time_is_booked_or_explained",
            ),
        ),
        migrations.CreateModel(
            name="Reservation",
            fields=[],
            options={
                "verbose_name": "booking",
                "verbose_name_plural": "bookings",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("occupancy.claim",),
        ),
    ]
