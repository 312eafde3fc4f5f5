from __future__ import annotations

from django.db import migrations, models

# Another number of hours reaches the bridges as their other rules do.
FORWARD = """
DROP TRIGGER lockers_bank_wired ON lockers_bank;
CREATE TRIGGER lockers_bank_wired AFTER UPDATE OF
    bridge_id, site_id, pin_rule, curfew_from, curfew_until, max_offline_h ON lockers_bank
    FOR EACH STATEMENT EXECUTE FUNCTION lockers_announce_wiring();
"""
BACKWARD = """
DROP TRIGGER lockers_bank_wired ON lockers_bank;
CREATE TRIGGER lockers_bank_wired AFTER UPDATE OF
    bridge_id, site_id, pin_rule, curfew_from, curfew_until ON lockers_bank
    FOR EACH STATEMENT EXECUTE FUNCTION lockers_announce_wiring();
"""


class Migration(migrations.Migration):
    dependencies = [("lockers", "0013_journals_and_openings")]
    operations = [
        migrations.AddField(
            model_name="bank",
            name="max_offline_h",
            field=models.PositiveSmallIntegerField(
                db_default=72,
                default=72,
                help_text="After so long without the server only staff open its doors; 1 to 720.",
                verbose_name="opens without the server for (hours)",
            ),
        ),
        migrations.AddConstraint(
            model_name="bank",
            constraint=models.CheckConstraint(
                condition=models.Q(("max_offline_h__gte", 1), ("max_offline_h__lte", 720)),
                name="lockers_bank_is_alone_for_an_hour_to_thirty_days",
            ),
        ),
        migrations.AddField(
            model_name="command",
            name="scan_id",
            field=models.UUIDField(blank=True, null=True, verbose_name="scan"),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
