from __future__ import annotations

from django.db import migrations

# Only a scan of a wired reader waits for a screen; those made at a terminal cost nothing here.
FORWARD = """
CREATE FUNCTION kiosk_announce_scan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('lockwright_scan',
                      json_build_object('bank', NEW.bank_id, 'scan', NEW.id)::text);
    RETURN NULL;
END $$;

CREATE TRIGGER kiosk_scan_waits AFTER INSERT ON kiosk_scan
    FOR EACH ROW WHEN (NEW.terminal_id IS NULL AND NEW.ended_at IS NULL)
    EXECUTE FUNCTION kiosk_announce_scan();
"""

BACKWARD = "DROP FUNCTION kiosk_announce_scan() CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("kiosk", "0001_the_first_tables")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
