"""When it ends, from the claim to the job: clocks that change, odd zones, months and leap days.

Every instant is written as the clocks of the site show it.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass
from typing import Any

import pytest

from access.models import Notice
from audit.models import Event
from lockers.models import BridgePresence, Site
from occupancy.models import Assignment, Policy
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from occupancy.services.ending import expiry, warnings
from tests.factories.cast import SETUP, Estate
from tests.occupancy.ending.held import with_mail

LONDON, KATHMANDU, NEW_YORK = "Europe/London", "Asia/Kathmandu", "America/New_York"
SECOND = dt.timedelta(seconds=1)
SHIFTS = [dt.time(6), dt.time(14), dt.time(22)]
DAY_USE: dict[str, Any] = {"model": "day_use"}
TILL_SIX: dict[str, Any] = {"model": "day_use", "ends_at_time": dt.time(18)}
SHIFT: dict[str, Any] = {"model": "shift", "shifts": SHIFTS, "handover": dt.timedelta(minutes=15)}
SESSION: dict[str, Any] = {"model": "session", "lasts": dt.timedelta(hours=4)}
THIRTY_DAYS: dict[str, Any] = {"model": "fixed", "days": 30}
ONE_MONTH: dict[str, Any] = {"model": "fixed", "months": 1}
ONE_YEAR: dict[str, Any] = {"model": "fixed", "months": 12}


@dataclass
class Clock:
    """The clocks of the estate's site."""

    estate: Estate
    zone: str

    def utc(self, shown: str, *, again: bool = False) -> dt.datetime:
        """Return an instant by what the clocks show; ``again``: the second time they do."""
        local = dt.datetime.fromisoformat(shown).replace(
            tzinfo=zoneinfo.ZoneInfo(self.zone), fold=again
        )
        return local.astimezone(dt.UTC)


