from __future__ import annotations

from django.db import migrations, models

# A line that is open ends, or asks for a new key, at once.
FORWARD = """
CREATE FUNCTION lockers_announce_bridge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('lockwright_bridge', '');
    RETURN NULL;
END $$;
CREATE TRIGGER lockers_bridge_changed AFTER DELETE OR UPDATE OF
    public_key, revoked_at, roll_asked_at ON lockers_bridge
    FOR EACH STATEMENT EXECUTE FUNCTION lockers_announce_bridge();
"""

BACKWARD = "DROP FUNCTION lockers_announce_bridge() CASCADE;"


class Migration(migrations.Migration):
    dependencies = [
        ("lockers", "0008_byte_boards"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="bridge", name="lockers_one_bridge_per_token"),
        migrations.RemoveField(model_name="bridge", name="token_digest"),
        migrations.RemoveField(model_name="bridge", name="code_digest"),
        migrations.AddField(
            model_name="bridge",
            name="public_key",
            field=models.CharField(blank=True, default="", editable=False, max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="bridge",
            name="code_key",
            field=models.CharField(blank=True, default="", editable=False, max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="bridge",
            name="code_used_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="bridge",
            name="roll_asked_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="new key asked for at"
            ),
        ),
        migrations.AddConstraint(
            model_name="bridge",
            constraint=models.UniqueConstraint(
                condition=models.Q(("public_key", ""), _negated=True),
                fields=("public_key",),
                name="lockers_one_bridge_per_key",
            ),
        ),
        migrations.AddConstraint(
            model_name="bridge",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("public_key", ""), ("public_key__regex", "^[0-9a-f]{64}$"), _connector="OR"
                ),
                name="lockers_bridge_key_is_32_bytes_in_hex",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
