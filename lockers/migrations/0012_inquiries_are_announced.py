from __future__ import annotations

from django.db import migrations

FORWARD = """
CREATE FUNCTION lockers_announce_inquiry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('lockwright_inquiry', json_build_object(
        'bridges', (SELECT json_agg(DISTINCT bridge_id) FROM changed))::text)
    WHERE EXISTS (SELECT FROM changed);
    RETURN NULL;
END $$;

CREATE TRIGGER lockers_inquiry_added AFTER INSERT ON lockers_inquiry
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION lockers_announce_inquiry();
"""
BACKWARD = "DROP FUNCTION lockers_announce_inquiry() CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("lockers", "0011_commissioning")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
