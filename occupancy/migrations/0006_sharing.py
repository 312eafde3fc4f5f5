from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

# A share ends with its claim, whoever closes that, and does not come back with it.
ENDS = """
CREATE FUNCTION occupancy_shares_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE occupancy_share SET ended_at = NEW.closed_at
    WHERE claim_id = NEW.id AND ended_at IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER occupancy_claim_ends_shares AFTER UPDATE OF closed_at ON occupancy_claim
    FOR EACH ROW WHEN (OLD.closed_at IS NULL AND NEW.closed_at IS NOT NULL)
    EXECUTE FUNCTION occupancy_shares_end();
"""
BACKWARD = "DROP FUNCTION occupancy_shares_end() CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("occupancy", "0005_warnings_and_recovery")]

    operations = [
        migrations.AddField(
            model_name="claim",
            name="follows",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="followed_by",
                to="occupancy.claim",
                verbose_name="follows",
            ),
        ),
        migrations.CreateModel(
            name="Share",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "is_one_opening",
                    models.BooleanField(default=False, verbose_name="for one opening"),
                ),
                (
                    "note",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="what is handed over"
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("until", models.DateTimeField(verbose_name="until")),
                (
                    "ended_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="ended at"),
                ),
                ("used_at", models.DateTimeField(blank=True, null=True, verbose_name="opened at")),
                ("command_id", models.UUIDField(blank=True, null=True, verbose_name="opening")),
                (
                    "claim",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shares",
                        to="occupancy.claim",
                        verbose_name="claim",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shares",
                        to="access.person",
                        verbose_name="shared with",
                    ),
                ),
            ],
            options={
                "verbose_name": "shared door",
                "verbose_name_plural": "shared doors",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("until__gt", models.F("starts_at"))),
                        name="occupancy_share_ends_after_it_starts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("command_id__isnull", True), ("used_at__isnull", True)),
                            models.Q(
                                ("command_id__isnull", False),
                                ("ended_at__isnull", False),
                                ("is_one_opening", True),
                                ("used_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="occupancy_only_one_opening_is_used_up",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("claim", "person"),
                        name="occupancy_shared_with_somebody_once",
                    ),
                ],
            },
        ),
        migrations.RunSQL(ENDS, BACKWARD),
    ]
