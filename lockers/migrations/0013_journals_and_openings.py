from __future__ import annotations

import django.core.validators
from django.db import migrations, models

# A journal that is not the one we know is shown on the map of its banks, as what else is wrong.
FORWARD = """
CREATE OR REPLACE FUNCTION lockers_announce_presence_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lockers_announce_banks(ARRAY(
        SELECT b.id FROM changed p JOIN before o USING (bridge_id)
        JOIN lockers_bank b ON b.bridge_id = p.bridge_id
        WHERE (p.connection, p.config_hash, p.health, p.journal_alarm)
            IS DISTINCT FROM (o.connection, o.config_hash, o.health, o.journal_alarm)));
    RETURN NULL;
END $$;
"""
BACKWARD = """
CREATE OR REPLACE FUNCTION lockers_announce_presence_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lockers_announce_banks(ARRAY(
        SELECT b.id FROM changed p JOIN before o USING (bridge_id)
        JOIN lockers_bank b ON b.bridge_id = p.bridge_id
        WHERE (p.connection, p.config_hash, p.health)
            IS DISTINCT FROM (o.connection, o.config_hash, o.health)));
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("lockers", "0012_inquiries_are_announced")]
    operations = [
        migrations.AddField(
            model_name="bank",
            name="opening_stagger_ms",
            field=models.PositiveIntegerField(
                db_default=300,
                default=300,
                help_text="So that its power supply moves one lock after the other.",
                validators=[
                    django.core.validators.MinValueValidator(100),
                    django.core.validators.MaxValueValidator(10000),
                ],
                verbose_name="pause between doors when all open (ms)",
            ),
        ),
        migrations.AddField(
            model_name="bridgepresence",
            name="journal_alarm",
            field=models.CharField(
                blank=True,
                choices=[("gap", "events are missing"), ("replaced", "replaced, or an older copy")],
                db_default="",
                max_length=8,
                verbose_name="journal",
            ),
        ),
        migrations.AddField(
            model_name="bridgepresence",
            name="journal_alarm_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="journal noticed at"),
        ),
        migrations.AddField(
            model_name="door",
            name="journal",
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="door",
            name="seq",
            field=models.BigIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddConstraint(
            model_name="bankopening",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "confirmed"), _negated=True),
                    ("confirmed_by__isnull", False),
                    _connector="OR",
                ),
                name="lockers_bank_opening_is_confirmed_by_somebody",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
