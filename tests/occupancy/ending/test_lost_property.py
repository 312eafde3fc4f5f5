"""Lost property: kept, handed out for a signature, or disposed of by rule and by a person."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from access.choices import SignedHow
from access.errors.keys import NotSigned
from access.signatures import ABSENT, Signature
from audit.models import Event
from occupancy.errors.recovery import BadPhoto, ItemGone, NotDueYet
from occupancy.models import LostItem
from occupancy.services.ending import lost_property
from occupancy.services.ending.lost_property import Found
from tests.admin_pages import signed_in
from tests.factories.cast import SETUP, Estate
from tests.occupancy.ending.held import DAY
from tests.pictures import picture

JPEG = picture()
SIGNED = Signature("Amira Example", SignedHow.TYPED)


@pytest.fixture(autouse=True)
def private(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path


def stored(estate: Estate, at: dt.datetime, **values: Any) -> LostItem:
    found = Found(**{"what": "Umbrella", "stored_where": "Shelf 2", **values})
    return lost_property.store(
        site=estate.site, found=found, actor=SETUP, at=at, owner=estate.amira
    )


def test_it_is_handed_out_once_for_a_signature(estate: Estate, at: dt.datetime) -> None:
    item = stored(estate, at)
    with pytest.raises(NotSigned):
        lost_property.hand_out(item_id=item.pk, to="Amira", signature=ABSENT,
                               user_id=estate.olga.pk, at=at)  # fmt: skip
    give = {"item_id": item.pk, "to": "Amira", "signature": SIGNED, "user_id": estate.olga.pk}
    lost_property.hand_out(**give, at=at + DAY)
    with pytest.raises(ItemGone):
        lost_property.hand_out(**give, at=at + DAY)
    item.refresh_from_db()
    assert (item.status, item.signature, item.ended_at) == ("claimed", SIGNED.text, at + DAY)


@pytest.mark.parametrize("days", [28, 90])
def test_the_rule_proposes_once_and_a_person_disposes(
    estate: Estate, at: dt.datetime, days: int
) -> None:
    item = stored(estate, at, kept_days=days, photo=JPEG)
    may_go = at + days * DAY
    assert lost_property.propose_due(at=may_go - dt.timedelta(seconds=1)) == 0
    with pytest.raises(NotDueYet):
        lost_property.dispose(item_id=item.pk, how="charity", user_id=estate.olga.pk,
                              at=may_go - dt.timedelta(seconds=1))  # fmt: skip
    assert lost_property.propose_due(at=may_go + 3 * DAY) == 1
    assert lost_property.propose_due(at=may_go + 3 * DAY) == 0
    item.refresh_from_db()
    assert (item.status, item.proposed_at) == ("stored", may_go)
    lost_property.dispose(item_id=item.pk, how="charity", user_id=estate.olga.pk, at=may_go + DAY)
    item.refresh_from_db()
    assert (item.status, item.photo, item.disposed_how) == ("disposed", "", "charity")
    told = Event.objects.filter(subject=f"lost:{item.pk}").order_by("pk")
    assert list(told.values_list("action", flat=True)) == [
        "lost_property.stored", "lost_property.proposed", "lost_property.disposed",
    ]  # fmt: skip


def test_a_photo_is_a_photo_and_only_staff_of_the_site_see_it(
    estate: Estate, at: dt.datetime, tmp_path: Path
) -> None:
    with pytest.raises(BadPhoto):
        stored(estate, at, photo=b"<svg onload=alert(1)>")
    item = stored(estate, at, photo=JPEG)
    file = tmp_path / "lost_property" / item.photo
    assert file.stat().st_mode & 0o777 == 0o600
    address = reverse("admin:occupancy_lostitem_photo", args=[item.pk])
    seen = signed_in(estate.olga).get(address)
    assert (seen.status_code, seen["Content-Type"]) == (200, "image/jpeg")
    assert seen.content == file.read_bytes()
    assert signed_in(estate.nina).get(address).status_code == 404


def test_something_found_elsewhere_is_entered_by_the_desk(estate: Estate, at: dt.datetime) -> None:
    answer = signed_in(estate.olga).post(
        reverse("admin:occupancy_lostitem_found"),
        {"site": estate.site.pk, "what": "Scarf", "stored_where": "Desk", "kept_days": 28},
    )
    assert answer.status_code == 302
    assert LostItem.objects.get().what == "Scarf"


def test_what_is_no_photo_is_said_in_the_form(estate: Estate) -> None:
    answer = signed_in(estate.olga).post(
        reverse("admin:occupancy_lostitem_found"),
        {
            "site": estate.site.pk, "what": "Scarf", "stored_where": "Desk", "kept_days": 28,
            "photo": SimpleUploadedFile("scarf.jpg", b"no photo", content_type="image/jpeg"),
        },
    )  # fmt: skip
    assert answer.status_code == 200
    assert answer.context["form"].non_field_errors()
    assert not LostItem.objects.exists()
