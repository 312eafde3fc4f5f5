from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("access", "0004_keys_and_combinations")]

    operations = []