def at_a_site(estate: Estate, zone: str, rules: dict[str, Any]) -> Clock:
    """Put the estate into a zone, with these rules as its only policy."""
    Site.objects.filter(pk=estate.site.pk).update(time_zone=zone)
    # Through a save, so that the rules are read anew.
    policy = Policy.objects.get(pk=estate.policy.pk)
    for name, value in rules.items():
        setattr(policy, name, value)
    policy.save()
    BridgePresence.objects.update(last_seen_at=dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
    return Clock(estate, zone)


def claim(estate: Estate, at: dt.datetime) -> Assignment:
    got = assignments.claim(
        person_id=estate.amira.pk, bank_id=estate.bank.pk, wanted=Wanted(), actor=SETUP, at=at
    )
    return Assignment.objects.get(pk=got.claim_id)


@pytest.mark.parametrize(
    ("zone", "rules", "claimed", "ends"),
    [
        # The clocks go forward on 29 March 2026 and back on 25 October 2026 in London.
        (LONDON, DAY_USE, "2026-03-28 09:00", "2026-03-29 00:00"),
        (LONDON, DAY_USE, "2026-03-29 00:30", "2026-03-30 00:00"),
        (LONDON, DAY_USE, "2026-10-24 23:59", "2026-10-25 00:00"),
        (LONDON, DAY_USE, "2026-10-25 00:30", "2026-10-26 00:00"),
        (LONDON, TILL_SIX, "2026-03-28 19:00", "2026-03-29 18:00"),
        (LONDON, TILL_SIX, "2026-10-24 19:00", "2026-10-25 18:00"),
        (LONDON, SHIFT, "2026-03-28 22:10", "2026-03-29 05:45"),
        (LONDON, SHIFT, "2026-10-24 22:10", "2026-10-25 05:45"),
        (LONDON, THIRTY_DAYS, "2026-03-10 10:00", "2026-04-09 00:00"),
        (LONDON, THIRTY_DAYS, "2026-10-10 10:00", "2026-11-09 00:00"),
        # In New York they change at 2 a.m., a week later in autumn.
        (NEW_YORK, DAY_USE, "2026-03-08 01:30", "2026-03-09 00:00"),
        (NEW_YORK, SHIFT, "2026-10-31 22:30", "2026-11-01 05:45"),
        # Five hours and three quarters from Greenwich.
        (KATHMANDU, DAY_USE, "2026-11-17 23:59", "2026-11-18 00:00"),
        (KATHMANDU, TILL_SIX, "2026-11-17 17:59", "2026-11-17 18:00"),
        (KATHMANDU, SHIFT, "2026-11-17 21:44", "2026-11-17 21:45"),
        (KATHMANDU, THIRTY_DAYS, "2026-11-17 09:00", "2026-12-17 00:00"),
        (KATHMANDU, ONE_MONTH, "2027-01-31 09:00", "2027-02-28 00:00"),
        # Month ends, and the day that is there every four years.
        (LONDON, DAY_USE, "2026-04-30 09:00", "2026-05-01 00:00"),
        (LONDON, DAY_USE, "2026-12-31 23:00", "2027-01-01 00:00"),
        (LONDON, DAY_USE, "2028-02-28 09:00", "2028-02-29 00:00"),
        (LONDON, DAY_USE, "2028-02-29 09:00", "2028-03-01 00:00"),
        (LONDON, SHIFT, "2028-02-28 23:00", "2028-02-29 05:45"),
        (LONDON, THIRTY_DAYS, "2028-01-31 09:00", "2028-03-01 00:00"),
        (LONDON, THIRTY_DAYS, "2027-01-31 09:00", "2027-03-02 00:00"),
        (LONDON, ONE_MONTH, "2028-01-31 09:00", "2028-02-29 00:00"),
        (LONDON, ONE_YEAR, "2028-02-29 09:00", "2029-02-28 00:00"),
    ],
)
def test_it_is_theirs_until_then_and_not_a_second_longer(
    estate: Estate, zone: str, rules: dict[str, Any], claimed: str, ends: str
) -> None:
    clock = at_a_site(estate, zone, rules)
    mine = claim(estate, clock.utc(claimed))
    ends_at = clock.utc(ends)
    assert (mine.due_at, mine.ends_at) == (ends_at, ends_at)
    assert expiry.expire_due(at=ends_at - SECOND) == 0
    # After it, whether the job ran or not, the door is somebody else's to have.
    free = assignments.claim(
        person_id=estate.ben.pk, bank_id=estate.bank.pk,
        wanted=Wanted(compartment_id=mine.compartment_id), actor=SETUP, at=ends_at,
    )  # fmt: skip
    mine.refresh_from_db()
    assert (mine.closed_at, mine.closed_how) == (ends_at, "expired")
    assert free.compartment_id == mine.compartment_id
    assert Event.objects.get(action="assignment.expired").occurred_at == ends_at


@pytest.mark.parametrize(
    ("claimed", "again", "ends"),
    [
        # Four hours are four hours: over the hour that is skipped, and over the one twice.
        ("2026-03-28 23:00", False, "2026-03-29 04:00"),
        ("2026-10-24 23:00", False, "2026-10-25 02:00"),
        ("2026-10-25 01:30", False, "2026-10-25 04:30"),
        ("2026-10-25 01:30", True, "2026-10-25 05:30"),
    ],
)
def test_a_session_lasts_its_hours_on_the_nights_the_clocks_change(
    estate: Estate, claimed: str, again: bool, ends: str
) -> None:
    clock = at_a_site(estate, LONDON, SESSION)
    begins = clock.utc(claimed, again=again)
    mine = claim(estate, begins)
    assert mine.ends_at == clock.utc(ends) == begins + SESSION["lasts"]
    assert expiry.expire_due(at=mine.ends_at - SECOND) == 0
    assert expiry.expire_due(at=mine.ends_at) == 1


@pytest.mark.parametrize(
    ("zone", "due", "written"),
    [
        # Quiet from 22 to 7: the warnings of midnight come at ten to ten, by the wall.
        (LONDON, "2026-03-29 00:00", ["03-28 21:50"]),
        (LONDON, "2026-10-25 00:00", ["10-24 21:50"]),
        (KATHMANDU, "2026-11-18 00:00", ["11-17 21:50"]),
        # Those of noon: 24 h before is the day before at noon, an hour off on the changed day.
        (LONDON, "2026-03-29 12:00", ["03-28 11:00", "03-29 10:00", "03-29 11:45"]),
        (LONDON, "2026-10-25 12:00", ["10-24 13:00", "10-25 10:00", "10-25 11:45"]),
        # And of half past seven: two hours before wait for seven, and say the same.
        (LONDON, "2026-03-29 08:30", ["03-28 07:30", "03-29 07:00", "03-29 08:15"]),
        (KATHMANDU, "2028-03-01 08:30", ["02-29 08:30", "03-01 07:00", "03-01 08:15"]),
    ],
)
def test_warnings_keep_the_quiet_hours_of_the_site(
    estate: Estate, zone: str, due: str, written: list[str]
) -> None:
    rules = {"model": "shared", "lasts": dt.timedelta(hours=30)}
    quiet = {"quiet_from": dt.time(22), "quiet_until": dt.time(7)}
    clock = at_a_site(estate, zone, rules | quiet)
    with_mail(estate.amira)
    due_at = clock.utc(due)
    claim(estate, due_at - dt.timedelta(hours=30))
    # The job of every five minutes, from the claim to the end.
    at = due_at - dt.timedelta(hours=30)
    seen = []
    while at < due_at:
        if warnings.warn_due(at=at):
            seen.append(at.astimezone(zoneinfo.ZoneInfo(zone)).strftime("%m-%d %H:%M"))
        at += dt.timedelta(minutes=5)
    assert seen[-len(written) :] == written
    assert Notice.objects.count() == len(seen)
    local = [one[-5:] for one in seen]
    assert all("07:00" <= one < "22:00" for one in local), local


def test_a_policy_that_is_edited_changes_what_is_claimed_from_then_on(
    estate: Estate, at: dt.datetime
) -> None:
    clock = at_a_site(estate, LONDON, DAY_USE)
    mine = claim(estate, at)
    edited = at_a_site(estate, LONDON, TILL_SIX | {"at_end": "hold", "limit_per_person": 2})
    later = claim(estate, at + SECOND)
    midnight, six = clock.utc("2026-11-18 00:00"), edited.utc("2026-11-17 18:00")
    mine.refresh_from_db()
    assert (mine.ends_at, mine.at_end) == (midnight, "release"), "what was promised stays"
    assert (later.ends_at, later.at_end) == (six, "hold")
    assert expiry.expire_due(at=midnight) == 1
    later.refresh_from_db()
    assert later.closed_at is None, "overdue frees nothing"


def test_a_warning_that_is_edited_warns_what_runs_once(estate: Estate, at: dt.datetime) -> None:
    clock = at_a_site(estate, LONDON, TILL_SIX)
    with_mail(estate.amira)
    claim(estate, at)
    two_hours = estate.policy.warnings.get(before=dt.timedelta(hours=2))
    assert warnings.warn_due(at=clock.utc("2026-11-17 16:00")) == 1
    # Earlier or later now: of this end this warning has spoken.
    for hours in (3, 1):
        two_hours.before = dt.timedelta(hours=hours)
        two_hours.save(update_fields=["before"])
        assert warnings.warn_due(at=clock.utc("2026-11-17 17:01")) == 0
    # A new one is none of those that spoke.
    estate.policy.warnings.create(before=dt.timedelta(minutes=40))
    assert warnings.warn_due(at=clock.utc("2026-11-17 17:20")) == 1
    assert Notice.objects.count() == 2


def test_a_policy_that_says_when_to_recover_is_asked_as_it_is_now(
    estate: Estate, at: dt.datetime
) -> None:
    from occupancy.services.ending import recovery

    clock = at_a_site(estate, LONDON, TILL_SIX | {"at_end": "hold"})
    mine = claim(estate, at)
    six = clock.utc("2026-11-17 18:00")
    assert recovery.begin_due(at=six + dt.timedelta(days=1)) == 0, "never by itself"
    at_a_site(estate, LONDON, {"recovers_after": dt.timedelta(hours=2)})
    assert recovery.begin_due(at=six + dt.timedelta(hours=2) - SECOND) == 0
    assert recovery.begin_due(at=six + dt.timedelta(days=1)) == 1
    mine.refresh_from_db()
    assert mine.recovery_at == six + dt.timedelta(hours=2)
