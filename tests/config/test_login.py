"""Log-in of staff: password, second step, codes by e-mail, sessions, and the limits on guessing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core import mail
from django.test import Client, TestCase

from audit.actions import Action
from audit.models import Event
from occupancy.live import hub
from tests.factories.cast import Estate
from tests.permissions.test_sockets import ORIGIN, is_let_in
from tests.servers import ROOT, database_url

PASSWORD = "correct horse"
LOG_IN = "/account/login/"
NO_CODES = """
import django
django.setup()
from django.test import Client
client = Client(headers={"host": "localhost"})
print(client.get("/account/login/code/").status_code)
print("login/code" in client.get("/account/login/").content.decode())
"""


def log_in(name: str = "olga", password: str = PASSWORD, **more: Any) -> tuple[Client, Any]:
    client = Client(**more)
    return client, client.post(LOG_IN, {"login": name, "password": password})


def told(action: Action) -> list[Event]:
    return list(Event.objects.filter(action=action).order_by("pk"))


def code_of(secret: str) -> str:
    counter = next(totp.yield_hotp_counters_from_time())
    return totp.format_hotp_value(totp.hotp_value(secret, counter))


def set_up_app(client: Client) -> str:
    """Set up the app in a browser that is logged in, and return its secret."""
    # The password is asked for once more before something like this.
    asked = client.get("/account/2fa/totp/activate/")
    assert asked["Location"].startswith("/account/reauthenticate/")
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    page = client.get("/account/2fa/totp/activate/")
    secret: str = page.context["form"].secret
    with TestCase.captureOnCommitCallbacks(execute=True):
        answer = client.post("/account/2fa/totp/activate/", {"code": code_of(secret)})
    assert answer.status_code == 302
    return secret


def test_a_log_in_leads_where_one_wanted_to_go(estate: Estate) -> None:
    client = Client()
    asked = client.get("/admin/lockers/bank/", follow=True)
    assert asked.redirect_chain[-1][0].startswith(LOG_IN)
    answer = client.post(
        asked.redirect_chain[-1][0],
        {"login": "olga", "password": PASSWORD, "next": "/admin/lockers/bank/"},
    )
    assert answer["Location"] == "/admin/lockers/bank/"
    assert client.get("/admin/lockers/bank/").status_code == 200


def test_a_log_in_leads_to_no_other_server(estate: Estate) -> None:
    posted = {"login": "olga", "password": PASSWORD, "next": "https://evil.example/"}
    assert Client().post(LOG_IN, posted)["Location"] == "/"


def test_a_log_in_works_with_the_e_mail_address_too(estate: Estate) -> None:
    estate.olga.email = "olga@northwind.example"
    estate.olga.save()
    _client, answer = log_in("OLGA@northwind.example")
    assert answer.status_code == 302
    assert [event.actor_id for event in told(Action.LOGGED_IN)] == [str(estate.olga.pk)]


def test_the_administration_has_no_log_in_of_its_own(estate: Estate) -> None:
    posted = {"username": "rosa", "password": PASSWORD, "next": "/admin/"}
    client = Client()
    assert client.post("/admin/login/", posted)["Location"].startswith(LOG_IN)
    assert "_auth_user_id" not in client.session


def test_the_administration_is_shut_until_the_second_step_is_taken(estate: Estate) -> None:
    client, _answer = log_in("rosa")
    set_up_app(client)
    half_way, _answer = log_in("rosa")
    for address in ("/admin/", "/admin/login/", "/admin/access/user/", "/api/v1/sites/"):
        answer = half_way.get(address)
        assert answer.status_code in (302, 401, 403), address
        assert "_auth_user_id" not in half_way.session
    posted = {"username": "rosa", "password": PASSWORD, "next": "/admin/"}
    assert half_way.post("/admin/login/", posted).status_code == 302
    assert "_auth_user_id" not in half_way.session


@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
def test_the_way_on_is_kept_over_the_second_step_and_leads_nowhere_else(
    estate: Estate, away: str
) -> None:
    client, _answer = log_in()
    set_up_app(client)
    codes = Authenticator.objects.get(user=estate.olga, type="recovery_codes").wrap()
    for asked, reached in ((away, "/"), ("/account/sessions/", "/account/sessions/")):
        browser = Client()
        browser.post(LOG_IN, {"login": "olga", "password": PASSWORD, "next": asked})
        code = codes.get_unused_codes()[0]
        answer = browser.post("/account/2fa/authenticate/", {"code": code})
        assert answer["Location"] == reached
        codes = Authenticator.objects.get(pk=codes.instance.pk).wrap()
        out = browser.post("/account/logout/", {"next": away})
        assert out["Location"] == "/"
    assert len(told(Action.LOGGED_OUT)) == 2


def test_nobody_signs_up(db: None) -> None:
    assert "password1" not in Client().get("/account/signup/").content.decode()
    posted = {"username": "eve", "email": "eve@example.org", "password1": PASSWORD,
              "password2": PASSWORD}  # fmt: skip
    Client().post("/account/signup/", posted)
    assert not Event.objects.filter(action=Action.LOGGED_IN).exists()


def test_the_app_is_asked_for_once_it_is_set_up(estate: Estate) -> None:
    client, _answer = log_in()
    secret = set_up_app(client)
    assert told(Action.FACTOR_ADDED)[0].actor_id == str(estate.olga.pk)
    second, answer = log_in()
    assert answer["Location"] == "/account/2fa/authenticate/"
    assert second.get("/map/").status_code == 302, "the password alone is not enough"
    wrong = second.post("/account/2fa/authenticate/", {"code": "000000"})
    assert wrong.status_code == 200
    assert len(told(Action.FACTOR_FAILED)) == 1
    # The code that set it up is used up: one code, one log-in.
    totp_row = Authenticator.objects.get(user=estate.olga, type="totp")
    assert secret not in str(totp_row.data), "the secret is sealed in the database"


def test_a_recovery_code_logs_in_once(estate: Estate) -> None:
    client, _answer = log_in()
    set_up_app(client)
    codes = Authenticator.objects.get(user=estate.olga, type="recovery_codes").wrap()
    code = codes.get_unused_codes()[0]
    for works in (True, False):
        browser, _answer = log_in()
        browser.post("/account/2fa/authenticate/", {"code": code})
        assert ("_auth_user_id" in browser.session) is works


def test_a_superuser_makes_a_lost_second_step_forgotten(estate: Estate) -> None:
    client, _answer = log_in()
    set_up_app(client)
    desk, _answer = log_in("rosa")
    posted = {"action": "forget_second_steps", "_selected_action": [estate.olga.pk]}
    assert desk.post("/admin/access/user/", posted).status_code == 302
    assert not Authenticator.objects.filter(user=estate.olga).exists()
    assert told(Action.FACTOR_REMOVED)[0].actor_id == str(estate.rosa.pk)
    assert log_in()[1]["Location"] == "/"


def test_a_code_by_e_mail_logs_in_without_a_password(estate: Estate) -> None:
    estate.olga.email = "olga@northwind.example"
    estate.olga.save()
    client = Client()
    client.post("/account/login/code/", {"email": "olga@northwind.example"})
    found = re.search(r"^([A-Z0-9-]{6,12})$", mail.outbox[0].body, re.MULTILINE)
    assert found is not None
    client.post("/account/login/code/confirm/", {"code": found[1]})
    assert client.session["_auth_user_id"] == str(estate.olga.pk)


def test_a_wrong_code_by_e_mail_is_in_the_trail_without_what_was_typed(estate: Estate) -> None:
    estate.olga.email = "olga@northwind.example"
    estate.olga.save()
    client = Client()
    client.post("/account/login/code/", {"email": "olga@northwind.example"})
    client.post("/account/login/code/confirm/", {"code": "wrong-4471"})
    (event,) = told(Action.LOGIN_FAILED)
    assert (event.subject, event.data) == ("", {"by": "code"})
    assert "_auth_user_id" not in client.session


def test_no_code_by_e_mail_is_offered_unless_the_installation_wants_it(estate: Estate) -> None:
    offered = "/account/login/code/"
    assert offered in Client().get(LOG_IN).content.decode()
    # Addresses are made when a server starts: one that does not want it is asked from outside.
    told_off = subprocess.run(
        [sys.executable, "-c", NO_CODES],
        env={**os.environ, "LOCKWRIGHT_LOGIN_BY_CODE": "0", "DATABASE_URL": database_url()},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told_off.stdout.split() == ["404", "False"]


def test_no_code_goes_to_an_address_that_nobody_has(db: None) -> None:
    Client().post("/account/login/code/", {"email": "eve@example.org"})
    assert mail.outbox == []


def test_guessing_a_password_is_stopped_even_when_it_is_right_at_last(estate: Estate) -> None:
    for _guess in range(5):
        log_in(password="wrong password")
    client, answer = log_in()
    assert "_auth_user_id" not in client.session
    assert "Too many" in answer.content.decode()
    assert len(told(Action.LOGIN_FAILED)) == 5
    assert log_in("nina")[1].status_code == 302, "others still log in"


def test_the_limit_is_in_the_database(estate: Estate) -> None:
    assert settings.CACHES["default"]["BACKEND"].endswith("DatabaseCache")


# A second step that everybody needs.


@pytest.fixture
def required(settings: Any) -> None:
    settings.REQUIRE_SECOND_STEP = True


def test_whoever_needs_a_second_step_is_sent_to_set_one_up(estate: Estate, required: None) -> None:
    client, _answer = log_in()
    for address in ("/map/", "/admin/", f"/map/{estate.site.pk}/drawing/"):
        assert client.get(address)["Location"] == "/account/2fa/"
    refused = client.get("/api/v1/sites/")
    assert (refused.status_code, refused.json()["code"]) == (403, "second_step_required")
    set_up_app(client)
    assert client.get(f"/map/{estate.site.pk}/").status_code == 200
    assert client.get("/api/v1/sites/").status_code == 200


def test_recovery_codes_alone_are_no_second_step(estate: Estate, required: None) -> None:
    Authenticator.objects.create(user=estate.olga, type="recovery_codes", data={})
    client, _answer = log_in()
    assert client.get("/map/")["Location"] == "/account/2fa/"


def test_a_kiosk_needs_no_second_step(estate: Estate, required: None) -> None:
    assert Client().get("/kiosk/").status_code == 200


@pytest.mark.parametrize("needed", [True, False])
async def test_no_map_is_sent_before_the_second_step_is_set_up(
    transactional_db: None, settings: Any, needed: bool
) -> None:
    settings.REQUIRE_SECOND_STEP = needed
    estate = await sync_to_async(Estate.build)()
    client = await sync_to_async(lambda: log_in()[0])()
    cookie = (b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode())
    hub.start()
    try:
        path = f"/ws/map/?site={estate.site.pk}"
        assert await is_let_in(path, [ORIGIN, cookie]) is not needed
    finally:
        await hub.stop()


@pytest.mark.parametrize(
    "address", [LOG_IN, "/account/password/reset/", "/account/login/code/", "/account/signup/"]
)
def test_the_pages_ask_nothing_of_other_servers(db: None, address: str) -> None:
    page = Client().get(address).content.decode()
    assert not re.findall(r"(?:src|href|action)=\"(?:https?:)?//", page)
    assert page.count("<h1") == 1
