from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("lockers", "0003_reader_profiles")]

    operations = []
