from __future__ import annotations

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0003_pins"), ("lockers", "0004_organisation_settings")]

    operations = [
        migrations.CreateModel(
            name="Key",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "copy",
                    models.PositiveSmallIntegerField(
                        help_text="As stamped on the key.",
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="copy",
                    ),
                ),
                ("hook", models.CharField(blank=True, max_length=20, verbose_name="hook")),
                (
                    "status",
                    models.CharField(
                        choices=[("in_use", "in use"), ("lost", "lost"), ("retired", "retired")],
                        default="in_use",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="keys",
                        to="lockers.site",
                        verbose_name="site",
                    ),
                ),
            ],
            options={
                "verbose_name": "key",
                "verbose_name_plural": "keys",
                "ordering": ["site", "master_set", "lock", "copy"],
            },
        ),
        migrations.CreateModel(
            name="KeyCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("counted_at", models.DateTimeField(verbose_name="counted at")),
                (
                    "only_masters",
                    models.BooleanField(default=False, verbose_name="master keys only"),
                ),
                (
                    "note",
                    models.CharField(blank=True, default="", max_length=200, verbose_name="note"),
                ),
                (
                    "counted_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="counted by",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="key_counts",
                        to="lockers.site",
                        verbose_name="site",
                    ),
                ),
            ],
            options={
                "verbose_name": "key count",
                "verbose_name_plural": "key counts",
                "ordering": ["-counted_at"],
            },
        ),
        migrations.CreateModel(
            name="KeyHolding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("issued_at", models.DateTimeField(verbose_name="issued at")),
                ("due_at", models.DateTimeField(blank=True, null=True, verbose_name="due back")),
                ("signature", models.TextField(verbose_name="signature")),
                (
                    "signed_how",
                    models.CharField(
                        choices=[
                            ("drawn", "by hand"),
                            ("typed", "typed name"),
                            ("absent", "was not there"),
                        ],
                        max_length=6,
                        verbose_name="signed",
                    ),
                ),
                (
                    "returned_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="back at"),
                ),
                (
                    "ended_how",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("returned", "returned"),
                            ("lost", "lost"),
                            ("replaced", "lock was changed"),
                        ],
                        default="",
                        max_length=8,
                        verbose_name="ended",
                    ),
                ),
                (
                    "return_signature",
                    models.TextField(blank=True, default="", verbose_name="signature at return"),
                ),
                (
                    "return_signed_how",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("drawn", "by hand"),
                            ("typed", "typed name"),
                            ("absent", "was not there"),
                        ],
                        default="",
                        max_length=6,
                        verbose_name="signed at return",
                    ),
                ),
                (
                    "issued_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="issued by",
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="holdings",
                        to="access.key",
                        verbose_name="key",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="keys_held",
                        to="access.person",
                        verbose_name="person",
                    ),
                ),
                (
                    "returned_to",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="taken by",
                    ),
                ),
            ],
            options={
                "verbose_name": "key holding",
                "verbose_name_plural": "key holdings",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="KeyRules",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "count_every_days",
                    models.PositiveSmallIntegerField(
                        default=90,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="count the keys every (days)",
                    ),
                ),
                (
                    "master_out_hours",
                    models.PositiveSmallIntegerField(
                        default=12,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="master keys come back after (hours)",
                    ),
                ),
                (
                    "charge_minor",
                    models.PositiveIntegerField(
                        default=1500,
                        help_text="In the smallest unit of the currency. 0 charges nothing.",
                        verbose_name="charge for a lost key (pence, cents)",
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        default="GBP",
                        max_length=3,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Z]{3}$", "Three capital letters, such as GBP."
                            )
                        ],
                        verbose_name="currency",
                    ),
                ),
                (
                    "site",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="key_rules",
                        to="lockers.site",
                        verbose_name="site",
                    ),
                ),
            ],
            options={
                "verbose_name": "key rules of a site",
                "verbose_name_plural": "key rules of sites",
                "ordering": ["site"],
            },
        ),
        migrations.CreateModel(
            name="Lock",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "serial",
                    models.CharField(blank=True, max_length=40, verbose_name="serial number"),
                ),
                ("key_code", models.CharField(blank=True, max_length=40, verbose_name="key code")),
                (
                    "position",
                    models.PositiveSmallIntegerField(
                        blank=True, editable=False, null=True, verbose_name="combination in force"
                    ),
                ),
                (
                    "compartment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lock",
                        to="lockers.compartment",
                        verbose_name="compartment",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="lockers.organisation",
                        verbose_name="organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "lock",
                "verbose_name_plural": "locks",
                "ordering": ["compartment__bank", "compartment__column", "compartment__row"],
            },
        ),
        migrations.AddField(
            model_name="key",
            name="lock",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="keys",
                to="access.lock",
                verbose_name="lock",
            ),
        ),
        migrations.CreateModel(
            name="Combination",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "position",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(9),
                        ],
                        verbose_name="position",
                    ),
                ),
                ("sealed", models.TextField(editable=False)),
                ("set_at", models.DateTimeField(verbose_name="set at")),
                (
                    "lock",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="combinations",
                        to="access.lock",
                        verbose_name="lock",
                    ),
                ),
            ],
            options={
                "verbose_name": "combination",
                "verbose_name_plural": "combinations",
                "ordering": ["lock", "position"],
            },
        ),
        migrations.CreateModel(
            name="LockChangeRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("requested_at", models.DateTimeField(verbose_name="requested at")),
                ("done_at", models.DateTimeField(blank=True, null=True, verbose_name="done at")),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="change_requests",
                        to="access.key",
                        verbose_name="lost key",
                    ),
                ),
                (
                    "lock",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="change_requests",
                        to="access.lock",
                        verbose_name="lock",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="asked by",
                    ),
                ),
            ],
            options={
                "verbose_name": "lock change request",
                "verbose_name_plural": "lock change requests",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="MasterRelease",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("requested", "waiting for a second person"),
                            ("confirmed", "handed out"),
                            ("cancelled", "cancelled"),
                        ],
                        default="requested",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("requested_at", models.DateTimeField(verbose_name="requested at")),
                (
                    "confirmed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="confirmed at"),
                ),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="confirmed by",
                    ),
                ),
                (
                    "holding",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="release",
                        to="access.keyholding",
                        verbose_name="custody",
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="releases",
                        to="access.key",
                        verbose_name="key",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="master_releases",
                        to="access.person",
                        verbose_name="for",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="requested by",
                    ),
                ),
            ],
            options={
                "verbose_name": "release of a master key",
                "verbose_name_plural": "releases of master keys",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="MasterSet",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                (
                    "banks",
                    models.ManyToManyField(
                        blank=True,
                        help_text="None means every bank of the site.",
                        related_name="master_sets",
                        to="lockers.bank",
                        verbose_name="banks",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="master_sets",
                        to="lockers.site",
                        verbose_name="site",
                    ),
                ),
            ],
            options={
                "verbose_name": "master set",
                "verbose_name_plural": "master sets",
                "ordering": ["site", "name"],
            },
        ),
        migrations.AddField(
            model_name="key",
            name="master_set",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="keys",
                to="access.masterset",
                verbose_name="master key of",
            ),
        ),
        migrations.CreateModel(
            name="KeyCharge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "amount_minor",
                    models.PositiveIntegerField(
                        help_text="In the smallest unit of the currency.",
                        verbose_name="amount (pence, cents)",
                    ),
                ),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("charged_at", models.DateTimeField(verbose_name="charged at")),
                (
                    "waived_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="waived at"),
                ),
                (
                    "waived_because",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="waived because"
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="charges",
                        to="access.key",
                        verbose_name="key",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="key_charges",
                        to="access.person",
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "key charge",
                "verbose_name_plural": "key charges",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount_minor__gt", 0), ("currency__regex", "^[A-Z]{3}$")
                        ),
                        name="access_key_charge_is_money",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("waived_at__isnull", True),
                            models.Q(("waived_because", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="access_waived_key_charge_has_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="KeyCountLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "result",
                    models.CharField(
                        choices=[
                            ("seen", "seen on its hook"),
                            ("shown", "shown by its holder"),
                            ("out", "out, signed for"),
                            ("missing", "missing"),
                        ],
                        max_length=8,
                        verbose_name="result",
                    ),
                ),
                (
                    "count",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="access.keycount",
                        verbose_name="count",
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="count_lines",
                        to="access.key",
                        verbose_name="key",
                    ),
                ),
            ],
            options={
                "verbose_name": "counted key",
                "verbose_name_plural": "counted keys",
                "ordering": ["count", "key"],
                "constraints": [
                    models.UniqueConstraint(fields=("count", "key"), name="access_one_line_per_key")
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="keyholding",
            constraint=models.UniqueConstraint(
                condition=models.Q(("returned_at__isnull", True)),
                fields=("key",),
                name="access_one_holder_per_key",
            ),
        ),
        migrations.AddConstraint(
            model_name="keyholding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("signature", ""), _negated=True),
                    ("signed_how__in", ("drawn", "typed")),
                ),
                name="access_key_is_signed_for",
            ),
        ),
        migrations.AddConstraint(
            model_name="keyholding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_how", ""), ("returned_at__isnull", True)),
                    models.Q(
                        ("returned_at__gte", models.F("issued_at")),
                        ("returned_at__isnull", False),
                        models.Q(("ended_how", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="access_key_holding_ends_later_and_says_how",
            ),
        ),
        migrations.AddConstraint(
            model_name="keyholding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("due_at__isnull", True), ("due_at__gt", models.F("issued_at")), _connector="OR"
                ),
                name="access_key_is_due_after_it_is_issued",
            ),
        ),
        migrations.AddConstraint(
            model_name="keyrules",
            constraint=models.CheckConstraint(
                condition=models.Q(("count_every_days__gt", 0), ("master_out_hours__gt", 0)),
                name="access_key_rules_have_a_rhythm",
            ),
        ),
        migrations.AddConstraint(
            model_name="lock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("position__isnull", True), ("position__range", (1, 9)), _connector="OR"
                ),
                name="access_lock_points_at_one_of_nine",
            ),
        ),
        migrations.AddConstraint(
            model_name="lock",
            constraint=models.UniqueConstraint(
                condition=models.Q(("serial", ""), _negated=True),
                fields=("organisation", "serial"),
                name="access_one_lock_per_serial",
            ),
        ),
        migrations.AddConstraint(
            model_name="combination",
            constraint=models.CheckConstraint(
                condition=models.Q(("position__range", (1, 9))),
                name="access_combination_is_one_of_nine",
            ),
        ),
        migrations.AddConstraint(
            model_name="combination",
            constraint=models.UniqueConstraint(
                fields=("lock", "position"), name="access_one_combination_per_position"
            ),
        ),
        migrations.AddConstraint(
            model_name="combination",
            constraint=models.CheckConstraint(
                condition=models.Q(("sealed__startswith", "gAAAA")),
                name="access_combination_is_sealed",
            ),
        ),
        migrations.AddConstraint(
            model_name="lockchangerequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("done_at__isnull", True)),
                fields=("lock",),
                name="access_one_open_change_request_per_lock",
            ),
        ),
        migrations.AddConstraint(
            model_name="masterrelease",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("confirmed_by__isnull", True),
                    models.Q(("confirmed_by", models.F("requested_by")), _negated=True),
                    _connector="OR",
                ),
                name="access_master_key_takes_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="masterrelease",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "confirmed"), _negated=True),
                    models.Q(("confirmed_at__isnull", False), ("confirmed_by__isnull", False)),
                    _connector="OR",
                ),
                name="access_confirmed_release_names_the_second_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="masterrelease",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True),
                name="access_master_release_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="masterrelease",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "requested")),
                fields=("key",),
                name="access_one_waiting_release_per_key",
            ),
        ),
        migrations.AddConstraint(
            model_name="masterset",
            constraint=models.UniqueConstraint(
                fields=("site", "name"), name="access_one_master_set_per_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="key",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lock__isnull", False), ("master_set__isnull", True)),
                    models.Q(("lock__isnull", True), ("master_set__isnull", False)),
                    _connector="OR",
                ),
                name="access_key_opens_one_lock_or_one_set",
            ),
        ),
        migrations.AddConstraint(
            model_name="key",
            constraint=models.UniqueConstraint(
                fields=("lock", "copy"), name="access_one_key_per_lock_copy"
            ),
        ),
        migrations.AddConstraint(
            model_name="key",
            constraint=models.UniqueConstraint(
                fields=("master_set", "copy"), name="access_one_key_per_set_copy"
            ),
        ),
    ]
