from __future__ import annotations

import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.lookups
from django.db import migrations, models

import access.choices


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0008_requests_and_visitors"),
        ("lockers", "0006_site_rights"),
    ]

    operations = [
        migrations.CreateModel(
            name="NoticeRules",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "quiet_from",
                    models.TimeField(
                        blank=True,
                        help_text="Local time of the site.",
                        null=True,
                        verbose_name="quiet from",
                    ),
                ),
                (
                    "quiet_until",
                    models.TimeField(blank=True, null=True, verbose_name="quiet until"),
                ),
                (
                    "sealed_channel",
                    models.TextField(blank=True, editable=False, verbose_name="other channel"),
                ),
            ],
            options={
                "verbose_name": "rules for letters",
                "verbose_name_plural": "rules for letters",
                "ordering": ["organisation", "site"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="notice",
            name="access_letter_is_about_one_thing",
        ),
        migrations.AddField(
            model_name="notice",
            name="channel",
            field=models.CharField(
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
        migrations.AddField(
            model_name="notice",
            name="facts",
            field=models.JSONField(blank=True, db_default={}, default=dict, verbose_name="facts"),
        ),
        migrations.AddField(
            model_name="notice",
            name="person",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notices",
                to="access.person",
                verbose_name="person",
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="subject",
            field=models.CharField(
                blank=True, db_default="", max_length=40, verbose_name="subject"
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="useful_until",
            field=models.DateTimeField(blank=True, null=True, verbose_name="of use until"),
        ),
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=access.choices.notice_kinds, max_length=20, verbose_name="about"
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="to",
            field=models.EmailField(blank=True, max_length=254, verbose_name="to"),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        django.db.models.lookups.Exact(
                            models.Func(
                                "request",
                                "visit",
                                "holding",
                                django.db.models.functions.comparison.NullIf(
                                    "subject", models.Value("")
                                ),
                                function="num_nonnulls",
                                output_field=models.IntegerField(),
                            ),
                            1,
                        ),
                        models.Q(("counted__isnull", True)),
                    ),
                    models.Q(
                        ("holding__isnull", True),
                        ("kind", "keys_to_count"),
                        ("request__isnull", True),
                        ("subject", ""),
                        ("visit__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="access_letter_is_about_one_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("channel", "email"), _negated=True),
                    models.Q(("to", ""), _negated=True),
                    _connector="OR",
                ),
                name="access_letter_by_mail_has_an_address",
            ),
        ),
        migrations.AddField(
            model_name="noticerules",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notice_rules",
                to="lockers.organisation",
                verbose_name="organisation",
            ),
        ),
        migrations.AddField(
            model_name="noticerules",
            name="site",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notice_rules",
                to="lockers.site",
                verbose_name="only at site",
            ),
        ),
        migrations.AddConstraint(
            model_name="noticerules",
            constraint=models.UniqueConstraint(
                fields=("organisation", "site"),
                name="access_notice_rules_are_said_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="noticerules",
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
                name="access_quiet_hours_begin_and_end",
            ),
        ),
    ]
