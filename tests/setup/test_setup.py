"""An empty installation is set up in a browser, page by page."""

from __future__ import annotations

import datetime as dt
import io
import re
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client

from access.models import Group, User
from audit.models import Event
from config.setup import codes
from kiosk.models import Terminal
from lockers.models import (
    Bank,
    Bridge,
    Compartment,
    Controller,
    OpeningHours,
    Organisation,
    Reader,
    Site,
    Size,
)
from lockers.services import enrolment
from occupancy.models import Policy
from tests import factories
from tests.bridge_lines import enrol

pytestmark = pytest.mark.django_db

PASSWORD = "a long walk by the canal"
ANSWERS: dict[str, dict[str, Any]] = {
    "place": {
        "organisation": "Northwind",
        "site": "Harbour House",
        "kind": "office",
        "time_zone": "Europe/London",
        "hours": "set",
        "weekdays": ["0", "1", "4"],
        "opens_at": "07:30",
        "closes_at": "19:00",
    },
    "lockers": {
        "bank": "A",
        "directions": "Ground floor, behind reception",
        "layout": "8 columns of 3 large and 5 small",
        "first_number": "101",
    },
    "use": {
        "kinds": ["staff", "visitor"],
        "ends_at_time": "20:00",
        "limit_per_person": "2",
        "at_end": "hold",
    },
    "badges": {
        "reader": "wedge",
        "before": "~",
        "suffix": "enter",
        "length": "10",
        "address": "",
    },
    "boards": {
        "boards": "modbus_relay",
        "address": "tcp://192.0.2.10:502",
        "channels": "32",
        "first_unit": "5",
        "contacts": "0",
    },
    "administrator": {
        "username": "ada",
        "email": "",
        "password": PASSWORD,
        "again": PASSWORD,
    },
}
SLUGS = list(ANSWERS)


@pytest.fixture
def admitted(client: Client) -> Client:
    """A browser that showed the set-up code."""
    answer = client.post("/setup/", {"code": codes.code()})
    assert answer["Location"] == "/setup/place/"
    return client


def answer(client: Client, until: str | None = None, **changes: dict[str, Any]) -> None:
    """Answer every page, up to one of them."""
    for slug in SLUGS:
        if slug == until:
            return
        told = client.post(f"/setup/{slug}/", {**ANSWERS[slug], **changes.get(slug, {})})
        assert told.status_code == 302, told.content.decode()


def problems(client: Client, slug: str, **wrong: Any) -> dict[str, Any]:
    """Return the complaints about one page, by field."""
    told = client.post(f"/setup/{slug}/", {**ANSWERS[slug], **wrong})
    assert told.status_code == 422
    errors: dict[str, Any] = told.context["form"].errors
    return errors


def test_all_pages_one_after_the_other_leave_a_working_site(admitted: Client) -> None:
    for slug, following in zip(SLUGS, [*SLUGS[1:], "review"], strict=True):
        page = admitted.get(f"/setup/{slug}/")
        assert page.status_code == 200 and b"<form" in page.content
        told = admitted.post(f"/setup/{slug}/", ANSWERS[slug])
        assert told["Location"] == f"/setup/{following}/"
    review = admitted.get("/setup/review/").content.decode()
    for words in ("Harbour House", "64 (24 Large, 40 Small)", "Monday, Tuesday, Friday", "ada"):
        assert words in review
    assert "Address of the reader" not in review, "it was not asked for"
    assert not Organisation.objects.exists()

    done = admitted.post("/setup/review/").content.decode()
    site = Site.objects.get(name="Harbour House")
    assert site.organisation.name == "Northwind"
    hours = OpeningHours.objects.filter(site=site).values_list("weekday", "opens_at", "closes_at")
    assert list(hours) == [(day, dt.time(7, 30), dt.time(19)) for day in (0, 1, 4)]
    assert list(Size.objects.values_list("name", "rank")) == [("Small", 1), ("Large", 2)]
    doors = Compartment.objects.order_by("column", "row")
    assert [door.number for door in doors] == [str(n) for n in range(101, 165)]
    assert [door.size.name for door in doors[:8]] == ["Large"] * 3 + ["Small"] * 5
    boards = Controller.objects.order_by("unit")
    assert [(b.driver, b.address, b.unit, b.channels) for b in boards] == [
        ("modbus_relay", "tcp://192.0.2.10:502", unit, 32) for unit in (5, 6)
    ]
    assert boards[0].profile == {"closed_level": 0}
    assert [(d.controller, d.channel) for d in doors[31:33]] == [(boards[0], 31), (boards[1], 0)]
    reader = Reader.objects.get()
    assert (reader.prefix, reader.suffix, reader.length) == ("~", "\r", 10)
    policy = Policy.objects.get()
    assert (policy.site, policy.ends_at_time, policy.at_end, policy.limit_per_person) == (
        site,
        dt.time(20),
        "hold",
        2,
    )
    assert set(Group.objects.values_list("name", flat=True)) == {"Staff", "Visitor"}
    ada = User.objects.get()
    assert ada.is_superuser and ada.is_staff and ada.check_password(PASSWORD)
    event = Event.objects.get(action="organisation.set_up")
    assert (event.actor_id, event.site_id) == (str(ada.pk), site.pk)

    bridge_code = re.search(
        r"python -m kiosk\.bridge --server http://testserver --state \S+"
        r" --enrolment-code (\S+?)<",
        done,
    )
    terminal_code = re.search(r'id="terminal-code">([A-Z0-9-]+)<', done)
    assert bridge_code and terminal_code
    at = event.occurred_at
    bridge = enrol(bridge_code[1], at)
    terminal, _token = enrolment.redeem(model=Terminal, code=terminal_code[1], at=at)
    assert bridge == Bank.objects.get().bridge
    assert terminal.bank == Bank.objects.get()
    # Logged in as the new administrator, and the set-up is gone, for that browser too.
    assert admitted.get("/admin/").status_code == 200
    for path in ("/setup/", "/setup/place/", "/setup/review/"):
        assert admitted.get(path).status_code == 404
        assert Client().post(path, {"code": codes.code()}).status_code == 404


