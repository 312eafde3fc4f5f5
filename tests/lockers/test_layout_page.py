"""The page "New bank from a layout" in the administration."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from guardian.shortcuts import assign_perm

from access.models import User
from audit.models import Event
from lockers.models import Bank, Compartment, Size
from tests import factories
from tests.factories.cast import Estate

PAGE = "/admin/lockers/bank/new-from-layout/"
LIST = "/admin/lockers/bank/"


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def typed(estate: Estate, do: str, **changed: Any) -> dict[str, Any]:
    return {
        "site": estate.site.pk,
        "area": "",
        "name": "Gym",
        "layout": "8 columns of 3 large and 5 small",
        "first_number": "201",
        "plinth_mm": "100",
        "directions": "Behind the gym",
        "lock_kind": "electronic",
        "has_sensor": "on",
        "bridge": "",
        "controller": "",
        "first_channel": "0",
        "do": do,
        **changed,
    }


def problems(estate: Estate, **wrong: Any) -> dict[str, Any]:
    """Return what the form says about a bank that is not created."""
    before = (Bank.objects.count(), Compartment.objects.count(), Size.objects.count())
    told = browser(estate.max).post(PAGE, typed(estate, "create", **wrong))
    assert told.status_code == 200
    assert before == (Bank.objects.count(), Compartment.objects.count(), Size.objects.count())
    assert not Event.objects.filter(action="bank.created").exists()
    errors: dict[str, Any] = told.context["form"].errors
    for sentences in errors.values():
        for sentence in sentences:
            assert sentence in told.content.decode()
    return errors


def test_the_list_of_banks_leads_to_it(estate: Estate) -> None:
    assert reverse("admin:lockers_bank_new_from_layout") == PAGE
    assert f'href="{PAGE}"' in browser(estate.max).get(LIST).content.decode()
    page = browser(estate.max).get(PAGE)
    assert page.status_code == 200
    assert "8 columns of 3 large and 5 small" in page.content.decode()
    assert "<rect" not in page.content.decode()


def test_every_field_has_its_label(estate: Estate) -> None:
    page = browser(estate.max).get(PAGE)
    for field in page.context["form"]:
        assert f'for="{field.id_for_label}"' in page.content.decode()
        assert f'id="{field.id_for_label}"' in page.content.decode()


def test_a_preview_draws_the_bank_and_saves_nothing(estate: Estate) -> None:
    client = browser(estate.max)  # logging in is an event already
    before = (Bank.objects.count(), Compartment.objects.count(), Event.objects.count())
    told = client.post(PAGE, typed(estate, "preview")).content.decode()
    assert told.count("<rect") == 64
    assert ">201</text>" in told and ">264</text>" in told
    assert "64 doors: 24 Large, 40 Small." in told
    assert 'value="Behind the gym"' in told, "nothing typed is lost"
    assert before == (Bank.objects.count(), Compartment.objects.count(), Event.objects.count())


def test_a_preview_needs_no_more_than_a_layout(estate: Estate) -> None:
    posted = {"layout": "1 column of 2 large", "do": "preview"}
    told = browser(estate.max).post(PAGE, posted).content.decode()
    assert told.count("<rect") == 2 and ">1</text>" in told


def test_the_drawing_does_not_run_what_somebody_typed(estate: Estate) -> None:
    told = browser(estate.max).post(PAGE, typed(estate, "preview", name='"><script>alert(1)'))
    assert "<script>alert(1)" not in told.content.decode()


def test_a_bank_is_created_and_shown(estate: Estate) -> None:
    area = factories.AreaFactory(site=estate.site)
    told = browser(estate.max).post(
        PAGE,
        typed(
            estate,
            "create",
            layout="2 columns of 1 large and 2 small",
            area=area.pk,
            bridge=estate.bridge.pk,
            controller=estate.controller.pk,
            first_channel="3",
            plinth_mm="200",
        ),
        follow=True,
    )
    bank = Bank.objects.get(name="Gym")
    assert told.redirect_chain == [(f"/admin/lockers/bank/{bank.pk}/change/", 302)]
    page = told.content.decode()
    assert "Bank Gym was created with 6 doors." in page
    assert page.count("<rect") == 6 and ">206</text>" in page
    assert (bank.site, bank.area, bank.bridge, bank.directions, bank.plinth_mm) == (
        estate.site,
        area,
        estate.bridge,
        "Behind the gym",
        200,
    )
    channels = bank.compartments.order_by("column", "row").values_list("controller", "channel")
    assert list(channels) == [(estate.controller.pk, channel) for channel in range(3, 9)]
    event = Event.objects.get(action="bank.created")
    assert (event.actor_id, event.bank_id) == (str(estate.max.pk), bank.pk)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"lock_kind": "keyed"}, ("keyed", False)),
        ({"has_sensor": ""}, ("electronic", False)),
        ({}, ("electronic", True)),
    ],
)
def test_locks_are_as_chosen(
    estate: Estate, changed: dict[str, str], expected: tuple[str, bool]
) -> None:
    posted = {k: v for k, v in typed(estate, "create", **changed).items() if v != ""}
    assert browser(estate.max).post(PAGE, posted).status_code == 302
    doors = Compartment.objects.filter(bank__name="Gym")
    assert set(doors.values_list("lock_kind", "has_sensor")) == {expected}


@pytest.mark.parametrize(
    ("wrong", "field", "says"),
    [
        ({"layout": "many"}, "layout", "Begin with the number of columns"),
        ({"layout": "1 column of lots"}, "layout", "is not a number of doors and a size"),
        ({"layout": ""}, "layout", "required"),
        ({"name": ""}, "name", "required"),
        ({"name": "A"}, "__all__", "There is a bank A at this site already"),
        ({"first_number": "0"}, "first_number", "greater than or equal to 1"),
        ({"lock_kind": "magic"}, "lock_kind", "valid choice"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_created(
    estate: Estate, wrong: dict[str, str], field: str, says: str
) -> None:
    errors = problems(estate, **wrong)
    assert set(errors) == {field}
    assert says in errors[field][0]


def test_wiring_that_does_not_fit_is_said(estate: Estate) -> None:
    wired = {"bridge": estate.bridge.pk, "controller": estate.controller.pk}
    assert "there are 64 doors" in problems(estate, **wired)["__all__"][0]
    few = {**wired, "layout": "1 column of 2 large"}
    assert "drives door 1 of bank A" in problems(estate, **few)["__all__"][0]
    few["bridge"] = ""
    assert "hangs on another bridge" in problems(estate, **few)["__all__"][0]


@pytest.mark.parametrize("what", ["area", "bridge"])
def test_an_area_or_bridge_of_another_own_site_is_said(estate: Estate, what: str) -> None:
    second = factories.SiteFactory(organisation=estate.organisation)
    assign_perm("manage_site", estate.max, second)
    make = {"area": factories.AreaFactory, "bridge": factories.BridgeFactory}[what]
    errors = problems(estate, **{what: make(site=second).pk})
    assert errors == {what: [f"That {what} belongs to another site."]}


def test_what_somebody_does_not_manage_is_not_offered(estate: Estate) -> None:
    there = estate.other_site
    area = factories.AreaFactory(site=there)
    bridge = factories.BridgeFactory(site=there)
    board = factories.ControllerFactory(bridge=bridge)
    page = browser(estate.max).get(PAGE).content.decode()
    assert f'<option value="{estate.site.pk}"' in page
    for name in (str(there), str(area), str(bridge), str(board)):
        assert name not in page
    errors = problems(estate, site=there.pk, area=area.pk, bridge=bridge.pk, controller=board.pk)
    assert set(errors) == {"site", "area", "bridge", "controller"}
    # To see or operate a site is not enough either.
    assign_perm("operate_site", estate.max, there)
    assign_perm("view_site", estate.max, there)
    assert set(problems(estate, site=there.pk)) == {"site"}


@pytest.mark.parametrize("who", ["olga", "nina"])
def test_whoever_manages_no_site_finds_no_page(estate: Estate, who: str) -> None:
    client = browser(getattr(estate, who))
    assert client.get(PAGE).status_code == 404
    assert client.post(PAGE, typed(estate, "create")).status_code == 404
    assert client.post(PAGE, typed(estate, "preview")).status_code == 404
    assert PAGE not in client.get(LIST).content.decode()
    assert not Bank.objects.filter(name="Gym").exists()


def test_a_log_in_is_needed(estate: Estate) -> None:
    told = Client().post(PAGE, typed(estate, "create"))
    assert told.status_code == 302 and told["Location"].startswith("/admin/login/")
    assert not Bank.objects.filter(name="Gym").exists()
