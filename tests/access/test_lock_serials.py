"""One lock of an organisation has a serial number: in the database, on forms and in files."""

from __future__ import annotations

import datetime as dt
import html

import pytest
import tablib
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from guardian.shortcuts import assign_perm

from access.errors.keys import SerialTaken
from access.models import Lock
from access.services import lost_keys
from tests import factories
from tests.access.cabinet import Cabinet
from tests.admin_pages import filled_in, signed_in
from tests.factories.cast import SETUP, Estate


@pytest.fixture
def cabinet(estate: Estate, at: dt.datetime) -> Cabinet:
    cabinet = Cabinet.build(estate, at)
    Lock.objects.filter(pk=cabinet.first.pk).update(serial="HL-1")
    return cabinet


def test_the_database_keeps_them_apart_whoever_writes(cabinet: Cabinet, estate: Estate) -> None:
    with pytest.raises(IntegrityError, match="access_one_lock_per_serial"), transaction.atomic():
        Lock.objects.filter(pk=cabinet.second.pk).update(serial="HL-1")
    elsewhere = factories.BankFactory(site=estate.other_site)
    door = factories.CompartmentFactory(bank=elsewhere, lock_kind="keyed")
    assert factories.LockFactory(compartment=door, serial="HL-1").pk  # another organisation's


def test_locks_whose_number_nobody_knows_do_not_collide(cabinet: Cabinet) -> None:
    assert Lock.objects.filter(pk__in=[cabinet.first.pk, cabinet.dial.pk]).update(serial="") == 2


def test_a_lock_says_whose_it_is(cabinet: Cabinet, estate: Estate) -> None:
    assert cabinet.first.organisation == estate.organisation


def test_a_change_of_lock_is_refused_and_changes_nothing(cabinet: Cabinet, at: dt.datetime) -> None:
    with pytest.raises(SerialTaken):
        lost_keys.change_lock(
            lock=cabinet.second, serial="HL-1", key_code="", copies=2, actor=SETUP, at=at
        )
    cabinet.other.refresh_from_db()
    assert cabinet.other.status == "in_use"


def test_the_pages_name_both_doors(cabinet: Cabinet, estate: Estate) -> None:
    max_ = signed_in(estate.max)
    both = "Old wing K2 and Old wing K1 (Harbour House) would both have the serial number HL-1."
    both = both.replace("Harbour House", str(estate.site))
    address = reverse("admin:access_lock_change", args=[cabinet.second.pk])
    answer = max_.post(address, filled_in(max_, address, serial="HL-1"))
    assert answer.status_code == 200
    assert both in answer.content.decode()
    address = reverse("admin:access_lock_change_lock", args=[cabinet.second.pk])
    answer = max_.post(address, {"serial": "HL-1", "copies": "1"})
    assert both in answer.content.decode()
    assert Lock.objects.filter(serial="HL-1").count() == 1


def test_a_door_that_one_may_not_see_is_not_named(cabinet: Cabinet, estate: Estate) -> None:
    annex = factories.SiteFactory(organisation=estate.organisation, name="Annex")
    bank = factories.BankFactory(site=annex, bridge=None, name="Attic")
    door = factories.CompartmentFactory(bank=bank, size=estate.small, lock_kind="keyed")
    lock = factories.LockFactory(compartment=door)
    keeper = factories.UserFactory(username="keeper")
    for right in ("view_site", "manage_site"):
        assign_perm(right, keeper, annex)
    address = reverse("admin:access_lock_change_lock", args=[lock.pk])
    text = signed_in(keeper).post(address, {"serial": "HL-1", "copies": "1"}).content.decode()
    assert "a lock at another site of your organisation has it" in text
    assert "Old wing" not in text


def test_an_electronic_door_may_have_a_key_as_well(cabinet: Cabinet, estate: Estate) -> None:
    max_ = signed_in(estate.max)
    address = reverse("admin:access_lock_add")
    answer = max_.post(
        address, filled_in(max_, address, compartment=estate.doors[0].pk, serial="E-1")
    )
    assert answer.status_code == 302
    assert Lock.objects.get(serial="E-1").organisation == estate.organisation


def test_a_file_says_which_doors_collide_with_the_register_and_with_each_other(
    cabinet: Cabinet, estate: Estate
) -> None:
    sheet = tablib.Dataset(headers=["site", "bank", "number", "serial"])
    for number, serial in (("K2", "HL-1"), ("D1", "HL-9"), ("K1", "HL-9")):
        sheet.append((str(estate.site), "Old wing", number, serial))
    file = SimpleUploadedFile("locks.csv", sheet.export("csv").encode())
    preview = signed_in(estate.max).post(
        "/admin/access/lock/import/", {"import_file": file, "format": "0"}
    )
    text = html.unescape(preview.content.decode())
    assert f"Old wing K2 and Old wing K1 ({estate.site}) would both have" in text
    assert f"Old wing K1 and Old wing D1 ({estate.site}) would both have" in text
    assert not Lock.objects.filter(serial="HL-9").exists()
