"""Giving a screen its code, and taking its token away, in the administration."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from guardian.shortcuts import assign_perm

from audit.actions import Action
from audit.models import Event
from kiosk.models import Terminal
from lockers.errors import CodeRefused
from lockers.services import enrolment
from tests import factories
from tests.admin_pages import signed_in
from tests.factories.cast import AMIRA_BADGE, Estate
from tests.kiosk.conftest import Kiosk, typed

LIST = "/admin/kiosk/terminal/"
CODE = re.compile(r"[A-Z2-9]{4}-[A-Z2-9]{4}")

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def fresh(estate: Estate) -> Terminal:
    """A terminal that nobody enrolled yet."""
    terminal: Terminal = factories.TerminalFactory(bank=estate.bank, name="Kiosk B")
    return terminal


def act(client: Client, name: str, *chosen: Terminal) -> Any:
    """Run an action of the terminal list, and follow to the list that says what was done."""
    return client.post(
        LIST, {"action": name, "_selected_action": [one.pk for one in chosen]}, follow=True
    )


def code_in(answer: Any) -> str:
    (code,) = set(CODE.findall(" ".join(map(str, get_messages(answer.wsgi_request)))))
    return code


def test_a_code_is_shown_once_and_stored_as_a_digest(estate: Estate, fresh: Terminal) -> None:
    client = signed_in(estate.max)
    code = code_in(act(client, "make_code", fresh))
    again = client.get(LIST).content.decode()
    assert code not in again
    assert (
        code
        not in client.get(reverse("admin:kiosk_terminal_change", args=[fresh.pk])).content.decode()
    )
    fresh.refresh_from_db()
    assert fresh.code_digest == enrolment.digest(code)


def test_a_code_enrols_the_screen_once(estate: Estate, fresh: Terminal) -> None:
    code = code_in(act(signed_in(estate.max), "make_code", fresh))
    assert Client().post("/kiosk/enrol", {"code": code}).status_code in (200, 302)
    fresh.refresh_from_db()
    assert fresh.token_digest and not fresh.code_digest
    token_digest = fresh.token_digest
    Client().post("/kiosk/enrol", {"code": code})
    fresh.refresh_from_db()
    assert fresh.token_digest == token_digest


def test_a_code_is_worthless_after_half_an_hour(
    estate: Estate, fresh: Terminal, at: dt.datetime, clock: time_machine.Coordinates
) -> None:
    code = code_in(act(signed_in(estate.max), "make_code", fresh))
    clock.move_to(at + dt.timedelta(minutes=30, seconds=1))
    Client().post("/kiosk/enrol", {"code": code})
    fresh.refresh_from_db()
    assert not fresh.token_digest
    with pytest.raises(CodeRefused):
        enrolment.redeem(model=Terminal, code=code, at=at + dt.timedelta(minutes=30))


def test_a_new_code_replaces_the_last(estate: Estate, fresh: Terminal, at: dt.datetime) -> None:
    client = signed_in(estate.max)
    first = code_in(act(client, "make_code", fresh))
    second = code_in(act(client, "make_code", fresh))
    assert first != second
    with pytest.raises(CodeRefused):
        enrolment.redeem(model=Terminal, code=first, at=at)
    assert enrolment.redeem(model=Terminal, code=second, at=at)[0] == fresh


def test_a_code_is_in_the_trail_by_device_and_not_by_its_letters(
    estate: Estate, fresh: Terminal
) -> None:
    code = code_in(act(signed_in(estate.max), "make_code", fresh))
    event = Event.objects.get(action=Action.ENROLMENT_CODE_MADE)
    assert event.subject == f"terminal:{fresh.pk}"
    assert (event.actor_id, event.site_id) == (str(estate.max.pk), estate.site.pk)
    assert code not in f"{event.data} {event.reason} {event.subject}"


def test_revoking_a_terminal_kills_its_token_at_once(estate: Estate, kiosk: Kiosk) -> None:
    assert kiosk.post("scan", {"badge": typed(AMIRA_BADGE)}).status_code == 200
    act(signed_in(estate.max), "revoke", estate.terminal)
    assert kiosk.post("scan", {"badge": typed(AMIRA_BADGE)}).status_code == 403
    estate.terminal.refresh_from_db()
    assert estate.terminal.revoked_at is not None
    event = Event.objects.get(action=Action.REVOKED)
    assert event.subject == f"terminal:{estate.terminal.pk}"
    assert (event.actor_id, event.site_id) == (str(estate.max.pk), estate.site.pk)


def test_revoking_a_terminal_kills_a_code_not_yet_used(
    estate: Estate, fresh: Terminal, at: dt.datetime
) -> None:
    client = signed_in(estate.max)
    code = code_in(act(client, "make_code", fresh))
    act(client, "revoke", fresh)
    with pytest.raises(CodeRefused):
        enrolment.redeem(model=Terminal, code=code, at=at)


@pytest.mark.parametrize("who", ["olga", "nina"])
@pytest.mark.parametrize("name", ["make_code", "revoke"])
def test_who_does_not_manage_the_site_neither_makes_a_code_nor_revokes(
    estate: Estate, kiosk: Kiosk, who: str, name: str
) -> None:
    act(signed_in(getattr(estate, who)), name, estate.terminal)
    estate.terminal.refresh_from_db()
    assert not estate.terminal.code_digest
    assert kiosk.post("scan", {"badge": typed(AMIRA_BADGE)}).status_code == 200


@pytest.mark.parametrize("name", ["make_code", "revoke"])
def test_who_manages_one_site_and_only_sees_another_does_nothing_there(
    estate: Estate, name: str
) -> None:
    there = factories.BankFactory(site=estate.other_site)
    theirs = factories.TerminalFactory(bank=there, token_digest="a digest")
    assign_perm("view_site", estate.max, estate.other_site)
    act(signed_in(estate.max), name, theirs)
    theirs.refresh_from_db()
    assert theirs.token_digest == "a digest"
    assert not theirs.code_digest
    assert theirs.revoked_at is None


def test_the_page_of_a_terminal_never_shows_its_token(estate: Estate) -> None:
    address = reverse("admin:kiosk_terminal_change", args=[estate.terminal.pk])
    text = signed_in(estate.rosa).get(address).content.decode()
    assert estate.terminal.token_digest not in text
