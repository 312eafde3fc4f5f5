"""The incident log: reported, added to, closed; nothing that was written changes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse

from access.models import Incident, IncidentNote
from access.services import incidents
from audit.models import Event
from audit.services.events import Actor
from tests.admin_pages import signed_in
from tests.factories.cast import Estate

STAFF = Actor.staff(1)
ADD = "/admin/access/incident/add/"


def posted(estate: Estate, **more: Any) -> dict[str, Any]:
    return {
        "site": estate.site.pk,
        "kind": "damage",
        "summary": "Hinge broken",
        "happened_at_0": "2026-11-17",
        "happened_at_1": "09:00",
        "person": estate.amira.pk,
        "compartment": estate.doors[0].pk,
        "notes-TOTAL_FORMS": "0",
        "notes-INITIAL_FORMS": "0",
        **more,
    }


def incident(estate: Estate, at: dt.datetime) -> Incident:
    return incidents.report(
        incident=Incident(
            site=estate.site, kind="loss", summary="Bag gone", happened_at=at, person=estate.ben
        ),
        user_id=1, actor=STAFF, at=at,
    )  # fmt: skip


def test_who_works_at_the_site_reports_and_the_trail_keeps_no_words(estate: Estate) -> None:
    answer = signed_in(estate.olga).post(ADD, posted(estate))
    assert answer.status_code == 302, answer.context["errors"]
    made = Incident.objects.get()
    assert (made.person, made.compartment, made.reported_by) == (
        estate.amira, estate.doors[0], estate.olga.pk
    )  # fmt: skip
    told = Event.objects.get(action="incident.reported")
    assert (told.site_id, told.compartment_id, told.person_id) == (
        estate.site.pk, estate.doors[0].pk, estate.amira.pk
    )  # fmt: skip
    assert "Hinge" not in str([event.data for event in Event.objects.all()])


def test_an_incident_is_at_one_site_with_what_belongs_there(estate: Estate) -> None:
    elsewhere = posted(estate, site=estate.other_site.pk)
    answer = signed_in(estate.rosa).post(ADD, elsewhere)
    assert answer.status_code == 200
    assert "belongs to another organisation" in answer.text


def test_notes_are_added_and_what_was_written_stays(estate: Estate, at: dt.datetime) -> None:
    one = incident(estate, at)
    client = signed_in(estate.olga)
    page = reverse("admin:access_incident_add_note", args=[one.pk])
    client.post(page, {"text": "Found in the sauna."})
    client.post(page, {"text": "Given back."})
    client.post(page, {"text": " "})
    assert list(IncidentNote.objects.values_list("text", "written_by")) == [
        ("Found in the sauna.", estate.olga.pk), ("Given back.", estate.olga.pk),
    ]  # fmt: skip
    change = reverse("admin:access_incident_change", args=[one.pk])
    client.post(change, posted(estate, summary="Nothing happened"))
    one.refresh_from_db()
    assert one.summary == "Bag gone"
    assert client.post(reverse("admin:access_incident_delete", args=[one.pk])).status_code == 404


def test_closing_and_opening_again_are_each_told_once(estate: Estate, at: dt.datetime) -> None:
    one = incident(estate, at)
    client = signed_in(estate.olga)
    for page in ("close", "close", "reopen"):
        client.post(reverse(f"admin:access_incident_{page}", args=[one.pk]))
    one.refresh_from_db()
    assert one.closed_at is None
    told = Event.objects.filter(action__startswith="incident.").values_list("action", flat=True)
    assert sorted(told) == ["incident.closed", "incident.reopened", "incident.reported"]


def test_other_sites_neither_see_nor_touch_it(estate: Estate, at: dt.datetime) -> None:
    one = incident(estate, at)
    client = signed_in(estate.nina)
    for page in ("change", "add_note", "close", "reopen"):
        assert client.get(
            reverse(f"admin:access_incident_{page}", args=[one.pk])
        ).status_code == 404  # fmt: skip
    assert "Bag gone" not in client.get(reverse("admin:access_incident_changelist")).text


def test_the_page_of_a_person_begins_one_about_them(estate: Estate) -> None:
    client = signed_in(estate.max)
    page = reverse("admin:access_person_report_incident", args=[estate.amira.pk])
    form = client.get(page, follow=True).context["adminform"].form
    assert str(form.initial["person"]) == str(estate.amira.pk)
    assert str(form.initial["site"]) == str(estate.site.pk)
