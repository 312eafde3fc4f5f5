from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.models import BridgePresence
from occupancy.choices import ClosedHow
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from tests import factories
from tests.api.conftest import Api, codes
from tests.factories.cast import Estate


def claim(estate: Estate, at: dt.datetime, who: str = "amira") -> assignments.Claimed:
    person = getattr(estate, who)
    return assignments.claim(
        person_id=person.pk,
        bank_id=estate.bank.pk,
        wanted=Wanted(),
        actor=Actor.person(person.pk),
        at=at,
    )


def test_staff_read_the_sites_and_banks_they_were_given(estate: Estate, api: Api) -> None:
    mine = api("olga").get("/api/v1/sites/").json()["results"]
    assert [site["name"] for site in mine] == ["Harbour House"]
    banks = api("olga").get("/api/v1/banks/", {"site": estate.site.pk}).json()["results"]
    assert [(bank["name"], bank["is_online"]) for bank in banks] == [("A", True)]
    assert api("nina").get("/api/v1/banks/").json()["results"] == []
    assert len(api("rosa").get("/api/v1/sites/").json()["results"]) == 2


def test_a_right_for_all_sites_in_the_admin_is_not_a_right_at_each_site(
    estate: Estate, api: Api
) -> None:
    from django.contrib.auth.models import Permission

    estate.nina.user_permissions.add(Permission.objects.get(codename="view_site"))
    mine = api("nina").get("/api/v1/sites/").json()["results"]
    assert [site["name"] for site in mine] == ["Elsewhere"]


def test_a_compartment_is_shown_with_its_state_and_who_holds_it(
    estate: Estate, api: Api, at: dt.datetime
) -> None:
    got = claim(estate, at)
    shown = api("olga").get(f"/api/v1/compartments/{got.compartment_id}/").json()
    assert shown["state"] == {
        "shown": "occupied",
        "allocation": "occupied",
        "door": "closed",
        "reason": "",
    }
    assert (shown["number"], shown["size"]["name"]) == ("1", "Small")
    assert shown["assignment"] == got.claim_id


def test_a_silent_bridge_makes_every_state_unknown(
    estate: Estate, api: Api, at: dt.datetime
) -> None:
    BridgePresence.objects.update(last_seen_at=at - dt.timedelta(minutes=1))
    rows = api("olga").get("/api/v1/compartments/").json()["results"]
    assert {(row["state"]["shown"], row["state"]["door"]) for row in rows} == {
        ("offline", "unknown")
    }


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, ["1", "2", "3"]),
        ({"state": "free"}, ["2", "3"]),
        ({"state": "occupied"}, ["1"]),
        ({"state": "overdue"}, []),
        ({"size": "large"}, ["3"]),
        ({"bank": "other"}, []),
    ],
)
def test_compartments_are_filtered(
    estate: Estate, api: Api, at: dt.datetime, query: dict[str, str], numbers: list[str]
) -> None:
    claim(estate, at)
    names = {"large": estate.large.pk, "other": estate.bank.pk + 1000}
    answer = api("olga").get(
        "/api/v1/compartments/", {key: names.get(value, value) for key, value in query.items()}
    )
    assert [row["number"] for row in answer.json()["results"]] == numbers


def test_any_number_of_compartments_takes_the_same_number_of_statements(
    estate: Estate, api: Api, at: dt.datetime
) -> None:
    client = api("olga")

    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get("/api/v1/compartments/").status_code == 200
        return len(queries)

    few = statements()
    for n in range(4, 40):
        door = factories.CompartmentFactory(
            bank=estate.bank, number=str(n), column=n, size=estate.small
        )
        factories.DoorFactory(compartment=door, changed_at=at)
    claim(estate, at)
    assert statements() == few


def test_pages_neither_skip_nor_repeat_when_rows_are_added(
    estate: Estate, api: Api, at: dt.datetime
) -> None:
    def record() -> None:
        events.record(action=Action.OPENED, actor=Actor.job("test"), at=at, site_id=estate.site.pk)

    for _ in range(5):
        record()
    client = api("olga")
    page = client.get("/api/v1/events/", {"action": "door.opened", "page_size": 2}).json()
    seen = [row["id"] for row in page["results"]]
    while page["next"]:
        record()
        page = client.get(page["next"]).json()
        seen += [row["id"] for row in page["results"]]
    assert len(seen) == len(set(seen)) == 5
    assert seen == sorted(seen, reverse=True)


def test_assignments_in_force_and_those_that_are_over(
    estate: Estate, api: Api, at: dt.datetime
) -> None:
    first = claim(estate, at)
    assignments.release(
        claim_id=first.claim_id, how=ClosedHow.FINISHED, actor=Actor.job("test"), at=at
    )
    second = claim(estate, at, "ben")
    client = api("olga")

    def listed(**query: object) -> list[int]:
        answer = client.get("/api/v1/assignments/", query)
        return [row["id"] for row in answer.json()["results"]]

    assert listed() == [second.claim_id, first.claim_id]
    assert listed(in_force=True) == [second.claim_id]
    assert listed(in_force=False) == [first.claim_id]
    assert listed(person=estate.ben.pk) == [second.claim_id]


def test_commands_and_events_tell_the_story_of_a_claim(
    estate: Estate, api: Api, at: dt.datetime
) -> None:
    got = claim(estate, at)
    client = api("olga")
    command = client.get(f"/api/v1/commands/{got.command_id}/").json()
    assert (command["status"], command["assignment"]) == ("queued", got.claim_id)
    told = client.get("/api/v1/events/", {"person": estate.amira.pk, "since": at.isoformat()})
    actions = [row["action"] for row in told.json()["results"]]
    assert actions[:2] == ["assignment.claimed", "door.open_requested"]
    event = told.json()["results"][0]["id"]
    assert client.get(f"/api/v1/events/{event}/").json()["compartment"] == got.compartment_id


def test_events_of_no_site_belong_to_the_organisation_and_log_ins_to_superusers(
    estate: Estate, api: Api, at: dt.datetime
) -> None:
    for organisation in (estate.organisation.pk, None):
        events.record(
            action=Action.LOGIN_FAILED,
            actor=Actor.anonymous(),
            at=at,
            organisation_id=organisation,
        )

    def count(who: str) -> int:
        answer = api(who).get("/api/v1/events/", {"action": "staff.login_failed"})
        return len(answer.json()["results"])

    assert (count("olga"), count("nina"), count("rosa")) == (1, 0, 2)


@pytest.mark.parametrize(
    "path",
    [
        "sites/{other}/",
        "banks/{bank}/",
        "compartments/{door}/",
        "assignments/{claim}/",
        "commands/{command}/",
        "events/{event}/",
    ],
)
def test_missing_and_forbidden_are_the_same_answer(
    estate: Estate, api: Api, at: dt.datetime, path: str
) -> None:
    got = claim(estate, at)
    everything = api("rosa").get("/api/v1/events/").json()["results"]
    there = {
        "other": estate.site.pk,
        "bank": estate.bank.pk,
        "door": got.compartment_id,
        "claim": got.claim_id,
        "command": got.command_id,
        "event": everything[0]["id"],
    }
    missing = dict.fromkeys(there, 99999999)
    missing["command"] = "00000000-0000-4000-8000-000000000000"
    assert api("olga").get(f"/api/v1/{path.format(**there)}").status_code == 200
    forbidden = api("nina").get(f"/api/v1/{path.format(**there)}")
    absent = api("nina").get(f"/api/v1/{path.format(**missing)}")
    assert codes(forbidden) == codes(absent) == (404, "not_found")
    assert forbidden.content == absent.content
