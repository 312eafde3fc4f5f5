"""Sessions of staff: told apart, ended one by one, and ended when somebody leaves the staff."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from access.models import User
from access.roles import StaffRole
from access.services import sessions, staff
from audit.actions import Action
from audit.models import Event
from audit.services.events import Actor
from config.account import devices, last_seen
from lockers.notify import listener
from occupancy.live import hub
from tests.config.test_login import log_in, told
from tests.factories.cast import Estate
from tests.permissions.test_sockets import ORIGIN, Socket

OFFICE = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)
LIST = "/account/sessions/"


@pytest.fixture(autouse=True)
def _nothing_seen_yet() -> None:
    last_seen._written.clear()


def both() -> tuple[Client, Client]:
    """Log the same person in at the office and on a phone."""
    return (
        log_in(headers={"user-agent": OFFICE})[0],
        log_in(headers={"user-agent": PHONE})[0],
    )


def row_of(client: Client) -> UserSession:
    return UserSession.objects.get(session_key=client.session.session_key)


def end(client: Client, session: UserSession) -> Any:
    return client.post(f"{LIST}{session.pk}/end/", follow=True)


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (OFFICE, "Firefox on Linux"),
        (PHONE, "Safari on iPhone"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/138.0.0.0 Mobile Safari/537.36",
            "Chrome on Android",
        ),
        (
            "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
            "Gecko) CriOS/138.0 Mobile/15E148 Safari/604.1",
            "Chrome on iPad",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like "
            "Gecko) Version/18.5 Safari/605.1.15",
            "Safari on Mac",
        ),
        ("curl/8.5.0", "A browser that does not say which"),
        ("", "A browser that does not say which"),
        ("Something on Windows", "A browser on Windows"),
    ],
)
def test_a_device_is_called_as_people_call_it(user_agent: str, words: str) -> None:
    assert devices.described(user_agent) == words


def test_sessions_are_listed_with_device_address_and_the_one_in_use(estate: Estate) -> None:
    office, _phone = both()
    listed = office.get(LIST).content.decode()
    assert listed.count("this one") == 1
    assert listed.index("Firefox on Linux") < listed.index("this one")
    assert listed.index("this one") < listed.index("Safari on iPhone")
    assert listed.count("from 127.0.0.1") == 2
    assert "Mozilla" not in listed


def test_one_session_is_ended_and_the_others_go_on(estate: Estate) -> None:
    office, phone = both()
    third, _answer = log_in(headers={"user-agent": "curl/8.5.0"})
    answer = end(office, row_of(phone))
    assert "That session is logged out." in answer.content.decode()
    assert phone.get(LIST).status_code == 302
    assert office.get(LIST).status_code == third.get(LIST).status_code == 200
    (event,) = told(Action.SESSION_ENDED)
    assert (event.actor_id, event.subject) == (str(estate.olga.pk), f"user:{estate.olga.pk}")
    assert event.data == {"sessions": 1}


def test_ending_the_session_in_use_is_logging_out(estate: Estate) -> None:
    office, phone = both()
    answer = end(office, row_of(office))
    assert answer.redirect_chain[-1][0] == "/account/login/"
    assert office.get(LIST).status_code == 302
    assert phone.get(LIST).status_code == 200
    assert len(told(Action.LOGGED_OUT)) == 1


def test_a_session_of_somebody_else_is_not_there(estate: Estate) -> None:
    other, _answer = log_in("rosa")
    office, phone = both()
    for nobodys in (row_of(other).pk, 99_999_999):
        assert office.post(f"{LIST}{nobodys}/end/").status_code == 404
    assert office.get(f"{LIST}{row_of(phone).pk}/end/").status_code == 405
    assert Client().post(f"{LIST}{row_of(phone).pk}/end/").status_code == 302
    assert other.get(LIST).status_code == phone.get(LIST).status_code == 200
    assert told(Action.SESSION_ENDED) == []


def test_all_others_are_ended_at_once(estate: Estate) -> None:
    office, phone = both()
    log_in()
    office.post(LIST)
    assert phone.get(LIST).status_code == 302
    assert office.get(LIST).status_code == 200
    assert [event.data for event in told(Action.SESSION_ENDED)] == [{"sessions": 2}]


def test_when_and_where_a_session_was_last_used_is_written_once_a_minute(
    estate: Estate, django_assert_num_queries: Any
) -> None:
    office, _phone = both()
    before = timezone.now() - dt.timedelta(days=1)
    UserSession.objects.update(last_seen_at=before)
    office.get(LIST, REMOTE_ADDR="192.0.2.7")
    assert row_of(office).last_seen_at == before, "the log-in itself was less than a minute ago"
    last_seen._written.clear()
    office.get("/healthz/")
    assert row_of(office).last_seen_at == before, "nobody was looked up for that page"
    office.get(LIST, REMOTE_ADDR="192.0.2.7")
    assert row_of(office).last_seen_at > before
    assert row_of(office).ip == "192.0.2.7"
    seen = row_of(office).last_seen_at
    office.get(LIST)
    assert row_of(office).last_seen_at == seen


# Leaving the staff.


def test_a_superuser_ends_the_sessions_of_somebody(estate: Estate) -> None:
    client, _answer = log_in()
    desk, _answer = log_in("rosa")
    posted = {"action": "end_sessions", "_selected_action": [estate.olga.pk]}
    desk.post("/admin/access/user/", posted)
    assert client.get(LIST).status_code == 302
    assert not UserSession.objects.filter(user=estate.olga).exists()
    (event,) = told(Action.SESSION_ENDED)
    assert (event.actor_id, event.subject) == (str(estate.rosa.pk), f"user:{estate.olga.pk}")


def test_whoever_is_deactivated_is_logged_out_for_good(estate: Estate) -> None:
    client, _answer = log_in()
    desk, _answer = log_in("rosa")
    page = f"/admin/access/user/{estate.olga.pk}/change/"
    posted = {"username": "olga", "is_staff": "on", "siteuserpermission_set-TOTAL_FORMS": "0",
              "siteuserpermission_set-INITIAL_FORMS": "0"}  # fmt: skip
    assert desk.post(page, posted).status_code == 302
    estate.olga.refresh_from_db()
    assert not estate.olga.is_active
    assert told(Action.SESSION_ENDED)[0].data == {"sessions": 1, "why": "deactivated"}
    assert desk.post(page, posted | {"is_active": "on"}).status_code == 302
    assert client.get(LIST).status_code == 302, "the old session does not come back to life"


def hired(estate: Estate, *roles: StaffRole, ends_at: dt.datetime | None = None) -> User:
    user = User.objects.create_user("iris", "iris@northwind.example", "correct horse")
    for role in roles:
        staff.give(
            user=user, role=role, place=estate.site, at=timezone.now(), giver=estate.rosa,
            ends_at=ends_at,
        )  # fmt: skip
    return user


def test_the_last_role_taken_logs_out_and_one_of_two_does_not(estate: Estate) -> None:
    user = hired(estate, StaffRole.RECEPTION, StaffRole.AUDITOR)
    client, _answer = log_in("iris")
    first, last = user.role_assignments.all()
    staff.take(assignment=first, at=timezone.now(), taker=estate.rosa)
    assert client.get(LIST).status_code == 200
    staff.take(assignment=last, at=timezone.now(), taker=estate.rosa)
    assert client.get(LIST).status_code == 302
    (event,) = told(Action.SESSION_ENDED)
    assert (event.actor_id, event.data) == (
        str(estate.rosa.pk),
        {"sessions": 1, "why": "no_role"},
    )


def test_a_right_given_by_hand_keeps_one_logged_in(estate: Estate) -> None:
    given = staff.give(user=estate.olga, role=StaffRole.AUDITOR, place=estate.site,
                       at=timezone.now(), giver=estate.rosa)  # fmt: skip
    client, _answer = log_in()
    staff.take(assignment=given, at=timezone.now(), taker=estate.rosa)
    assert client.get(LIST).status_code == 200


def test_a_role_that_is_over_logs_out(estate: Estate) -> None:
    soon = timezone.now() + dt.timedelta(hours=1)
    hired(estate, StaffRole.RECEPTION, ends_at=soon)
    client, _answer = log_in("iris")
    assert staff.end_due(at=soon, actor=Actor.job("roles")) == 1
    assert client.get(LIST).status_code == 302


def test_sessions_end_with_their_event_or_not_at_all(estate: Estate, monkeypatch: Any) -> None:
    both()

    def broken(**_told: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(sessions.events, "record", broken)
    with pytest.raises(RuntimeError):
        sessions.end_all(
            user_ids=[estate.olga.pk], actor=Actor.staff(estate.rosa.pk), at=timezone.now()
        )
    assert UserSession.objects.count() == 2
    assert Session.objects.count() == 2
    assert not Event.objects.filter(action=Action.SESSION_ENDED).exists()


# What a session holds open.


@pytest.fixture
async def live() -> AsyncIterator[None]:
    """Listen and hand on as the server does."""
    listener.start()
    hub.start()
    await asyncio.wait_for(listener.connected.wait(), 10)
    yield
    await hub.stop()
    await listener.stop()


@pytest.mark.parametrize("how", ["ended", "logged out", "no role"])
async def test_an_open_map_is_closed_within_a_second(
    transactional_db: None, live: None, how: str
) -> None:
    estate = await sync_to_async(Estate.build)()
    user = await sync_to_async(hired)(estate, StaffRole.SITE_MANAGER)
    office = await sync_to_async(lambda: log_in("iris")[0])()
    phone = await sync_to_async(lambda: log_in("iris")[0])()
    open_maps = []
    for client in (office, phone):
        cookie = (b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode())
        socket = Socket(f"/ws/map/?site={estate.site.pk}", [ORIGIN, cookie])
        assert await socket.is_let_in()
        open_maps.append(socket)
    kept, over = open_maps

    def act() -> None:
        if how == "ended":
            end(office, row_of(phone))
        elif how == "logged out":
            phone.post("/account/logout/")
        else:
            staff.take(assignment=user.role_assignments.get(), at=timezone.now(), taker=estate.rosa)

    await sync_to_async(act)()
    began = time.monotonic()
    message = await over.inner.receive_output(10)
    while message["type"] != "websocket.close":
        message = await over.inner.receive_output(10)
    assert time.monotonic() - began < 1.0
    assert message["code"] == 4404
    if how != "no role":
        await kept.inner.send_input({"type": "websocket.receive", "text": '{"type":"snapshot"}'})
        assert (await kept.inner.receive_output(10))["type"] == "websocket.send"
    await kept.close()
    await over.close()
