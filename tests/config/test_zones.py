"""Staff read the time of their own sites."""

from __future__ import annotations

import datetime as dt

import pytest

from access.models import Incident
from access.services import incidents
from lockers.models import Site
from tests.admin_pages import signed_in
from tests.factories.cast import SETUP, Estate


@pytest.mark.parametrize(
    ("zone", "shown"), [("Asia/Kathmandu", "17 Nov 2026, 14:45"), ("UTC", "17 Nov 2026, 09:00")]
)
def test_the_administration_speaks_the_time_of_its_sites(
    estate: Estate, at: dt.datetime, zone: str, shown: str
) -> None:
    Site.objects.filter(pk=estate.site.pk).update(time_zone=zone)
    incident = Incident(site=estate.site, kind="damage", summary="Door bent", happened_at=at)
    incidents.report(incident=incident, user_id=None, actor=SETUP, at=at)
    page = signed_in(estate.max).get("/admin/access/incident/").content.decode()
    assert shown in page
    assert f"Times of {zone.split('/')[-1]}" in page


def test_what_staff_type_is_the_time_of_their_sites(estate: Estate, at: dt.datetime) -> None:
    Site.objects.filter(pk=estate.site.pk).update(time_zone="Asia/Kathmandu")
    answer = signed_in(estate.max).post(
        "/admin/access/incident/add/",
        {"site": estate.site.pk, "kind": "damage", "summary": "Door bent",
         "happened_at_0": "17/11/2026", "happened_at_1": "14:45",
         "notes-TOTAL_FORMS": "0", "notes-INITIAL_FORMS": "0"},
    )  # fmt: skip
    assert answer.status_code == 302, answer.context["errors"]
    assert Incident.objects.get().happened_at == at
