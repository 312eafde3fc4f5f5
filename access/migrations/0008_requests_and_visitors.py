from __future__ import annotations

import datetime

import django.db.models.deletion
from django.db import migrations, models

# What visitors may do is shown by the screens of a site: they are told at once.
ANNOUNCE = """
CREATE FUNCTION access_announce_visitor_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lockers_announce_banks(ARRAY(
        SELECT b.id FROM changed r JOIN lockers_bank b ON b.site_id = r.site_id));
    RETURN NULL;
END $$;

CREATE TRIGGER access_visitor_rules_added AFTER INSERT ON access_visitorrules
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION access_announce_visitor_rules();
CREATE TRIGGER access_visitor_rules_changed AFTER UPDATE ON access_visitorrules
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION access_announce_visitor_rules();
CREATE TRIGGER access_visitor_rules_left AFTER UPDATE ON access_visitorrules
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION access_announce_visitor_rules();
CREATE TRIGGER access_visitor_rules_removed AFTER DELETE ON access_visitorrules
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION access_announce_visitor_rules();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0007_passes"),
        ("lockers", "0006_site_rights"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccessRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("ends_at", models.DateTimeField(verbose_name="until")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("kiosk", "screen"),
                            ("web", "web page"),
                            ("api", "program"),
                            ("staff", "reception"),
                        ],
                        max_length=10,
                        verbose_name="asked at",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("requested", "waiting"),
                            ("approved", "approved"),
                            ("refused", "refused"),
                            ("withdrawn", "withdrawn"),
                            ("expired", "over before anybody decided"),
                        ],
                        default="requested",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("asked_at", models.DateTimeField(verbose_name="asked on")),
                (
                    "asked_by",
                    models.BigIntegerField(blank=True, null=True, verbose_name="asked by"),
                ),
                (
                    "decided_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="decided on"),
                ),
                (
                    "decided_by",
                    models.BigIntegerField(blank=True, null=True, verbose_name="decided by"),
                ),
                (
                    "decision_reason",
                    models.CharField(blank=True, max_length=300, verbose_name="answer"),
                ),
            ],
            options={
                "verbose_name": "access request",
                "verbose_name_plural": "access requests",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Notice",
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
                            ("access_asked", "somebody asks for access"),
                            ("access_decided", "access approved or refused"),
                            ("visitor_arrived", "a visitor arrived"),
                            ("visit_cancelled", "a visit was cancelled"),
                            ("visit_extended", "a visit lasts longer"),
                            ("key_overdue", "a key is overdue"),
                            ("keys_to_count", "the keys are due to be counted"),
                        ],
                        max_length=20,
                        verbose_name="about",
                    ),
                ),
                ("to", models.EmailField(max_length=254, verbose_name="to")),
                ("made_at", models.DateTimeField(verbose_name="written on")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent on")),
                ("tries", models.PositiveSmallIntegerField(default=0, verbose_name="tries")),
                ("try_at", models.DateTimeField(verbose_name="next try")),
            ],
            options={
                "verbose_name": "letter",
                "verbose_name_plural": "letters",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="TemporaryAccess",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("ends_at", models.DateTimeField(verbose_name="until")),
                ("given_at", models.DateTimeField(verbose_name="given on")),
                (
                    "revoked_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="taken back on"),
                ),
                (
                    "ended_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="recorded as over on"),
                ),
            ],
            options={
                "verbose_name": "temporary access",
                "verbose_name_plural": "temporary access",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Visit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("company", models.CharField(blank=True, max_length=80, verbose_name="company")),
                ("expected_from", models.DateTimeField(verbose_name="from")),
                ("expected_until", models.DateTimeField(verbose_name="until")),
                ("arrived_at", models.DateTimeField(blank=True, null=True, verbose_name="arrived")),
                ("left_at", models.DateTimeField(blank=True, null=True, verbose_name="left")),
                (
                    "cancelled_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="cancelled"),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("kiosk", "screen"),
                            ("web", "web page"),
                            ("api", "program"),
                            ("staff", "reception"),
                        ],
                        max_length=10,
                        verbose_name="registered at",
                    ),
                ),
                ("registered_at", models.DateTimeField(verbose_name="registered on")),
                (
                    "registered_by",
                    models.BigIntegerField(blank=True, null=True, verbose_name="registered by"),
                ),
                (
                    "agreed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="agreed on"),
                ),
            ],
            options={
                "verbose_name": "visit",
                "verbose_name_plural": "visitors",
                "ordering": ["-expected_from", "-id"],
            },
        ),
        migrations.CreateModel(
            name="VisitorRules",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "visitors_may_register",
                    models.BooleanField(
                        default=False,
                        help_text="They type their name and whom they visit, and get a locker without staff.",
                        verbose_name="visitors register at the screens",
                    ),
                ),
                (
                    "day_ends_at",
                    models.TimeField(
                        default=datetime.time(20, 0),
                        help_text="Whoever registers at a screen may stay until then.",
                        verbose_name="visits end at",
                    ),
                ),
            ],
            options={
                "verbose_name": "rules for visitors",
                "verbose_name_plural": "rules for visitors",
                "ordering": ["site"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="credential",
            name="access_badge_has_digest_and_pin_has_verifier",
        ),
        migrations.AlterField(
            model_name="credential",
            name="kind",
            field=models.CharField(
                choices=[
                    ("badge", "badge"),
                    ("wristband", "wristband"),
                    ("phone", "phone (NFC)"),
                    ("pin", "PIN"),
                    ("code", "visitor code"),
                ],
                max_length=10,
                verbose_name="kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="credential",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "code"), ("status", "active")),
                fields=("organisation", "digest"),
                name="access_one_visitor_per_code",
            ),
        ),
        migrations.AddConstraint(
            model_name="credential",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind__in", ("badge", "wristband", "phone", "code")),
                        ("verifier", ""),
                        models.Q(("digest", ""), _negated=True),
                    ),
                    models.Q(
                        ("digest", ""), ("kind", "pin"), models.Q(("verifier", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="access_badge_has_digest_and_pin_has_verifier",
            ),
        ),
        migrations.AddConstraint(
            model_name="credential",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "code"), _negated=True),
                    ("valid_until__isnull", False),
                    _connector="OR",
                ),
                name="access_visitor_code_has_an_end",
            ),
        ),
        migrations.AddField(
            model_name="accessrequest",
            name="bank",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="access_requests",
                to="lockers.bank",
                verbose_name="only this bank",
            ),
        ),
        migrations.AddField(
            model_name="accessrequest",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="access_requests",
                to="access.person",
                verbose_name="for",
            ),
        ),
        migrations.AddField(
            model_name="accessrequest",
            name="site",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="access_requests",
                to="lockers.site",
                verbose_name="site",
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="request",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notices",
                to="access.accessrequest",
                verbose_name="request",
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="site",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="lockers.site",
                verbose_name="site",
            ),
        ),
        migrations.AddField(
            model_name="temporaryaccess",
            name="bank",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="lockers.bank",
                verbose_name="only this bank",
            ),
        ),
        migrations.AddField(
            model_name="temporaryaccess",
            name="person",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="temporary_access",
                to="access.person",
                verbose_name="person",
            ),
        ),
        migrations.AddField(
            model_name="temporaryaccess",
            name="request",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="access",
                to="access.accessrequest",
                verbose_name="request",
            ),
        ),
        migrations.AddField(
            model_name="temporaryaccess",
            name="site",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="lockers.site",
                verbose_name="site",
            ),
        ),
        migrations.AddField(
            model_name="visit",
            name="code",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="visit",
                to="access.credential",
                verbose_name="code",
            ),
        ),
        migrations.AddField(
            model_name="visit",
            name="host",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="visits_hosted",
                to="access.person",
                verbose_name="host",
            ),
        ),
        migrations.AddField(
            model_name="visit",
            name="site",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="visits",
                to="lockers.site",
                verbose_name="site",
            ),
        ),
        migrations.AddField(
            model_name="visit",
            name="visitor",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="visits",
                to="access.person",
                verbose_name="visitor",
            ),
        ),
        migrations.AddField(
            model_name="temporaryaccess",
            name="visit",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="access",
                to="access.visit",
                verbose_name="visit",
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="visit",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notices",
                to="access.visit",
                verbose_name="visit",
            ),
        ),
        migrations.AddField(
            model_name="visitorrules",
            name="site",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="visitor_rules",
                to="lockers.site",
                verbose_name="site",
            ),
        ),
        migrations.AddConstraint(
            model_name="accessrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                name="access_request_ends_after_it_starts",
            ),
        ),
        migrations.AddConstraint(
            model_name="accessrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decided_at__isnull", True),
                        ("decided_by__isnull", True),
                        ("status", "requested"),
                    ),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        ("status__in", ("approved", "refused")),
                    ),
                    models.Q(
                        ("decided_at__isnull", False), ("status__in", ("withdrawn", "expired"))
                    ),
                    _connector="OR",
                ),
                name="access_request_is_decided_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="accessrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ("approved", "refused")), _negated=True),
                    ("asked_by__isnull", True),
                    models.Q(("asked_by", models.F("decided_by")), _negated=True),
                    _connector="OR",
                ),
                name="access_request_is_not_decided_by_who_asked",
            ),
        ),
        migrations.AddConstraint(
            model_name="accessrequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "requested")),
                fields=("person", "site"),
                name="access_one_waiting_request_per_person_and_site",
            ),
        ),
        migrations.AddIndex(
            model_name="visit",
            index=models.Index(fields=["site", "expected_until"], name="access_visits_of_a_day"),
        ),
        migrations.AddConstraint(
            model_name="visit",
            constraint=models.CheckConstraint(
                condition=models.Q(("expected_until__gt", models.F("expected_from"))),
                name="access_visit_ends_after_it_starts",
            ),
        ),
        migrations.AddConstraint(
            model_name="visit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("left_at__isnull", True),
                    ("left_at__gte", models.F("arrived_at")),
                    _connector="OR",
                ),
                name="access_visitor_leaves_after_arriving",
            ),
        ),
        migrations.AddConstraint(
            model_name="visit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("left_at__isnull", True), ("arrived_at__isnull", False), _connector="OR"
                ),
                name="access_visitor_arrives_before_leaving",
            ),
        ),
        migrations.AddConstraint(
            model_name="visit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("cancelled_at__isnull", True), ("arrived_at__isnull", True), _connector="OR"
                ),
                name="access_visit_is_cancelled_before_arrival",
            ),
        ),
        migrations.AddConstraint(
            model_name="visit",
            constraint=models.CheckConstraint(
                condition=models.Q(("host", models.F("visitor")), _negated=True),
                name="access_visitor_is_not_their_own_host",
            ),
        ),
        migrations.AddConstraint(
            model_name="visit",
            constraint=models.UniqueConstraint(
                condition=models.Q(("arrived_at__isnull", False), ("left_at__isnull", True)),
                fields=("visitor",),
                name="access_one_visit_at_a_time",
            ),
        ),
        migrations.AddIndex(
            model_name="temporaryaccess",
            index=models.Index(
                condition=models.Q(("revoked_at__isnull", True)),
                fields=["person", "site"],
                name="access_temporary_in_force",
            ),
        ),
        migrations.AddConstraint(
            model_name="temporaryaccess",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                name="access_temporary_ends_after_it_starts",
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("sent_at__isnull", True)),
                fields=["try_at"],
                name="access_letter_to_send",
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="counted",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notices",
                to="access.keycount",
                verbose_name="last count of the keys",
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="holding",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notices",
                to="access.keyholding",
                verbose_name="key holding",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("counted__isnull", True),
                        ("holding__isnull", True),
                        ("request__isnull", False),
                        ("visit__isnull", True),
                    ),
                    models.Q(
                        ("counted__isnull", True),
                        ("holding__isnull", True),
                        ("request__isnull", True),
                        ("visit__isnull", False),
                    ),
                    models.Q(
                        ("counted__isnull", True),
                        ("holding__isnull", False),
                        ("request__isnull", True),
                        ("visit__isnull", True),
                    ),
                    models.Q(
                        ("holding__isnull", True),
                        ("kind", "keys_to_count"),
                        ("request__isnull", True),
                        ("visit__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="access_letter_is_about_one_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                fields=("holding", "to"), name="access_one_letter_per_overdue_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "keys_to_count")),
                fields=("site", "to", "counted"),
                name="access_one_letter_per_count_due",
                nulls_distinct=False,
            ),
        ),
        migrations.CreateModel(
            name="StandIn",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("given_at", models.DateTimeField(verbose_name="given at")),
                ("ends_at", models.DateTimeField(verbose_name="until")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended at")),
                (
                    "given_pass",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="access.pass",
                        verbose_name="pass",
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stand_ins",
                        to="access.key",
                        verbose_name="lost key",
                    ),
                ),
                (
                    "lock",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="stand_ins",
                        to="access.lock",
                        verbose_name="lock",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="stand_ins",
                        to="access.person",
                        verbose_name="person",
                    ),
                ),
                (
                    "pin",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="access.credential",
                        verbose_name="temporary PIN",
                    ),
                ),
            ],
            options={
                "verbose_name": "access instead of a lost key",
                "verbose_name_plural": "access instead of lost keys",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("given_pass__isnull", True), ("pin__isnull", False)),
                            models.Q(("given_pass__isnull", False), ("pin__isnull", True)),
                            _connector="OR",
                        ),
                        name="access_stand_in_is_one_thing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("given_at"))),
                        name="access_stand_in_ends_after_it_is_given",
                    ),
                ],
            },
        ),
        migrations.RunSQL(ANNOUNCE, "DROP FUNCTION access_announce_visitor_rules() CASCADE;"),
    ]
