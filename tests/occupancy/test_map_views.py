from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from guardian.shortcuts import remove_perm

from audit.actions import Action
from audit.models import Event
from lockers.models import BankOpening, BridgePresence, Command, Compartment
from occupancy.models import Assignment
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from tests.factories.cast import SETUP, Estate

pytestmark = pytest.mark.django_db


@pytest.fixture
def now_estate(db: None) -> Estate:
    """The cast as of this very moment: views ask the real clock."""
    return Estate.build()


def _as(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def _post(client: Client, address: str, key: str | None = None, **data: Any) -> Any:
    return client.post(address, data, headers={"Idempotency-Key": key or uuid.uuid4().hex})


def _door(estate: Estate, verb: str = "", door: int = 0) -> str:
    return reverse(f"map-door{verb}", args=[estate.doors[door].pk])


def _give(estate: Estate) -> Assignment:
    claimed = assignments.claim(
        person_id=estate.amira.pk,
        bank_id=estate.bank.pk,
        wanted=Wanted(compartment_id=estate.doors[0].pk),
        actor=SETUP,
        at=BridgePresence.objects.get(bridge=estate.bridge).last_seen_at,
    )
    return Assignment.objects.get(pk=claimed.claim_id)


def test_the_map_goes_to_the_first_site_that_may_be_seen(now_estate: Estate) -> None:
    answer = _as(now_estate.olga).get("/map/")
    assert answer.headers["Location"] == f"/map/{now_estate.site.pk}/"
    page = _as(now_estate.olga).get(answer.headers["Location"])
    assert "Harbour House" in page.content.decode()
    assert "Elsewhere</option>" not in page.content.decode()


def test_everybody_else_logs_in_first(now_estate: Estate) -> None:
    for address in ("/map/", f"/map/{now_estate.site.pk}/", _door(now_estate)):
        answer = Client().get(address)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/account/login/")


def test_missing_and_forbidden_look_the_same(now_estate: Estate) -> None:
    nina, site, bank = _as(now_estate.nina), now_estate.site.pk, now_estate.bank.pk
    pages = [
        (f"/map/{site}/", "/map/999999/"),
        (f"/map/{site}/drawing/", "/map/999999999999999999999/drawing/"),
        (_door(now_estate), reverse("map-door", args=[999999])),
        (reverse("map-bank", args=[bank]), reverse("map-bank", args=[10**20])),
    ]
    for forbidden, missing in pages:
        answers = [nina.get(forbidden), nina.get(missing)]
        assert [a.status_code for a in answers] == [404, 404]
        assert answers[0].content == answers[1].content


@pytest.mark.parametrize("verb", ["-open", "-release", "-service"])
def test_seeing_a_site_is_not_operating_it(now_estate: Estate, verb: str) -> None:
    for right in ("operate_site", "override_site"):
        remove_perm(right, now_estate.olga, now_estate.site)
    client = _as(now_estate.olga)
    panel = client.get(_door(now_estate))
    assert panel.status_code == 200
    assert "hx-post" not in panel.content.decode()
    assert _post(client, _door(now_estate, verb), reason="because").status_code == 404
    assert not Command.objects.exists()


def test_staff_open_a_door_with_a_reason_and_a_repeat_opens_it_once(now_estate: Estate) -> None:
    client, key = _as(now_estate.olga), uuid.uuid4().hex
    answers = [
        _post(client, _door(now_estate, "-open"), key, reason="Forgot the badge") for _ in range(2)
    ]
    for answer in answers:
        assert answer.status_code == 200
        assert "Waiting for the lock" in answer.content.decode()
    assert Command.objects.get().purpose == "override"
    event = Event.objects.get(action=Action.OPEN_REQUESTED)
    assert (event.reason, event.actor_id) == ("Forgot the badge", str(now_estate.olga.pk))


def test_nothing_is_called_open_before_a_sensor_said_so(now_estate: Estate) -> None:
    client = _as(now_estate.olga)
    _post(client, _door(now_estate, "-open"), reason="A test")
    said = []
    for status in ("sent", "accepted", "opened", "closed", "failed"):
        Command.objects.update(status=status)
        page = client.get(_door(now_estate)).content.decode()
        said.append(page.split('data-status="')[1].split("</p>")[0].split("</span>")[1].strip())
        # Looks again by itself for as long as the end is not known.
        assert ("every 600ms" in page) == (status in {"sent", "accepted"})
    assert said == [
        "Asked to open. Waiting for the lock.",
        "Opening. No sensor has said so yet.",
        "Open: the sensor says so.",
        "Opened, and closed again.",
        "The door did not open. Try again, or go and look.",
    ]


def test_a_change_without_reason_or_key_is_refused_and_says_why(now_estate: Estate) -> None:
    client = _as(now_estate.olga)
    empty = _post(client, _door(now_estate, "-open"), reason=" ")
    assert empty.status_code == 400
    assert "Please say why" in empty.content.decode()
    keyless = client.post(_door(now_estate, "-open"), {"reason": "because"})
    assert keyless.status_code == 400
    assert "idempotency_key_missing" in keyless.content.decode()
    assert not Command.objects.exists()


def test_a_key_that_comes_again_for_something_else_is_refused(now_estate: Estate) -> None:
    client, key = _as(now_estate.olga), uuid.uuid4().hex
    _post(client, _door(now_estate, "-open"), key, reason="The first")
    again = _post(client, _door(now_estate, "-open"), key, reason="Another")
    assert again.status_code == 422


def test_a_silent_bridge_is_said_and_no_command_waits_for_it(now_estate: Estate) -> None:
    BridgePresence.objects.update(connection=None)
    answer = _post(_as(now_estate.olga), _door(now_estate, "-open"), reason="because")
    assert answer.status_code == 503
    assert "cannot be reached right now" in answer.content.decode()
    assert not Command.objects.exists()


def test_staff_release_the_claim_they_saw_and_no_other(now_estate: Estate) -> None:
    claim = _give(now_estate)
    client = _as(now_estate.olga)
    assert "Amira Example" in client.get(_door(now_estate)).content.decode()
    wrong = _post(client, _door(now_estate, "-release", 1), claim=claim.pk, reason="Left early")
    assert wrong.status_code == 409
    right = _post(client, _door(now_estate, "-release"), claim=claim.pk, reason="Left early")
    assert right.status_code == 200
    claim.refresh_from_db()
    assert claim.closed_how == "released_by_staff"
    assert Event.objects.get(action=Action.RELEASED_BY_STAFF).reason == "Left early"


def test_a_held_door_does_not_go_out_of_service(now_estate: Estate) -> None:
    _give(now_estate)
    client = _as(now_estate.olga)
    held = _post(client, _door(now_estate, "-service"), status="out_of_service", reason="Bent")
    assert held.status_code == 409
    assert "Somebody has door 1" in held.content.decode()
    assert Event.objects.filter(action=Action.REFUSED, reason="Bent").count() == 1
    free = _post(client, _door(now_estate, "-service", 1), status="out_of_service", reason="Bent")
    assert free.status_code == 200
    door = Compartment.objects.get(pk=now_estate.doors[1].pk)
    assert (door.service_status, door.service_note) == ("out_of_service", "Bent")
    back = _post(client, _door(now_estate, "-service", 1), status="in_service", reason="Mended")
    assert "Back in service" in back.content.decode()
    facts = [e.data for e in Event.objects.filter(action=Action.SERVICE_CHANGED).order_by("id")]
    assert facts[-1] == {"before": "out_of_service", "after": "in_service"}


def test_opening_a_whole_bank_takes_two_people(now_estate: Estate) -> None:
    olga, maxi = _as(now_estate.olga), _as(now_estate.max)
    ask = reverse("map-bank-open-all", args=[now_estate.bank.pk])
    asked = _post(olga, ask, reason="Fire drill")
    assert "A second person" in asked.content.decode()
    opening = BankOpening.objects.get()
    confirm = reverse("map-opening-confirm", args=[opening.pk])
    assert confirm not in asked.content.decode()
    assert _post(olga, confirm).status_code == 409
    seen = maxi.get(reverse("map-bank", args=[now_estate.bank.pk])).content.decode()
    assert "Fire drill" in seen and confirm in seen
    assert _post(_as(now_estate.nina), confirm).status_code == 404
    confirmed = _post(maxi, confirm)
    assert "3 doors were asked to open" in confirmed.content.decode()
    assert Command.objects.filter(opening=opening).count() == 3
    stopped = _post(olga, reverse("map-opening-cancel", args=[opening.pk]))
    assert "3 doors stay shut" in stopped.content.decode()


def test_a_log_in_without_any_site_is_told_so(now_estate: Estate) -> None:
    remove_perm("view_site", now_estate.nina, now_estate.other_site)
    answer = _as(now_estate.nina).get("/map/")
    assert answer.status_code == 404
    assert "has not been given a site yet" in answer.content.decode()


def test_the_front_door_shows_where_to_go(db: None) -> None:
    page = Client().get("/").content.decode()
    for address in ("/map/", "/kiosk/", "/admin/", "/setup/", "/api/v1/schema/"):
        assert f'href="{address}"' in page
