"""Everything that happened to one door, on one page."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from lockers.choices import ServiceStatus
from lockers.models import Compartment, LockEvent
from maintenance.models import Round, RoundStop
from maintenance.selectors import door_history
from maintenance.selectors.door_history import Cursor, Kind
from occupancy.choices import ClosedHow
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from occupancy.services.custody import overrides
from tests.factories.cast import SETUP, Estate
from tests.maintenance.assets import making

HOUR = dt.timedelta(hours=1)


def a_round(door: Compartment, at: dt.datetime) -> None:
    one = Round.objects.create(
        site=door.bank.site, kind="cleaning", name="Tuesday", day=at.date(), starts_at=at,
        due_at=at + HOUR,
    )  # fmt: skip
    RoundStop.objects.create(
        round=one, compartment=door, position=1, planned_from=at, planned_until=at + HOUR,
        result="passed", done_at=at, note="wiped",
    )  # fmt: skip


@pytest.fixture
def lived(estate: Estate, at: dt.datetime) -> Compartment:
    """A door with one of everything, in this order."""
    door = estate.doors[0]
    making.installed(estate, door, on=at.date() - dt.timedelta(days=9), serial="S-1")
    overrides.set_service_status(
        compartment_id=door.pk, status=ServiceStatus.FAULT, actor=SETUP, reason="bent",
        at=at - 4 * HOUR,
    )  # fmt: skip
    making.repair(door, at - 3 * HOUR, minutes=10, parts="3")
    overrides.set_service_status(
        compartment_id=door.pk, status=ServiceStatus.IN_SERVICE, actor=SETUP, reason="",
        at=at - 2 * HOUR,
    )  # fmt: skip
    a_round(door, at - HOUR)
    assignments.claim(
        person_id=estate.amira.pk, bank_id=estate.bank.pk, actor=SETUP, at=at,
        wanted=Wanted(compartment_id=door.pk),
    )  # fmt: skip
    claim = door.claims.get(closed_at=None)
    assignments.release(claim_id=claim.pk, how=ClosedHow.FINISHED, actor=SETUP, at=at + HOUR)
    LockEvent.objects.create(
        bridge=estate.bridge, journal=uuid.uuid4(), seq=1, kind="door_forced", compartment=door,
        occurred_at=at + 5 * HOUR,
    )  # fmt: skip
    return door


def whats(door: Compartment, **more: Any) -> list[tuple[str, str]]:
    lines, _next = door_history.history(door.pk, **more)
    return [(one.kind.value, one.what) for one in lines]


def test_everything_stands_there_newest_first(lived: Compartment) -> None:
    found = whats(lived)
    assert found[0] == ("opening", "door_forced")
    assert found[-1] == ("asset", "installed")
    assert set(found) == {
        ("asset", "installed"), ("service", "fault"), ("service", "in_service"),
        ("fault", "reported"), ("fault", "done"), ("part", "issued"), ("round", "cleaning:passed"),
        ("use", "begun"), ("use", "ended"), ("opening", "queued"), ("opening", "door_forced"),
    }  # fmt: skip
    lines, _next = door_history.history(lived.pk)
    instants = [one.at for one in lines]
    assert instants == sorted(instants, reverse=True)


@pytest.mark.parametrize("kind", list(Kind))
def test_one_kind_alone_is_shown(lived: Compartment, kind: Kind) -> None:
    found = whats(lived, kinds=[kind])
    assert found
    assert {one for one, _what in found} == {kind.value}


def test_nothing_of_another_door_is_there(estate: Estate, lived: Compartment) -> None:
    assert whats(estate.doors[1]) == []


@pytest.mark.parametrize("size", [1, 2, 3])
def test_page_by_page_is_the_same_as_all_at_once(lived: Compartment, size: int) -> None:
    whole, _next = door_history.history(lived.pk)
    found: list[Any] = []
    after: Cursor | None = None
    while True:
        lines, after = door_history.history(lived.pk, after=after, size=size)
        found += lines
        if after is None:
            break
        after = Cursor.read(str(after))
    assert found == whole


def test_many_things_in_one_instant_are_not_lost_between_pages(
    estate: Estate, at: dt.datetime
) -> None:
    for _each in range(7):
        making.openings(estate.doors[0], 1, at)
    first, after = door_history.history(estate.doors[0].pk, size=4)
    second, end = door_history.history(estate.doors[0].pk, size=4, after=after)
    assert len({one.ref for one in [*first, *second]}) == 7
    assert end is None


@pytest.mark.parametrize(
    "text",
    ["", "x", "W10", "bnVsbA", "WzEsMiwzXQ", "é", "A" * 5000, "WyIyMDI2LTAxLTAxIiwgIngiLCAieSJd"],
)
def test_an_address_that_we_never_wrote_is_no_page(text: str) -> None:
    assert Cursor.read(text) is None


def test_a_page_takes_one_statement_whatever_there_is(estate: Estate, lived: Compartment) -> None:
    with CaptureQueriesContext(connection) as captured:
        whats(lived)
    assert len(captured) == 1


# The page.


def page(estate: Estate, door: Compartment, user: str, query: str = "") -> Any:
    client = Client()
    client.force_login(getattr(estate, user))
    return client.get(reverse("door-history", args=[door.pk]) + query)


def test_the_page_tells_it_in_words(estate: Estate, lived: Compartment) -> None:
    text = page(estate, lived, "max").content.decode()
    for words in (
        "History of door 1, bank A, Harbour House", "forced open", "given back: ", "wiped",
        "cleaning: all right", "part issued", "lock installed", "S-1", "bent", str(estate.amira),
    ):  # fmt: skip
        assert words.lower() in text.lower(), words


def test_somebody_whom_the_reader_may_not_see_stays_nameless(
    estate: Estate, lived: Compartment
) -> None:
    type(estate.amira).objects.filter(pk=estate.amira.pk).update(home_site=estate.other_site)
    text = page(estate, lived, "max").content.decode()
    assert "given back" in text.lower()
    assert str(estate.amira) not in text


def test_a_kind_is_chosen_by_the_address(estate: Estate, lived: Compartment) -> None:
    answer = page(estate, lived, "max", "?kind=round")
    assert [one["more"] for one in answer.context["lines"]] == ["wiped"]


def test_a_long_history_goes_on_where_it_ended(estate: Estate, at: dt.datetime) -> None:
    making.openings(estate.doors[0], door_history.PAGE + 3, at)
    first = page(estate, estate.doors[0], "max")
    assert len(first.context["lines"]) == door_history.PAGE
    client = Client()
    client.force_login(estate.max)
    second = client.get(first.context["next"])
    assert len(second.context["lines"]) == 3
    assert second.context["next"] == ""


def test_an_address_that_was_made_up_is_not_there(estate: Estate, lived: Compartment) -> None:
    assert page(estate, lived, "max", "?after=x").status_code == 404
    assert page(estate, lived, "nina").status_code == 404


def test_a_long_history_takes_no_more_statements(estate: Estate, at: dt.datetime) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(estate, estate.doors[0], "max")
        return len(captured)

    making.openings(estate.doors[0], 1, at)
    few = statements()
    making.openings(estate.doors[0], 60, at + HOUR)
    assert statements() == few
