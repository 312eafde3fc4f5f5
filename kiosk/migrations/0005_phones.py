from __future__ import annotations

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0008_requests_and_visitors"),
        ("kiosk", "0004_scans_by_pass"),
        ("lockers", "0006_site_rights"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SignIn",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("address", models.CharField(editable=False, max_length=64)),
                ("client", models.CharField(editable=False, max_length=64)),
                ("to", models.EmailField(blank=True, max_length=254, verbose_name="to")),
                (
                    "goes_to",
                    models.CharField(blank=True, max_length=200, verbose_name="goes on to"),
                ),
                ("asked_at", models.DateTimeField(verbose_name="asked at")),
                ("expires_at", models.DateTimeField(verbose_name="over at")),
                ("sent_at", models.DateTimeField(null=True, verbose_name="sent at")),
                ("used_at", models.DateTimeField(null=True, verbose_name="used at")),
                ("tries", models.PositiveSmallIntegerField(default=0, verbose_name="wrong codes")),
            ],
            options={
                "verbose_name": "sign-in",
                "verbose_name_plural": "sign-ins",
                "ordering": ["-asked_at"],
                "indexes": [
                    models.Index(fields=["address", "asked_at"], name="kiosk_sign_in_by_address"),
                    models.Index(fields=["client", "asked_at"], name="kiosk_sign_in_by_client"),
                    models.Index(
                        condition=models.Q(
                            ("sent_at__isnull", True), models.Q(("to", ""), _negated=True)
                        ),
                        fields=["asked_at"],
                        name="kiosk_sign_in_to_send",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("asked_at"))),
                        name="kiosk_sign_in_is_over_after_it_was_asked",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("used_at__isnull", True),
                            models.Q(("to", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="kiosk_sign_in_of_nobody_is_not_used",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PhoneSession",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                (
                    "by",
                    models.CharField(
                        choices=[
                            ("link", "link by e-mail"),
                            ("code", "code by e-mail"),
                            ("visit", "link of a visit"),
                            ("log_in", "log-in"),
                        ],
                        max_length=8,
                        verbose_name="signed in by",
                    ),
                ),
                ("address", models.EmailField(blank=True, max_length=254, verbose_name="e-mail")),
                ("opened_at", models.DateTimeField(verbose_name="since")),
                ("expires_at", models.DateTimeField(verbose_name="until")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended at")),
                ("at_bank_since", models.DateTimeField(null=True, verbose_name="was there at")),
                (
                    "at_bank",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="lockers.bank",
                        verbose_name="was at bank",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="phone_sessions",
                        to="access.person",
                        verbose_name="person",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="log-in",
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="access.visit",
                        verbose_name="visit",
                    ),
                ),
            ],
            options={
                "verbose_name": "phone",
                "verbose_name_plural": "phones",
                "ordering": ["-opened_at"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=["person"],
                        name="kiosk_phone_sessions_open",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("opened_at"))),
                        name="kiosk_phone_session_ends_after_it_began",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("user__isnull", True), ("visit__isnull", True), _connector="OR"
                        ),
                        name="kiosk_phone_session_lives_on_one_thing",
                    ),
                ],
            },
        ),
    ]
