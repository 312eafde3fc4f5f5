"""The occupancy review: never used, damaged, asked for, and what to change, with the figures."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import openpyxl
import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from audit.actions import Action
from audit.services import events
from lockers.models import AcademicSession, Command
from maintenance import review_words
from maintenance.reviews import Asked, Door, Kind, review
from maintenance.selectors import reviews
from occupancy.models import Claim
from occupancy.services.queue import waiting
from tests import factories
from tests.factories.cast import SETUP, Estate
from tests.factories.school import academic_year
from tests.factories.upkeep import TicketFactory

DAY = dt.timedelta(days=1)


def bank(name: str, count: int, **values: Any) -> list[Door]:
    """Return so many doors that were held half of a hundred days, unless told otherwise."""
    facts: dict[str, Any] = {"uses": 1, "days_held": 50.0, "openings": 3, **values}
    return [Door(name, "Small", f"{n + 1}", **facts) for n in range(count)]


def said(doors: list[Door], *asked: Asked) -> list[str]:
    return [review_words.sentence(one) for one in review(doors, asked, 100).advice]


def test_doors_that_nobody_used_should_be_fewer() -> None:
    doors = bank("C", 28) + bank("C", 12, uses=0, days_held=0)
    assert said(doors) == [
        "12 of 40 doors of bank C, size Small were never used: fewer there, or move them."
    ]


def test_or_go_where_somebody_asked_in_vain() -> None:
    doors = bank("A", 10) + bank("C", 8) + bank("C", 4, uses=0)
    assert said(doors, Asked("A", "Small", waited=3, refused=2)) == [
        "At bank A, size Small, with 10 doors, 3 waited and 2 requests were refused: more of them"
        " there.",
        "4 of 12 doors of bank C, size Small were never used, while 5 times somebody asked in vain"
        " at bank A, size Small: move doors there, or offer those here first.",
    ]


def test_doors_that_were_never_opened_are_asked_about() -> None:
    assert said(bank("A", 8) + bank("A", 2, openings=0)) == [
        "2 of 10 doors of bank A were given to somebody and never opened: ask their holders whether"
        " they need one."
    ]
    # Nobody knows how often a door with a key is opened.
    assert said(bank("A", 10, openings=None)) == []


def test_damaged_doors_are_looked_at() -> None:
    assert said(bank("A", 8) + bank("A", 2, faults={"damaged": 1, "dirty": 4})) == [
        "2 of 10 doors of bank A were damaged: look at where they stand and how they are used."
    ]


def test_one_of_many_is_chance() -> None:
    assert said(bank("A", 9) + bank("A", 1, uses=0)) == []
    assert said(bank("A", 38) + bank("A", 2, uses=0)) == []


_DOORS = st.builds(
    Door, st.sampled_from("ABC"), st.sampled_from(["S", "L"]), st.text(max_size=3),
    st.integers(0, 5), st.floats(-1, 500), st.none() | st.integers(0, 9),
    st.dictionaries(st.sampled_from(["damaged", "dirty"]), st.integers(1, 4)),
)  # fmt: skip
_ASKED = st.builds(
    Asked, st.sampled_from("ABCD"), st.sampled_from(["S", "L", ""]), st.integers(0, 9),
    st.integers(0, 9),
)  # fmt: skip


@given(st.lists(_DOORS, max_size=40), st.lists(_ASKED, max_size=8), st.floats(0, 365))
def test_the_parts_add_up_to_the_whole_and_advice_rests_on_figures(
    doors: list[Door], asked: list[Asked], days: float
) -> None:
    found = review(doors, asked, days)
    for parts in (found.banks, found.sizes, found.rows):
        for name in ("doors", "never_used", "never_opened", "damaged", "waited", "refused"):
            assert sum(getattr(one, name) for one in parts) == getattr(found.total, name)
    for one in found.rows:
        assert 0 <= one.held_percent <= 100
        assert len(one.unused_numbers) == one.never_used <= one.doors
    for advice in found.advice:
        figures = {
            Kind.FEWER: advice.here.never_used, Kind.MOVE: advice.here.never_used,
            Kind.MORE: advice.here.wanted, Kind.ASK: advice.here.never_opened,
            Kind.DAMAGE: advice.here.damaged,
        }  # fmt: skip
        assert figures[advice.kind] >= max(2, 0.1 * advice.here.doors)
        assert str(figures[advice.kind]) in review_words.sentence(advice) or (
            advice.kind is Kind.MORE
        )


@pytest.fixture
def session(estate: Estate) -> AcademicSession:
    return academic_year(estate.site)


def use(estate: Estate, door: int, begins: dt.datetime, ends: dt.datetime | None) -> None:
    Claim.objects.create(
        compartment=estate.doors[door], kind="assignment", holder=estate.ben,
        policy=estate.policy, starts_at=begins, started_at=begins, ends_at=ends, closed_at=ends,
        closed_how="finished" if ends else "",
    )  # fmt: skip


def test_the_figures_are_those_of_the_year(
    estate: Estate, session: AcademicSession, at: dt.datetime
) -> None:
    first = dt.datetime(2026, 9, 1, tzinfo=estate.site.zone)
    use(estate, 0, first - 40 * DAY, first + 10 * DAY)  # ten days of it are this year's
    use(estate, 1, first - 40 * DAY, first - DAY)  # none of it
    TicketFactory.create(compartment=estate.doors[2], category="damaged", opened_at=at - DAY,
                         last_seen_at=at, due_at=at)  # fmt: skip
    Command.objects.create(
        compartment=estate.doors[0], bridge=estate.bridge, purpose="claim", actor_kind="person",
        status="opened", requested_at=at - DAY, deadline=at,
    )  # fmt: skip
    use(estate, 2, at - DAY, None)
    waiting.join(
        person_id=estate.amira.pk, bank_id=estate.bank.pk, size_id=estate.large.pk, actor=SETUP,
        at=at - DAY,
    )  # fmt: skip
    for code in ("no_compartment_available", "not_for_you"):
        events.record(
            action=Action.REFUSED, actor=SETUP, at=at - DAY, site_id=estate.site.pk,
            bank_id=estate.bank.pk, data={"code": code},
        )  # fmt: skip
    found = reviews.review_of(session, at)
    days = (at - first) / DAY
    assert found.total.doors == 3
    assert found.total.never_used == 1 and found.rows[0].unused_numbers == ("2",)
    assert (found.total.never_opened, found.total.damaged) == (1, 1)
    assert (found.total.waited, found.total.refused) == (1, 1)
    assert found.total.held_percent == round(100 * 11 / (3 * days))


def test_it_takes_as_many_statements_for_many_doors_as_for_one(
    estate: Estate, session: AcademicSession, at: dt.datetime
) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as seen:
            reviews.review_of(session, at)
        return len(seen)

    few = statements()
    for n in range(5):
        other = factories.BankFactory.create(site=estate.site)
        door = factories.CompartmentFactory.create(bank=other, size=estate.small, column=n + 1)
        TicketFactory.create(compartment=door, opened_at=at - DAY, last_seen_at=at, due_at=at)
    assert statements() == few <= 6


def test_the_page_and_the_workbook_say_the_same(
    estate: Estate, session: AcademicSession, at: dt.datetime
) -> None:
    client = Client()
    client.force_login(estate.olga)
    with time_machine.travel(at, tick=False):
        assert "2026/27" in client.get(reverse("reviews")).content.decode()
        page = client.get(reverse("review", args=[session.pk])).content.decode()
        book = client.get(reverse("review-workbook", args=[session.pk])).content
    words = "2 of 2 doors of bank A, size Small were never used: fewer there, or move them."
    assert words in page
    cells = [row[0].value for row in openpyxl.load_workbook(io.BytesIO(book)).active.rows]  # type: ignore[union-attr]  # there is a sheet
    assert words in cells


def test_a_year_that_is_still_to_come_has_nothing_to_say(estate: Estate, at: dt.datetime) -> None:
    found = reviews.review_of(academic_year(estate.site, 2028), at)
    assert found.total.held_percent == 0
