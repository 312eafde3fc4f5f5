"""What letters about lockers say: what it is and until when first, one link, in plain words."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client

from access import letters
from access.choices import NoticeKind
from access.models import Notice, Person, Visit
from access.services import arrivals, departures, notices, visits
from access.services.notices import Word
from occupancy.choices import ClosedHow
from occupancy.models import Assignment
from occupancy.services.claims import assignments
from occupancy.services.custody import giving
from tests.conftest import MORNING
from tests.factories.cast import SETUP, Estate

AMIRA, VERA = "amira@northwind.example", "vera@visitor.example"
HOUR = dt.timedelta(hours=1)
LINK = re.compile(r"https?://\S+")
DUE = MORNING + 8 * HOUR
DOOR = {"door": "1", "bank": "A", "due_at": DUE, "recovery_at": MORNING + 48 * HOUR}
NUMBER = {"number": "1", "bank": "A", "directions": "Ground floor"}
NEWS = {**NUMBER, "until": DUE, "holder": "Amira Example", "other": "Ben Example", "before": "2"}
# Of every letter: the facts it is written with, what the subject and the first line say.
SAYS: dict[str, tuple[dict[str, Any], str, str]] = {
    "claim_ends": (DOOR, "Locker 1, bank A: until Tue 17 Nov, 17:00", "Tue 17 Nov 2026, 17:00"),
    "claim_ended": (
        {**DOOR, "ended_at": DUE},
        "Locker 1, bank A, is released",
        "ended on Tue 17 Nov 2026, 17:00",
    ),
    "claim_overdue": (
        DOOR,
        "Please come for your things: locker 1, bank A",
        "yours until Tue 17 Nov 2026, 17:00",
    ),
    "recovery_begun": (DOOR, "Locker 1, bank A, is going to be emptied", "emptied by staff"),
    "items_stored": (
        {**DOOR, "kept_until": DUE},
        "are kept until Tue 17 Nov",
        "at least until Tue 17 Nov 2026",
    ),
    "door_offered": (
        {**NUMBER, "until": DUE},
        "is held for you until 17:00",
        "until Tue 17 Nov 2026, 17:00",
    ),
    "offer_lapsed": ({**NUMBER, "until": DUE}, "no longer held for you", "until 17:00"),
    "booking_moved": (
        {**NUMBER, "was": "2", "starts_at": MORNING, "ends_at": DUE},
        "Your booking for Tue 17 Nov, 09:00 is now locker 1, bank A",
        "Tue 17 Nov 2026, 09:00 to 17:00",
    ),
    "booking_unserved": (
        {**NUMBER, "person": "Ben Example", "starts_at": MORNING},
        "No locker for a booking on Tue 17 Nov, 09:00",
        "from Tue 17 Nov 2026, 09:00",
    ),
    "door_repair": (NUMBER, "Locker 1, bank A, has to be repaired", "has to be repaired"),
    **{
        f"claim_news {what}": ({**NEWS, "what": what}, subject, first)
        for what, subject, first in (
            (
                "given",
                "Locker 1, bank A, is yours until Tue 17 Nov, 17:00",
                "until Tue 17 Nov 2026",
            ),
            ("shared", "You may open locker 1, bank A, until", "until Tue 17 Nov 2026, 17:00"),
            ("shared_by_you", "Your locker 1, bank A, is shared until", "until Tue 17 Nov 2026"),
            ("delegated", "You may open locker 1, bank A, once until", "once, until Tue 17 Nov"),
            ("delegated_by_you", "may be opened once until", "once, until Tue 17 Nov 2026, 17:00"),
            ("opened", "The opening of locker 1, bank A, was used", "Ben Example used"),
            ("share_ended", "Locker 1, bank A, is no longer shared", "may no longer open"),
            ("transferred_away", "Locker 1, bank A, is no longer yours", "to Ben Example"),
            ("transferred_to", "Locker 1, bank A, is yours until", "until Tue 17 Nov 2026"),
            ("moved", "You have locker 1, bank A, instead of 2", "until Tue 17 Nov 2026, 17:00"),
        )
    },
}
# There is nothing to do on a page: the person goes to reception.
WITHOUT_LINK = {"recovery_begun", "items_stored", "door_repair"}


@pytest.fixture(autouse=True)
def morning(estate: Estate) -> Iterator[None]:
    """Stop the clock; Amira has an address."""
    Person.objects.filter(pk=estate.amira.pk).update(email=AMIRA)
    estate.amira.refresh_from_db()
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture
def mine(estate: Estate) -> Assignment:
    """Amira's door 1."""
    return giving.give(
        policy_id=estate.policy.pk, person_id=estate.amira.pk,
        compartment_id=estate.doors[0].pk, actor=SETUP, at=MORNING,
    )  # fmt: skip


def written(estate: Estate, name: str, claim: Assignment, to: str = AMIRA) -> letters.Words:
    kind = NoticeKind(name.split()[0])
    subject = f"offer:{claim.pk}" if "offer" in kind else f"claim:{claim.pk}"
    word = Word(kind=kind, site_id=estate.site.pk, subject=subject, facts=SAYS[name][0], to=to,
                person_id=estate.amira.pk)  # fmt: skip
    notices.tell(word, at=MORNING)
    return letters.words(Notice.objects.select_related("site", "person").latest("pk"))


