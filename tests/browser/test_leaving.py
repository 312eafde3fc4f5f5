"""A bank is taken away at a desk, step by step; and a file that is too large stays where it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone
from guardian.shortcuts import assign_perm
from playwright.sync_api import Browser, Page, expect

from access.models import Grant, Key, KeyHolding, Lock
from access.services import keys
from access.signatures import Signature
from lockers.models import Compartment
from maintenance import door_labels
from maintenance.models import Asset, Decommissioning, Ticket
from occupancy.choices import ClosedHow
from occupancy.models import Assignment
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from tests.browser.upkeep_pages import DESK, OpenPage, opening
from tests.factories.cast import SETUP, Estate
from tests.maintenance.assets import making

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SIGNED = Signature("Ben", "typed")


@pytest.fixture
def open_page(chromium: Browser, server: str) -> Iterator[OpenPage]:
    with opening(chromium, server) as opened:
        yield opened


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).filter(visible=True).first.click()


def step(page: Page, row: Decommissioning, certificate: str = "") -> None:
    """Do the next step."""
    page.goto(page.url.split("/admin/")[0] + f"/admin/maintenance/decommissioning/{row.pk}/step/")
    if certificate:
        page.locator("#id_certificate").fill(certificate)
    press(page, "Save")


def test_a_bank_is_decommissioned_without_leaving_a_key_or_a_person_behind(
    open_page: OpenPage, estate: Estate
) -> None:
    at = timezone.now()
    assign_perm("maintain_site", estate.max, estate.site)
    making.whole_bank(estate, at)
    key = Key.objects.create(
        site=estate.site, lock=Lock.objects.create(compartment=estate.doors[1]), copy=1
    )
    keys.issue(key=key, person=estate.ben, signature=SIGNED, actor=SETUP, at=at)
    claim = assignments.claim(
        person_id=estate.amira.pk, bank_id=estate.bank.pk, actor=SETUP, at=at,
        wanted=Wanted(compartment_id=estate.doors[0].pk),
    )  # fmt: skip

    page = open_page(
        f"/admin/maintenance/decommissioning/begin/?bank={estate.bank.pk}", estate.max, DESK
    )
    page.locator("#id_reason").fill("The building is sold")
    press(page, "Begin")
    row = Decommissioning.objects.get()
    expect(page.locator("main, #content").first).to_contain_text(f"Door 1: {estate.amira}.")
    expect(page.locator("body")).to_contain_text(f"{estate.ben} has the key")

    step(page, row)
    expect(page.locator("[role=alert]").first).to_contain_text("These doors are not empty: 1")
    # Amira takes her things, and nobody is given the door after her.
    assignments.release(
        claim_id=claim.claim_id, how=ClosedHow.FINISHED, actor=SETUP, at=timezone.now()
    )
    for said in ("emptied", "access taken back"):
        step(page, row)
        expect(page.locator("body")).to_contain_text(f"Done: {said}.")

    step(page, row)
    expect(page.locator("[role=alert]").first).to_contain_text(str(estate.ben))
    keys.return_(key=key, signature=SIGNED, actor=SETUP, at=timezone.now())
    for said, certificate in (
        ("keys recovered", ""), ("data wiped", ""), ("taken down", ""),
        ("disposed of", "C-77"), ("certificate filed", "C-77"),
    ):  # fmt: skip
        step(page, row, certificate)
        expect(page.locator("body")).to_contain_text(f"Done: {said}.")

    row.refresh_from_db()
    estate.terminal.refresh_from_db()
    assert row.done_at is not None and row.certificate == "C-77"
    assert not Assignment.objects.filter(closed_at=None).exists()
    assert not Grant.objects.filter(revoked_at=None).exists()
    assert not KeyHolding.objects.filter(returned_at=None).exists()
    assert not Key.objects.filter(status="in_use").exists()
    assert set(Compartment.objects.values_list("service_status", flat=True)) == {"decommissioned"}
    assert set(Asset.objects.values_list("state", flat=True)) == {"disposed"}
    assert estate.terminal.revoked_at is not None


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Fifty megabytes that no browser can draw."""
    file = tmp_path / "large.jpg"
    with file.open("wb") as out:
        out.truncate(50 * 1024 * 1024)
    return file


def test_a_file_of_fifty_megabytes_is_left_out_at_the_label_and_the_rest_is_sent(
    open_page: OpenPage, estate: Estate, large: Path
) -> None:
    page = open_page(f"/d/{door_labels.code_of(estate.doors[0].pk)}/")
    page.locator("label", has_text="It is not clean").first.click()
    page.locator("#words").fill("Mud inside")
    page.locator("#photo").set_input_files(large)
    expect(page.locator(".photo__told")).to_contain_text("That is no photo that can be read.")
    expect(page.locator("#words")).to_have_value("Mud inside")
    press(page, "Send")
    expect(page.locator("body")).to_contain_text("Thank you.")
    ticket = Ticket.objects.get()
    assert (ticket.summary, ticket.photos.count()) == ("Mud inside", 0)


def test_a_file_of_fifty_megabytes_is_not_sent_from_a_desk_and_nothing_typed_is_lost(
    open_page: OpenPage, estate: Estate, large: Path
) -> None:
    assign_perm("maintain_site", estate.max, estate.site)
    page = open_page("/admin/maintenance/ticket/report/", estate.max, DESK)
    page.locator("#id_words").fill("A dent")
    page.locator("#id_photo").set_input_files(large)
    press(page, "Report")
    assert page.evaluate("document.getElementById('id_photo').validationMessage") == (
        "Choose a photo (JPEG, PNG or WebP) of up to 10 MB."
    )
    expect(page.locator("#id_words")).to_have_value("A dent")
    assert not Ticket.objects.exists()
