"""Locks and their combinations in the administration: who sees which secret, and what is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import tablib
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from guardian.shortcuts import assign_perm

from access.models import Combination, Lock
from audit.actions import Action
from audit.models import Event
from lockers.models import Compartment
from tests import factories
from tests.access.cabinet import Cabinet
from tests.admin_pages import filled_in, signed_in, verb, without_tokens
from tests.factories.cast import Estate


@pytest.fixture
def cabinet(estate: Estate, at: dt.datetime) -> Iterator[Cabinet]:
    with time_machine.travel(at, tick=False):
        yield Cabinet.with_combinations(estate, at)


def test_a_combination_is_shown_once_for_a_reason_and_recorded(
    cabinet: Cabinet, estate: Estate
) -> None:
    assert "4711" not in without_tokens(verb(estate.max, "show_combination", cabinet.dial))
    answer = verb(estate.max, "show_combination", cabinet.dial, reason="holder forgot it")
    assert "4711" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    event = Event.objects.get(action=Action.COMBINATION_VIEWED)
    assert (event.actor_id, event.reason) == (str(estate.max.pk), "holder forgot it")
    refused = verb(estate.max, "show_combination", cabinet.dial, reason="")
    assert "4711" not in without_tokens(refused)


def test_a_missing_key_is_named_and_nothing_is_shown(
    cabinet: Cabinet, estate: Estate, settings: Any
) -> None:
    settings.COMBINATION_KEYS = []
    page = without_tokens(verb(estate.max, "show_combination", cabinet.dial, reason="?"))
    assert "LOCKWRIGHT_COMBINATION_KEYS is not set" in page
    assert "4711" not in page


def test_combinations_are_stored_and_never_shown_in_the_form(
    cabinet: Cabinet, estate: Estate
) -> None:
    assert (
        verb(estate.max, "store_combinations", cabinet.dial, position_3="5555").status_code == 302
    )
    page = without_tokens(verb(estate.max, "store_combinations", cabinet.dial))
    assert "5555" not in page
    assert "4711" not in page
    assert Combination.objects.filter(lock=cabinet.dial).count() == 3
    wrong = verb(estate.max, "store_combinations", cabinet.dial, position_4="x").content.decode()
    assert "3 to 12 digits" in wrong


def test_a_term_ends_with_one_list(cabinet: Cabinet, estate: Estate) -> None:
    client, address = signed_in(estate.max), reverse("admin:access_lock_advance")
    posted = {"bank": cabinet.bank.pk, "reason": "end of term"}
    plan = client.post(address, posted | {"do": "plan"})
    assert "9002" not in without_tokens(plan)
    expected = plan.context["expected"]
    done = client.post(address, posted | {"do": "advance", "expected": expected})
    assert "9002" in done.content.decode()
    assert "no-store" in done["Cache-Control"]
    again = client.post(address, posted | {"do": "advance", "expected": expected})
    assert "Somebody changed these locks meanwhile" in again.content.decode()
    assert Lock.objects.get(pk=cabinet.dial.pk).position == 2


def test_a_term_is_ended_by_who_manages_and_may_look_only(cabinet: Cabinet, estate: Estate) -> None:
    address = reverse("admin:access_lock_advance")
    boss = factories.UserFactory(username="boss")
    for codename in ("view_site", "manage_site"):
        assign_perm(codename, boss, estate.site)
    for user in (estate.olga, estate.nina, boss):
        assert signed_in(user).get(address).status_code == 404
    chosen = signed_in(estate.max).post(
        "/admin/access/lock/", {"action": "advance_chosen", "_selected_action": cabinet.dial.pk}
    )
    assert chosen["Location"] == f"{address}?locks={cabinet.dial.pk}"


def test_the_key_code_is_for_who_manages_the_site(cabinet: Cabinet, estate: Estate) -> None:
    Lock.objects.filter(pk=cabinet.first.pk).update(key_code="77-A-4")
    address = reverse("admin:access_lock_change", args=[cabinet.first.pk])
    assert "77-A-4" in signed_in(estate.max).get(address).content.decode()
    assert "77-A-4" not in signed_in(estate.olga).get(address).content.decode()
    client = signed_in(estate.max)
    client.post(address, filled_in(client, address, key_code="88-B-5"))
    assert Lock.objects.get(pk=cabinet.first.pk).key_code == "88-B-5"
    told = Event.objects.get(action=Action.CHANGED)
    assert told.data["changed"] == {"key_code": "changed"}


def test_a_lock_is_added_to_a_door_of_ones_own_site_only(cabinet: Cabinet, estate: Estate) -> None:
    client = signed_in(estate.max)
    free = factories.CompartmentFactory(
        bank=cabinet.bank, number="K9", size=estate.small, lock_kind="keyed"
    )
    elsewhere = factories.CompartmentFactory(
        bank__site=estate.other_site, bank__bridge=None, number="Z1", lock_kind="keyed"
    )

    def add(door: Compartment) -> None:
        rows = {
            f"{prefix}-{count}_FORMS": 0
            for prefix in ("keys", "stand_ins")
            for count in ("TOTAL", "INITIAL")
        }
        client.post("/admin/access/lock/add/", {"compartment": door.pk, "serial": "S9", **rows})

    for door in (elsewhere, free):
        add(door)
    assert list(Lock.objects.filter(serial="S9").values_list("compartment", flat=True)) == [free.pk]


def test_serial_numbers_come_from_a_file_and_go_into_one_without_the_key_codes(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    factories.CompartmentFactory(
        bank=cabinet.bank, number="K7", size=estate.small, lock_kind="keyed"
    )
    sheet = tablib.Dataset(headers=["site", "bank", "number", "serial", "key_code"])
    sheet.append(("Harbour House", "Old wing", "K7", "HL-7", "123A"))
    sheet.append(("Harbour House", "Old wing", "K1", "HL-1", ""))
    file = SimpleUploadedFile("locks.csv", sheet.export("csv").encode())
    client = signed_in(estate.max)
    preview = client.post("/admin/access/lock/import/", {"import_file": file, "format": "0"})
    assert preview.context["result"].is_good, preview.context["result"]
    confirm = preview.context["confirm_form"].initial
    assert client.post("/admin/access/lock/process_import/", confirm).status_code == 302
    assert Lock.objects.get(compartment__number="K7").key_code == "123A"
    assert Lock.objects.get(pk=cabinet.first.pk).serial == "HL-1"
    assert "123A" not in str(list(Event.objects.values_list("data", flat=True)))
    exported = client.post("/admin/access/lock/export/", {"format": "0", "resource": ""})
    text = exported.content.decode()
    assert "HL-7" in text
    assert "123A" not in text
