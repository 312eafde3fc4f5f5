"""A bank is commissioned: tried lock by lock, confirmed by a person, refused or gone live."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from audit.models import Event
from lockers import wiring
from lockers.commissioning import NONE, SEVERAL
from lockers.errors import (
    BoardNotFound,
    BridgeOffline,
    ChannelTaken,
    CommissioningRunning,
    CommissionWholeBank,
    NotReadyToGoLive,
    NotToBeSaid,
    NotToBeTried,
)
from lockers.models import (
    BridgePresence,
    Commissioning,
    CommissioningStep,
    Compartment,
    Controller,
    Inquiry,
)
from lockers.services import inquiries
from lockers.services.commissioning import beginning, finishing, trying
from lockers.services.commissioning.beginning import Place
from tests import factories
from tests.factories.cast import Estate
from tests.lockers.simulated_bank import SimulatedBank

USER = 7
PLACE = Place("kerong_cu16", "tcp://10.0.0.9:5000", unit=1, channels=4)


@pytest.fixture
def estate(db: None) -> Estate:
    estate = Estate.build(at=timezone.now())
    # Its bridge counts as heard, however long a test takes.
    BridgePresence.objects.update(last_seen_at=timezone.now().replace(year=2100))
    return estate


@pytest.fixture
def bank(estate: Estate) -> SimulatedBank:
    """Doors 1, 2 and 3 hang on the connections 3, 1 and 2; nothing hangs on 4."""
    first, second, third = (door.pk for door in estate.doors)
    return SimulatedBank({2: first, 0: second, 1: third})


def begun(estate: Estate, bank: SimulatedBank) -> Commissioning:
    """Begin, and take the board that answers."""
    row = beginning.begin(bank=estate.bank, bridge=estate.bridge, user_id=USER, at=now())
    beginning.scan(commissioning=row, place=PLACE, units=[1, 2], user_id=USER, at=now())
    bank.answer(now())
    beginning.take_boards(commissioning=row, units=[1])
    return current(estate)


def current(estate: Estate) -> Commissioning:
    row = beginning.running(estate.bank)
    assert row is not None
    return row


def now() -> dt.datetime:
    return timezone.now()


def tried(row: Commissioning, bank: SimulatedBank, channel: int, moved: str = "") -> None:
    """Try one lock, say which door moved (the one that did), and shut it."""
    step = trying.attempt(commissioning=row, board=0, channel=channel, user_id=USER, at=now())
    bank.answer(now())
    said = moved or str(bank.wires.get(channel, NONE))
    trying.say_moved(commissioning=row, step_id=step.pk, moved=said, user_id=USER, at=now())
    bank.opened.clear()
    bank.answer(now())


def live(row: Commissioning) -> Commissioning:
    return finishing.go_live(commissioning=row, user_id=USER, at=now())


def actions() -> list[str]:
    return list(
        Event.objects.filter(actor_id=str(USER)).order_by("pk").values_list("action", flat=True)
    )


def test_a_bank_goes_live_as_its_doors_showed_it(estate: Estate, bank: SimulatedBank) -> None:
    row = begun(estate, bank)
    for channel in (0, 1, 2):
        tried(row, bank, channel)
    done = live(row)
    assert (done.version, done.config_hash) == (1, wiring.digest(estate.bank))
    wired = Compartment.objects.filter(bank=estate.bank).select_related("controller")
    assert {door.number: door.channel for door in wired} == {"1": 2, "2": 0, "3": 1}
    board = Controller.objects.get(address=PLACE.address)
    assert board.profile == {"closed_level": 0}
    assert {door.controller for door in wired} == {board}
    assert wiring.of(estate.bank).standing == "commissioned"


def test_a_lock_without_a_sensor_is_wired_without_one(estate: Estate, bank: SimulatedBank) -> None:
    bare = estate.doors[0]
    bank.without_sensor = {bare.pk}
    row = begun(estate, bank)
    for channel in (0, 1, 2):
        tried(row, bank, channel)
    with pytest.raises(NotReadyToGoLive) as refused:
        live(row)
    assert refused.value.facts == {"refusals": ["reads_do_not_differ"]}
    step = CommissioningStep.objects.get(channel=2)
    trying.say_without_sensor(commissioning=row, step_id=step.pk, user_id=USER, at=now())
    live(row)
    assert set(
        Compartment.objects.filter(bank=estate.bank, has_sensor=False).values_list("pk", flat=True)
    ) == {bare.pk}


def test_two_doors_that_share_a_channel_do_not_go_live(estate: Estate, bank: SimulatedBank) -> None:
    row = begun(estate, bank)
    for channel in (0, 1, 2):
        tried(row, bank, channel, moved=SEVERAL if channel == 0 else "")
    with pytest.raises(NotReadyToGoLive) as refused:
        live(row)
    assert set(refused.value.facts["refusals"]) == {"doors_share_channel", "door_not_found"}
    assert Compartment.objects.filter(controller=estate.controller).count() == 3


def test_one_door_named_for_two_channels_does_not_go_live(
    estate: Estate, bank: SimulatedBank
) -> None:
    row = begun(estate, bank)
    for channel in (0, 1, 2):
        tried(row, bank, channel, moved=str(estate.doors[0].pk))
    with pytest.raises(NotReadyToGoLive):
        live(row)


def test_a_lock_that_is_tried_again_forgets_what_was_said(
    estate: Estate, bank: SimulatedBank
) -> None:
    row = begun(estate, bank)
    tried(row, bank, 0, moved=SEVERAL)
    for channel in (0, 1, 2):
        tried(row, bank, channel)
    assert live(row).version == 1


def test_a_silent_board_does_not_go_live(estate: Estate, bank: SimulatedBank) -> None:
    row = begun(estate, bank)
    bank.silent = True
    trying.attempt(commissioning=row, board=0, channel=0, user_id=USER, at=now())
    bank.answer(now())
    with pytest.raises(NotReadyToGoLive) as refused:
        live(row)
    assert "board_silent" in refused.value.facts["refusals"]


def test_one_lock_is_tried_at_a_time(estate: Estate, bank: SimulatedBank) -> None:
    row = begun(estate, bank)
    trying.attempt(commissioning=row, board=0, channel=0, user_id=USER, at=now())
    with pytest.raises(NotToBeTried):
        trying.attempt(commissioning=row, board=0, channel=1, user_id=USER, at=now())


@pytest.mark.parametrize(("board", "channel"), [(0, 4), (1, 0), (-1, 0), (0, -1)])
def test_only_locks_of_the_boards_that_were_found_are_tried(
    estate: Estate, bank: SimulatedBank, board: int, channel: int
) -> None:
    row = begun(estate, bank)
    with pytest.raises(NotToBeTried):
        trying.attempt(commissioning=row, board=board, channel=channel, user_id=USER, at=now())
    assert bank.pulses == []


def test_a_door_of_another_bank_is_no_answer(estate: Estate, bank: SimulatedBank) -> None:
    other = factories.CompartmentFactory(bank=factories.BankFactory(site=estate.site))
    row = begun(estate, bank)
    step = trying.attempt(commissioning=row, board=0, channel=0, user_id=USER, at=now())
    bank.answer(now())
    for moved in (str(other.pk), "", "x", "-1"):
        with pytest.raises(NotToBeSaid):
            trying.say_moved(
                commissioning=row, step_id=step.pk, moved=moved, user_id=USER, at=now()
            )


def test_a_connection_of_another_bank_is_not_taken_away(
    estate: Estate, bank: SimulatedBank
) -> None:
    board = factories.ControllerFactory(
        bridge=estate.bridge, driver=PLACE.driver, address=PLACE.address, unit=1, channels=4
    )
    factories.CompartmentFactory(
        bank=factories.BankFactory(site=estate.site, bridge=estate.bridge),
        controller=board,
        channel=1,
    )
    row = begun(estate, bank)
    for channel in (0, 1, 2):
        tried(row, bank, channel)
    with pytest.raises(ChannelTaken):
        live(row)
    assert Compartment.objects.filter(controller=estate.controller).count() == 3


def test_a_board_that_the_scan_did_not_find_is_not_used(
    estate: Estate, bank: SimulatedBank
) -> None:
    row = beginning.begin(bank=estate.bank, bridge=estate.bridge, user_id=USER, at=now())
    beginning.scan(commissioning=row, place=PLACE, units=[1, 2], user_id=USER, at=now())
    with pytest.raises(BoardNotFound):
        beginning.take_boards(commissioning=row, units=[1])
    bank.answer(now())
    for units in ([], [2], [1, 2]):
        with pytest.raises(BoardNotFound):
            beginning.take_boards(commissioning=row, units=units)


def test_a_bank_is_commissioned_by_one_at_a_time(estate: Estate, bank: SimulatedBank) -> None:
    row = begun(estate, bank)
    with pytest.raises(CommissioningRunning):
        beginning.begin(bank=estate.bank, bridge=estate.bridge, user_id=8, at=now())
    beginning.leave(commissioning=row, user_id=USER, at=now())
    beginning.begin(bank=estate.bank, bridge=estate.bridge, user_id=8, at=now())


def test_giving_up_leaves_the_bank_as_it_was(estate: Estate, bank: SimulatedBank) -> None:
    before = wiring.digest(estate.bank)
    row = begun(estate, bank)
    tried(row, bank, 0)
    beginning.leave(commissioning=row, user_id=USER, at=now())
    assert wiring.digest(estate.bank) == before


def test_a_bank_that_was_never_commissioned_says_so(estate: Estate) -> None:
    assert wiring.of(estate.bank).standing == "never"


@pytest.mark.parametrize("change", ["channel", "sensor", "profile", "pulse"])
def test_a_change_by_hand_shows(estate: Estate, bank: SimulatedBank, change: str) -> None:
    whole(estate, bank)
    door, board = estate.doors[0], Controller.objects.get(address=PLACE.address)
    match change:
        case "channel":
            Compartment.objects.filter(pk=door.pk).update(channel=3)
        case "sensor":
            Compartment.objects.filter(pk=door.pk).update(has_sensor=False)
        case "profile":
            Controller.objects.filter(pk=board.pk).update(profile={})
        case "pulse":
            Controller.objects.filter(pk=board.pk).update(pulse_ms=900)
    assert wiring.of(estate.bank).standing == "changed"


def whole(estate: Estate, bank: SimulatedBank) -> None:
    row = begun(estate, bank)
    for channel in (0, 1, 2):
        tried(row, bank, channel)
    live(row)


def test_one_door_is_commissioned_again_after_a_lock_change(
    estate: Estate, bank: SimulatedBank
) -> None:
    whole(estate, bank)
    door = Compartment.objects.get(pk=estate.doors[0].pk)
    bank.without_sensor = {door.pk}
    row = beginning.begin(bank=estate.bank, bridge=estate.bridge, door=door, user_id=USER, at=now())
    tried(row, bank, 2)
    step = row.steps.get()
    trying.say_without_sensor(commissioning=row, step_id=step.pk, user_id=USER, at=now())
    assert live(row).version == 2
    door.refresh_from_db()
    assert (door.channel, door.has_sensor) == (2, False)
    assert wiring.of(estate.bank).standing == "commissioned"


def test_another_door_that_moves_does_not_go_live(estate: Estate, bank: SimulatedBank) -> None:
    whole(estate, bank)
    door = Compartment.objects.get(pk=estate.doors[0].pk)
    row = beginning.begin(bank=estate.bank, bridge=estate.bridge, door=door, user_id=USER, at=now())
    tried(row, bank, 2, moved=str(estate.doors[1].pk))
    with pytest.raises(NotReadyToGoLive) as refused:
        live(row)
    assert "wrong_door" in refused.value.facts["refusals"]


def test_one_door_does_not_vouch_for_what_was_changed_by_hand(
    estate: Estate, bank: SimulatedBank
) -> None:
    whole(estate, bank)
    door = Compartment.objects.get(pk=estate.doors[0].pk)
    row = beginning.begin(bank=estate.bank, bridge=estate.bridge, door=door, user_id=USER, at=now())
    tried(row, bank, 2)
    Compartment.objects.filter(pk=estate.doors[1].pk).update(has_sensor=False)
    with pytest.raises(CommissionWholeBank):
        live(row)
    beginning.leave(commissioning=row, user_id=USER, at=now())
    with pytest.raises(CommissionWholeBank):
        beginning.begin(bank=estate.bank, bridge=estate.bridge, door=door, user_id=USER, at=now())


def test_nothing_is_asked_of_a_bridge_that_is_away(estate: Estate, bank: SimulatedBank) -> None:
    row = begun(estate, bank)
    BridgePresence.objects.update(connection=None)
    with pytest.raises(BridgeOffline):
        trying.attempt(commissioning=row, board=0, channel=0, user_id=USER, at=now())
    assert not row.steps.exists()


def test_who_did_what_is_in_the_trail(estate: Estate, bank: SimulatedBank) -> None:
    whole(estate, bank)
    each = ["lock.tried", "lock.confirmed", "bridge.board_read"]
    assert actions() == [
        "bank.commissioning_begun", "bridge.bus_scanned", *each, *each, *each, "bank.commissioned"
    ]  # fmt: skip
    ended = Event.objects.filter(action="lock.try_ended")
    assert [event.data["outcome"] for event in ended] == ["done"] * 3


def test_an_answer_is_taken_once_and_of_its_own_bridge_only(
    estate: Estate, bank: SimulatedBank
) -> None:
    row = begun(estate, bank)
    trying.attempt(commissioning=row, board=0, channel=0, user_id=USER, at=now())
    inquiry = Inquiry.objects.get(answered_at__isnull=True)
    said: dict[str, Any] = {"inquiry_id": inquiry.pk, "finding": None, "error": "x", "detail": "",
            "may_have_fired": False, "at": now()}  # fmt: skip
    other = factories.BridgeFactory(site=estate.other_site)
    assert not inquiries.answer(bridge=other, **said)
    assert inquiries.answer(bridge=estate.bridge, **said)
    assert not inquiries.answer(bridge=estate.bridge, **said | {"error": "y"})
    inquiry.refresh_from_db()
    assert inquiry.error == "x"


def test_a_question_is_not_sent_after_its_deadline_and_ends_unanswered(
    estate: Estate, bank: SimulatedBank
) -> None:
    row = begun(estate, bank)
    trying.attempt(commissioning=row, board=0, channel=0, user_id=USER, at=now())
    later = now() + dt.timedelta(minutes=1)
    assert [one.kind for one in inquiries.to_send(bridge_id=estate.bridge.pk, at=now())] == [
        "try_door"
    ]
    assert inquiries.to_send(bridge_id=estate.bridge.pk, at=later) == []
    assert inquiries.expire(at=later) == 1
    ended = Inquiry.objects.latest("asked_at")
    assert (ended.error, ended.may_have_fired) == ("no_answer", True)
    assert Event.objects.get(action="lock.try_ended").data["may_have_fired"] is True


def test_old_answers_are_forgotten_unless_a_commissioning_rests_on_them(
    estate: Estate, bank: SimulatedBank
) -> None:
    whole(estate, bank)
    beginning.begin(bank=estate.bank, bridge=estate.bridge, user_id=USER, at=now())
    loose = beginning.scan(
        commissioning=current(estate), place=PLACE, units=[1], user_id=USER, at=now()
    )
    beginning.forget_scan(commissioning=current(estate))
    kept = set(CommissioningStep.objects.values_list("tried", flat=True))
    inquiries.forget_old(at=now() + dt.timedelta(days=31))
    left = set(Inquiry.objects.values_list("pk", flat=True))
    assert kept < left
    assert loose.pk not in left