@pytest.mark.parametrize(
    ("changes", "channels", "has_sensor"),
    [
        ({"boards": "simulator", "address": ""}, 64, True),
        ({"boards": "modbus_relay", "contacts": "none"}, 64, False),
        ({"boards": "later", "address": ""}, 0, True),
    ],
)
def test_other_boards(
    admitted: Client, changes: dict[str, str], channels: int, has_sensor: bool
) -> None:
    answer(admitted, boards=changes)
    done = admitted.post("/setup/review/")
    assert done.status_code == 200
    wired = Compartment.objects.filter(controller__isnull=False, has_sensor=has_sensor)
    assert wired.count() == channels
    assert Bridge.objects.exists() is (channels > 0)
    assert (b"kiosk.bridge" in done.content) is (channels > 0)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"reader": "none", "before": ""}, []),
        (
            {"reader": "wired", "before": "", "address": "/dev/ttyUSB0"},
            [("wired", "", "/dev/ttyUSB0")],
        ),
    ],
)
def test_other_readers(
    admitted: Client, changes: dict[str, str], expected: list[tuple[str, str, str]]
) -> None:
    answer(admitted, badges=changes)
    admitted.post("/setup/review/")
    assert list(Reader.objects.values_list("transport", "prefix", "address")) == expected


@pytest.mark.parametrize(
    ("slug", "wrong", "field"),
    [
        ("place", {"organisation": " "}, "organisation"),
        ("place", {"site": ""}, "site"),
        ("place", {"kind": "castle"}, "kind"),
        ("place", {"time_zone": "Mars/Olympus"}, "time_zone"),
        ("place", {"weekdays": []}, "weekdays"),
        ("place", {"opens_at": ""}, "opens_at"),
        ("place", {"opens_at": "25:00"}, "opens_at"),
        ("place", {"closes_at": "07:30"}, "closes_at"),
        ("lockers", {"bank": ""}, "bank"),
        ("lockers", {"layout": "many"}, "layout"),
        ("lockers", {"layout": "8 columns of"}, "layout"),
        ("lockers", {"layout": "8 columns of 3 large and lots"}, "layout"),
        ("lockers", {"layout": "0 columns of 3 large"}, "layout"),
        ("lockers", {"layout": "999 columns of 99 large"}, "layout"),
        ("lockers", {"first_number": "0"}, "first_number"),
        ("use", {"kinds": []}, "kinds"),
        ("use", {"ends_at_time": "noon"}, "ends_at_time"),
        ("use", {"limit_per_person": "21"}, "limit_per_person"),
        ("use", {"at_end": "auction"}, "at_end"),
        ("badges", {"before": ""}, "before"),
        ("badges", {"length": "65"}, "length"),
        ("badges", {"reader": "wired", "address": ""}, "address"),
        ("badges", {"reader": "wired", "address": "the blue one"}, "address"),
        ("boards", {"address": ""}, "address"),
        ("boards", {"address": "tcp://no-port"}, "address"),
        ("boards", {"first_unit": "247"}, "first_unit"),
        ("boards", {"channels": "7"}, "channels"),
        ("administrator", {"username": "no blanks"}, "username"),
        ("administrator", {"email": "nobody"}, "email"),
        ("administrator", {"password": "password", "again": "password"}, "password"),
        ("administrator", {"again": "another"}, "again"),
    ],
)
def test_a_wrong_answer_is_named_and_nothing_typed_is_lost(
    admitted: Client, slug: str, wrong: dict[str, Any], field: str
) -> None:
    answer(admitted, until=slug)
    assert set(problems(admitted, slug, **wrong)) == {field}
    # It was not kept either.
    assert admitted.get("/setup/review/")["Location"] == f"/setup/{slug}/"


