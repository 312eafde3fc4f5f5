"""The page that shows a pass on a phone."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from django.test import Client

from access.models import Pass
from access.services import passes
from tests.factories.cast import SETUP, Estate

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def client_() -> Client:
    return Client()


def given(estate: Estate, at: dt.datetime, **told: Any) -> Pass:
    values: dict[str, Any] = {
        "person": estate.amira,
        "compartment": estate.doors[0],
        "starts_at": at,
        "ends_at": at + HOUR,
        "is_single_use": False,
    }
    return passes.issue(actor=SETUP, at=at, **(values | told))


def page(client: Client, shown: Pass) -> str:
    """Return the words of the page, with a mark where the code is."""
    answer = client.get(f"/pass/{passes.link_of(shown)}/")
    assert answer.status_code == 200
    assert answer["Cache-Control"].startswith("max-age=0, no-cache, no-store")
    assert answer["Referrer-Policy"] == "no-referrer"
    text = re.sub(r"<svg.*?</svg>", "[code]", answer.content.decode(), flags=re.DOTALL)
    main = text[text.index("<main") :]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def test_it_says_door_place_times_and_shows_the_code(
    estate: Estate, at: dt.datetime, clock: time_machine.Coordinates, client_: Client
) -> None:
    said = page(client_, given(estate, at))
    assert "Your pass for door 1" in said
    assert "[code]" in said
    assert "first on the left" in said
    # In the time of the lockers, wherever the phone is.
    assert f"{(at + HOUR).astimezone(estate.site.zone):%H:%M}" in said
    assert "As often as you like" in said


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("revoked", "This pass was taken back."),
        ("used", "This pass was for one use, and was used."),
        ("over", "This pass is over."),
    ],
)
def test_a_pass_that_does_not_count_shows_no_code_and_says_why(
    estate: Estate,
    at: dt.datetime,
    clock: time_machine.Coordinates,
    client_: Client,
    state: str,
    sentence: str,
) -> None:
    shown = given(estate, at, is_single_use=state == "used")
    if state == "revoked":
        passes.revoke(given=shown, actor=SETUP, at=at)
    elif state == "used":
        Pass.objects.update(used_at=at)
    else:
        clock.shift(HOUR)
    said = page(client_, shown)
    assert sentence in said
    assert "[code]" not in said


def test_a_pass_for_tomorrow_says_so(
    estate: Estate, at: dt.datetime, clock: time_machine.Coordinates, client_: Client
) -> None:
    said = page(client_, given(estate, at, starts_at=at + 24 * HOUR, ends_at=at + 25 * HOUR))
    assert "Until then the lockers refuse it." in said


def test_a_pass_for_everything_of_somebody_names_no_door(
    estate: Estate, at: dt.datetime, clock: time_machine.Coordinates, client_: Client
) -> None:
    assert "Amira, it opens what is yours." in page(client_, given(estate, at, compartment=None))


def test_an_address_that_was_made_up_shows_nothing(
    estate: Estate, at: dt.datetime, client_: Client
) -> None:
    link = passes.link_of(given(estate, at))
    for made_up in (link[:-2], link.split(":")[0], "0" * 32):
        assert client_.get(f"/pass/{made_up}/").status_code == 404
