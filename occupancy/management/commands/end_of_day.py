"""Open what is still locked at a site, one door after another, and say what came of each."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from audit.services.events import Actor
from lockers.models import Site
from occupancy.choices import DoorResult
from occupancy.models import DayEnd
from occupancy.services.ending import day_ends

_GOING_ON = (DoorResult.WAITING, DoorResult.ASKED)


class Command(BaseCommand):
    """The screen of the same name does the same."""

    help = "List or open every door of a site that is still locked."

    def add_arguments(self, parser: CommandParser) -> None:
        """Ask which site, why, and whether to open or only to list."""
        parser.add_argument("--site", required=True, help="the number or the name of the site")
        parser.add_argument("--reason", default="end of day")
        parser.add_argument("--stagger-ms", type=int, default=300)
        parser.add_argument("--list", action="store_true", help="only list them")
        parser.add_argument("--wait", type=float, default=120.0, help="seconds to wait for results")
        parser.add_argument(
            "--release", action="store_true", help="release what opened: somebody looks into each"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """List or open them, and print one line for each door."""
        site, at, actor = _site(options["site"]), timezone.now(), Actor.job("end_of_day")
        if options["list"]:
            for claim in day_ends.locked(site, at):
                self.stdout.write(f"{claim.compartment.bank.name} {claim.compartment.number}")
            return
        day_end = day_ends.plan(
            site=site, reason=options["reason"], actor=actor, at=at,
            stagger_ms=options["stagger_ms"],
        )  # fmt: skip
        day_ends.go_on(day_end=day_end, actor=actor, at=at)
        self._settle(day_end, options["wait"])
        opened = [
            one.pk for one in day_end.doors.filter(result=DoorResult.SUCCESS)
        ]  # fmt: skip
        if options["release"]:
            day_ends.release(day_end=day_end, doors=opened, actor=actor, at=timezone.now())
        counted: Counter[str] = Counter()
        for door in day_end.doors.select_related("compartment__bank"):
            counted[str(door.get_result_display())] += 1
            self.stdout.write(
                f"{door.compartment.bank.name} {door.compartment.number}:"
                f" {door.get_result_display()}{f' ({door.why})' if door.why else ''}"
            )
        self.stdout.write(", ".join(f"{n} {word}" for word, n in sorted(counted.items())) or "0")

    def _settle(self, day_end: DayEnd, wait: float) -> None:
        until = time.monotonic() + wait
        while True:
            day_ends.settle(day_end=day_end, at=timezone.now())
            if not day_end.doors.filter(result__in=_GOING_ON).exists():
                return
            if time.monotonic() >= until:
                return
            time.sleep(0.2)


def _site(name: str) -> Site:
    found = (
        Site.objects.filter(pk=int(name)) if name.isdecimal() else Site.objects.filter(name=name)
    )
    sites = list(found[:2])
    if len(sites) != 1:
        raise CommandError(f"There is no one site {name!r}: give its number.")
    return sites[0]