def test_hours_that_are_not_asked_for_are_not_looked_at(admitted: Client) -> None:
    answer(admitted, place={"hours": "always", "opens_at": "", "weekdays": []})
    admitted.post("/setup/review/")
    assert Site.objects.exists() and not OpeningHours.objects.exists()


def test_a_page_cannot_be_jumped_to_and_can_be_returned_to(admitted: Client) -> None:
    assert admitted.get("/setup/boards/")["Location"] == "/setup/place/"
    assert admitted.get("/setup/castle/").status_code == 404
    answer(admitted, until="badges")
    again = admitted.get("/setup/place/").content.decode()
    assert 'value="Harbour House"' in again
    admitted.post("/setup/place/", {**ANSWERS["place"], "site": "Mill Lane"})
    answer(admitted, place={"site": "Mill Lane"})
    assert "Mill Lane" in admitted.get("/setup/review/").content.decode()


def test_a_later_change_that_makes_a_page_wrong_leads_back_to_it(admitted: Client) -> None:
    answer(admitted, boards={"first_unit": "246"})
    told = admitted.post(
        "/setup/lockers/", {**ANSWERS["lockers"], "layout": "20 columns of 5 small"}
    )
    assert told["Location"] == "/setup/boards/"
    assert admitted.post("/setup/review/")["Location"] == "/setup/boards/"
    assert not Organisation.objects.exists()


@pytest.mark.parametrize("typed", ["", "AAAA-BBBB-CCCC", "ÄÖÜ", "0" * 40])
def test_a_stranger_without_the_code_gets_no_further(client: Client, typed: str) -> None:
    assert client.post("/setup/", {"code": typed}).status_code == 422
    for path in ("/setup/place/", "/setup/review/"):
        assert client.get(path)["Location"] == "/setup/"
        assert client.post(path, ANSWERS["place"])["Location"] == "/setup/"
    assert not Organisation.objects.exists()


def test_the_code_may_be_typed_as_it_is_read(client: Client) -> None:
    typed = codes.code().lower().replace("-", " ")
    assert client.post("/setup/", {"code": typed}).status_code == 302


def test_the_code_is_printed_only_while_there_is_something_to_set_up() -> None:
    out = io.StringIO()
    call_command("setup_code", stdout=out)
    assert out.getvalue().strip() == codes.code()
    assert re.fullmatch(r"([A-HJ-NP-Z2-9]{4}-){2}[A-HJ-NP-Z2-9]{4}", codes.code())
    factories.OrganisationFactory()
    with pytest.raises(CommandError, match="set up already"):
        call_command("setup_code")


@pytest.mark.parametrize("by", ["organisation", "superuser"])
def test_whoever_is_second_finds_nothing(admitted: Client, by: str) -> None:
    answer(admitted)
    if by == "organisation":
        factories.OrganisationFactory()
    else:
        factories.UserFactory(is_superuser=True)
    assert admitted.post("/setup/review/").status_code == 404
    assert not Site.objects.exists()


def test_the_password_is_never_kept_as_it_was_typed(admitted: Client) -> None:
    answer(admitted)
    for session in Session.objects.all():
        assert PASSWORD not in str(session.get_decoded())


def test_a_failure_half_way_leaves_the_installation_empty(
    admitted: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from config.setup import creation

    def fail(*args: object) -> None:
        raise RuntimeError

    answer(admitted)
    monkeypatch.setattr(creation, "_rules", fail)
    with pytest.raises(RuntimeError):
        admitted.post("/setup/review/")
    assert not Organisation.objects.exists() and not User.objects.exists()


def test_every_page_says_what_it_asks_to_a_screen_reader(admitted: Client) -> None:
    answer(admitted)
    for slug in SLUGS:
        page = admitted.get(f"/setup/{slug}/").content.decode()
        assert page.count("<h1>") == 1
        for field in re.findall(r'<(?:input|select|textarea)[^>]*\bid="(id_[^"]+)"', page):
            assert f'for="{field}"' in page, f"{field} on {slug} has no label"
        for described in re.findall(r'aria-describedby="([^"]+)"', page):
            for one in described.split():
                assert f'id="{one}"' in page, f"{one} on {slug} describes nothing"
