from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0003_answers_that_wait_for_a_word"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("action", "compartment.service_changed")),
                fields=["compartment_id", "-occurred_at"],
                name="audit_event_of_service",
            ),
        ),
    ]
