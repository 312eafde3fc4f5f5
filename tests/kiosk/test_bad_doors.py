"""The door is in the way: what is said, what is recorded, and who has what afterwards."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
import time_machine

from access.choices import PersonStatus
from access.models import Grant, Person
from audit.models import Event
from lockers.choices import BoardState, ServiceStatus
from lockers.models import BridgePresence, Command, Compartment, Door
from lockers.services import commands, journal
from occupancy.models import Assignment
from tests.factories.cast import AMIRA_BADGE, BEN_BADGE, Estate
from tests.kiosk.conftest import ANY, Kiosk, codes

JOURNAL = uuid.UUID(int=7)


@pytest.fixture
def estate(estate: Estate) -> Estate:
    BridgePresence.objects.update(journal=JOURNAL, last_seq=0)
    return estate


def report(estate: Estate, command_id: str, kind: str, detail: str = "") -> None:
    """Let the bridge's journal tell how far a command got."""
    at = dt.datetime.now(dt.UTC)
    known = BridgePresence.objects.get(bridge=estate.bridge).last_seq
    line = journal.Line(
        seq=known + 1,
        kind=kind,
        occurred_at=at,
        compartment_id=Command.objects.get(pk=command_id).compartment_id,
        command_id=uuid.UUID(command_id),
        detail=detail,
    )
    # Delivered twice, as a bridge does that heard no acknowledgement.
    for _delivery in range(2):
        journal.receive(bridge=estate.bridge, journal=JOURNAL, lines=[line], at=at)


def actions(*actions: str) -> list[tuple[str, int | None]]:
    """Return which of these events were recorded, and of which person."""
    found = Event.objects.filter(action__in=actions).order_by("id")
    return list(found.values_list("action", "person_id"))


def everybody_has_what_they_were_told(**told: str) -> None:
    """Check every open claim: it has its holder, their right to open it, and no door twice."""
    open_claims = Assignment.objects.filter(closed_at=None)
    held = {claim.holder.given_name.lower(): claim.compartment.number for claim in open_claims}
    assert held == told
    assert len(open_claims) == len(told)
    granted = Grant.objects.filter(revoked_at=None).values_list(
        "claim_id", "person_id", "compartment_id"
    )
    assert sorted(granted) == sorted(open_claims.values_list("pk", "holder_id", "compartment_id"))


@pytest.mark.parametrize(
    ("kind", "detail", "action", "may_take_another"),
    [
        ("command_failed", "did_not_open", "door.not_opened", True),
        ("command_failed", "board_unreachable", "door.not_opened", True),
        ("command_expired", "late", "door.open_expired", True),
        ("command_unknown", "board_silent", "door.open_unknown", False),
    ],
)
def test_a_door_that_was_not_seen_to_open_stays_theirs_until_they_choose(
    kiosk: Kiosk, estate: Estate, kind: str, detail: str, action: str, may_take_another: bool
) -> None:
    got = kiosk.claim(AMIRA_BADGE)
    report(estate, got["command"], kind, detail)
    assert actions(action) == [(action, estate.amira.pk)]
    assert Event.objects.get(action=action).data["detail"] == detail
    everybody_has_what_they_were_told(amira="1")
    # Nobody else is given it meanwhile.
    assert kiosk.claim(BEN_BADGE)["number"] == "2"
    answer = kiosk.post("claim", {"scan": got["scan"], "instead_of": got["claim"]})
    if may_take_another:
        assert answer.json()["number"] == "3"
        everybody_has_what_they_were_told(amira="3", ben="2")
    else:
        assert codes(answer) == (409, "door_did_open")
        everybody_has_what_they_were_told(amira="1", ben="2")
    # The old command's late word moves nobody's door.
    report(estate, got["command"], "command_opened")
    everybody_has_what_they_were_told(amira="3" if may_take_another else "1", ben="2")


def test_trying_again_is_a_command_of_its_own(kiosk: Kiosk, estate: Estate) -> None:
    got = kiosk.claim(AMIRA_BADGE)
    report(estate, got["command"], "command_failed", "did_not_open")
    again = kiosk.post("open", {"scan": got["scan"], "claim": got["claim"]}).json()
    assert again["command"] != got["command"]
    report(estate, again["command"], "command_opened")
    assert actions("door.not_opened", "door.opened") == [
        ("door.not_opened", estate.amira.pk),
        ("door.opened", estate.amira.pk),
    ]
    everybody_has_what_they_were_told(amira="1")


