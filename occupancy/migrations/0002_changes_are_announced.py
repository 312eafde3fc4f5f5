from __future__ import annotations

from django.db import migrations

FORWARD = """
CREATE FUNCTION occupancy_announce_claim() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lockers_announce_banks(ARRAY(
        SELECT DISTINCT c.bank_id FROM changed x JOIN lockers_compartment c ON c.id = x.compartment_id));
    RETURN NULL;
END $$;

CREATE TRIGGER occupancy_claim_added AFTER INSERT ON occupancy_claim
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION occupancy_announce_claim();
CREATE TRIGGER occupancy_claim_changed AFTER UPDATE ON occupancy_claim
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION occupancy_announce_claim();
CREATE TRIGGER occupancy_claim_removed AFTER DELETE ON occupancy_claim
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION occupancy_announce_claim();
"""

BACKWARD = "DROP FUNCTION occupancy_announce_claim() CASCADE;"


class Migration(migrations.Migration):
    dependencies = [
        ("occupancy", "0001_the_first_tables"),
        ("lockers", "0002_changes_are_announced"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
