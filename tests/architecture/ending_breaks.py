"""How to break every constraint of warnings, recoveries, lost property and ends of day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from access.models import Notice, NoticeRules
from occupancy.models import DayEnd, DayEndDoor, LostItem, PolicyWarning, Recovery, Told
from tests.architecture.policy_breaks import NINE, NOON, assignment, policy
from tests.factories.cast import Estate

HOUR = dt.timedelta(hours=1)


def _recovery(estate: Estate, **values: Any) -> None:
    Recovery.objects.create(
        **{"claim": assignment(estate), "reason": "overdue", "begun_at": NOON, **values}
    )


def _item(estate: Estate, **values: Any) -> None:
    LostItem.objects.create(
        **{"site": estate.site, "what": "Coat", "stored_where": "Shelf", "found_at": NOON, **values}
    )


def _told_twice(estate: Estate) -> None:
    claim = assignment(estate)
    for _each in range(2):
        Told.objects.create(claim=claim, due_at=NOON, told_at=NINE)


def _door(estate: Estate, times: int = 1, **values: Any) -> None:
    claim = assignment(estate)
    day_end = DayEnd.objects.create(site=estate.site, reason="closing", started_at=NINE)
    for place in range(times):
        DayEndDoor.objects.create(
            day_end=day_end, claim=claim, compartment=claim.compartment, position=place, **values
        )


def _rules(estate: Estate, times: int = 1, **values: Any) -> None:
    for _each in range(times):
        NoticeRules.objects.create(organisation=estate.organisation, **values)


BREAKS: dict[str, Callable[[Estate], object]] = {
    "occupancy_one_warning_of_a_kind": lambda e: [
        PolicyWarning.objects.create(policy=e.policy, before=HOUR) for _each in (1, 2)
    ],
    "occupancy_warning_comes_before": lambda e: PolicyWarning.objects.create(
        policy=e.policy, before=-HOUR
    ),
    "occupancy_told_once": _told_twice,
    "occupancy_what_is_recovered_is_held": lambda e: assignment(e, recovery_at=NOON),
    "occupancy_recovery_has_a_reason": lambda e: _recovery(e, reason=""),
    "occupancy_recovery_runs_forward": lambda e: _recovery(e, closed_at=NINE),
    "occupancy_lost_item_is_one_thing": lambda e: _item(e, status="claimed"),
    "occupancy_lost_item_is_kept_by_rule": lambda e: _item(e, kept_days=1),
    "occupancy_lost_item_is_somewhere": lambda e: _item(e, stored_where=""),
    "occupancy_day_end_has_a_reason": lambda e: DayEnd.objects.create(
        site=e.site, reason="", started_at=NINE
    ),
    "occupancy_day_end_opens_a_door_once": lambda e: _door(e, times=2),
    "occupancy_day_end_releases_what_opened": lambda e: _door(e, released_at=NOON),
    "occupancy_policy_quiet_hours_begin_and_end": lambda e: policy(e, quiet_from=dt.time(22)),
    "occupancy_policy_recovers_what_it_holds": lambda e: policy(e, recovers_after=HOUR),
    "access_notice_rules_are_said_once": lambda e: _rules(e, times=2),
    "access_quiet_hours_begin_and_end": lambda e: _rules(e, quiet_from=dt.time(22)),
    "access_letter_by_mail_has_an_address": lambda e: Notice.objects.create(
        kind="claim_ends", to="", site=e.site, subject="claim:1", made_at=NINE, try_at=NINE
    ),
}
