from __future__ import annotations

from django.db import migrations

# Statement-level triggers, one coalesced payload of ids per statement: NOTIFY serialises commits.
# A trigger rather than Python, so that a change made in psql is announced too.
FORWARD = """
CREATE FUNCTION lockers_announce_banks(banks bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    payload text := array_to_json(banks)::text;
BEGIN
    IF cardinality(banks) IS NULL OR cardinality(banks) = 0 THEN
        RETURN;
    END IF;
    -- PostgreSQL refuses payloads of 8,000 bytes: "null" tells the listener to read every bank.
    IF octet_length(payload) > 7900 THEN
        payload := 'null';
    END IF;
    PERFORM pg_notify('lockwright_map', payload);
END $$;

CREATE FUNCTION lockers_announce_bank() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lockers_announce_banks(ARRAY(SELECT DISTINCT id FROM changed));
    RETURN NULL;
END $$;

CREATE FUNCTION lockers_announce_compartment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lockers_announce_banks(ARRAY(SELECT DISTINCT bank_id FROM changed));
    RETURN NULL;
END $$;

CREATE FUNCTION lockers_announce_door() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lockers_announce_banks(ARRAY(
        SELECT DISTINCT c.bank_id FROM changed d JOIN lockers_compartment c ON c.id = d.compartment_id));
    RETURN NULL;
END $$;

CREATE FUNCTION lockers_announce_presence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lockers_announce_banks(ARRAY(
        SELECT b.id FROM changed p JOIN lockers_bank b ON b.bridge_id = p.bridge_id));
    RETURN NULL;
END $$;

-- A heartbeat changes only last_seen_at, every few seconds: that is no news.
CREATE FUNCTION lockers_announce_presence_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lockers_announce_banks(ARRAY(
        SELECT b.id FROM changed p JOIN before o USING (bridge_id)
        JOIN lockers_bank b ON b.bridge_id = p.bridge_id
        WHERE (p.connection, p.config_hash) IS DISTINCT FROM (o.connection, o.config_hash)));
    RETURN NULL;
END $$;

CREATE FUNCTION lockers_announce_command() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('lockwright_command', json_build_object(
        'bridges', (SELECT json_agg(DISTINCT bridge_id) FROM changed),
        'queued', (SELECT bool_or(status IN ('queued', 'cancelled')) FROM changed))::text)
    WHERE EXISTS (SELECT FROM changed);
    RETURN NULL;
END $$;

-- A board that fell silent or came back changes what every one of its doors is called.
CREATE FUNCTION lockers_announce_board() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lockers_announce_banks(ARRAY(
        SELECT DISTINCT c.bank_id FROM changed k JOIN before o USING (id)
        JOIN lockers_compartment c ON c.controller_id = k.id
        WHERE k.state IS DISTINCT FROM o.state));
    RETURN NULL;
END $$;

-- What a bridge drives: the server sends it the new configuration.
CREATE FUNCTION lockers_announce_wiring() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('lockwright_wiring', '');
    RETURN NULL;
END $$;

CREATE TRIGGER lockers_bank_added AFTER INSERT ON lockers_bank
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION lockers_announce_bank();
CREATE TRIGGER lockers_bank_changed AFTER UPDATE ON lockers_bank
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION lockers_announce_bank();
CREATE TRIGGER lockers_bank_removed AFTER DELETE ON lockers_bank
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION lockers_announce_bank();

CREATE TRIGGER lockers_compartment_added AFTER INSERT ON lockers_compartment
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION lockers_announce_compartment();
CREATE TRIGGER lockers_compartment_changed AFTER UPDATE ON lockers_compartment
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION lockers_announce_compartment();
CREATE TRIGGER lockers_compartment_left AFTER UPDATE ON lockers_compartment
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION lockers_announce_compartment();
CREATE TRIGGER lockers_compartment_removed AFTER DELETE ON lockers_compartment
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION lockers_announce_compartment();

CREATE TRIGGER lockers_door_added AFTER INSERT ON lockers_door
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION lockers_announce_door();
CREATE TRIGGER lockers_door_changed AFTER UPDATE ON lockers_door
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION lockers_announce_door();

CREATE TRIGGER lockers_presence_added AFTER INSERT ON lockers_bridgepresence
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION lockers_announce_presence();
CREATE TRIGGER lockers_presence_changed AFTER UPDATE ON lockers_bridgepresence
    REFERENCING NEW TABLE AS changed OLD TABLE AS before
    FOR EACH STATEMENT EXECUTE FUNCTION lockers_announce_presence_change();

CREATE TRIGGER lockers_opening_added AFTER INSERT ON lockers_bankopening
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION lockers_announce_compartment();
CREATE TRIGGER lockers_opening_changed AFTER UPDATE ON lockers_bankopening
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION lockers_announce_compartment();

CREATE TRIGGER lockers_controller_changed AFTER UPDATE ON lockers_controller
    REFERENCING NEW TABLE AS changed OLD TABLE AS before
    FOR EACH STATEMENT EXECUTE FUNCTION lockers_announce_board();

CREATE TRIGGER lockers_command_added AFTER INSERT ON lockers_command
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION lockers_announce_command();
CREATE TRIGGER lockers_command_changed AFTER UPDATE ON lockers_command
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION lockers_announce_command();

CREATE TRIGGER lockers_controller_wired AFTER INSERT OR DELETE OR UPDATE OF
    bridge_id, driver, address, unit, channels, profile, pulse_ms ON lockers_controller
    FOR EACH STATEMENT EXECUTE FUNCTION lockers_announce_wiring();
CREATE TRIGGER lockers_compartment_wired AFTER INSERT OR DELETE OR UPDATE OF
    bank_id, number, controller_id, channel, has_sensor, has_status_light ON lockers_compartment
    FOR EACH STATEMENT EXECUTE FUNCTION lockers_announce_wiring();
CREATE TRIGGER lockers_reader_wired AFTER INSERT OR DELETE OR UPDATE ON lockers_reader
    FOR EACH STATEMENT EXECUTE FUNCTION lockers_announce_wiring();
CREATE TRIGGER lockers_bank_wired AFTER UPDATE OF
    bridge_id, site_id, pin_rule, curfew_from, curfew_until ON lockers_bank
    FOR EACH STATEMENT EXECUTE FUNCTION lockers_announce_wiring();
CREATE TRIGGER lockers_site_wired AFTER UPDATE OF time_zone ON lockers_site
    FOR EACH STATEMENT EXECUTE FUNCTION lockers_announce_wiring();
"""

BACKWARD = """
DROP FUNCTION lockers_announce_bank(), lockers_announce_compartment(), lockers_announce_door(),
    lockers_announce_presence(), lockers_announce_presence_change(), lockers_announce_command(),
    lockers_announce_wiring(), lockers_announce_board() CASCADE;
DROP FUNCTION lockers_announce_banks(bigint[]);
"""


class Migration(migrations.Migration):
    dependencies = [("lockers", "0001_the_first_tables")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
