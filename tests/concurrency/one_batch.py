"""Receive two lines about a door that did not open, in a process of its own: bridge, door, at."""

from __future__ import annotations

import datetime as dt
import os
import sys
import uuid

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
django.setup()

from lockers.models import Bridge  # noqa: E402
from lockers.services.journal import receiving  # noqa: E402
from lockers.services.journal.lines import Line  # noqa: E402

if __name__ == "__main__":
    bridge, door, at = int(sys.argv[1]), int(sys.argv[2]), dt.datetime.fromisoformat(sys.argv[3])
    receiving.receive(
        bridge=Bridge.objects.select_related("site").get(pk=bridge),
        journal=uuid.UUID(int=7),
        lines=[
            Line(
                seq=n, kind="command_failed", detail="did_not_open", compartment_id=door,
                occurred_at=at,
            )
            for n in (1, 2)
        ],
        at=at,
    )  # fmt: skip
