from __future__ import annotations

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

# A mark of a moment ago, in either direction: a clock that jumps stops the server at once.
FORWARD = """
CREATE FUNCTION lockers_may_give(bank bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT a.banks IS NULL OR b.id <> ALL(a.banks) OR coalesce(
        a.beat_at BETWEEN clock_timestamp() - interval '3 s' AND clock_timestamp() + interval '3 s',
        false)
    FROM lockers_bank b LEFT JOIN lockers_authority a ON a.bridge_id = b.bridge_id
    WHERE b.id = bank
$$;
"""
# Whether it works alone reaches the bridges as their other rules do.
WIRED = """
DROP TRIGGER lockers_bank_wired ON lockers_bank;
CREATE TRIGGER lockers_bank_wired AFTER UPDATE OF
    bridge_id, site_id, pin_rule, curfew_from, curfew_until, max_offline_h{and_more}
    ON lockers_bank FOR EACH STATEMENT EXECUTE FUNCTION lockers_announce_wiring();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("lockers", "0015_osdp_readers"),
    ]

    operations = [
        migrations.CreateModel(
            name="Authority",
            fields=[
                (
                    "bridge",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="authority",
                        serialize=False,
                        to="lockers.bridge",
                        verbose_name="bridge",
                    ),
                ),
                ("term", models.BigIntegerField(db_default=0, default=0, verbose_name="term")),
                ("told", models.BigIntegerField(db_default=0, default=0)),
                (
                    "banks",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        db_default=[],
                        default=list,
                        size=None,
                    ),
                ),
                ("beat_at", models.DateTimeField(null=True, verbose_name="answered at")),
            ],
            options={
                "verbose_name": "authority",
                "verbose_name_plural": "authorities",
            },
        ),
        migrations.AddField(
            model_name="bank",
            name="works_alone",
            field=models.BooleanField(
                db_default=True,
                default=True,
                help_text="While its bridge cannot reach the server, it gives people doors for the day by itself, and the server gives none there. Staff see what it gave when it is back.",
                verbose_name="gives doors while it is cut off",
            ),
        ),
        migrations.RunSQL(FORWARD, "DROP FUNCTION lockers_may_give(bigint)"),
        migrations.RunSQL(WIRED.format(and_more=", works_alone"), WIRED.format(and_more="")),
    ]
