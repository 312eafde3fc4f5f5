"""What no page of ours sends: every address of a holder's uses answers, and does nothing."""

from __future__ import annotations

from typing import Any

import pytest

from audit.models import Answer
from lockers.models import Command
from occupancy.models import Assignment, Claim, Policy, Share, WaitingEntry
from tests.factories.cast import AMIRA_BADGE, BEN_BADGE
from tests.kiosk.conftest import Kiosk, codes, typed

# What each of them takes besides the scan; the number is of nothing at all.
TAKES: dict[str, dict[str, Any]] = {
    "renew": {"claim": 999_999},
    "share": {"claim": 999_999, "badge": typed(BEN_BADGE)},
    "end_share": {"share": 999_999},
    "check_in": {"claim": 999_999},
    "join": {"size": 999_999},
    "accept": {"offer": 999_999},
    "decline": {"offer": 999_999},
}


@pytest.fixture
def scan(kiosk: Kiosk) -> str:
    Policy.objects.update(may_share=True)
    return str(kiosk.scan(AMIRA_BADGE)["scan"])


def nothing_happened() -> bool:
    made = (Claim, Assignment, Command, Share, WaitingEntry)
    return not any(model._default_manager.exists() for model in made)


@pytest.mark.parametrize("verb", TAKES)
def test_a_number_of_nothing_is_answered_with_a_sentence(
    kiosk: Kiosk, scan: str, verb: str
) -> None:
    answer = kiosk.post(verb, {"scan": scan, **TAKES[verb]})
    assert answer.status_code in (403, 404, 409), answer.content
    assert len(answer.json()["message"]) > 20
    assert nothing_happened()


@pytest.mark.parametrize("verb", TAKES)
@pytest.mark.parametrize("value", [None, "7", -1, 0, True, 1.5, 2**63, [], {"id": 7}])
def test_what_is_no_number_is_malformed(kiosk: Kiosk, scan: str, verb: str, value: object) -> None:
    name = next(iter(TAKES[verb]))
    answer = kiosk.post(verb, {"scan": scan, **TAKES[verb], name: value})
    assert codes(answer) == (400, "malformed")
    assert nothing_happened()


@pytest.mark.parametrize("verb", TAKES)
def test_a_turn_that_is_over_does_nothing_more(kiosk: Kiosk, scan: str, verb: str) -> None:
    kiosk.post("end", {"scan": scan})
    answer = kiosk.post(verb, {"scan": scan, **TAKES[verb]})
    assert codes(answer) == (410, "scan_over")
    assert answer.json()["message"] == "Your turn at this screen is over. Tap your badge again."
    assert nothing_happened()


@pytest.mark.parametrize("verb", TAKES)
def test_no_other_than_an_enrolled_terminal_is_listened_to(
    kiosk: Kiosk, scan: str, verb: str
) -> None:
    stored = Answer.objects.count()
    answer = Kiosk("made up").post(verb, {"scan": scan, **TAKES[verb]})
    assert answer.status_code in (401, 403)
    assert kiosk.client.get(f"/kiosk/{verb}").status_code in (401, 403, 405)
    assert nothing_happened() and Answer.objects.count() == stored


def test_an_end_that_is_no_text_is_malformed(kiosk: Kiosk, scan: str) -> None:
    answer = kiosk.post("renew", {"scan": scan, "claim": 1, "ends_at": 7})
    assert codes(answer) == (400, "malformed")


def test_to_share_a_badge_has_to_be_shown(kiosk: Kiosk) -> None:
    Policy.objects.update(may_share=True)
    mine = kiosk.claim(AMIRA_BADGE)
    body = {"scan": mine["scan"], "claim": mine["claim"]}
    assert codes(kiosk.post("share", body)) == (400, "malformed")
    broken = kiosk.post("share", {**body, "badge": BEN_BADGE[1:]})
    assert codes(broken)[1] == "bad_read"
    assert "not read whole" in broken.json()["message"]
    # A tap at the wired reader that another screen took.
    taken = kiosk.post("share", {**body, "with_scan": mine["scan"]})
    assert codes(taken) == (409, "scan_taken")
    assert not Share.objects.exists()
