from __future__ import annotations

import datetime

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Every policy begins with the usual warnings, however it came about.
USUAL_WARNINGS = """
CREATE FUNCTION occupancy_usual_warnings(policies bigint[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO occupancy_policywarning (policy_id, before, channel, "to")
    SELECT p.id, w.before, 'email', 'holder'
    FROM occupancy_policy p
    CROSS JOIN LATERAL unnest(
        CASE WHEN p.model IN ('fixed', 'permanent', 'role', 'department', 'contractor', 'exception')
             THEN ARRAY[interval '14 days', interval '7 days', interval '1 day']
             ELSE ARRAY[interval '24 hours', interval '2 hours', interval '15 minutes'] END) w(before)
    WHERE p.id = ANY(policies)
    ON CONFLICT DO NOTHING
$$;
CREATE FUNCTION occupancy_policy_warns() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM occupancy_usual_warnings(ARRAY(SELECT id FROM changed));
    RETURN NULL;
END $$;
CREATE TRIGGER occupancy_policy_warns AFTER INSERT ON occupancy_policy
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION occupancy_policy_warns();
SELECT occupancy_usual_warnings(ARRAY(SELECT id FROM occupancy_policy));
"""

# What somebody did with the things of others stays as it was written.
KEPT = """
CREATE FUNCTION occupancy_custody_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'custody steps are append-only';
END $$;
CREATE TRIGGER occupancy_custody_is_kept BEFORE UPDATE OR DELETE ON occupancy_custodystep
    FOR EACH ROW EXECUTE FUNCTION occupancy_custody_is_kept();
"""

