"""Seal every combination again under the newest of LOCKWRIGHT_COMBINATION_KEYS."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from access.errors.combinations import CombinationsSealed
from access.services import combinations, telling
from audit.services.events import Actor
from lockers.services import reader_keys


class Command(BaseCommand):
    """After it the older keys can be taken out of the setting."""

    help = "Seal every combination again under the first key of LOCKWRIGHT_COMBINATION_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seal all of them, or none."""
        try:
            count = combinations.reseal(
                actor=Actor.job("rotate_combination_key"), at=timezone.now()
            )
        except CombinationsSealed as refusal:
            raise CommandError(str(refusal)) from refusal
        channels, keys = telling.reseal(), reader_keys.reseal()
        self.stdout.write(
            f"{count} combinations, {channels} channels for letters and {keys} keys of readers are"
            " sealed under the first key. The older keys can go."
        )
