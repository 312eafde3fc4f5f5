"""A terminal is enrolled, may do its own things only, and can be revoked at any moment."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from audit.models import Event
from kiosk.models import Terminal
from lockers.services import enrolment
from occupancy.models import Assignment
from tests import factories
from tests.factories.cast import AMIRA_BADGE, SETUP, TERMINAL_TOKEN, Estate
from tests.kiosk.conftest import ANY, Kiosk, codes, typed

API = [f"/api/v1/{name}/" for name in ("compartments", "assignments", "commands", "events")]


@pytest.fixture
def code(estate: Estate, clock: object, at: dt.datetime) -> str:
    terminal = factories.TerminalFactory(bank=estate.bank, name="New")
    return enrolment.make_code(
        device=terminal, subject="terminal", site=estate.site, actor=SETUP, at=at
    )


def revoke(estate: Estate, at: dt.datetime) -> None:
    enrolment.revoke(
        device=estate.terminal, subject="terminal", site=estate.site, actor=SETUP, at=at
    )


def test_a_browser_without_a_token_is_asked_for_the_code(client: Client, code: str) -> None:
    page = client.get("/kiosk/")
    assert "Set up this screen" in page.content.decode()
    with_code = client.get(f"/kiosk/?code={code}").content.decode()
    assert f'value="{code}"' in with_code
    assert "Set up with this code" in with_code


def test_the_code_is_exchanged_once_for_a_cookie_no_script_can_read(
    client: Client, code: str
) -> None:
    answer = client.post("/kiosk/enrol", {"code": code.lower()})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/kiosk/")
    cookie = client.cookies["terminal"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")
    assert int(cookie["max-age"]) > 300 * 24 * 3600
    terminal = Terminal.objects.get(name="New")
    assert terminal.token_digest == enrolment.digest(cookie.value)
    assert Event.objects.filter(action="device.enrolled").count() == 1
    page = client.get("/kiosk/").content.decode()
    assert "Tap your badge to get a locker." in page
    again = Client().post("/kiosk/enrol", {"code": code})
    assert again.status_code == 400
    assert "Ask for a new one" in again.content.decode()
    refused = Event.objects.get(action="request.refused")
    assert (refused.actor_kind, refused.data["code"]) == ("anonymous", "code_refused")


def test_a_form_on_another_site_enrols_nothing(client: Client, code: str) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert client.post("/kiosk/enrol", {"code": code}, headers=headers).status_code == 403
    assert "terminal" not in client.cookies


def test_the_cookie_is_secure_where_the_page_is(client: Client, code: str) -> None:
    client.post("/kiosk/enrol", {"code": code}, secure=True)
    assert client.cookies["terminal"]["secure"]


def test_a_log_in_is_nothing_at_the_kiosk(estate: Estate, client: Client) -> None:
    client.force_login(estate.rosa)
    assert "Set up this screen" in client.get("/kiosk/").content.decode()
    answer = client.post("/kiosk/scan", {}, content_type="application/json")
    assert codes(answer) == (403, "device_revoked")


def test_the_cookie_counts_only_with_the_kiosks_own_header(estate: Estate, clock: object) -> None:
    client = Client()
    client.cookies["terminal"] = TERMINAL_TOKEN
    body = {"badge": typed(AMIRA_BADGE)}
    key = {"Idempotency-Key": "a-key-of-its-own"}

    def post(headers: dict[str, str]) -> object:
        return client.post("/kiosk/scan", body, content_type="application/json", headers=headers)

    assert codes(post(key)) == (403, "not_from_the_kiosk")
    assert post({**key, "X-Lockwright-Kiosk": "1"}).status_code == 200  # type: ignore[attr-defined]


def test_the_page_shows_no_person_and_is_kept_nowhere(kiosk: Kiosk, estate: Estate) -> None:
    kiosk.claim(AMIRA_BADGE)
    client = Client()
    client.cookies["terminal"] = TERMINAL_TOKEN
    page = client.get("/kiosk/")
    assert "no-store" in page.headers["Cache-Control"]
    for secret in ("Amira", "1001", AMIRA_BADGE, TERMINAL_TOKEN):
        assert secret not in page.content.decode()


def test_a_token_revoked_mid_flow_stops_the_next_act(
    kiosk: Kiosk, estate: Estate, at: dt.datetime
) -> None:
    scan = kiosk.scan(AMIRA_BADGE)["scan"]
    revoke(estate, at)
    for verb in ("scan", "claim", "open", "finish", "undo", "end"):
        answer = kiosk.post(verb, {"scan": scan, "choice": ANY})
        assert codes(answer) == (403, "device_revoked")
        assert answer.json()["message"] == (
            "This device is not enrolled any more. Enrol it again with a new code."
        )
    assert Event.objects.filter(action="device.revoked").count() == 1
    headers = {"Authorization": f"Terminal {TERMINAL_TOKEN}"}
    assert kiosk.client.get("/kiosk/bank", headers=headers).status_code == 403
    assert "Set up this screen" in kiosk.client.get("/kiosk/", headers=headers).content.decode()
    assert not Assignment.objects.exists()


def test_the_token_opens_no_address_but_the_kiosks(kiosk: Kiosk, estate: Estate) -> None:
    client = Client()
    client.cookies["terminal"] = TERMINAL_TOKEN
    headers = {"Authorization": f"Terminal {TERMINAL_TOKEN}"}
    for path in ("/map/", "/admin/", "/admin/access/person/", "/setup/", *API):
        answer = client.get(path, headers=headers)
        assert answer.status_code in {302, 401, 403, 404}, (path, answer.status_code)


@pytest.mark.parametrize("verb", ["scan", "claim", "open", "finish", "undo", "end"])
def test_the_acts_take_only_post(kiosk: Kiosk, verb: str) -> None:
    assert kiosk.client.get(f"/kiosk/{verb}").status_code == 405


def test_the_terminal_is_found_in_one_statement(
    kiosk: Kiosk, estate: Estate, django_assert_num_queries: object
) -> None:
    from kiosk import authentication

    with django_assert_num_queries(1):  # type: ignore[operator]
        here = authentication.resolve(TERMINAL_TOKEN)
    assert here is not None
    assert (here.bank, here.site, here.terminal) == ("A", "Harbour House", "Kiosk A")
    assert [(r.prefix, r.suffix, r.length) for r in here.readers] == [("~", "\r", 10)]
