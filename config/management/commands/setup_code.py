"""Print the code that the set-up page asks for."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.setup import codes


class Command(BaseCommand):
    help = "Print the code that /setup/ asks for, as long as the installation is empty."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it, or say that there is nothing to set up."""
        if not codes.is_empty():
            raise CommandError("This installation is set up already; /setup/ does not exist.")
        self.stdout.write(codes.code())
