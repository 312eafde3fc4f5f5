"""A visitor at the terminal: registered without staff, known by a code, or asking for access."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
import time_machine

from access.choices import PersonKind
from access.models import AccessRequest, Visit, VisitorRules
from access.services import credentials, departures, visits
from audit.models import Answer
from tests import factories
from tests.conftest import MORNING
from tests.factories.cast import SETUP, Estate
from tests.kiosk.conftest import ANY, Kiosk, typed

SECRET = "0123456789abcdef0123456789abcdef"
EVE_BADGE = "0004290001"


@pytest.fixture
def rules(estate: Estate) -> VisitorRules:
    return VisitorRules.objects.create(site=estate.site, visitors_may_register=True)


def register(kiosk: Kiosk, key: str | None = None, **changes: object) -> Any:
    body = {"name": "Vera Vogel", "company": "", "host": "1001", "agreed": True, "secret": SECRET}
    return kiosk.post("visitor", body | changes, key=key)


def test_a_visitor_registers_gets_a_code_and_a_locker(
    kiosk: Kiosk, estate: Estate, rules: VisitorRules
) -> None:
    answer = register(kiosk).json()
    visit = Visit.objects.get()
    assert (str(visit.visitor), visit.host, visit.source) == ("Vera Vogel", estate.amira, "kiosk")
    assert visit.expected_until == dt.datetime(2026, 11, 17, 20, 0, tzinfo=dt.UTC)
    claimed = kiosk.post("claim", {"scan": answer["scan"], "choice": ANY})
    assert claimed.status_code == 200
    again = kiosk.post("scan", {"code": answer["code"]}).json()
    assert [hold["number"] for hold in again["holds"]] == [claimed.json()["number"]]


def test_a_repeat_shows_the_same_code_which_is_stored_nowhere(
    kiosk: Kiosk, rules: VisitorRules
) -> None:
    first = register(kiosk, key="visitor-0001").json()
    second = register(kiosk, key="visitor-0001").json()
    assert first["code"] == second["code"]
    assert Visit.objects.count() == 1
    stored = json.dumps(list(Answer.objects.values_list("body", flat=True)))
    assert first["code"] not in stored
    assert first["code"].replace(" ", "") not in stored
    assert SECRET not in stored


@pytest.mark.parametrize(
    "wrong",
    [{"agreed": False}, {"agreed": "yes"}, {"name": " "}, {"name": "x" * 81}, {"company": "x" * 81},
     {"secret": "short"}, {"host": 5}, {"name": "a\0b"}],
)  # fmt: skip
def test_nobody_is_registered_by_half(
    kiosk: Kiosk, rules: VisitorRules, wrong: dict[str, Any]
) -> None:
    answer = register(kiosk, **wrong)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert not Visit.objects.exists()


def test_where_visitors_may_not_register_none_does(kiosk: Kiosk, estate: Estate) -> None:
    assert kiosk.client.get(
        "/kiosk/bank", headers={"Authorization": f"Terminal {kiosk.token}"}
    ).json()["visitors"] == "no"  # fmt: skip
    assert register(kiosk).json()["code"] == "no_walk_ins"
    VisitorRules.objects.create(site=estate.site)
    assert register(kiosk).json()["code"] == "no_walk_ins"


def test_hosts_are_not_found_by_trying(kiosk: Kiosk, rules: VisitorRules) -> None:
    codes = [register(kiosk, host=str(number)).json()["code"] for number in range(9000, 9006)]
    assert codes == ["no_such_host"] * 5 + ["too_many_tries"]
    assert register(kiosk).json()["code"] == "too_many_tries"
    # PINs at the same screen are counted by themselves.
    assert kiosk.post("scan", {"personal_number": "1001", "pin": "274951"}).status_code == 200


def test_who_is_expected_arrives_and_is_not_registered_twice(
    kiosk: Kiosk, estate: Estate, rules: VisitorRules
) -> None:
    expected = visits.expect(
        site=estate.site, host=estate.amira, given_name="Vera", family_name="Vogel",
        company="Sparks", expected_from=MORNING, expected_until=MORNING + dt.timedelta(hours=2),
        source="staff", actor=SETUP, at=MORNING,
    )  # fmt: skip
    assert register(kiosk, name="vera vogel").status_code == 200
    visit = Visit.objects.get()
    assert (visit.pk, visit.arrived_at) == (expected.pk, MORNING)


def test_a_visit_that_begins_in_the_evening_lasts_until_midnight(
    kiosk: Kiosk, rules: VisitorRules
) -> None:
    with time_machine.travel(MORNING.replace(hour=21), tick=False):
        register(kiosk)
    assert Visit.objects.get().expected_until == dt.datetime(2026, 11, 18, tzinfo=dt.UTC)


def test_a_code_that_ended_does_nothing_more_with_a_live_scan(
    kiosk: Kiosk, rules: VisitorRules
) -> None:
    answer = register(kiosk).json()
    departures.leave(visit=Visit.objects.get(), actor=SETUP, at=MORNING)
    claimed = kiosk.post("claim", {"scan": answer["scan"], "choice": ANY})
    assert claimed.json()["code"] == "credential_revoked"


def test_a_contractor_asks_for_access_where_it_was_refused(kiosk: Kiosk, estate: Estate) -> None:
    eve = factories.PersonFactory(organisation=estate.organisation, kind=PersonKind.CONTRACTOR)
    credentials.issue_badge(person=eve, text=EVE_BADGE, actor=SETUP, at=MORNING)
    scan = kiosk.post("scan", {"badge": typed(EVE_BADGE)}).json()["scan"]
    assert kiosk.post("claim", {"scan": scan, "choice": ANY}).json()["code"] == "no_access"
    assert kiosk.post("ask", {"scan": scan}).status_code == 200
    asked = AccessRequest.objects.get()
    assert (asked.person, asked.site, asked.source, asked.asked_by) == (
        eve, estate.site, "kiosk", None,
    )  # fmt: skip
    assert asked.ends_at == dt.datetime(2026, 11, 18, tzinfo=dt.UTC)
    assert kiosk.post("ask", {"scan": scan}).json()["code"] == "access_asked"
