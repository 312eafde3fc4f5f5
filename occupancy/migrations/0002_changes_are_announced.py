from __future__ import annotations

from django.db import migrations

_OWN = ["occupancy_policy", "occupancy_compartmentgroup"]
_OF_POLICY = [
    "occupancy_policy_groups",
    "occupancy_policy_departments",
    "occupancy_policy_roles",
    "occupancy_policy_sizes",
]


def _watch(table: str, organisation: str, source: str) -> str:
    """Return the triggers that tell when rows of a table change."""
    sql = f"""
CREATE FUNCTION {table}_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM occupancy_policies_changed(ARRAY(SELECT DISTINCT {organisation} FROM {source}));
    RETURN NULL;
END $$;
"""
    for verb, rows in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
        sql += f"""
CREATE TRIGGER {table}_{verb.lower()} AFTER {verb} ON {table}
    REFERENCING {rows} TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION {table}_changed();
"""
    return sql


ANNOUNCE = """
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

# A quota is open as long as its claim, whoever closes it; a door is used when a claim begins.
COUNTS = """
CREATE FUNCTION occupancy_quota_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE occupancy_quota SET is_open = NEW.closed_at IS NULL WHERE claim_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER occupancy_claim_closed AFTER UPDATE OF closed_at ON occupancy_claim
    FOR EACH ROW WHEN (OLD.closed_at IS DISTINCT FROM NEW.closed_at)
    EXECUTE FUNCTION occupancy_quota_follows();

CREATE FUNCTION occupancy_door_used() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO occupancy_dooruse (compartment_id, uses) VALUES (NEW.compartment_id, 1)
    ON CONFLICT (compartment_id) DO UPDATE SET uses = occupancy_dooruse.uses + 1;
    RETURN NULL;
END $$;
CREATE TRIGGER occupancy_claim_begun AFTER INSERT ON occupancy_claim
    FOR EACH ROW WHEN (NEW.started_at IS NOT NULL) EXECUTE FUNCTION occupancy_door_used();
CREATE TRIGGER occupancy_claim_begins AFTER UPDATE OF started_at ON occupancy_claim
    FOR EACH ROW WHEN (OLD.started_at IS NULL AND NEW.started_at IS NOT NULL)
    EXECUTE FUNCTION occupancy_door_used();
"""

# What a process remembers of policies is good as long as their version is the same.
VERSIONS = """
CREATE FUNCTION occupancy_policies_changed(organisations bigint[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO occupancy_policyversion (organisation_id, version)
    SELECT id, 1 FROM lockers_organisation WHERE id = ANY(organisations)
    ON CONFLICT (organisation_id) DO UPDATE SET version = occupancy_policyversion.version + 1
$$;
"""
for _table in _OWN:
    VERSIONS += _watch(_table, "organisation_id", "changed")
for _table in _OF_POLICY:
    VERSIONS += _watch(
        _table, "o.organisation_id", "changed x JOIN occupancy_policy o ON o.id = x.policy_id"
    )
VERSIONS += _watch(
    "occupancy_compartmentgroup_compartments",
    "o.organisation_id",
    "changed x JOIN occupancy_compartmentgroup o ON o.id = x.compartmentgroup_id",
)

BACKWARD = """
DROP FUNCTION occupancy_announce_claim() CASCADE;
DROP FUNCTION occupancy_quota_follows() CASCADE;
DROP FUNCTION occupancy_door_used() CASCADE;
DROP FUNCTION occupancy_policies_changed(bigint[]) CASCADE;
""" + "".join(
    f"DROP FUNCTION {table}_changed() CASCADE;"
    for table in [*_OWN, *_OF_POLICY, "occupancy_compartmentgroup_compartments"]
)


class Migration(migrations.Migration):
    dependencies = [
        ("occupancy", "0001_the_first_tables"),
        ("lockers", "0002_changes_are_announced"),
    ]
    operations = [migrations.RunSQL(ANNOUNCE + COUNTS + VERSIONS, BACKWARD)]
