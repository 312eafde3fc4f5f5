"""Incidents where people look: on the page of a person, of a compartment, and beside the map."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from guardian.shortcuts import assign_perm

from access.models import Incident
from access.services import incidents
from audit.services.events import Actor
from tests import factories
from tests.admin_pages import signed_in
from tests.factories.cast import SETUP, Estate


def reported(estate: Estate, at: dt.datetime, summary: str = "Door bent", **about: Any) -> Incident:
    incident = Incident(
        site=about.pop("site", estate.site), kind="damage", summary=summary, happened_at=at, **about
    )
    return incidents.report(
        incident=incident, user_id=estate.olga.pk, actor=Actor.staff(estate.olga.pk), at=at
    )


@pytest.fixture
def pages(estate: Estate) -> dict[str, str]:
    return {
        "person": reverse("admin:access_person_change", args=[estate.amira.pk]),
        "compartment": reverse("admin:lockers_compartment_change", args=[estate.doors[0].pk]),
    }


@pytest.mark.parametrize("name", ["person", "compartment"])
def test_a_page_shows_the_latest_with_links_to_all_and_to_a_new_one(
    estate: Estate, at: dt.datetime, pages: dict[str, str], name: str
) -> None:
    about = {"person": estate.amira} if name == "person" else {"compartment": estate.doors[0]}
    for day in range(7):
        reported(estate, at - dt.timedelta(days=day), f"Number {day}.", **about)
    incidents.close(incident=Incident.objects.get(summary="Number 0."), actor=SETUP, at=at)
    client = signed_in(estate.olga)
    text = client.get(pages[name]).content.decode()
    assert [day for day in range(7) if f"Number {day}." in text] == [0, 1, 2, 3, 4]
    assert "(6 open)" in text
    pk = next(iter(about.values())).pk
    everything = f"{reverse('admin:access_incident_changelist')}?{name}__id__exact={pk}"
    assert everything in text
    rows = client.get(everything).context["cl"].result_list
    assert len(rows) == 7
    new = client.get(f"{reverse('admin:access_incident_add')}?{name}={pk}&site={estate.site.pk}")
    assert str(new.context["adminform"].form.initial[name]) == str(pk)


def test_who_may_only_look_is_offered_no_report_and_sees_no_other_site(
    estate: Estate, at: dt.datetime, pages: dict[str, str]
) -> None:
    annex = factories.SiteFactory(organisation=estate.organisation)
    reported(estate, at, "Seen elsewhere.", site=annex, person=estate.amira)
    viewer = factories.UserFactory(username="viewer")
    assign_perm("view_site", viewer, estate.site)
    text = signed_in(viewer).get(pages["person"]).content.decode()
    assert "Nothing was reported." in text
    assert "Seen elsewhere." not in text
    assert reverse("admin:access_incident_add") not in text


def test_the_panel_of_a_door_counts_the_open_ones_and_leads_to_a_new_one(
    estate: Estate, at: dt.datetime
) -> None:
    reported(estate, at, compartment=estate.doors[0])
    reported(estate, at, compartment=estate.doors[1])
    address = reverse("map-door", args=[estate.doors[0].pk])
    text = signed_in(estate.olga).get(address).content.decode()
    assert "1 open incident<" in text
    about = f"?site={estate.site.pk}&amp;compartment={estate.doors[0].pk}&amp;person="
    assert reverse("admin:access_incident_add") + about in text
    viewer = factories.UserFactory(username="viewer")
    assign_perm("view_site", viewer, estate.site)
    text = signed_in(viewer).get(address).content.decode()
    assert "1 open incident<" in text
    assert "Report an incident" not in text
    assert signed_in(estate.nina).get(address).status_code == 404


def test_a_page_takes_as_many_queries_for_many_incidents_as_for_few(
    estate: Estate, at: dt.datetime, pages: dict[str, str]
) -> None:
    client = signed_in(estate.olga)
    reported(estate, at, person=estate.amira)
    client.get(pages["person"])
    with CaptureQueriesContext(connection) as few:
        client.get(pages["person"])
    for _each in range(6):
        reported(estate, at, person=estate.amira)
    with CaptureQueriesContext(connection) as many:
        client.get(pages["person"])
    assert len(many) == len(few)