# Where it takes two, nobody opens on their own word, whatever program asks.
BY_TWO = """
CREATE FUNCTION occupancy_recovery_by_two() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM occupancy_recovery r WHERE r.id = NEW.recovery_id AND r.takes_two
           AND NOT EXISTS (
               SELECT FROM occupancy_custodystep s
               WHERE s.recovery_id = r.id AND s.kind = 'confirmed' AND s.at >= r.begun_at
                 AND s.at > NEW.at - interval '30 minutes'
                 AND (s.actor_kind, s.actor_id) <> (NEW.actor_kind, NEW.actor_id)))
    THEN
        RAISE EXCEPTION 'somebody else has to confirm before it is opened'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'occupancy_recovery_by_two';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER occupancy_recovery_by_two BEFORE INSERT ON occupancy_custodystep
    FOR EACH ROW WHEN (NEW.kind = 'opened') EXECUTE FUNCTION occupancy_recovery_by_two();
"""
BACKWARD = """
DROP FUNCTION occupancy_recovery_by_two() CASCADE;
DROP FUNCTION occupancy_custody_is_kept() CASCADE;
DROP FUNCTION occupancy_policy_warns() CASCADE;
DROP FUNCTION occupancy_usual_warnings(bigint[]);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("occupancy", "0004_waiting_list"),
        ("access", "0009_letters_of_lockers"),
        ("lockers", "0007_recovery_right"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CustodyStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("begun", "recovery begun"),
                            ("notified", "holder told"),
                            ("confirmed", "second person confirmed"),
                            ("opened", "opened by override"),
                            ("found", "things found"),
                            ("none_found", "nothing found"),
                            ("stored", "thing stored in lost property"),
                            ("reset", "compartment reset"),
                            ("closed", "closed"),
                            ("called_off", "called off"),
                        ],
                        max_length=12,
                        verbose_name="step",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="at")),
                (
                    "actor_kind",
                    models.CharField(
                        choices=[
                            ("person", "person"),
                            ("staff", "staff"),
                            ("terminal", "terminal"),
                            ("bridge", "bridge"),
                            ("job", "job"),
                            ("database", "database"),
                            ("anonymous", "not identified"),
                        ],
                        max_length=12,
                        verbose_name="by",
                    ),
                ),
                ("actor_id", models.CharField(blank=True, max_length=40, verbose_name="number")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="note")),
            ],
            options={
                "verbose_name": "custody step",
                "verbose_name_plural": "custody steps",
                "ordering": ["recovery", "id"],
            },
        ),
        migrations.CreateModel(
            name="DayEnd",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                (
                    "stagger_ms",
                    models.PositiveIntegerField(
                        default=300, verbose_name="pause between doors (ms)"
                    ),
                ),
                ("started_at", models.DateTimeField(verbose_name="started at")),
                (
                    "started_by",
                    models.BigIntegerField(blank=True, null=True, verbose_name="started by"),
                ),
            ],
            options={
                "verbose_name": "end of day",
                "verbose_name_plural": "ends of day",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="DayEndDoor",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                (
                    "result",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("asked", "asked to open"),
                            ("success", "opened"),
                            ("failed", "failed"),
                            ("skipped", "skipped"),
                            ("already_free", "already free"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                ("detail", models.CharField(blank=True, max_length=60)),
                ("released_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["day_end", "position"],
            },
        ),
        migrations.CreateModel(
            name="LostItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("what", models.CharField(max_length=200, verbose_name="what")),
                (
                    "photo",
                    models.CharField(
                        blank=True, editable=False, max_length=60, verbose_name="photo"
                    ),
                ),
                ("stored_where", models.CharField(max_length=120, verbose_name="stored where")),
                (
                    "seal_number",
                    models.CharField(blank=True, max_length=40, verbose_name="seal number"),
                ),
                ("witness", models.CharField(blank=True, max_length=120, verbose_name="witness")),
                ("found_at", models.DateTimeField(verbose_name="found at")),
                (
                    "kept_days",
                    models.PositiveSmallIntegerField(
                        choices=[(28, "28 days"), (90, "90 days (valuable)")],
                        default=28,
                        verbose_name="kept for",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("stored", "stored"),
                            ("claimed", "handed out"),
                            ("disposed", "disposed of"),
                        ],
                        default="stored",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                (
                    "proposed_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="may be disposed of since"
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="gone at")),
                (
                    "claimed_by",
                    models.CharField(blank=True, max_length=120, verbose_name="handed to"),
                ),
                ("signature", models.TextField(blank=True, verbose_name="signature")),
                (
                    "signed_how",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("drawn", "by hand"),
                            ("typed", "typed name"),
                            ("absent", "was not there"),
                        ],
                        max_length=8,
                        verbose_name="signed",
                    ),
                ),
                (
                    "disposed_how",
                    models.CharField(blank=True, max_length=200, verbose_name="disposed of how"),
                ),
            ],
            options={
                "verbose_name": "lost property",
                "verbose_name_plural": "lost property",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="PolicyWarning",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "before",
                    models.DurationField(
                        help_text="Days and hours:minutes:seconds, such as 1 00:00:00.",
                        verbose_name="before the end",
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("email", "e-mail"),
                            ("other", "another channel (chat, text message, push)"),
                        ],
                        db_default="email",
                        default="email",
                        max_length=8,
                        verbose_name="by",
                    ),
                ),
                (
                    "to",
                    models.CharField(
                        choices=[("holder", "the holder"), ("staff", "the desk of the site")],
                        db_default="holder",
                        default="holder",
                        max_length=8,
                        verbose_name="to",
                    ),
                ),
            ],
            options={
                "verbose_name": "warning",
                "verbose_name_plural": "warnings",
                "ordering": ["policy", "-before", "channel", "to"],
            },
        ),
        migrations.CreateModel(
            name="Recovery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("takes_two", models.BooleanField(default=False, verbose_name="takes two people")),
                ("begun_at", models.DateTimeField(verbose_name="begun at")),
                (
                    "emptied_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="emptied at"),
                ),
                (
                    "closed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="closed at"),
                ),
            ],
            options={
                "verbose_name": "recovery",
                "verbose_name_plural": "recoveries",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Told",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("due_at", models.DateTimeField()),
                ("told_at", models.DateTimeField()),
                ("is_sent", models.BooleanField(default=True)),
            ],
        ),
        migrations.AddField(
            model_name="policy",
            name="quiet_from",
            field=models.TimeField(
                blank=True,
                help_text="Local time of the site. Nothing: as the rules for letters say.",
                null=True,
                verbose_name="no warnings from",
            ),
        ),
        migrations.AddField(
            model_name="policy",
            name="quiet_until",
            field=models.TimeField(blank=True, null=True, verbose_name="no warnings until"),
        ),
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
                    ("handed_on", "handed on: transferred, swapped or moved"),
                ],
                max_length=20,
                verbose_name="how it ended",
            ),
        ),
        migrations.AddConstraint(
            model_name="policy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("quiet_from__isnull", True), ("quiet_until__isnull", True)),
                    models.Q(
                        ("quiet_from__isnull", False),
                        ("quiet_until__isnull", False),
                        models.Q(("quiet_from", models.F("quiet_until")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="occupancy_policy_quiet_hours_begin_and_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="policy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("recovers_after__isnull", True),
                    models.Q(("at_end", "hold"), ("recovers_after__gte", datetime.timedelta(0))),
                    _connector="OR",
                ),
                name="occupancy_policy_recovers_what_it_holds",
            ),
        ),
        migrations.AddField(
            model_name="dayend",
            name="site",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="day_ends",
                to="lockers.site",
                verbose_name="site",
            ),
        ),
        migrations.AddField(
            model_name="dayenddoor",
            name="claim",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="occupancy.claim"
            ),
        ),
        migrations.AddField(
            model_name="dayenddoor",
            name="command",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="lockers.command",
            ),
        ),
        migrations.AddField(
            model_name="dayenddoor",
            name="compartment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="lockers.compartment",
            ),
        ),
        migrations.AddField(
            model_name="dayenddoor",
            name="day_end",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="doors",
                to="occupancy.dayend",
            ),
        ),
        migrations.AddField(
            model_name="lostitem",
            name="compartment",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lost_items",
                to="lockers.compartment",
                verbose_name="found in",
            ),
        ),
        migrations.AddField(
            model_name="lostitem",
            name="ended_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="handed out or disposed of by",
            ),
        ),
        migrations.AddField(
            model_name="lostitem",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lost_items",
                to="access.person",
                verbose_name="owner, if known",
            ),
        ),
        migrations.AddField(
            model_name="lostitem",
            name="site",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lost_items",
                to="lockers.site",
                verbose_name="site",
            ),
        ),
        migrations.AddField(
            model_name="policywarning",
            name="policy",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="warnings",
                to="occupancy.policy",
                verbose_name="policy",
            ),
        ),
        migrations.AddField(
            model_name="recovery",
            name="claim",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="recovery",
                to="occupancy.claim",
                verbose_name="use",
            ),
        ),
        migrations.AddField(
            model_name="lostitem",
            name="recovery",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="items",
                to="occupancy.recovery",
                verbose_name="recovery",
            ),
        ),
        migrations.AddField(
            model_name="custodystep",
            name="recovery",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="steps",
                to="occupancy.recovery",
                verbose_name="recovery",
            ),
        ),
        migrations.AddField(
            model_name="told",
            name="claim",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="told",
                to="occupancy.claim",
            ),
        ),
        migrations.AddField(
            model_name="told",
            name="warning",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="told",
                to="occupancy.policywarning",
            ),
        ),
        migrations.AddConstraint(
            model_name="dayend",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True),
                name="occupancy_day_end_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="dayenddoor",
            constraint=models.UniqueConstraint(
                fields=("day_end", "compartment"), name="occupancy_day_end_opens_a_door_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="dayenddoor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("released_at__isnull", True), ("result", "success"), _connector="OR"
                ),
                name="occupancy_day_end_releases_what_opened",
            ),
        ),
        migrations.AddConstraint(
            model_name="policywarning",
            constraint=models.UniqueConstraint(
                fields=("policy", "before", "channel", "to"), name="occupancy_one_warning_of_a_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="policywarning",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("before__gt", datetime.timedelta(0)),
                    ("before__lte", datetime.timedelta(days=90)),
                ),
                name="occupancy_warning_comes_before",
            ),
        ),
        migrations.AddIndex(
            model_name="recovery",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", True)),
                fields=["begun_at"],
                name="occupancy_recovery_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="recovery",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True),
                name="occupancy_recovery_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="recovery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("emptied_at__isnull", True),
                        ("emptied_at__gte", models.F("begun_at")),
                        _connector="OR",
                    ),
                    models.Q(
                        ("closed_at__isnull", True),
                        ("closed_at__gte", models.F("begun_at")),
                        _connector="OR",
                    ),
                ),
                name="occupancy_recovery_runs_forward",
            ),
        ),
        migrations.AddIndex(
            model_name="lostitem",
            index=models.Index(
                condition=models.Q(("proposed_at__isnull", True), ("status", "stored")),
                fields=["found_at"],
                name="occupancy_lost_item_to_go",
            ),
        ),
        migrations.AddConstraint(
            model_name="lostitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("claimed_by", ""),
                        ("disposed_how", ""),
                        ("ended_at__isnull", True),
                        ("status", "stored"),
                    ),
                    models.Q(
                        ("disposed_how", ""),
                        ("ended_at__isnull", False),
                        ("status", "claimed"),
                        models.Q(("claimed_by", ""), _negated=True),
                        models.Q(("signature", ""), _negated=True),
                    ),
                    models.Q(
                        ("claimed_by", ""),
                        ("ended_at__isnull", False),
                        ("proposed_at__isnull", False),
                        ("status", "disposed"),
                        models.Q(("disposed_how", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="occupancy_lost_item_is_one_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="lostitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("kept_days__in", [28, 90])),
                name="occupancy_lost_item_is_kept_by_rule",
            ),
        ),
        migrations.AddConstraint(
            model_name="lostitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("what", ""), _negated=True),
                    models.Q(("stored_where", ""), _negated=True),
                ),
                name="occupancy_lost_item_is_somewhere",
            ),
        ),
        migrations.AddConstraint(
            model_name="told",
            constraint=models.UniqueConstraint(
                fields=("claim", "due_at", "warning"),
                name="occupancy_told_once",
                nulls_distinct=False,
            ),
        ),
        migrations.RunSQL(USUAL_WARNINGS + KEPT + BY_TWO, BACKWARD),
    ]
