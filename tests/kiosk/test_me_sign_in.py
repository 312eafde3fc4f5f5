"""Signing in on a phone: by letter, by a visit's link, by a log-in; and being signed out."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse

from access.models import Person, User, Visit
from access.services import leaving
from audit.models import Event
from kiosk import jobs
from kiosk.models import PhoneSession, SignIn
from kiosk.services.me import sessions, sign_ins
from tests.factories.cast import SETUP, Estate

AMIRA = "amira@northwind.example"
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clock(estate: Estate, at: dt.datetime) -> Iterator[time_machine.Coordinates]:
    Person.objects.filter(pk=estate.amira.pk).update(email=AMIRA)
    with time_machine.travel(at, tick=False) as coordinates:
        yield coordinates


def ask(client: Client, address: str = AMIRA, **told: str) -> str:
    """Ask for a letter and return where the answer sends."""
    answer = client.post(reverse("me-in"), {"address": address, **told})
    assert answer.status_code == 302
    return str(answer["Location"])


def letter() -> tuple[str, str]:
    """Send what waits and return link and code of the newest letter."""
    jobs.send_sign_ins()
    text = str(mail.outbox[-1].body)
    link, code = re.search(r"https?://[^/]+(\S+)", text), re.search(r"\d{4} \d{4}", text)
    assert link is not None
    assert code is not None
    return link.group(1), code.group()


def is_in(client: Client) -> bool:
    return bool(client.get("/me/").status_code == 200)


def test_a_link_signs_in_by_a_button_and_once(client: Client) -> None:
    ask(client)
    link, _code = letter()
    phone = Client()
    assert phone.get(link).status_code == 200
    assert not is_in(phone), "a program that opens links in letters used it up"
    assert phone.post(link)["Location"] == "/me/"
    assert is_in(phone)
    for late in (Client().get(link), Client().post(link)):
        assert late.status_code == 410
        assert "is over or was used" in late.content.decode()
    assert Event.objects.filter(action="phone.signed_in").count() == 1


def test_a_code_signs_in_where_it_was_asked_for(client: Client) -> None:
    asked = dict(
        pair.split("=") for pair in ask(client).partition("?")[2].split("&") if pair[-1] != "="
    )
    _link, code = letter()
    assert client.post(reverse("me-code"), {"ask": asked["ask"], "code": code}).status_code == 302
    assert is_in(client)
    cookie = client.cookies["phone"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/me/"


def test_five_wrong_codes_end_it(client: Client) -> None:
    ask(client)
    _link, code = letter()
    asked = str(SignIn.objects.get().pk)
    for _each in range(5):
        answer = client.post(reverse("me-code"), {"ask": asked, "code": "0000 0000"})
        assert "not the code" in answer.content.decode()
    answer = client.post(reverse("me-code"), {"ask": asked, "code": code})
    assert answer.status_code == 400
    assert not is_in(client)
    assert Event.objects.filter(data__code="wrong_sign_in_code").count() == 5


@pytest.mark.parametrize("ask_id", ["", "nonsense", "00000000-0000-4000-8000-000000000000"])
def test_a_code_for_nothing_is_refused(client: Client, ask_id: str) -> None:
    answer = client.post(reverse("me-code"), {"ask": ask_id, "code": "12345678"})
    assert answer.status_code == 400


def test_an_address_that_nobody_has_gets_the_same_answer_and_no_letter(client: Client) -> None:
    known, unknown = ask(client), ask(client, "nobody@northwind.example")
    assert re.sub(r"ask=[^&]+", "", known) == re.sub(r"ask=[^&]+", "", unknown)
    pages = [
        re.sub(r'value="[^"]*"', "", client.get(where).content.decode())
        for where in (known, unknown)
    ]
    assert pages[0] == pages[1]
    jobs.send_sign_ins()
    assert [one.to for one in mail.outbox] == [[AMIRA]]
    # Even the right code of a letter that was never sent signs nobody in.
    row = SignIn.objects.get(to="")
    refused = client.post(reverse("me-code"), {"ask": row.pk, "code": sign_ins.code_of(row)})
    assert "not the code" in refused.content.decode()


@pytest.mark.parametrize("who", ["carla", "dev"])
def test_who_is_suspended_or_has_left_gets_no_letter(
    client: Client, estate: Estate, who: str
) -> None:
    person = getattr(estate, who)
    Person.objects.filter(pk=person.pk).update(email="gone@northwind.example")
    ask(client, "gone@northwind.example")
    jobs.send_sign_ins()
    assert mail.outbox == []


def test_link_and_code_are_over_after_a_quarter_of_an_hour(
    client: Client, clock: time_machine.Coordinates
) -> None:
    ask(client)
    link, _code = letter()
    clock.shift(15 * MINUTE)
    assert Client().post(link).status_code == 410


def test_an_address_gets_five_letters_and_then_the_same_answer_without_one(client: Client) -> None:
    for _each in range(7):
        ask(client)
    jobs.send_sign_ins()
    assert len(mail.outbox) == 5


def test_a_client_that_asks_for_very_many_waits(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_ins, "ASKS_PER_CLIENT", 3)
    for number in range(3):
        ask(client, f"{number}@elsewhere.example")
    answer = client.post(reverse("me-in"), {"address": AMIRA})
    assert answer.status_code == 429
    assert "Wait a quarter of an hour" in answer.content.decode()


def test_what_strangers_type_is_not_kept(client: Client) -> None:
    ask(client, "stranger@elsewhere.example")
    row = SignIn.objects.get()
    assert row.to == ""
    assert "stranger" not in f"{row.address}{row.client}"


def test_the_letter_goes_to_the_address_in_the_register(client: Client) -> None:
    ask(client, "AMIRA@Northwind.example")
    jobs.send_sign_ins()
    assert mail.outbox[-1].to == [AMIRA]


def test_a_mail_server_that_is_away_gets_the_letter_later(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(client)

    def away(*args: Any, **kwargs: Any) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr("kiosk.services.me.letters.send", away)
        assert jobs.send_sign_ins() == 0
    assert jobs.send_sign_ins() == 1
    assert jobs.send_sign_ins() == 0


@pytest.mark.parametrize(
    "where", ["https://evil.example/", "//evil.example", "/me//evil.example", "/admin/", "/me/\\x"]
)
def test_nobody_is_sent_elsewhere_after_the_sign_in(client: Client, where: str) -> None:
    ask(client, next=where)
    link, _code = letter()
    assert client.post(link)["Location"] == "/me/"


def test_who_scanned_a_label_first_goes_on_to_it(client: Client, estate: Estate) -> None:
    label = reverse("me-at", args=[sessions.label_of(estate.bank)])
    asked = client.get(label)
    assert asked["Location"].startswith("/me/in/?next=")
    ask(client, next=label)
    link, _code = letter()
    assert client.post(link)["Location"] == label
    assert "You are at bank A" in client.get(label).content.decode()


# ---- other ways in ---------------------------------------------------------------------------


@pytest.fixture
def visit(estate: Estate, at: dt.datetime) -> Visit:
    return Visit.objects.create(
        visitor=estate.ben, host=estate.amira, site=estate.site, source="staff",
        expected_from=at, expected_until=at + 60 * MINUTE, registered_at=at,
    )  # fmt: skip


def test_a_visitor_comes_in_by_the_link_of_the_visit_until_it_is_over(
    client: Client, visit: Visit, clock: time_machine.Coordinates
) -> None:
    link = reverse("me-visit", args=[sign_ins.visit_link_of(visit)])
    assert "Harbour House" in client.get(link).content.decode()
    client.post(link)
    assert is_in(client)
    clock.shift(60 * MINUTE)
    assert not is_in(client)
    assert client.get(link).status_code == 410


@pytest.mark.parametrize("end", ["cancelled_at", "left_at"])
def test_a_visit_that_ends_early_ends_the_session(
    client: Client, visit: Visit, at: dt.datetime, end: str
) -> None:
    client.post(reverse("me-visit", args=[sign_ins.visit_link_of(visit)]))
    arrived = {"arrived_at": at} if end == "left_at" else {}
    Visit.objects.filter(pk=visit.pk).update(**{end: at}, **arrived)
    assert not is_in(client)


def test_a_made_up_link_of_a_visit_is_refused(client: Client, visit: Visit) -> None:
    assert client.get(reverse("me-visit", args=[f"{visit.pk}:x"])).status_code == 410


def log_in(client: Client, user: User, *, verified: bool = True) -> None:
    EmailAddress.objects.create(user=user, email=AMIRA, verified=verified, primary=True)
    client.force_login(user)


def test_a_log_in_with_the_same_verified_address_goes_on_as_that_person(
    client: Client, estate: Estate
) -> None:
    log_in(client, estate.olga)
    assert not is_in(client), "a log-in alone is no person"
    assert "Go on as Amira" in client.get(reverse("me-in")).content.decode()
    client.post(reverse("me-log-in"))
    assert is_in(client)
    User.objects.filter(pk=estate.olga.pk).update(is_active=False)
    assert not is_in(client)


def test_an_address_that_a_log_in_did_not_verify_is_nobody(client: Client, estate: Estate) -> None:
    log_in(client, estate.olga, verified=False)
    assert "Go on as" not in client.get(reverse("me-in")).content.decode()
    assert client.post(reverse("me-log-in")).status_code == 410
    assert not is_in(client)


# ---- out -------------------------------------------------------------------------------------


def in_by_link(person: Person, at: dt.datetime) -> Client:
    client = Client()
    client.cookies["phone"] = sessions.open_for(
        person=person, by=sign_ins.SignedInBy.LINK, at=at, address=person.email
    )
    return client


def test_signing_out_ends_this_phone_or_all(estate: Estate, at: dt.datetime) -> None:
    estate.amira.refresh_from_db()
    one, two, three = (in_by_link(estate.amira, at) for _each in range(3))
    one.post(reverse("me-out"))
    assert not is_in(one)
    assert is_in(two)
    two.post(reverse("me-out"), {"all": "yes"})
    assert not is_in(three)


@pytest.mark.parametrize("status", ["suspended", "left"])
def test_who_is_suspended_or_has_left_is_out_at_once_and_for_good(
    estate: Estate, at: dt.datetime, status: str
) -> None:
    phone = in_by_link(estate.amira, at)
    Person.objects.filter(pk=estate.amira.pk).update(status=status)
    assert not is_in(phone)
    assert jobs.end_phones() == 1
    assert jobs.end_phones() == 0
    Person.objects.filter(pk=estate.amira.pk).update(status="active")
    assert not is_in(phone)


def test_a_session_ends_by_itself(
    estate: Estate, at: dt.datetime, clock: time_machine.Coordinates
) -> None:
    phone = in_by_link(estate.amira, at)
    clock.shift(sessions.LASTS - MINUTE)
    assert is_in(phone)
    clock.shift(MINUTE)
    assert not is_in(phone)
    clock.shift(dt.timedelta(days=31))
    jobs.end_phones()
    assert not PhoneSession.objects.exists()


def test_the_cookie_is_no_log_in_and_its_token_is_not_stored(
    estate: Estate, at: dt.datetime
) -> None:
    phone = in_by_link(estate.amira, at)
    assert phone.get("/map/").status_code == 302
    assert phone.get("/api/v1/sites/").status_code == 401
    assert not PhoneSession.objects.filter(digest=phone.cookies["phone"].value).exists()


def test_somebody_with_two_organisations_chooses(estate: Estate, at: dt.datetime) -> None:
    estate.amira.refresh_from_db()
    other = Person.objects.create(
        organisation=estate.other_site.organisation, given_name="Amira", email=AMIRA.upper()
    )
    phone = in_by_link(estate.amira, at)
    assert "Southwind" in phone.get(reverse("me-more")).content.decode()
    phone.post(reverse("me-switch"), {"person": other.pk})
    assert "Southwind" in phone.get("/me/").content.decode()
    # Nobody else, however they ask.
    assert phone.post(reverse("me-switch"), {"person": estate.ben.pk}).status_code == 404
    assert PhoneSession.objects.filter(ended_at__isnull=True).count() == 1


def test_pages_are_kept_by_nobody_on_the_way(estate: Estate, at: dt.datetime) -> None:
    answer = in_by_link(estate.amira, at).get("/me/")
    assert "no-store" in answer["Cache-Control"]
    assert "private" in answer["Cache-Control"]


def test_leaving_ends_every_phone(estate: Estate, at: dt.datetime) -> None:
    phone = in_by_link(estate.amira, at)
    leaving.leave(person=estate.amira, actor=SETUP, at=at)
    assert not is_in(phone)