@pytest.mark.parametrize("name", SAYS)
def test_a_letter_says_what_and_until_when_and_leads_to_one_page(
    estate: Estate, mine: Assignment, name: str
) -> None:
    _facts, subject, first = SAYS[name]
    said = written(estate, name, mine)
    assert subject in said.subject
    assert len(said.subject) < 80
    assert first in said.text.splitlines()[0]
    assert "Harbour House" in said.text.splitlines()[0]
    links = LINK.findall(said.text)
    assert len(links) == (0 if name in WITHOUT_LINK else 1)
    assert set(re.findall(r'href="([^"]+)"', said.page)) == set(links)
    for sign in ("<", "{", "  ", "None", "&#"):
        assert sign not in said.text, said.text
    assert "\n\n\n" not in said.text


def test_every_kind_of_letter_about_lockers_is_tried() -> None:
    about_lockers = {
        kind for kind in NoticeKind
        if kind.split("_")[0] in {"claim", "recovery", "door", "offer", "booking", "items"}
    }  # fmt: skip
    assert {name.split()[0] for name in SAYS} == about_lockers


def test_a_letter_leads_its_holder_to_the_door_and_staff_to_its_row(
    estate: Estate, mine: Assignment
) -> None:
    assert f"/me/door/{mine.pk}/" in written(estate, "claim_ends", mine).text
    desk = written(estate, "claim_ends", mine, to="desk@northwind.example")
    assert f"/admin/occupancy/claim/{mine.pk}/change/" in desk.text
    assert "of Amira Example" in desk.subject
    assignments.release(
        claim_id=mine.pk, how=ClosedHow.FINISHED, actor=SETUP, at=MORNING,
        person_id=estate.amira.pk,
    )  # fmt: skip
    assert LINK.findall(written(estate, "claim_ends", mine).text)[0].endswith("/me/")


def test_the_desk_is_told_of_a_door_that_a_role_has(estate: Estate, mine: Assignment) -> None:
    notices.tell(
        Word(kind=NoticeKind.CLAIM_OVERDUE, site_id=estate.site.pk, subject=f"claim:{mine.pk}",
             facts=DOOR, to="desk@northwind.example"), at=MORNING,
    )  # fmt: skip
    said = letters.words(Notice.objects.latest("pk"))
    assert said.text.startswith("A role or department had locker 1 (bank A, Harbour House) until")


# ---- the link of a visit -----------------------------------------------------------------------


@pytest.fixture
def visit(estate: Estate) -> Visit:
    """Vera is expected, and gave an address."""
    return visits.expect(
        site=estate.site, host=estate.amira, given_name="Vera", family_name="Vogel", company="",
        expected_from=MORNING, expected_until=DUE, source="staff", actor=SETUP, at=MORNING,
        email=VERA,
    )  # fmt: skip


def letters_to(address: str) -> list[Any]:
    return [one for one in mail.outbox if one.to == [address]]


def link_in(letter: Any) -> str:
    (found,) = LINK.findall(letter.body)
    return re.sub(r"^https?://[^/]+", "", found)


def is_in(client: Client) -> bool:
    return client.get("/me/").status_code == 200


def test_a_visitor_who_arrives_gets_a_link_that_lets_them_in_once(visit: Visit) -> None:
    arrived = arrivals.arrive(visit=visit, actor=SETUP, at=MORNING)
    notices.send_due(at=MORNING)
    (letter,) = letters_to(VERA)
    assert letter.subject == "Your locker at Harbour House, until 17:00"
    assert arrived.code not in letter.body.replace(" ", "")
    link = link_in(letter)
    phone, other = Client(), Client()
    assert "Harbour House" in phone.get(link).content.decode()
    assert not is_in(phone), "looking at a link uses nothing up"
    phone.post(link)
    assert is_in(phone)
    assert other.post(link).status_code == other.get(link).status_code == 410
    assert not is_in(other)


def test_it_is_worth_nothing_once_the_visit_is_over(visit: Visit) -> None:
    arrivals.arrive(visit=visit, actor=SETUP, at=MORNING)
    notices.send_due(at=MORNING)
    link = link_in(letters_to(VERA)[0])
    departures.leave(visit=visit, actor=SETUP, at=MORNING + HOUR)
    assert Client().post(link).status_code == 410


def test_who_left_before_the_letter_went_gets_none(visit: Visit) -> None:
    arrivals.arrive(visit=visit, actor=SETUP, at=MORNING)
    departures.leave(visit=visit, actor=SETUP, at=MORNING)
    notices.send_due(at=MORNING)
    assert letters_to(VERA) == []
    assert len(letters_to(AMIRA)) == 1


def test_a_visitor_without_an_address_and_one_who_is_only_expected_get_none(
    estate: Estate, visit: Visit
) -> None:
    nameless = visits.expect(
        site=estate.site, host=estate.amira, given_name="Nils", family_name="N", company="",
        expected_from=MORNING, expected_until=DUE, source="staff", actor=SETUP, at=MORNING,
    )  # fmt: skip
    arrivals.arrive(visit=nameless, actor=SETUP, at=MORNING)
    notices.send_due(at=MORNING)
    assert {one.to[0] for one in mail.outbox} == {AMIRA}


def test_whoever_stays_longer_is_told_where_their_lockers_are(visit: Visit) -> None:
    arrivals.arrive(visit=visit, actor=SETUP, at=MORNING)
    visits.extend(visit=visit, until=DUE + HOUR, actor=SETUP, at=MORNING)
    notices.send_due(at=MORNING)
    assert link_in(letters_to(VERA)[1]) == "/me/"
    assert not LINK.search(letters_to(AMIRA)[1].body)