def test_a_door_that_stands_open_already_needs_no_pulse_and_is_said_open(
    kiosk: Kiosk, estate: Estate
) -> None:
    Door.objects.filter(compartment=estate.doors[1]).update(state="open")
    # It is nobody's first choice, but whoever wants this very door may have it.
    assert kiosk.scan(AMIRA_BADGE)["choices"]["any"] == 2
    got = kiosk.claim(AMIRA_BADGE, {"compartment": estate.doors[1].pk})
    report(estate, got["command"], "command_opened", "already_open")
    assert Command.objects.get(pk=got["command"]).status == "opened"
    opened = Event.objects.get(action="door.opened")
    assert (opened.person_id, opened.data["detail"]) == (estate.amira.pk, "already_open")
    assert kiosk.scan(AMIRA_BADGE)["holds"][0]["compartment"] in kiosk.bank()["open"]
    everybody_has_what_they_were_told(amira="2")


def test_a_door_of_a_silent_board_is_not_given_and_not_called_taken(
    kiosk: Kiosk, estate: Estate, at: dt.datetime
) -> None:
    scan = kiosk.scan(AMIRA_BADGE)["scan"]
    journal.set_board_state(
        bridge=estate.bridge,
        controller_id=estate.controller.pk,
        state=BoardState.OFFLINE,
        detail="no answer",
        at=at,
    )
    headers = {"Authorization": f"Terminal {kiosk.token}"}
    told = kiosk.client.get("/kiosk/bank", headers=headers).json()
    assert (told["free"]["total"], set(told["doors"].values())) == (0, {"unknown"})
    very_door = {"scan": scan, "choice": {"compartment": estate.doors[0].pk}}
    answer = kiosk.post("claim", very_door)
    assert codes(answer) == (404, "no_such_compartment")
    assert answer.json()["message"] == "That door cannot be used right now. Choose another."
    answer = kiosk.post("claim", {"scan": scan, "choice": ANY})
    assert codes(answer) == (409, "no_compartment_available")
    assert actions("request.refused") == [("request.refused", estate.amira.pk)] * 2
    everybody_has_what_they_were_told()
    assert not Command.objects.exists()


def test_a_command_that_is_too_late_is_never_sent_and_its_door_stays_theirs(
    kiosk: Kiosk, estate: Estate, clock: time_machine.Coordinates
) -> None:
    kiosk.claim(AMIRA_BADGE)
    clock.shift(11)
    now = dt.datetime.now(dt.UTC)
    assert commands.take_queued(bridge_id=estate.bridge.pk, at=now) == []
    commands.expire_overdue(at=now)
    assert actions("door.open_expired") == [("door.open_expired", None)]
    # Later words of a bridge change nothing any more.
    assert commands.take_queued(bridge_id=estate.bridge.pk, at=now) == []
    everybody_has_what_they_were_told(amira="1")
    assert kiosk.scan(AMIRA_BADGE)["holds"][0]["number"] == "1"


def test_a_door_that_did_not_open_a_moment_ago_is_the_last_to_be_offered(
    kiosk: Kiosk, estate: Estate, clock: time_machine.Coordinates
) -> None:
    first = kiosk.claim(AMIRA_BADGE)
    report(estate, first["command"], "command_failed", "did_not_open")
    kiosk.post("claim", {"scan": first["scan"], "instead_of": first["claim"]})
    everybody_has_what_they_were_told(amira="2")
    # Door 1 would come first; Ben is spared it as long as there is another.
    assert kiosk.claim(BEN_BADGE)["number"] == "3"
    Assignment.objects.filter(holder=estate.ben).update(
        closed_at=dt.datetime.now(dt.UTC), closed_how="finished"
    )
    Compartment.objects.filter(pk=estate.doors[2].pk).update(service_status=ServiceStatus.FAULT)
    assert kiosk.claim(BEN_BADGE)["number"] == "1"


