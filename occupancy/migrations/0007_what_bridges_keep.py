from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

# Whoever gets a door, or has it longer, where a bridge may be giving it to somebody else.
FORWARD = """
CREATE FUNCTION occupancy_bank_decides() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('lockwright.beyond_authority', true) IS DISTINCT FROM 'on' AND NOT (
        SELECT c.controller_id IS NULL OR lockers_may_give(c.bank_id)
        FROM lockers_compartment c WHERE c.id = NEW.compartment_id)
    THEN
        RAISE EXCEPTION 'the bridge of door % may be giving it to somebody', NEW.compartment_id
            USING ERRCODE = 'LW001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER occupancy_claim_given BEFORE INSERT ON occupancy_claim FOR EACH ROW
    WHEN (NEW.started_at IS NOT NULL AND NEW.closed_at IS NULL)
    EXECUTE FUNCTION occupancy_bank_decides();
CREATE TRIGGER occupancy_claim_given_on BEFORE UPDATE OF
    holder_id, role_id, department_id, compartment_id, started_at, closed_at, ends_at
    ON occupancy_claim FOR EACH ROW
    WHEN (NEW.started_at IS NOT NULL AND NEW.closed_at IS NULL AND (
        OLD.started_at IS NULL OR OLD.closed_at IS NOT NULL
        OR (NEW.holder_id, NEW.role_id, NEW.department_id, NEW.compartment_id)
            IS DISTINCT FROM (OLD.holder_id, OLD.role_id, OLD.department_id, OLD.compartment_id)
        OR coalesce(NEW.ends_at, 'infinity') > coalesce(OLD.ends_at, 'infinity')))
    EXECUTE FUNCTION occupancy_bank_decides();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("lockers", "0016_authority"),
        ("occupancy", "0006_sharing"),
    ]

    operations = [
        migrations.CreateModel(
            name="Kept",
            fields=[
                (
                    "claim_id",
                    models.BigIntegerField(primary_key=True, serialize=False, verbose_name="claim"),
                ),
                ("state", models.CharField(max_length=32)),
                (
                    "bridge",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="kept",
                        to="lockers.bridge",
                        verbose_name="bridge",
                    ),
                ),
            ],
            options={
                "verbose_name": "kept claim",
                "verbose_name_plural": "kept claims",
            },
        ),
        migrations.RunSQL(FORWARD, "DROP FUNCTION occupancy_bank_decides() CASCADE"),
    ]
