"""What a holder does besides opening, on pages that the world has moved on from: every answer is
clear, and nothing is lost."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from audit.models import Event
from lockers.models import BridgePresence, Command
from occupancy.allocation.rules import MODELS
from occupancy.choices import UseModel
from occupancy.models import Assignment, Claim, CompartmentGroup, Policy
from occupancy.services.ending import lost_property, recovery
from tests import factories
from tests.factories.cast import AMIRA_BADGE, BEN_BADGE, SETUP, Estate
from tests.kiosk.conftest import ANY, Kiosk, codes

HOURS = dt.timedelta(hours=1)


@pytest.fixture
def kiosk(kiosk: Kiosk, estate: Estate) -> Kiosk:
    """Return the terminal; its bridge is heard at every hour."""
    BridgePresence.objects.update(last_seen_at=dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
    return kiosk


def under(**rules: Any) -> None:
    """Let the bank's only policy say this."""
    Policy.objects.update(**rules)


def sentence(answer: Any) -> str:
    return str(answer.json()["message"])


# ---- before choosing ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "until"),
    [
        ({}, "Yours until midnight."),
        ({"ends_at_time": dt.time(18)}, "Yours until 18:00."),
        (
            {"model": UseModel.SESSION, "lasts": 3 * HOURS},
            "Yours until you open it again, at the latest until 12:00.",
        ),
        (
            {"model": UseModel.SHIFT, "shifts": [dt.time(6), dt.time(14)]},
            "Yours until your shift ends, at 14:00.",
        ),
        ({"model": UseModel.FIXED, "days": 30}, "Yours until the end of 16 Dec 2026."),
    ],
)
def test_until_when_a_door_would_be_theirs_is_said_before_they_choose(
    kiosk: Kiosk, rules: dict[str, Any], until: str
) -> None:
    under(**rules)
    choices = kiosk.scan(AMIRA_BADGE)["choices"]
    assert choices["until"] == until
    assert {size["until"] for size in choices["sizes"]} == {until}


def test_sizes_under_different_policies_say_each_its_own_end(kiosk: Kiosk, estate: Estate) -> None:
    group = CompartmentGroup.objects.create(organisation=estate.organisation, name="Large ones")
    group.compartments.add(estate.doors[2])
    factories.PolicyFactory(
        organisation=estate.organisation, group=group, name="Large", ends_at_time=dt.time(18)
    )
    choices = kiosk.scan(AMIRA_BADGE)["choices"]
    assert {size["name"]: size["until"] for size in choices["sizes"]} == {
        "Small": "Yours until midnight.",
        "Large": "Yours until 18:00.",
    }


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ({"model": UseModel.PERMANENT}, "not_walk_up"),
        ({"credentials": ["pin"]}, "credential_not_enough"),
        ({"is_active": False}, "no_policy"),
    ],
)
def test_a_policy_edited_between_two_touches_refuses_the_second_and_the_turn_goes_on(
    kiosk: Kiosk, rules: dict[str, Any], code: str
) -> None:
    scan = kiosk.scan(AMIRA_BADGE)["scan"]
    before = Policy.objects.values().get()
    under(**rules)
    body = {"scan": scan, "choice": ANY}
    answer = kiosk.post("claim", body)
    assert answer.json()["code"] == code
    assert not Claim.objects.exists() and not Command.objects.exists()
    # The very same turn gets a door as soon as there is one.
    under(**{name: before[name] for name in rules})
    assert kiosk.post("claim", body).status_code == 200


@pytest.mark.parametrize("model", [model for model, it in MODELS.items() if it.is_walk_up])
@pytest.mark.parametrize("renewals", [0, 2])
def test_what_a_claim_answers_is_what_the_next_look_shows(
    kiosk: Kiosk, model: UseModel, renewals: int
) -> None:
    may_share = renewals == 0
    under(model=model, lasts=4 * HOURS, days=3, renewals=renewals, may_share=may_share,
          shifts=[dt.time(6), dt.time(18)], grace=HOURS)  # fmt: skip
    answer = kiosk.claim(AMIRA_BADGE)
    (hold,) = kiosk.scan(AMIRA_BADGE)["holds"]
    assert {name: answer[name] for name in hold} == hold


def test_under_a_policy_out_of_use_nothing_is_offered_to_be_kept_longer(kiosk: Kiosk) -> None:
    under(model=UseModel.SHARED, lasts=4 * HOURS, renewals=3)
    assert kiosk.claim(AMIRA_BADGE)["renews"] is True
    under(is_active=False)
    (hold,) = kiosk.scan(AMIRA_BADGE)["holds"]
    assert hold["renews"] is False


# ---- keeping it longer ---------------------------------------------------------------------------