def test_another_door_instead_is_not_one_that_did_not_open_either(
    kiosk: Kiosk, estate: Estate
) -> None:
    first = kiosk.claim(BEN_BADGE, {"compartment": estate.doors[1].pk})
    report(estate, first["command"], "command_failed", "did_not_open")
    second = {"scan": first["scan"], "instead_of": first["claim"]}
    assert kiosk.post("claim", second).json()["number"] == "1"
    third = kiosk.claim(AMIRA_BADGE, {"compartment": estate.doors[2].pk})
    report(estate, third["command"], "command_failed", "did_not_open")
    # Only door 2 is left, doubtful as it is: better a door that may open than none.
    instead = {"scan": third["scan"], "instead_of": third["claim"]}
    assert kiosk.post("claim", instead).json()["number"] == "2"
    everybody_has_what_they_were_told(ben="1", amira="2")


@pytest.mark.parametrize("is_over", [False, True])
def test_a_doubtful_door_is_given_to_whoever_wants_it_and_trusted_again_later(
    kiosk: Kiosk, estate: Estate, clock: time_machine.Coordinates, is_over: bool
) -> None:
    first = kiosk.claim(AMIRA_BADGE)
    report(estate, first["command"], "command_failed", "did_not_open")
    kiosk.post("claim", {"scan": first["scan"], "instead_of": first["claim"]})
    if is_over:
        clock.shift(601)
        BridgePresence.objects.update(last_seen_at=dt.datetime.now(dt.UTC))
    choice = ANY if is_over else {"compartment": estate.doors[0].pk}
    assert kiosk.claim(BEN_BADGE, choice)["number"] == "1"


@pytest.mark.parametrize("verb", ["claim", "open"])
def test_somebody_suspended_in_the_middle_gets_nothing_opened_and_loses_nothing(
    kiosk: Kiosk, estate: Estate, verb: str
) -> None:
    if verb == "open":
        got = kiosk.claim(AMIRA_BADGE)
        body = {"scan": got["scan"], "claim": got["claim"]}
    else:
        body = {"scan": kiosk.scan(AMIRA_BADGE)["scan"], "choice": ANY}
    before = Command.objects.count()
    Person.objects.filter(pk=estate.amira.pk).update(status=PersonStatus.SUSPENDED)
    answer = kiosk.post(verb, body)
    assert codes(answer) == (403, "person_suspended")
    assert answer.json()["message"] == "Your access is suspended at the moment. Ask reception."
    assert actions("request.refused") == [("request.refused", estate.amira.pk)]
    assert Command.objects.count() == before
    everybody_has_what_they_were_told(**({"amira": "1"} if verb == "open" else {}))


def test_a_claim_delivered_twice_is_one_door_for_one_person(kiosk: Kiosk, estate: Estate) -> None:
    scan = kiosk.scan(AMIRA_BADGE)["scan"]
    body = {"scan": scan, "choice": ANY}
    first = kiosk.post("claim", body, key="the-same-key")
    again = kiosk.post("claim", body, key="the-same-key")
    assert (again.status_code, again.json()) == (200, first.json())
    assert actions("assignment.claimed") == [("assignment.claimed", estate.amira.pk)]
    # What was refused stays refused under its key, and is recorded once.
    limit = [kiosk.post("claim", body, key="another-key") for _delivery in range(2)]
    assert [codes(answer) for answer in limit] == [(409, "limit_reached")] * 2
    assert actions("request.refused") == [("request.refused", estate.amira.pk)]
    everybody_has_what_they_were_told(amira="1")


def test_a_bridge_that_goes_silent_after_the_claim_leaves_the_door_with_its_holder(
    kiosk: Kiosk, estate: Estate, clock: time_machine.Coordinates
) -> None:
    got = kiosk.claim(AMIRA_BADGE)
    commands.take_queued(bridge_id=estate.bridge.pk, at=dt.datetime.now(dt.UTC))
    clock.shift(90)
    answer = kiosk.post("open", {"scan": got["scan"], "claim": got["claim"]})
    assert codes(answer) == (503, "bridge_offline")
    assert answer.json()["message"] == "These lockers cannot be reached right now. Ask reception."
    commands.forget_unanswered(at=dt.datetime.now(dt.UTC))
    assert Command.objects.get().status == "unknown"
    assert actions("door.open_unknown") == [("door.open_unknown", None)]
    everybody_has_what_they_were_told(amira="1")
