"""Prepare the demonstration: tables, estate, codes, and the cabinet's configuration."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config import env
from config.demo import seed, start, tables, wiring

LAST_PORT = 65535 - wiring.HIGHEST_OFFSET


class Command(BaseCommand):
    """The last line on stdout is one JSON object for the supervisor."""

    help = "Prepare the demonstration; the last line is JSON for what starts the processes."
    # The checks import every page; the servers that start next run them anyway.
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Run every step; each is safe to repeat."""
        if not settings.DEMO:
            # It makes log-ins with passwords that everybody knows.
            raise CommandError("This is for the demonstration only: LOCKWRIGHT_DEMO is not 1.")
        port = _port()
        try:
            tables.check_server()
            tables.migrate()
            told = start.prepare(var=settings.VAR_DIR, port=port, at=timezone.now())
        except tables.Unusable as error:
            raise CommandError(str(error)) from error
        except seed.ForeignData as error:
            raise CommandError(
                f"This database already belongs to {error}. The demonstration needs a database"
                " of its own: give another DATABASE_URL, or none."
            ) from error
        self.stdout.write(json.dumps(told))


def _port() -> int:
    text = env.text("PORT", "8000")
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= LAST_PORT:
        raise CommandError(f"PORT is {text!r}; it must be a number from 1 to {LAST_PORT}.")
    return int(text)