def test_one_touch_keeps_a_door_longer_once_however_often_it_arrives(
    kiosk: Kiosk, clock: time_machine.Coordinates
) -> None:
    under(model=UseModel.SHARED, lasts=4 * HOURS, renewals=3)
    got = kiosk.claim(AMIRA_BADGE)
    seen = {"scan": got["scan"], "claim": got["claim"], "ends_at": got["ends_at"]}
    clock.shift(60)
    first = kiosk.post("renew", seen).json()
    second = kiosk.post("renew", seen).json()
    assert (first["renewed"], second["renewed"]) == (True, False)
    assert first["ends_at"] == second["ends_at"] == "2026-11-17T13:01:00+00:00"
    assert Assignment.objects.get().renewals == 1
    # Who has seen the new end may go on.
    clock.shift(60)
    again = {**seen, "ends_at": second["ends_at"]}
    assert kiosk.post("renew", again).json()["renewed"] is True


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ({"renewals": 0}, "renewed_enough"),
        ({"model": UseModel.PERMANENT}, "nothing_to_renew"),
    ],
)
def test_what_the_policy_allows_no_more_is_refused_and_the_door_kept(
    kiosk: Kiosk, rules: dict[str, Any], code: str
) -> None:
    under(model=UseModel.SHARED, lasts=4 * HOURS, renewals=3)
    got = kiosk.claim(AMIRA_BADGE)
    under(**rules)
    body = {"scan": got["scan"], "claim": got["claim"]}
    answer = kiosk.post("renew", body)
    assert answer.json()["code"] == code
    assert kiosk.post("open", body).status_code == 200
    assert Event.objects.filter(action="request.refused", data__code=code).exists()


# ---- its time is over ---------------------------------------------------------------------------


def test_who_opens_a_moment_too_late_is_told_what_became_of_the_door(
    kiosk: Kiosk, clock: time_machine.Coordinates
) -> None:
    under(model=UseModel.SHARED, lasts=dt.timedelta(minutes=1))
    got = kiosk.claim(AMIRA_BADGE)
    body = {"scan": got["scan"], "claim": got["claim"]}
    clock.shift(61)
    answer = kiosk.post("open", body)
    assert answer.status_code == 403
    assert sentence(answer) == (
        "Door 1 is not yours any more: your time with it is over."
        " If something is still inside, ask reception."
    )
    # The next person's by now: the sentence is the same, and the door stays shut.
    kiosk.claim(BEN_BADGE)
    before = Command.objects.count()
    assert sentence(kiosk.post("open", body)).startswith("Door 1 is not yours any more")
    assert Command.objects.count() == before


def test_what_is_held_for_somebody_is_safe_and_whom_to_ask_is_said(
    kiosk: Kiosk, clock: time_machine.Coordinates
) -> None:
    under(model=UseModel.SHARED, lasts=dt.timedelta(minutes=1), at_end="hold")
    got = kiosk.claim(AMIRA_BADGE)
    body = {"scan": got["scan"], "claim": got["claim"]}
    clock.shift(61)
    answer = kiosk.post("open", body)
    assert codes(answer) == (403, "grant_over")
    assert sentence(answer) == (
        "Your time with door 1 is over. Your things are safe: ask reception to open it."
    )
    [held] = kiosk.scan(AMIRA_BADGE)["holds"]
    assert (held["standing"], held["opens"], held["finishes"]) == ("overdue", False, "no")
    assert held["until"] == (
        "Your time with door 1 is over, since 09:01."
        " Your things are safe: ask reception to open it."
    )
    # Nor given up by a key that still stands on the screen: it may be full.
    answer = kiosk.post("finish", body)
    assert codes(answer) == (409, "time_is_over")
    assert sentence(answer) == "Your time with this locker is over. Ask reception to open it."
    assert Assignment.objects.get(pk=got["claim"]).closed_at is None
    # It is not given to anybody else.
    assert kiosk.claim(BEN_BADGE)["number"] == "2"


def test_who_comes_after_it_was_emptied_is_told_where_their_things_are(
    kiosk: Kiosk, estate: Estate, at: dt.datetime
) -> None:
    assert kiosk.scan(AMIRA_BADGE)["kept"] == ""
    got = kiosk.claim(AMIRA_BADGE)
    begun = recovery.begin(claim_id=got["claim"], actor=SETUP, at=at, reason="left behind")
    [held] = kiosk.scan(AMIRA_BADGE)["holds"]
    assert held["until"] == "Door 1 is to be emptied by staff. Ask reception for your things."
    recovery.open_for(recovery_id=begun.pk, user_id=estate.olga.pk, at=at, reason="left behind")
    lost_property.store_item(
        recovery_id=begun.pk,
        found=lost_property.Found(what="an umbrella", stored_where="shelf 3"),
        actor=SETUP,
        at=at,
    )
    recovery.close(recovery_id=begun.pk, actor=SETUP, at=at)
    told = kiosk.scan(AMIRA_BADGE)
    assert told["holds"] == []
    assert told["kept"] == "What was in door 1 is kept for you. Ask reception for it."
    # What it is, and where, is for reception alone.
    assert "umbrella" not in str(told) and "shelf" not in str(told)
    assert kiosk.scan(BEN_BADGE)["kept"] == ""
