"""The trail in the administration: read, searched and exported, by those whose sites it is."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test import AsyncClient, AsyncRequestFactory, Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from guardian.shortcuts import assign_perm

from audit import exports
from audit.actions import Action
from audit.models import Event
from audit.services import events
from audit.services.events import Actor
from tests import factories
from tests.admin_pages import signed_in
from tests.factories.cast import Estate

LIST = "/admin/audit/event/"


@pytest.fixture
def ours(estate: Estate, at: dt.datetime) -> Event:
    """An event at Harbour House that says its actor and person by number only."""
    return told(
        at,
        actor=Actor.staff(estate.olga.pk),
        site_id=estate.site.pk,
        bank_id=estate.bank.pk,
        compartment_id=estate.doors[0].pk,
        person_id=estate.amira.pk,
        subject="assignment:77",
        reason="key was lost",
        data={"minutes": 5, "note": "lost"},
    )


@pytest.fixture
def theirs(estate: Estate, at: dt.datetime) -> Event:
    """An event at Elsewhere."""
    return told(
        at,
        actor=Actor.staff(estate.nina.pk),
        site_id=estate.other_site.pk,
        person_id=estate.amira.pk,
        reason="elsewhere only",
    )


def told(at: dt.datetime, *, actor: Actor, **more: Any) -> Event:
    """Record an event and return it."""
    events.record(action=Action.RELEASED, actor=actor, at=at, **more)
    return Event.objects.latest("pk")


def shown(client: Client, **query: str) -> set[int]:
    """Return the ids in the list for a query."""
    answer = client.get(LIST, query)
    assert answer.status_code == 200
    return {event.pk for event in answer.context["cl"].result_list}


def export(client: Client, *chosen: Event, **more: str) -> Any:
    return client.post(
        LIST, {"action": "export_csv", "_selected_action": [e.pk for e in chosen], **more}
    )


def rows(answer: Any) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(text.splitlines()))


def page(name: str, event: Event | int) -> str:
    return reverse(f"admin:audit_event_{name}", args=[getattr(event, "pk", event)])


@pytest.mark.parametrize("who", ["rosa", "max"])
def test_nobody_can_add_change_or_delete_an_event(estate: Estate, ours: Event, who: str) -> None:
    client = signed_in(getattr(estate, who))
    count = Event.objects.count()
    assert client.get(reverse("admin:audit_event_add")).status_code in (403, 404)
    assert client.post(reverse("admin:audit_event_add"), {"reason": "x"}).status_code in (403, 404)
    assert client.get(page("delete", ours)).status_code in (403, 404)
    assert client.post(page("delete", ours), {"post": "yes"}).status_code in (403, 404)
    assert client.post(page("change", ours), {"reason": "other"}).status_code in (403, 404)
    assert Event.objects.count() == count
    assert Event.objects.get(pk=ours.pk).reason == "key was lost"


def test_the_page_of_an_event_has_nothing_to_type_into_and_no_save(
    estate: Estate, ours: Event
) -> None:
    answer = signed_in(estate.rosa).get(page("change", ours))
    assert answer.status_code == 200
    assert "key was lost" in answer.content.decode()
    assert not answer.context["adminform"].form.fields
    assert b'name="_save"' not in answer.content


def test_not_even_a_superuser_is_offered_to_delete_the_selected_events(
    estate: Estate, ours: Event
) -> None:
    client = signed_in(estate.rosa)
    offered = {
        name for name, _label in client.get(LIST).context["action_form"].fields["action"].choices
    }
    assert offered == {"", "export_csv"}
    client.post(LIST, {"action": "delete_selected", "_selected_action": [ours.pk], "post": "yes"})
    assert Event.objects.filter(pk=ours.pk).exists()


def test_staff_see_events_of_their_sites_only(estate: Estate, ours: Event, theirs: Event) -> None:
    assert ours.pk in shown(signed_in(estate.olga)) and theirs.pk not in shown(
        signed_in(estate.olga)
    )
    assert shown(signed_in(estate.nina)) == {theirs.pk}
    assert {ours.pk, theirs.pk} <= shown(signed_in(estate.rosa))


def test_an_event_of_no_site_is_for_superusers(estate: Estate, at: dt.datetime) -> None:
    event = told(at, actor=Actor.job("nightly"))
    assert event.pk in shown(signed_in(estate.rosa))
    assert event.pk not in shown(signed_in(estate.max))


def test_an_event_of_an_organisation_is_for_the_staff_of_its_sites(
    estate: Estate, at: dt.datetime
) -> None:
    event = told(at, actor=Actor.job("nightly"), organisation_id=estate.organisation.pk)
    assert event.pk in shown(signed_in(estate.max))
    elsewhere = factories.SiteFactory(organisation=factories.OrganisationFactory(name="Another"))
    stranger = factories.UserFactory(username="stranger")
    assign_perm("lockers.view_site", stranger, elsewhere)
    assert event.pk not in shown(signed_in(stranger))


@pytest.mark.parametrize("name", ["change", "history", "delete"])
def test_somebody_elses_event_looks_like_one_that_is_missing(
    estate: Estate, ours: Event, name: str
) -> None:
    client = signed_in(estate.nina)
    forbidden, missing = client.get(page(name, ours)), client.get(page(name, 99_999_999))
    assert forbidden.status_code == missing.status_code
    assert forbidden.get("Location") == missing.get("Location")
    assert forbidden.status_code in ((403, 404) if name == "delete" else (404,))


def test_the_list_finds_words(estate: Estate, ours: Event, theirs: Event) -> None:
    client = signed_in(estate.rosa)
    assert shown(client, q="key was lost") == {ours.pk}
    assert shown(client, q="assignment:77") == {ours.pk}
    assert shown(client, q="assignment.released") >= {ours.pk, theirs.pk}
    assert shown(client, q="nothing says this") == set()


def test_the_list_finds_a_person_and_a_compartment_by_number(
    estate: Estate, ours: Event, theirs: Event, at: dt.datetime
) -> None:
    client = signed_in(estate.rosa)
    other = told(at, actor=Actor.job("tests"), site_id=estate.site.pk, person_id=estate.ben.pk)
    person = shown(client, q=f"person:{estate.amira.pk}")
    assert {ours.pk, theirs.pk} <= person and other.pk not in person
    assert shown(client, q=f" compartment:{estate.doors[0].pk} ") == {ours.pk}
    assert shown(client, q=f"compartment:{estate.doors[1].pk}") == set()


def test_a_search_by_number_stays_within_ones_sites(
    estate: Estate, ours: Event, theirs: Event
) -> None:
    query = f"person:{estate.amira.pk}"
    assert shown(signed_in(estate.nina), q=query) == {theirs.pk}
    assert theirs.pk not in shown(signed_in(estate.olga), q=query)


@pytest.mark.parametrize("query", ["person:²", f"person:{'9' * 40}", "person:", "person:x", ":12"])
def test_a_search_for_no_real_number_finds_nothing(estate: Estate, ours: Event, query: str) -> None:
    assert shown(signed_in(estate.rosa), q=query) == set()


def test_names_are_found_when_the_trail_is_read(estate: Estate, ours: Event) -> None:
    text = signed_in(estate.rosa).get(LIST, {"q": "key was lost"}).content.decode()
    assert "olga" in text
    assert f'<a class="underline" href="?q=person:{estate.amira.pk}">Amira Example</a>' in text
    assert "Harbour House, A, 1</a>" in text


def test_whoever_is_gone_stays_a_number(estate: Estate, at: dt.datetime) -> None:
    told(at, actor=Actor.staff(99_999_999), site_id=estate.site.pk, reason="long ago")
    text = signed_in(estate.rosa).get(LIST, {"q": "long ago"}).content.decode()
    assert "staff 99999999" in text


def test_an_export_streams_a_header_and_the_chosen_events(
    estate: Estate, ours: Event, theirs: Event
) -> None:
    answer = export(signed_in(estate.rosa), ours)
    assert answer.streaming
    assert answer["Content-Type"].startswith("text/csv")
    assert answer["Content-Disposition"] == 'attachment; filename="events.csv"'
    (row,) = rows(answer)
    assert row["id"] == str(ours.pk)
    assert row["occurred_at"] == "2026-11-17 09:00:00+00:00"
    assert row["action"] == "assignment.released"
    assert row["actor_kind"] == "staff" and row["actor_id"] == str(estate.olga.pk)
    assert row["person_id"] == str(estate.amira.pk)
    assert row["reason"] == "key was lost"


def test_the_facts_in_an_export_are_json(estate: Estate, ours: Event) -> None:
    (row,) = rows(export(signed_in(estate.rosa), ours))
    assert json.loads(row["data"]) == {"minutes": 5, "note": "lost"}


@pytest.mark.parametrize(
    "begin", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "\n=", "\uff1d", "\uff0b"]
)
def test_no_spreadsheet_runs_what_somebody_typed(
    estate: Estate, at: dt.datetime, begin: str
) -> None:
    formula = f'{begin}HYPERLINK("http://example.com";"x")'
    event = told(at, actor=Actor.job("tests"), site_id=estate.site.pk, reason=formula)
    answer = export(signed_in(estate.rosa), event)
    text = b"".join(answer.streaming_content).decode()
    (_header, row) = csv.reader(text.splitlines(keepends=True))
    assert f"'{formula}" in row


def test_an_export_of_everything_holds_only_ones_own_sites(
    estate: Estate, ours: Event, theirs: Event
) -> None:
    client = signed_in(estate.nina)
    found = rows(export(client, theirs, ours, select_across="1"))
    assert {row["id"] for row in found} == {str(theirs.pk)}


def test_an_export_of_somebody_elses_event_gives_none(
    estate: Estate, ours: Event, theirs: Event
) -> None:
    assert rows(export(signed_in(estate.nina), ours)) == []


def test_an_export_is_an_event_itself(estate: Estate, ours: Event, theirs: Event) -> None:
    client = signed_in(estate.olga)
    before = Event.objects.count()
    rows(export(client, ours))
    event = Event.objects.get(action=Action.EXPORTED)
    assert Event.objects.count() == before + 1
    assert (event.actor_kind, event.actor_id) == ("staff", str(estate.olga.pk))
    assert event.subject == "audit.event"
    assert event.data["rows"] == 1


def test_a_page_of_fifty_events_asks_the_database_no_more_than_one_of_five(
    estate: Estate, at: dt.datetime
) -> None:
    client = signed_in(estate.rosa)

    def tell(number: int) -> None:
        staff = factories.UserFactory()
        person = factories.PersonFactory(organisation=estate.organisation)
        terminal = factories.TerminalFactory(bank=estate.bank)
        bridge = factories.BridgeFactory(site=estate.site)
        actors = [
            Actor.staff(staff.pk), Actor.person(person.pk), Actor.terminal(terminal.pk),
            Actor.bridge(bridge.pk), Actor.job("nightly"),
        ]  # fmt: skip
        for actor in actors[:number]:
            told(at, actor=actor, site_id=estate.site.pk, person_id=person.pk, subject="counted:1")

    def asked(rows: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(LIST, {"q": "counted:1"})
        assert len(answer.context["cl"].result_list) == rows
        return len(queries)

    tell(5)
    shown(client)  # what is only asked once in a process
    few = asked(5)
    for _ in range(9):
        tell(5)
    assert asked(50) == few


@pytest.mark.django_db(transaction=True)
async def test_an_asynchronous_server_sends_an_export_while_it_is_read(at: dt.datetime) -> None:
    rosa = await sync_to_async(factories.UserFactory)(is_superuser=True)
    for _ in range(3):
        await sync_to_async(told)(at, actor=Actor.job("tests"), reason="many")

    class Read:
        count = 0

    def rows_read() -> Iterator[list[str]]:
        for number in range(1200):
            Read.count += 1
            yield [str(number)]

    request = AsyncRequestFactory().get(LIST)
    answer: Any = exports.response(request, rows_read(), "many.csv")
    parts = aiter(answer.streaming_content)
    first = await anext(parts)
    assert first.startswith(b"0\r\n1\r\n")
    assert Read.count == 500, "rows are read ahead of what is sent"
    assert len([first] + [part async for part in parts]) == 3

    client = AsyncClient()
    await client.aforce_login(rosa)
    chosen = [pk async for pk in Event.objects.filter(reason="many").values_list("pk", flat=True)]
    answer = await client.post(LIST, {"action": "export_csv", "_selected_action": chosen})
    text = b"".join([part async for part in answer.streaming_content]).decode()
    assert {row["id"] for row in csv.DictReader(text.splitlines())} == set(map(str, chosen))
