from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

# Whoever keeps the access list of a bridge makes those entries anew. A trigger rather than Python,
# so that a change made in psql counts too; statement-level, for NOTIFY serialises commits.
FORWARD = """
CREATE FUNCTION access_announce_list(what text, ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    payload text := json_build_object(what, ids)::text;
BEGIN
    IF cardinality(ids) IS NULL OR cardinality(ids) = 0 THEN
        RETURN;
    END IF;
    -- PostgreSQL refuses payloads of 8,000 bytes: "null" tells the listener to read everything.
    IF octet_length(payload) > 7900 THEN
        payload := 'null';
    END IF;
    PERFORM pg_notify('lockwright_access', payload);
END $$;

CREATE FUNCTION access_announce_people() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM access_announce_list('people', ARRAY(SELECT DISTINCT id FROM changed));
    RETURN NULL;
END $$;

CREATE FUNCTION access_announce_persons() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM access_announce_list('people', ARRAY(
        SELECT DISTINCT person_id FROM changed WHERE person_id IS NOT NULL));
    RETURN NULL;
END $$;

CREATE FUNCTION access_announce_visitors() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM access_announce_list('people', ARRAY(SELECT DISTINCT visitor_id FROM changed));
    RETURN NULL;
END $$;

CREATE FUNCTION access_announce_grants() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM access_announce_list('banks', ARRAY(
        SELECT DISTINCT c.bank_id FROM changed g JOIN lockers_compartment c ON c.id = g.compartment_id));
    RETURN NULL;
END $$;

-- Wrong PINs are counted all day: only a PIN that goes out of use, or comes back, is news.
CREATE FUNCTION access_announce_disabled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM access_announce_list('people', ARRAY(
        SELECT DISTINCT person_id FROM changed
        WHERE person_id IS NOT NULL AND disabled_at IS NOT NULL));
    RETURN NULL;
END $$;

CREATE FUNCTION access_announce_service() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM access_announce_list('banks', ARRAY(
        SELECT DISTINCT c.bank_id FROM changed c JOIN before o USING (id)
        WHERE c.service_status IS DISTINCT FROM o.service_status));
    RETURN NULL;
END $$;

DO $$
DECLARE
    told text[];
BEGIN
    FOREACH told SLICE 1 IN ARRAY ARRAY[
        ['access_person', 'people'], ['access_credential', 'persons'], ['access_hold', 'persons'],
        ['access_temporaryaccess', 'persons'], ['access_pass', 'persons'],
        ['access_visit', 'visitors'], ['access_grant', 'grants'], ['access_throttle', 'disabled']
    ] LOOP
        EXECUTE format('CREATE TRIGGER access_list_added AFTER INSERT ON %I
            REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
            EXECUTE FUNCTION access_announce_%s()', told[1], told[2]);
        EXECUTE format('CREATE TRIGGER access_list_changed AFTER UPDATE ON %I
            REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
            EXECUTE FUNCTION access_announce_%s()', told[1], told[2]);
        EXECUTE format('CREATE TRIGGER access_list_removed AFTER DELETE ON %I
            REFERENCING OLD TABLE AS changed FOR EACH STATEMENT
            EXECUTE FUNCTION access_announce_%s()', told[1], told[2]);
    END LOOP;
END $$;
CREATE TRIGGER access_list_service_changed AFTER UPDATE ON lockers_compartment
    REFERENCING NEW TABLE AS changed OLD TABLE AS before
    FOR EACH STATEMENT EXECUTE FUNCTION access_announce_service();
"""
BACKWARD = """
DROP FUNCTION access_announce_people(), access_announce_persons(), access_announce_visitors(),
    access_announce_grants(), access_announce_disabled(), access_announce_service() CASCADE;
DROP FUNCTION access_announce_list(text, bigint[]);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0009_letters_of_lockers"),
        ("lockers", "0014_working_alone"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="person",
            field=models.OneToOneField(
                blank=True,
                help_text="Whose badge and PIN open doors for this member of staff while the server is away.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="login",
                to="access.person",
                verbose_name="person",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
