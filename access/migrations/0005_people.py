from __future__ import annotations

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0004_keys_and_combinations"),
        ("lockers", "0004_organisation_settings"),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportMapping",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("columns", models.JSONField(default=dict, verbose_name="columns")),
            ],
            options={
                "verbose_name": "column mapping",
                "verbose_name_plural": "column mappings",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Incident",
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
                            ("damage", "damage"),
                            ("loss", "loss or theft"),
                            ("misuse", "misuse"),
                            ("access", "access where there should be none"),
                            ("safety", "safety"),
                            ("other", "other"),
                        ],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("summary", models.CharField(max_length=200, verbose_name="what happened")),
                ("happened_at", models.DateTimeField(verbose_name="when")),
                (
                    "reported_by",
                    models.BigIntegerField(
                        blank=True, editable=False, null=True, verbose_name="reported by"
                    ),
                ),
                (
                    "closed_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="closed at"
                    ),
                ),
            ],
            options={
                "verbose_name": "incident",
                "verbose_name_plural": "incidents",
                "ordering": ["-happened_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="IncidentNote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField(max_length=2000, verbose_name="note")),
                ("written_at", models.DateTimeField(verbose_name="written at")),
                (
                    "written_by",
                    models.BigIntegerField(blank=True, null=True, verbose_name="written by"),
                ),
            ],
            options={
                "verbose_name": "note",
                "verbose_name_plural": "notes",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="Procedure",
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
                        choices=[("onboarding", "onboarding"), ("offboarding", "offboarding")],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                (
                    "person_kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("staff", "staff"),
                            ("student", "student"),
                            ("visitor", "visitor"),
                            ("contractor", "contractor"),
                            ("member", "member"),
                        ],
                        help_text="Leave it empty for everybody who has no procedure of their own.",
                        max_length=12,
                        verbose_name="for",
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
            ],
            options={
                "verbose_name": "procedure",
                "verbose_name_plural": "procedures",
                "ordering": ["kind", "person_kind"],
            },
        ),
        migrations.CreateModel(
            name="ProcedureStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=1, verbose_name="place")),
                (
                    "verb",
                    models.CharField(
                        choices=[
                            ("card", "card"),
                            ("pin", "PIN"),
                            ("locker", "locker"),
                            ("key", "key"),
                            ("login", "log-in"),
                            ("access", "access for a while"),
                            ("induction", "induction"),
                            ("other", "other"),
                        ],
                        default="other",
                        max_length=10,
                        verbose_name="what",
                    ),
                ),
                ("words", models.CharField(max_length=200, verbose_name="in words")),
                ("is_required", models.BooleanField(default=True, verbose_name="required")),
            ],
            options={
                "verbose_name": "step",
                "verbose_name_plural": "steps",
                "ordering": ["position", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Run",
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
                        choices=[("onboarding", "onboarding"), ("offboarding", "offboarding")],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="procedure")),
                ("started_at", models.DateTimeField(verbose_name="started at")),
                (
                    "finished_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="finished at"),
                ),
            ],
            options={
                "verbose_name": "onboarding or offboarding",
                "verbose_name_plural": "onboarding and offboarding",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="RunStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(verbose_name="place")),
                (
                    "verb",
                    models.CharField(
                        choices=[
                            ("card", "card"),
                            ("pin", "PIN"),
                            ("locker", "locker"),
                            ("key", "key"),
                            ("login", "log-in"),
                            ("access", "access for a while"),
                            ("induction", "induction"),
                            ("other", "other"),
                        ],
                        max_length=10,
                        verbose_name="what",
                    ),
                ),
                ("words", models.CharField(max_length=200, verbose_name="in words")),
                ("is_required", models.BooleanField(verbose_name="required")),
                ("done_at", models.DateTimeField(blank=True, null=True, verbose_name="done at")),
                ("done_by", models.BigIntegerField(blank=True, null=True, verbose_name="done by")),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="note")),
                ("is_skipped", models.BooleanField(default=False, verbose_name="left out")),
            ],
            options={
                "verbose_name": "step",
                "verbose_name_plural": "steps",
                "ordering": ["position", "pk"],
            },
        ),
        migrations.AddField(
            model_name="person",
            name="cost_centre",
            field=models.CharField(blank=True, max_length=40, verbose_name="cost centre"),
        ),
        migrations.AddField(
            model_name="person",
            name="external_id",
            field=models.CharField(
                blank=True,
                help_text="What the personnel or pupil register calls this person.",
                max_length=60,
                verbose_name="external id",
            ),
        ),
        migrations.AddField(
            model_name="person",
            name="guardian_email",
            field=models.EmailField(blank=True, max_length=254, verbose_name="guardian's e-mail"),
        ),
        migrations.AddField(
            model_name="person",
            name="guardian_name",
            field=models.CharField(blank=True, max_length=120, verbose_name="guardian's name"),
        ),
        migrations.AddField(
            model_name="person",
            name="guardian_phone",
            field=models.CharField(
                blank=True,
                max_length=30,
                validators=[
                    django.core.validators.RegexValidator(
                        "^\\+?[0-9][0-9 ()./-]{3,28}$",
                        "Write a phone number: digits, spaces and a + in front.",
                    )
                ],
                verbose_name="guardian's phone",
            ),
        ),
        migrations.AddField(
            model_name="person",
            name="leaves_on",
            field=models.DateField(
                blank=True,
                help_text="At the end of this day, where the home site is, access ends by itself.",
                null=True,
                verbose_name="last day",
            ),
        ),
        migrations.AddField(
            model_name="person",
            name="left_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="left at"
            ),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.UniqueConstraint(
                condition=models.Q(("external_id", ""), _negated=True),
                fields=("organisation", "external_id"),
                name="access_one_person_per_external_id",
            ),
        ),
        migrations.AddField(
            model_name="importmapping",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="import_mappings",
                to="lockers.organisation",
                verbose_name="organisation",
            ),
        ),
        migrations.AddField(
            model_name="incident",
            name="compartment",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="incidents",
                to="lockers.compartment",
                verbose_name="compartment",
            ),
        ),
        migrations.AddField(
            model_name="incident",
            name="person",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="incidents",
                to="access.person",
                verbose_name="person",
            ),
        ),
        migrations.AddField(
            model_name="incident",
            name="site",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="incidents",
                to="lockers.site",
                verbose_name="site",
            ),
        ),
        migrations.AddField(
            model_name="incidentnote",
            name="incident",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notes",
                to="access.incident",
                verbose_name="incident",
            ),
        ),
        migrations.AddField(
            model_name="procedure",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="procedures",
                to="lockers.organisation",
                verbose_name="organisation",
            ),
        ),
        migrations.AddField(
            model_name="procedurestep",
            name="procedure",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="steps",
                to="access.procedure",
                verbose_name="procedure",
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="runs",
                to="access.person",
                verbose_name="person",
            ),
        ),
        migrations.AddField(
            model_name="runstep",
            name="run",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="steps",
                to="access.run",
                verbose_name="run",
            ),
        ),
        migrations.AddConstraint(
            model_name="importmapping",
            constraint=models.UniqueConstraint(
                fields=("organisation", "name"), name="access_one_import_mapping_per_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(("summary", ""), _negated=True),
                name="access_incident_says_what_happened",
            ),
        ),
        migrations.AddConstraint(
            model_name="incidentnote",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True),
                name="access_incident_note_says_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="procedure",
            constraint=models.UniqueConstraint(
                fields=("organisation", "kind", "person_kind"),
                name="access_one_procedure_per_kind_of_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.UniqueConstraint(
                condition=models.Q(("finished_at__isnull", True)),
                fields=("person", "kind"),
                name="access_one_open_run_per_person_and_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("finished_at__isnull", True),
                    ("finished_at__gte", models.F("started_at")),
                    _connector="OR",
                ),
                name="access_run_finishes_after_it_starts",
            ),
        ),
        migrations.AddConstraint(
            model_name="runstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_skipped", False),
                    models.Q(models.Q(("note", ""), _negated=True), ("done_at__isnull", False)),
                    _connector="OR",
                ),
                name="access_step_is_left_out_with_a_reason",
            ),
        ),
    ]
