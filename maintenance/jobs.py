"""What maintenance does by itself; here and in its receivers it looks at the clock."""

from __future__ import annotations

from django.utils import timezone

from audit.services.events import Actor
from maintenance.services import (
    batteries,
    battery_forecasts,
    decommissioning,
    part_letters,
    warranties,
)
from maintenance.services.collections import reminding
from maintenance.services.rounds import finding, planning
from maintenance.services.tickets import escalating, photographs
from maintenance.services.triaging import endings, lock_events, standing
from occupancy.services.ending import sweeping
from occupancy.services.ending.sweeping import RowsSetAside


def triage() -> int:
    """Make tickets of what the locks say, and note what ended by itself; return how many."""
    at, aside = timezone.now(), list[str]()
    done = lock_events.sweep(at=at, aside=aside)
    done += standing.sweep(at=at, aside=aside)
    done += endings.sweep(at=at, aside=aside)
    return _whole(done, aside)


def escalate() -> int:
    """Escalate what is overdue for too long; return how many tickets."""
    aside: list[str] = []
    return _whole(escalating.escalate_due(at=timezone.now(), aside=aside), aside)


def forget_photos() -> int:
    """Remove photos that were written for what was rolled back; return how many."""
    return photographs.forget_unused(at=timezone.now())


def plan_rounds() -> int:
    """Make the rounds that come within reach, and find the doors of those that begin."""
    at, aside = timezone.now(), list[str]()
    return _whole(planning.plan_due(at, aside) + finding.find_due(at, aside), aside)


def tell_of_parts() -> int:
    """Write which parts run out, once a day for each store; return how many stores."""
    aside: list[str] = []
    return _whole(part_letters.tell_due(at=timezone.now(), aside=aside), aside)


def forecast_batteries() -> int:
    """Take in voltages and new locks that were missed, and say when batteries fail."""
    at = timezone.now()
    batteries.store_missed(at=at)
    battery_forecasts.adopt(at=at)
    return battery_forecasts.forecast(at=at)


def warn_of_warranties() -> int:
    """Tell of warranties that end soon, each once; return how many letters."""
    at, aside = timezone.now(), list[str]()
    told = sweeping.each(
        warranties.due(at), lambda pk: warranties.warn(asset_id=pk, at=at),
        lambda pk: f"asset:{pk}", aside,
    )  # fmt: skip
    return _whole(told, aside)


def close_doors() -> int:
    """Shut the doors of banks that go, as soon as nobody has them; return how many."""
    at, aside = timezone.now(), list[str]()
    actor = Actor.job("maintenance.jobs.close_doors")
    closed = sweeping.each(
        decommissioning.going_on(),
        lambda row: decommissioning.close_free_doors(row, actor=actor, at=at),
        lambda row: f"decommissioning:{row.pk}", aside,
    )  # fmt: skip
    return _whole(closed, aside)


def remind_of_collections() -> int:
    """Write to pupils and guardians whose lockers are collected, once; return how many letters."""
    aside: list[str] = []
    return _whole(reminding.remind_due(at=timezone.now(), aside=aside), aside)


def _whole(done: int, aside: list[str]) -> int:
    """Fail only when all of a job is done and rows had to be set aside: so that staff see it."""
    if aside:
        raise RowsSetAside(aside)
    return done
