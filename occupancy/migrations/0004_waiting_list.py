from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

_OPEN = Q(("closed_at__isnull", True), ("closed_how", ""))
_CASCADE = django.db.models.deletion.CASCADE


class Migration(migrations.Migration):
    dependencies = [("occupancy", "0003_reservations")]

    operations = [
        migrations.AlterField(
            model_name="claim",
            name="kind",
            field=models.CharField(
                choices=[
                    ("assignment", "assignment"),
                    ("reservation", "reservation"),
                    ("closure", "closure"),
                    ("offer", "offer"),
                ],
                max_length=12,
                verbose_name="kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.CheckConstraint(
                condition=Q(
                    Q(("kind", "offer"), _negated=True),
                    Q(
                        ("ends_at__isnull", False),
                        ("holder__isnull", False),
                        ("started_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="occupancy_offer_is_for_a_person_and_lapses",
            ),
        ),
        migrations.CreateModel(
            name="WaitingEntry",
            fields=[
                ("id", models.BigAutoField(
                    auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("joined_at", models.DateTimeField(verbose_name="waits since")),
                ("closed_at", models.DateTimeField(
                    blank=True, null=True, verbose_name="over since")),
                ("closed_how", models.CharField(
                    blank=True,
                    choices=[
                        ("got", "got a compartment"),
                        ("left", "left the list"),
                        ("declined", "declined what was offered"),
                        ("lapsed", "did not answer in time"),
                        ("gone", "the person left"),
                    ],
                    max_length=8, verbose_name="how it ended")),
                ("area", models.ForeignKey(
                    blank=True, null=True, on_delete=_CASCADE, related_name="waiting",
                    to="lockers.area", verbose_name="area")),
                ("bank", models.ForeignKey(
                    on_delete=_CASCADE, related_name="waiting", to="lockers.bank",
                    verbose_name="bank")),
                ("person", models.ForeignKey(
                    on_delete=_CASCADE, related_name="waiting", to="access.person",
                    verbose_name="person")),
                ("site", models.ForeignKey(
                    db_index=False, on_delete=_CASCADE, related_name="waiting",
                    to="lockers.site", verbose_name="site")),
                ("size", models.ForeignKey(
                    on_delete=_CASCADE, related_name="waiting", to="lockers.size",
                    verbose_name="size")),
            ],
            options={
                "verbose_name": "place on a waiting list",
                "verbose_name_plural": "waiting lists",
                "ordering": ["joined_at", "id"],
                "indexes": [
                    models.Index(
                        condition=Q(("closed_at__isnull", True)),
                        fields=["site", "area", "size", "joined_at", "id"],
                        name="occupancy_waiting_in_order",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(("closed_at__isnull", True)),
                        fields=("person", "site", "area", "size"),
                        name="occupancy_one_place_on_a_waiting_list",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=Q(
                            _OPEN,
                            Q(
                                ("closed_at__gte", F("joined_at")),
                                Q(("closed_how", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="occupancy_waiting_ends_for_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Offer",
            fields=[
                ("id", models.BigAutoField(
                    auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("made_at", models.DateTimeField(verbose_name="made at")),
                ("closed_at", models.DateTimeField(
                    blank=True, null=True, verbose_name="over since")),
                ("closed_how", models.CharField(
                    blank=True,
                    choices=[
                        ("accepted", "accepted"),
                        ("declined", "declined"),
                        ("lapsed", "lapsed"),
                        ("withdrawn", "withdrawn"),
                    ],
                    max_length=10, verbose_name="what became of it")),
                ("claim", models.OneToOneField(
                    on_delete=_CASCADE, related_name="offer", to="occupancy.claim",
                    verbose_name="claim")),
                ("entry", models.ForeignKey(
                    on_delete=_CASCADE, related_name="offers", to="occupancy.waitingentry",
                    verbose_name="for")),
            ],
            options={
                "verbose_name": "offer",
                "verbose_name_plural": "offers",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(("closed_at__isnull", True)),
                        fields=("entry",),
                        name="occupancy_one_open_offer_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=Q(
                            _OPEN,
                            Q(
                                ("closed_at__gte", F("made_at")),
                                Q(("closed_how", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="occupancy_offer_ends_for_a_reason",
                    ),
                ],
            },
        ),
    ]  # fmt: skip
