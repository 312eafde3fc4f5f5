"""Letters about tickets: what another system for tickets, and whoever repairs, read in them."""

from __future__ import annotations

import datetime as dt

import pytest

from access.letters import Words, words
from access.models import Notice
from maintenance.models import Team
from maintenance.services.tickets import closing, working
from tests.factories.cast import SETUP, Estate
from tests.factories.upkeep import ServiceLevelFactory, TeamFactory
from tests.maintenance.tickets.making import HOUR, ticket


@pytest.fixture
def desk(estate: Estate) -> Team:
    """The address of another system for tickets."""
    team: Team = TeamFactory(organisation=estate.organisation, email="desk@tickets.example")
    ServiceLevelFactory(organisation=estate.organisation, category="damaged", team=team)
    return team


def last() -> Words:
    return words(Notice.objects.latest("pk"))


def test_a_letter_says_what_is_wrong_where_and_leads_to_the_ticket(
    estate: Estate, at: dt.datetime, desk: Team
) -> None:
    one = ticket(estate, at, words="The hinge is bent")
    said = last()
    assert said.subject == f"[#{one.pk}] New: {one.summary}"
    for text in (said.text, said.page):
        assert "The hinge is bent" in text
        assert "Locker 1, bank A, Harbour House" in text
        assert f"/upkeep/tickets/{one.pk}/" in text


def test_the_number_elsewhere_is_kept_and_stands_before_ours_in_every_later_letter(
    estate: Estate, at: dt.datetime, desk: Team
) -> None:
    one = ticket(estate, at)
    working.set_reference(ticket_id=one.pk, reference="INC-4711", actor=SETUP, at=at)
    closing.close(ticket_id=one.pk, resolution="Hinge replaced", actor=SETUP, at=at + HOUR)
    said = last()
    assert said.subject == f"INC-4711 [#{one.pk}] Closed: {one.summary}"
    assert "is closed: Hinge replaced" in said.text
    assert "Your number: INC-4711." in said.page
    closing.reopen(ticket_id=one.pk, reason="It is back", actor=SETUP, at=at + 2 * HOUR)
    assert last().subject.startswith(f"INC-4711 [#{one.pk}] Opened again")


def test_the_end_of_a_ticket_is_no_news_where_nobody_keeps_it_elsewhere(
    estate: Estate, at: dt.datetime, desk: Team
) -> None:
    one = ticket(estate, at)
    closing.close(ticket_id=one.pk, resolution="Hinge replaced", actor=SETUP, at=at + HOUR)
    assert [notice.facts["what"] for notice in Notice.objects.all()] == ["opened"]
