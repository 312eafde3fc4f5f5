"""Sharing a door at the screen: with whom, ending it, and what is said when it cannot be."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.models import Person
from audit.models import Event
from audit.services.events import Actor
from kiosk import authentication, holds
from lockers.models import Command
from occupancy.models import Assignment, Policy, Share
from occupancy.services.custody import sharing
from tests.factories.cast import AMIRA_BADGE, BEN_BADGE, CARLA_BADGE, TERMINAL_TOKEN, Estate
from tests.kiosk.conftest import Kiosk, codes, typed


@pytest.fixture
def mine(kiosk: Kiosk, estate: Estate) -> dict[str, Any]:
    """Amira's door 1, of lockers that may be shared; she stands at the screen."""
    Policy.objects.update(may_share=True)
    got: dict[str, Any] = kiosk.claim(AMIRA_BADGE)
    return got


def share(kiosk: Kiosk, mine: dict[str, Any], badge: str = BEN_BADGE) -> Any:
    return kiosk.post(
        "share", {"scan": mine["scan"], "claim": mine["claim"], "badge": typed(badge)}
    )


def test_whom_a_door_is_shared_with_is_told_to_its_holder_alone(
    kiosk: Kiosk, mine: dict[str, Any]
) -> None:
    told = share(kiosk, mine).json()
    assert (told["with"], told["until_time"]) == ("BE", "00:00 on 18 Nov 2026")
    [one] = told["shared_with"]
    assert (one["with"], one["once"]) == ("BE", False)
    [held] = kiosk.scan(AMIRA_BADGE)["holds"]
    assert held["shared_with"] == told["shared_with"]
    [theirs] = kiosk.scan(BEN_BADGE)["holds"]
    assert (theirs["number"], theirs["shared_with"]) == ("1", [])


def test_the_holder_ends_a_share_and_the_other_opens_no_more(
    kiosk: Kiosk, estate: Estate, mine: dict[str, Any]
) -> None:
    [one] = share(kiosk, mine).json()["shared_with"]
    ended = kiosk.post("end_share", {"scan": mine["scan"], "share": one["share"]}).json()
    assert (ended["claim"], ended["shared_with"]) == (mine["claim"], [])
    bens = kiosk.scan(BEN_BADGE)
    assert bens["holds"] == []
    answer = kiosk.post("open", {"scan": bens["scan"], "claim": mine["claim"]})
    assert codes(answer) == (403, "no_grant")
    event = Event.objects.get(action="assignment.share_ended")
    assert (event.actor_id, event.person_id) == (str(estate.amira.pk), estate.ben.pk)
    # And may share it anew.
    assert share(kiosk, mine).status_code == 200


def test_a_share_that_is_over_already_is_what_was_wanted(
    kiosk: Kiosk, estate: Estate, mine: dict[str, Any]
) -> None:
    [one] = share(kiosk, mine).json()["shared_with"]
    body = {"scan": mine["scan"], "share": one["share"]}
    # On the phone, or by a second touch.
    for _touch in range(2):
        assert kiosk.post("end_share", body).json()["shared_with"] == []
    assert Event.objects.filter(action="assignment.share_ended").count() == 1


def test_nobody_ends_what_others_share(kiosk: Kiosk, estate: Estate, mine: dict[str, Any]) -> None:
    [one] = share(kiosk, mine).json()["shared_with"]
    Person.objects.filter(pk=estate.carla.pk).update(status="active")
    scan = kiosk.scan(CARLA_BADGE)["scan"]
    for share_id in (one["share"], 999_999):
        answer = kiosk.post("end_share", {"scan": scan, "share": share_id})
        assert codes(answer) == (403, "not_the_holder")
    assert Share.objects.get().ended_at is None


def test_ones_own_badge_is_no_second_person(kiosk: Kiosk, mine: dict[str, Any]) -> None:
    answer = share(kiosk, mine, AMIRA_BADGE)
    assert codes(answer) == (409, "not_with_themselves")
    assert answer.json()["message"] == (
        "That is your own badge. Hold the badge of who may open it too."
    )
    assert Event.objects.filter(action="request.refused").exists()


def test_the_same_badge_twice_is_shared_once(kiosk: Kiosk, mine: dict[str, Any]) -> None:
    assert share(kiosk, mine).status_code == 200
    assert codes(share(kiosk, mine)) == (409, "shared_already")
    assert Share.objects.count() == 1


@pytest.mark.parametrize("badge", ["9999999999", CARLA_BADGE])
def test_a_badge_that_is_no_good_is_not_taken_for_the_holders(
    kiosk: Kiosk, mine: dict[str, Any], badge: str
) -> None:
    answer = share(kiosk, mine, badge)
    assert answer.status_code in (403, 404)
    assert answer.json()["message"] == "That badge is no good here. Try another, or ask reception."
    # Whoever shares still stands there.
    body = {"scan": mine["scan"], "claim": mine["claim"]}
    assert kiosk.post("open", body).status_code == 200


def test_a_policy_that_was_edited_meanwhile_is_obeyed_and_what_is_shared_can_still_be_ended(
    kiosk: Kiosk, mine: dict[str, Any]
) -> None:
    [one] = share(kiosk, mine).json()["shared_with"]
    Policy.objects.update(may_share=False)
    again = share(kiosk, mine, "9999999999")
    assert again.status_code in (403, 404)
    [held] = kiosk.scan(AMIRA_BADGE)["holds"]
    assert (held["shares"], len(held["shared_with"])) == (False, 1)
    ended = kiosk.post("end_share", {"scan": mine["scan"], "share": one["share"]})
    assert ended.json()["shared_with"] == []
    assert codes(share(kiosk, mine)) == (403, "not_shared")


def test_one_opening_is_one_opening_and_said_so(
    kiosk: Kiosk, estate: Estate, mine: dict[str, Any], clock: time_machine.Coordinates
) -> None:
    sharing.delegate(
        claim_id=mine["claim"], person_id=estate.amira.pk, to_id=estate.ben.pk,
        until=Assignment.objects.get().due_at, actor=Actor.person(estate.amira.pk),
        at=Assignment.objects.get().started_at,
    )  # fmt: skip
    [held] = kiosk.scan(AMIRA_BADGE)["holds"]
    assert held["shared_with"][0]["once"] is True
    bens = kiosk.scan(BEN_BADGE)
    assert bens["holds"][0]["until"] == "You may open door 1 once."
    body = {"scan": bens["scan"], "claim": mine["claim"]}
    opened = kiosk.post("open", body)
    assert opened.status_code == 200
    assert (opened.json()["opens"], opened.json()["until"]) == (
        False,
        "You have opened door 1, as you were asked.",
    )
    before = Command.objects.count()
    assert kiosk.post("open", body).status_code == 403
    assert Command.objects.count() == before


def test_more_people_and_doors_take_no_more_queries(
    kiosk: Kiosk, estate: Estate, mine: dict[str, Any], at: dt.datetime
) -> None:
    here = authentication.resolve(TERMINAL_TOKEN)
    assert here is not None

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            holds.of(here, estate.amira.pk, at)
        return len(seen)

    share(kiosk, mine)
    few = queries()
    Policy.objects.update(limit_per_person=3)
    Person.objects.filter(pk=estate.carla.pk).update(status="active")
    share(kiosk, mine, CARLA_BADGE)
    kiosk.claim(AMIRA_BADGE)
    kiosk.claim(AMIRA_BADGE)
    assert queries() == few
