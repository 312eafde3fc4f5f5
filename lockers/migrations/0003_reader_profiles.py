from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("lockers", "0002_changes_are_announced")]

    operations = []
