"""What is no photo, or much too large, is refused wherever a technician sends one."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from guardian.shortcuts import assign_perm

from access.models import User
from maintenance.models import Photo, Ticket
from tests import factories
from tests.factories.cast import Estate
from tests.factories.upkeep import TicketFactory
from tests.maintenance.phones import Browser, upload, words
from tests.maintenance.rounds import walked

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.parametrize(
        "data", [b"%PDF-1.7", bytes(50 * 1024 * 1024)], ids=["no photo", "fifty megabytes"]
    ),
]
SAID = "Choose a photo (JPEG, PNG or WebP) of up to 10 MB."


@pytest.fixture(autouse=True)
def clock(at: dt.datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Iterator[Path]:
    settings.VAR_DIR = tmp_path
    yield tmp_path
    assert not list(tmp_path.rglob("*.jpg"))


@pytest.fixture
def phone(estate: Estate) -> Browser:
    tina: User = factories.UserFactory(username="tina")
    for right in ("view_site", "maintain_site"):
        assign_perm(right, tina, estate.site)
    return Browser(tina)


def test_at_the_door(phone: Browser, estate: Estate, data: bytes) -> None:
    answer = phone.send(
        "upkeep-door-report", estate.doors[0].pk, category="dirty", words="Mud inside",
        photo=upload(data),
    )  # fmt: skip
    assert answer.status_code == 400
    assert SAID in words(answer)
    assert "Mud inside</textarea>" in answer.content.decode()
    assert not Ticket.objects.exists()


def test_on_a_ticket(phone: Browser, estate: Estate, at: dt.datetime, data: bytes) -> None:
    ticket = TicketFactory(compartment=estate.doors[0], opened_at=at, last_seen_at=at)
    answer = phone.send("upkeep-photo", ticket.pk, moment="after", photo=upload(data))
    assert answer.status_code == 400
    assert SAID in words(answer)
    assert not Photo.objects.exists()


def test_on_a_round(phone: Browser, estate: Estate, at: dt.datetime, data: bytes) -> None:
    items = walked.checklist(estate, {"text": "Hinge", "needs_photo": True})
    one = walked.planned(estate, at, checklist=items)
    (item,) = items.items.all()
    told = {
        "entry": str(uuid.uuid4()), "result": "passed", f"check-{item.pk}": "1",
        f"photo-{item.pk}": upload(data), "happened": 1, "sent": 1,
    }  # fmt: skip
    answer = phone.send("round-done", one.pk, walked.stop(one).pk, **told)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_photo")
    assert answer.json()["message"] == SAID
    assert walked.stop(one).result == ""
