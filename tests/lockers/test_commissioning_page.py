"""The guided page: who may use it, what it asks at every stage, and what it refuses."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from guardian.shortcuts import remove_perm

from lockers.admin.commissioning.words import ERRORS, OPTIONS, PROBLEMS
from lockers.commissioning import Problem
from lockers.drivers.variants import variants
from lockers.models import BridgePresence, Commissioning, Compartment, Controller, Inquiry
from lockers.services import inquiries
from tests import factories
from tests.admin_pages import signed_in
from tests.factories.cast import Estate
from tests.lockers.simulated_bank import SimulatedBank

WIRE = {
    "driver": "kerong_cu16", "address": "tcp://10.0.0.9:5000", "baudrate": "", "channels": "4",
    "first_unit": "1", "last_unit": "2", "options": "{}",
}  # fmt: skip


@pytest.fixture
def estate(db: None) -> Estate:
    estate = Estate.build(at=timezone.now())
    # Its bridge counts as heard, however long a test takes.
    BridgePresence.objects.update(last_seen_at=timezone.now().replace(year=2100))
    return estate


def page_of(estate: Estate) -> str:
    return reverse("admin:lockers_bank_commission", args=[estate.bank.pk])


class Technician:
    """Somebody before the bank with the page in their hand, and the doors that they see."""

    def __init__(self, estate: Estate) -> None:
        first, second, third = (door.pk for door in estate.doors)
        self.estate = estate
        self.bank = SimulatedBank({2: first, 0: second, 1: third})
        self.client = signed_in(estate.max)
        self.here = page_of(estate)

    def page(self, **query: str) -> str:
        answer = self.client.get(self.here, query)
        assert answer.status_code == 200
        self.stage = answer.context["stage"].name if "stage" in answer.context else "begin"
        return str(answer.content.decode())

    def do(self, do: str, **said: Any) -> str:
        answer = self.client.post(self.here, {"do": do, **said}, follow=True)
        assert answer.status_code == 200
        self.stage = answer.context["stage"].name if "stage" in answer.context else "begin"
        return str(answer.content.decode())

    def answer(self) -> str:
        self.bank.answer(timezone.now())
        return self.page()

    def to_the_doors(self) -> None:
        self.do("begin", bridge=self.estate.bridge.pk)
        self.do("scan", **WIRE)
        self.answer()
        self.do("use", unit=["1"])

    def tries(self, channel: int) -> None:
        self.do("try", board="0", channel=str(channel))
        self.answer()

    def says(self, moved: object) -> str:
        step = Commissioning.objects.get(state="running").steps.order_by("tried__asked_at").last()
        assert step is not None
        return self.do("moved", step=step.pk, moved=moved)

    def all_doors(self) -> None:
        for channel in (0, 1, 2):
            self.tries(channel)
            self.says(self.bank.wires[channel])
            self.bank.opened.clear()
            self.answer()


@pytest.fixture
def technician(estate: Estate) -> Technician:
    return Technician(estate)


def test_the_page_leads_from_the_wire_to_a_live_bank(technician: Technician) -> None:
    assert "Never commissioned" in technician.page()
    technician.do("begin", bridge=technician.estate.bridge.pk)
    assert technician.stage == "wire"
    technician.do("scan", **WIRE)
    assert technician.stage == "scanning"
    assert "1 board answers" in technician.answer()
    technician.do("use", unit=["1"])
    assert technician.stage == "ready"
    technician.all_doors()
    assert technician.stage == "summary"
    assert "an input of 0 means closed" in technician.page()
    shown = technician.do("live")
    assert "Version 1 of this bank" in shown
    assert Commissioning.objects.get().state == "live"


@pytest.mark.parametrize("who", ["olga", "nina"])
def test_who_does_not_manage_the_site_finds_no_page(estate: Estate, who: str) -> None:
    client = signed_in(getattr(estate, who))
    assert client.get(page_of(estate)).status_code == 404
    begun = client.post(page_of(estate), {"do": "begin", "bridge": estate.bridge.pk})
    assert begun.status_code == 404
    assert not Commissioning.objects.exists()


def test_who_may_not_override_moves_no_lock(estate: Estate) -> None:
    remove_perm("override_site", estate.max, estate.site)
    assert signed_in(estate.max).get(page_of(estate)).status_code == 404
    listed = signed_in(estate.max).get(f"/admin/lockers/bank/{estate.bank.pk}/change/")
    assert page_of(estate) not in listed.content.decode()


def test_a_bridge_of_another_site_is_not_taken(technician: Technician) -> None:
    other = factories.BridgeFactory(site=technician.estate.other_site)
    assert "Choose the bridge" in technician.do("begin", bridge=other.pk)
    assert not Commissioning.objects.exists()


def test_a_wire_that_no_driver_takes_is_refused_beside_its_field(technician: Technician) -> None:
    technician.do("begin", bridge=technician.estate.bridge.pk)
    for wrong, field in (
        ({"address": "nowhere"}, "address"),
        ({"channels": "17"}, "channels"),
        ({"options": '{"colour": 1}'}, "options"),
        ({"options": "[]"}, "options"),
        ({"last_unit": "40"}, "last_unit"),
        ({"first_unit": "3"}, "last_unit"),
        ({"last_unit": "16"}, "first_unit"),
    ):
        answer = technician.client.post(technician.here, {"do": "scan", **WIRE, **wrong})
        assert list(answer.context["form"].errors) == [field], wrong
    assert not Inquiry.objects.exists()


def test_a_board_that_fails_says_why_and_offers_another_try(technician: Technician) -> None:
    technician.to_the_doors()
    technician.bank.silent = True
    technician.do("try", board="0", channel="0")
    assert technician.stage == "trying"
    shown = technician.answer()
    assert technician.stage == "failed"
    assert str(ERRORS["board_silent"]) in shown
    technician.page(go="on")
    assert technician.stage == "ready"


def test_a_bridge_that_never_answers_ends_the_wait(technician: Technician) -> None:
    technician.to_the_doors()
    technician.do("try", board="0", channel="0")
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=1), tick=False):
        # The log-in is young enough for that.
        shown = technician.page()
    assert technician.stage == "failed"
    assert "It is not known whether a lock moved" in shown


def test_a_door_without_a_changed_reading_is_asked_for_its_sensor(technician: Technician) -> None:
    door = technician.bank.wires[0]
    technician.bank.without_sensor = {door}
    technician.to_the_doors()
    technician.tries(0)
    assert str(PROBLEMS[Problem.READS_DO_NOT_DIFFER]) in technician.says(door)
    assert technician.stage == "bare"
    step = Commissioning.objects.get().steps.get()
    technician.do("bare", step=step.pk)
    assert technician.stage == "ready"


def test_several_doors_are_refused_in_words(technician: Technician) -> None:
    technician.to_the_doors()
    technician.tries(0)
    assert str(PROBLEMS[Problem.DOORS_SHARE_CHANNEL]) in technician.says("several")
    shown = technician.page(go="summary")
    assert "cannot go live yet" in shown
    assert 'value="live"' not in shown
    assert "Every reason stands in the list" in technician.do("live")


def test_a_door_that_was_named_by_mistake_is_named_again(technician: Technician) -> None:
    technician.to_the_doors()
    technician.tries(0)
    technician.says(technician.bank.wires[1])
    assert technician.stage == "shutting"
    technician.page(go="which")
    assert technician.stage == "which"
    technician.says(technician.bank.wires[0])
    technician.bank.opened.clear()
    technician.answer()
    assert [step.moved for step in Commissioning.objects.get().steps.all()] == [
        str(technician.bank.wires[0])
    ]
    assert technician.stage == "ready"


def test_both_connections_of_a_door_that_was_named_twice_are_offered(
    technician: Technician,
) -> None:
    technician.to_the_doors()
    for channel in (0, 1):
        technician.tries(channel)
        technician.says(technician.bank.wires[0])
        technician.bank.opened.clear()
        technician.answer()
    shown = technician.page(go="summary")
    assert shown.count(str(PROBLEMS[Problem.DOOR_ON_TWO_CHANNELS])) == 1
    assert "Open connection 1 of board 1 again" in shown
    assert "Open connection 2 of board 1 again" in shown


def test_doors_that_no_lock_opened_yet_are_named_once(technician: Technician) -> None:
    technician.to_the_doors()
    shown = technician.page(go="summary")
    assert shown.count(str(PROBLEMS[Problem.DOOR_NOT_FOUND])) == 1
    assert ", ".join(door.number for door in technician.estate.doors) in shown


def test_a_door_that_is_not_heard_to_close_is_read_again(technician: Technician) -> None:
    technician.to_the_doors()
    technician.tries(0)
    technician.says(technician.bank.wires[0])
    assert technician.stage == "shutting"
    waiting = Inquiry.objects.get(answered_at__isnull=True)
    inquiries.answer(
        bridge=technician.estate.bridge, inquiry_id=waiting.pk, finding=None, error="interrupted",
        detail="", may_have_fired=False, at=timezone.now(),
    )  # fmt: skip
    technician.page()
    assert technician.stage == "unheard"
    technician.do("wait", step=Commissioning.objects.get().steps.get().pk)
    assert technician.stage == "shutting"
    technician.bank.opened.clear()
    technician.answer()
    assert technician.stage == "ready"


def test_the_page_is_drawn_anew_only_when_something_changed(technician: Technician) -> None:
    technician.to_the_doors()
    technician.do("try", board="0", channel="0")
    here = technician.here
    token = technician.client.get(here).context["stage"].token
    asks: dict[str, Any] = {"headers": {"HX-Request": "true"}}
    assert technician.client.get(here, {"seen": token}, **asks).status_code == 204
    technician.bank.answer(timezone.now())
    changed = technician.client.get(here, {"seen": token}, **asks)
    assert changed.status_code == 200
    assert "Which door opened?" in changed.content.decode()
    assert "<html" not in changed.content.decode()


@pytest.mark.parametrize(
    ("address", "advice", "not_said"),
    [
        ("/dev/ttyUSB0", "they may be swapped", "the network"),
        ("tcp://10.0.0.9:5000", "between the network and the boards", "swapped"),
    ],
)
def test_what_to_check_where_no_board_answers_depends_on_the_wire(
    technician: Technician, address: str, advice: str, not_said: str
) -> None:
    technician.do("begin", bridge=technician.estate.bridge.pk)
    technician.do("scan", **WIRE | {"address": address})
    asked = Inquiry.objects.get()
    inquiries.answer(
        bridge=asked.bridge, inquiry_id=asked.pk, error="", detail="", may_have_fired=False,
        finding={"type": "found", "boards": []}, at=timezone.now(),
    )  # fmt: skip
    page = technician.page()
    assert advice in page and not_said not in page


def test_a_page_that_was_left_open_does_nothing(technician: Technician) -> None:
    technician.to_the_doors()
    assert "Somebody went on meanwhile" in technician.do("begin", bridge="1")
    technician.do("leave")
    assert "Somebody went on meanwhile" in technician.do("try", board="0", channel="0")
    assert technician.bank.pulses == []


def test_a_bridge_that_is_away_is_told(technician: Technician) -> None:
    technician.to_the_doors()
    BridgePresence.objects.update(connection=None)
    assert "cannot be reached" in technician.do("try", board="0", channel="0")


def test_one_door_is_offered_only_where_the_bank_is_as_commissioned(
    technician: Technician,
) -> None:
    assert "begin_one" not in technician.page()
    technician.to_the_doors()
    technician.all_doors()
    technician.do("live")
    assert "begin_one" in technician.page()
    door = technician.estate.doors[0]
    technician.do("begin_one", door=door.pk)
    assert technician.stage == "ready"
    assert "connection 3" in technician.page()


def test_the_bank_and_the_map_say_how_the_wiring_stands(technician: Technician) -> None:
    estate = technician.estate
    bank = reverse("admin:lockers_bank_change", args=[estate.bank.pk])
    panel = reverse("map-bank", args=[estate.bank.pk])

    def said(sentence: str) -> bool:
        shown = [technician.client.get(where) for where in (bank, panel)]
        return all(sentence in answer.content.decode() for answer in shown)

    assert said("Never commissioned")
    technician.to_the_doors()
    technician.all_doors()
    technician.do("live")
    assert not said("Never commissioned")
    Compartment.objects.filter(pk=estate.doors[0].pk).update(has_sensor=False)
    assert said("The wiring was changed by hand")


def test_every_problem_and_variant_has_its_words() -> None:
    assert set(PROBLEMS) == set(Problem)
    told = {
        option
        for driver in ("lcb8a", "kerong_cu16", "modbus_relay", "wkly", "winnsen", "uhppote")
        for options in variants(driver)
        for option in options.items()
    }
    assert told == set(OPTIONS)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"address": "nowhere"}, "address"),
        ({"unit": 99}, "unit"),
        ({"channels": 99}, "channels"),
        ({"profile": {"colour": "red"}}, "profile"),
        ({"profile": []}, "profile"),
        ({"pulse_ms": 500}, "pulse_ms"),
    ],
)
def test_a_controller_that_its_driver_refuses_is_not_saved(
    estate: Estate, wrong: dict[str, Any], field: str
) -> None:
    good: dict[str, Any] = {
        "bridge": estate.bridge, "name": "8A", "driver": "lcb8a", "address": "tcp://10.0.0.9:1",
        "pulse_ms": 300,
    }  # fmt: skip
    Controller(**good).full_clean()
    with pytest.raises(ValidationError) as refused:
        Controller(**good | wrong).full_clean()
    assert list(refused.value.message_dict) == [field]


def test_the_frames_of_a_wire_are_asked_and_shown(estate: Estate) -> None:
    here = reverse("admin:lockers_controller_frames", args=[estate.controller.pk])
    client = signed_in(estate.max)
    client.post(here)
    asked = Inquiry.objects.get()
    assert client.get(here, headers={"HX-Request": "true"}).status_code == 204
    at_ms = int(timezone.now().timestamp() * 1000)
    inquiries.answer(
        bridge=estate.bridge, inquiry_id=asked.pk, error="", detail="", may_have_fired=False,
        finding={"frames": [{"at_ms": at_ms, "what": "sent", "data": "80 01 00 33 b2"}]},
        at=timezone.now(),
    )  # fmt: skip
    shown = client.get(here, headers={"HX-Request": "true"}).content.decode()
    assert "80 01 00 33 b2" in shown and "sent" in shown
    assert signed_in(estate.olga).get(here).status_code == 404
