from __future__ import annotations

import django.contrib.postgres.indexes
from django.db import migrations, models

# What is wrong with a bridge, its wires and readers shows on the map of its banks. Figures change
# all the time and are no news.
FORWARD = """
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
BACKWARD = """
CREATE OR REPLACE FUNCTION lockers_announce_presence_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lockers_announce_banks(ARRAY(
        SELECT b.id FROM changed p JOIN before o USING (bridge_id)
        JOIN lockers_bank b ON b.bridge_id = p.bridge_id
        WHERE (p.connection, p.config_hash) IS DISTINCT FROM (o.connection, o.config_hash)));
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("lockers", "0009_bridge_keys")]
    operations = [
        migrations.AddField(
            model_name="bridgepresence",
            name="unacknowledged",
            field=models.PositiveIntegerField(default=0, verbose_name="events not yet received"),
        ),
        migrations.AddField(
            model_name="bridgepresence",
            name="health",
            field=models.JSONField(blank=True, default=dict, verbose_name="health"),
        ),
        migrations.AddField(
            model_name="bridgepresence",
            name="figures",
            field=models.JSONField(blank=True, default=dict, verbose_name="figures"),
        ),
        migrations.AddField(
            model_name="door",
            name="failed_opens",
            # Doors are inserted by statements that name what they know.
            field=models.PositiveSmallIntegerField(
                db_default=0, default=0, verbose_name="did not open"
            ),
        ),
        migrations.AddIndex(
            model_name="command",
            index=django.contrib.postgres.indexes.BrinIndex(
                fields=["requested_at"], name="lockers_command_by_time"
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
