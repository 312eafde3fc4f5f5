"""Put the list of schedules into the job queue. Safe to run at every start."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from config import schedules


class Command(BaseCommand):
    help = "Put the list of schedules into the job queue; changes nothing that is right already."

    def handle(self, *args: Any, **options: Any) -> None:
        """Sync and say how many schedules changed."""
        changed = schedules.sync()
        self.stdout.write(f"{len(schedules.JOBS)} schedules, {changed} changed.")
