"""The estate and its devices in the administration."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from guardian.shortcuts import assign_perm

from audit.actions import Action
from audit.models import Event
from lockers import introduction
from lockers.choices import ServiceStatus
from lockers.errors import CodeRefused
from lockers.models import Bank, Bridge, Compartment, Site
from tests import factories
from tests.admin_pages import filled_in, signed_in
from tests.bridge_lines import enrol
from tests.factories.cast import Estate

CODE = re.compile(r"[A-Z2-9]{4}(?:-[A-Z2-9]{4}){3}")
BOX, OTHER_BOX = b"b" * 32, b"o" * 32


def page(name: str, row: Any) -> str:
    return reverse(f"admin:lockers_{row._meta.model_name}_{name}", args=[row.pk])


def act(client: Client, model: str, name: str, *chosen: Any, **more: str) -> Any:
    """Run an action of a list, and follow to what says that it is done."""
    return client.post(
        f"/admin/lockers/{model}/",
        {"action": name, "_selected_action": [one.pk for one in chosen], **more},
        follow=True,
    )


def code_in(answer: Any) -> str:
    (code,) = set(CODE.findall(" ".join(map(str, get_messages(answer.wsgi_request)))))
    return code


def recorded(action: Action) -> list[Event]:
    return list(Event.objects.filter(action=action).order_by("pk"))


def test_a_change_to_a_site_is_one_event_with_actor_field_and_both_values(estate: Estate) -> None:
    client = signed_in(estate.max)
    address = page("change", estate.site)
    posted = filled_in(client, address, name="Pier House", time_zone="Europe/Paris")
    assert client.post(address, posted).status_code == 302
    (event,) = recorded(Action.CHANGED)
    assert (event.actor_kind, event.actor_id) == ("staff", str(estate.max.pk))
    assert (event.site_id, event.organisation_id) == (estate.site.pk, estate.organisation.pk)
    assert event.subject == f"lockers.site:{estate.site.pk}"
    assert event.data == {
        "object": "lockers.site",
        "changed": {
            "name": ["Harbour House", "Pier House"],
            "time_zone": ["Europe/London", "Europe/Paris"],
        },
    }


def test_a_change_that_is_refused_leaves_no_event(estate: Estate) -> None:
    client = signed_in(estate.max)
    address = page("change", estate.site)
    answer = client.post(address, filled_in(client, address, time_zone="Europe/Nowhere"))
    assert answer.status_code == 200
    assert "Europe/Nowhere is not a time zone." in answer.content.decode()
    assert recorded(Action.CHANGED) == []
    estate.site.refresh_from_db()
    assert estate.site.time_zone == "Europe/London"


def test_saving_without_a_change_leaves_no_event(estate: Estate) -> None:
    client = signed_in(estate.max)
    address = page("change", estate.site)
    assert client.post(address, filled_in(client, address)).status_code == 302
    assert recorded(Action.CHANGED) == []


def test_deleting_several_is_recorded_only_when_it_happens(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    areas = [factories.AreaFactory(site=estate.site, name=name) for name in ("East", "West")]

    def fails(*_args: object, **_more: object) -> None:
        raise RuntimeError("the power went")

    with monkeypatch.context() as broken, pytest.raises(RuntimeError):
        broken.setattr("django.contrib.admin.ModelAdmin.delete_queryset", fails)
        act(signed_in(estate.max), "area", "delete_selected", *areas, post="yes")
    assert recorded(Action.DELETED) == []
    act(signed_in(estate.max), "area", "delete_selected", *areas, post="yes")
    assert len(recorded(Action.DELETED)) == 2


def test_opening_hours_that_come_change_and_go_are_in_the_trail(estate: Estate) -> None:
    client = signed_in(estate.max)
    address = page("change", estate.site)
    prefix = "opening_hours"
    hours = {"weekday": "0", "opens_at": "07:00", "closes_at": "19:00"}
    new = {f"{prefix}-0-{name}": value for name, value in hours.items()}
    posted = filled_in(client, address) | new | {f"{prefix}-TOTAL_FORMS": 1}
    answer = client.post(address, posted)
    assert answer.status_code == 302, answer.context["errors"]
    posted = filled_in(client, address) | {f"{prefix}-0-opens_at": "08:30"}
    assert client.post(address, posted).status_code == 302
    posted = filled_in(client, address) | {f"{prefix}-0-DELETE": "on"}
    assert client.post(address, posted).status_code == 302
    lines = [event.data["related"][0] for event in recorded(Action.CHANGED)]
    assert [line["done"] for line in lines] == ["added", "changed", "deleted"]
    assert lines[0]["values"]["opens_at"] == ["", "07:00:00"]
    assert lines[1]["values"] == {"opens_at": ["07:00:00", "08:30:00"]}
    assert lines[2]["values"]["opens_at"] == ["08:30:00", ""]


def test_who_only_sees_a_site_reads_its_opening_hours(estate: Estate) -> None:
    estate.site.opening_hours.create(weekday=0, opens_at="07:00", closes_at="19:00")
    answer = signed_in(estate.olga).get(page("change", estate.site))
    hours = answer.context["inline_admin_formsets"][0]
    assert len(hours.formset.initial_forms) == 1
    assert not (hours.has_add_permission or hours.has_change_permission)
    assert not hours.has_delete_permission


def test_adding_and_deleting_an_area_are_events_of_their_site(estate: Estate) -> None:
    client = signed_in(estate.max)
    posted = {"site": estate.site.pk, "name": "Annexe", "kind": "zone", "position": 0}
    assert client.post("/admin/lockers/area/add/", posted).status_code == 302
    area = estate.site.areas.get(name="Annexe")
    assert client.post(page("delete", area), {"post": "yes"}).status_code == 302
    for action in (Action.ADDED, Action.DELETED):
        (event,) = recorded(action)
        assert (event.actor_id, event.site_id) == (str(estate.max.pk), estate.site.pk)
        assert event.subject == f"lockers.area:{area.pk}"


def test_deleting_several_leaves_one_event_each(estate: Estate) -> None:
    areas = [factories.AreaFactory(site=estate.site) for _ in range(3)]
    act(signed_in(estate.max), "area", "delete_selected", *areas, post="yes")
    assert not estate.site.areas.exists()
    assert {event.subject for event in recorded(Action.DELETED)} == {
        f"lockers.area:{area.pk}" for area in areas
    }


def test_who_only_sees_a_site_deletes_nothing_there_by_an_action(estate: Estate) -> None:
    mine = factories.AreaFactory(site=estate.site)
    theirs = factories.AreaFactory(site=estate.other_site)
    assign_perm("view_site", estate.max, estate.other_site)
    act(signed_in(estate.max), "area", "delete_selected", mine, theirs, post="yes")
    assert estate.other_site.areas.filter(pk=theirs.pk).exists()
    assert recorded(Action.DELETED) == []


@pytest.fixture
def second(estate: Estate) -> Site:
    """Another site of the same organisation that Max may see but not manage."""
    site: Site = factories.SiteFactory(organisation=estate.organisation, name="Depot")
    assign_perm("view_site", estate.max, site)
    return site


def test_a_bank_is_not_moved_to_a_site_one_does_not_manage_by_posting_its_id(
    estate: Estate, second: Site
) -> None:
    client = signed_in(estate.max)
    bank = factories.BankFactory(site=estate.site, bridge=None, name="B")
    address = page("change", bank)
    for site in (second, estate.other_site):
        answer = client.post(address, filled_in(client, address, site=site.pk))
        assert answer.status_code == 200
        assert "site" in answer.context["adminform"].form.errors
        bank.refresh_from_db()
        assert bank.site_id == estate.site.pk
    assert recorded(Action.CHANGED) == []


def test_a_bank_moves_to_a_site_that_one_manages_too(estate: Estate, second: Site) -> None:
    assign_perm("manage_site", estate.max, second)
    client = signed_in(estate.max)
    bank = factories.BankFactory(site=estate.site, bridge=None, name="B")
    address = page("change", bank)
    assert client.post(address, filled_in(client, address, site=second.pk)).status_code == 302
    bank.refresh_from_db()
    assert bank.site_id == second.pk
    (event,) = recorded(Action.CHANGED)
    assert event.data["changed"] == {"site": ["Harbour House", "Depot"]}


def test_a_bank_is_not_added_at_a_site_one_does_not_manage(estate: Estate, second: Site) -> None:
    posted = {"site": second.pk, "name": "B", "plinth_mm": 100, "position": 0}
    answer = signed_in(estate.max).post("/admin/lockers/bank/add/", posted)
    assert answer.status_code == 200
    assert not Bank.objects.filter(site=second).exists()


def test_a_compartment_is_not_moved_to_a_bank_one_does_not_manage(
    estate: Estate, second: Site
) -> None:
    there = factories.BankFactory(site=second)
    client = signed_in(estate.max)
    address = page("change", estate.doors[0])
    answer = client.post(
        address, filled_in(client, address, bank=there.pk, controller="", channel="")
    )
    assert answer.status_code == 200
    assert Compartment.objects.get(pk=estate.doors[0].pk).bank_id == estate.bank.pk


def test_a_site_that_one_only_sees_is_not_changed(estate: Estate, second: Site) -> None:
    client = signed_in(estate.max)
    answer = client.post(page("change", second), {"name": "Mine", "time_zone": "Europe/London"})
    assert answer.status_code == 404
    second.refresh_from_db()
    assert second.name == "Depot"


def test_the_service_status_of_a_compartment_is_only_read(estate: Estate) -> None:
    door = estate.doors[0]
    client = signed_in(estate.rosa)
    address = page("change", door)
    assert "service_status" not in client.get(address).context["adminform"].form.fields
    posted = filled_in(
        client, address, service_status=ServiceStatus.OUT_OF_SERVICE, service_note="x", floor_mm=950
    )
    assert client.post(address, posted).status_code == 302
    door.refresh_from_db()
    assert door.floor_mm == 950
    assert (door.service_status, door.service_note) == (ServiceStatus.IN_SERVICE, "")
    (event,) = recorded(Action.CHANGED)
    assert (event.bank_id, event.compartment_id) == (estate.bank.pk, door.pk)
    assert event.data["changed"] == {"floor_mm": ["900", "950"]}


@pytest.fixture
def fresh(estate: Estate) -> Bridge:
    """A bridge that nobody enrolled yet."""
    bridge: Bridge = factories.BridgeFactory(site=estate.site, name="Bridge B")
    return bridge


def test_the_code_of_a_bridge_is_shown_once_and_only_its_public_half_stored(
    estate: Estate, fresh: Bridge
) -> None:
    client = signed_in(estate.max)
    code = code_in(act(client, "bridge", "make_code", fresh))
    assert code not in client.get("/admin/lockers/bridge/").content.decode()
    assert code not in client.get(page("change", fresh)).content.decode()
    fresh.refresh_from_db()
    assert fresh.code_key == introduction.code_key(code).hex()
    (event,) = recorded(Action.ENROLMENT_CODE_MADE)
    assert event.subject == f"bridge:{fresh.pk}"
    assert (event.actor_id, event.site_id) == (str(estate.max.pk), estate.site.pk)
    assert code not in f"{event.data} {event.reason}"


def test_the_code_of_a_bridge_works_once_within_half_an_hour(
    estate: Estate, fresh: Bridge, at: dt.datetime
) -> None:
    with time_machine.travel(at, tick=False):
        client = signed_in(estate.max)
        late = code_in(act(client, "bridge", "make_code", fresh))
        with pytest.raises(CodeRefused):
            enrol(late, at + dt.timedelta(minutes=30))
        code = code_in(act(client, "bridge", "make_code", fresh))
    soon = at + dt.timedelta(minutes=29)
    assert enrol(code, soon, BOX) == fresh
    fresh.refresh_from_db()
    assert (fresh.public_key, fresh.enrolled_at) == (introduction.public_key(BOX).hex(), soon)
    with pytest.raises(CodeRefused):
        enrol(code, soon, OTHER_BOX)


def test_revoking_a_bridge_kills_its_key_and_its_code(estate: Estate, at: dt.datetime) -> None:
    with time_machine.travel(at, tick=False):
        client = signed_in(estate.max)
        code = code_in(act(client, "bridge", "make_code", estate.bridge))
        act(client, "bridge", "revoke", estate.bridge)
    estate.bridge.refresh_from_db()
    assert (estate.bridge.public_key, estate.bridge.code_key) == ("", "")
    assert estate.bridge.revoked_at == at
    with pytest.raises(CodeRefused):
        enrol(code, at)
    (event,) = recorded(Action.REVOKED)
    assert event.subject == f"bridge:{estate.bridge.pk}"
    assert (event.actor_id, event.site_id) == (str(estate.max.pk), estate.site.pk)


def test_a_bridge_is_asked_for_a_new_key(estate: Estate, at: dt.datetime) -> None:
    with time_machine.travel(at, tick=False):
        told = act(signed_in(estate.max), "bridge", "roll_key", estate.bridge).content.decode()
    assert "Bridge A makes itself a new key" in told
    estate.bridge.refresh_from_db()
    assert estate.bridge.roll_asked_at == at
    (event,) = recorded(Action.KEY_ROLL_ASKED)
    assert (event.subject, event.actor_id) == (f"bridge:{estate.bridge.pk}", str(estate.max.pk))


def test_a_bridge_that_is_not_enrolled_has_no_key_to_roll(estate: Estate, fresh: Bridge) -> None:
    told = act(signed_in(estate.max), "bridge", "roll_key", fresh).content.decode()
    assert "Bridge B is not enrolled." in told
    fresh.refresh_from_db()
    assert fresh.roll_asked_at is None
    assert recorded(Action.KEY_ROLL_ASKED) == []


@pytest.mark.parametrize("name", ["make_code", "roll_key", "revoke"])
def test_who_only_sees_a_site_decides_nothing_about_its_bridge(
    estate: Estate, second: Site, name: str
) -> None:
    theirs = factories.BridgeFactory(site=second, public_key="ab" * 32)
    act(signed_in(estate.max), "bridge", name, theirs)
    theirs.refresh_from_db()
    assert (theirs.public_key, theirs.code_key) == ("ab" * 32, "")
    assert (theirs.revoked_at, theirs.roll_asked_at) == (None, None)


def test_a_bridge_is_not_enrolled_by_posting_a_key(estate: Estate, fresh: Bridge) -> None:
    client = signed_in(estate.max)
    address = page("change", fresh)
    posted = filled_in(
        client, address, public_key="ab" * 32, code_key="ab" * 32, enrolled_at="2026-01-01"
    )
    assert client.post(address, posted).status_code == 302
    fresh.refresh_from_db()
    assert (fresh.public_key, fresh.code_key, fresh.enrolled_at) == ("", "", None)
