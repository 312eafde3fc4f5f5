"""Assets, banks that go and labels in the administration."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from guardian.shortcuts import assign_perm

from access.models import Grant, Key, KeyHolding, Lock
from audit.models import Event
from lockers.models import Bank, Compartment
from maintenance import door_labels
from maintenance.models import Asset, AssetModel, Decommissioning
from occupancy.choices import ClosedHow
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from tests import factories
from tests.factories import TerminalFactory
from tests.factories.cast import SETUP, Estate
from tests.maintenance.assets import making


@pytest.fixture
def client(estate: Estate, at: dt.datetime) -> Iterator[Client]:
    """The browser of Max, who manages and maintains the site, on a frozen morning."""
    assign_perm("maintain_site", estate.max, estate.site)
    with time_machine.travel(at, tick=False):
        client = Client()
        client.force_login(estate.max)
        yield client


def url(name: str, *args: Any) -> str:
    return reverse(f"admin:maintenance_{name}", args=args)


def said(answer: Any) -> list[str]:
    return [str(one) for one in answer.context["messages"]]


def test_an_asset_is_bought_delivered_and_installed_by_hand(estate: Estate, client: Client) -> None:
    made_by = making.model(estate, replacement_cost=80)
    client.post(
        url("asset_add"),
        {
            "organisation": estate.organisation.pk, "site": estate.site.pk, "model": made_by.pk,
            "cycles_before": 0, "events-TOTAL_FORMS": 0, "events-INITIAL_FORMS": 0,
        },
    )  # fmt: skip
    asset = Asset.objects.get()
    assert (asset.state, asset.events.get().kind) == ("planned", "planned")
    day = {"on": "2026-11-17"}
    client.post(url("asset_order", asset.pk), {**day, "supplier": "Holt", "cost": "75.50"})
    client.post(
        url("asset_deliver", asset.pk), {**day, "serial": "S-9", "warranty_until": "2028-11-17"}
    )
    client.post(url("asset_install", asset.pk), {**day, "place": estate.doors[0].pk, "by": "Jo"})
    asset.refresh_from_db()
    assert (asset.state, asset.compartment, str(asset.cost)) == (
        "installed", estate.doors[0], "75.50",
    )  # fmt: skip
    text = client.get(url("asset_change", asset.pk)).content.decode()
    for verb in ("Move", "Remove", "Replace", "Add a note"):
        assert verb in text
    assert "Delivered</" not in text


def test_a_day_that_is_still_to_come_is_refused(estate: Estate, client: Client) -> None:
    asset = making.stored(estate, state="planned")
    answer = client.post(url("asset_order", asset.pk), {"on": "2026-11-18", "supplier": "Holt"})
    assert "This day is still to come." in answer.content.decode()
    asset.refresh_from_db()
    assert asset.state == "planned"


def test_only_what_is_planned_is_deleted(estate: Estate, client: Client) -> None:
    kept, gone = making.stored(estate), making.stored(estate, state="planned")
    assert client.post(url("asset_delete", kept.pk), {"post": "yes"}).status_code in (403, 404)
    client.post(url("asset_delete", gone.pk), {"post": "yes"})
    assert list(Asset.objects.all()) == [kept]


def test_a_technician_installs_but_does_not_order(estate: Estate, client: Client) -> None:
    assign_perm("maintain_site", estate.olga, estate.site)
    asset = making.stored(estate, state="planned")
    browser = Client()
    browser.force_login(estate.olga)
    assert browser.get(url("asset_order", asset.pk)).status_code == 404
    assert browser.get(url("asset_install", asset.pk)).status_code == 200
    browser.force_login(estate.nina)
    assert browser.get(url("asset_install", asset.pk)).status_code == 404


def test_a_terminal_is_chosen_among_those_of_the_banks_and_not_typed(
    estate: Estate, client: Client
) -> None:
    foreign = TerminalFactory(bank=factories.BankFactory(site=estate.other_site), name="Far away")
    asset = making.stored(estate, making.model(estate, "terminal"))
    page = client.get(url("asset_install", asset.pk)).content.decode()
    assert f'<option value="{estate.terminal.pk}">' in page
    assert "Far away" not in page
    for number in (foreign.pk, 99_999_999, "", "x"):
        answer = client.post(
            url("asset_install", asset.pk), {"on": "2026-11-17", "place": number, "by": "Jo"}
        )
        assert answer.status_code == 200, number
    told = {"on": "2026-11-17", "place": estate.terminal.pk, "by": "Jo"}
    assert client.post(url("asset_install", asset.pk), told).status_code == 302
    asset.refresh_from_db()
    assert (asset.bank, asset.terminal_id) == (estate.bank, estate.terminal.pk)
    second = making.stored(estate, asset.model)
    page = client.get(url("asset_install", second.pk)).content.decode()
    assert f'<option value="{estate.terminal.pk}">' not in page


def test_a_bank_is_recorded_from_its_page(estate: Estate, client: Client) -> None:
    chosen = {kind: making.model(estate, kind).pk for kind in ("bank", "controller", "lock")}
    page = f"{url('asset_of_bank')}?bank={estate.bank.pk}"
    assert (
        page
        in client.get(reverse("admin:lockers_bank_change", args=[estate.bank.pk])).content.decode()
    )
    assert "5 things of this bank have no asset yet" in client.get(page).content.decode()
    answer = client.post(page, {"on": "2026-11-17", "by": "Holt", **chosen}, follow=True)
    assert said(answer) == ["5 assets were recorded."]
    assert Asset.objects.filter(bank=estate.bank).count() == 4


def test_a_model_of_somebody_else_is_no_choice(estate: Estate, client: Client) -> None:
    foreign = making.model(estate)
    AssetModel.objects.update(organisation=estate.other_site.organisation)
    page = f"{url('asset_of_bank')}?bank={estate.bank.pk}"
    answer = client.post(page, {"on": "2026-11-17", "lock": foreign.pk})
    assert answer.status_code == 200
    assert not Asset.objects.exists()


def test_replacements_are_shown_and_handed_out(
    estate: Estate, client: Client, at: dt.datetime
) -> None:
    made_by = making.model(estate, replacement_cost=100, life_years=5)
    making.installed(estate, estate.doors[0], made_by, on=dt.date(2020, 1, 1))
    text = client.get(url("asset_replacements")).content.decode()
    for words in ("By year", "2026", "100.00", "Replace or repair", "By model", "By bank",
                  "Its 5 years were over on 1 Jan 2025."):  # fmt: skip
        assert words in text, words
    file = b"".join(client.get(url("asset_replacements_csv")))  # type: ignore[arg-type]  # a response
    assert "Its 5 years were over" in file.decode("utf-8-sig")
    assert Event.objects.filter(subject="maintenance.asset:replacements").count() == 1


def test_replacements_of_others_are_not_shown(estate: Estate, client: Client) -> None:
    making.installed(estate, estate.doors[0], serial="S-SECRET")
    browser = Client()
    browser.force_login(estate.nina)
    assert "S-SECRET" not in browser.get(url("asset_replacements")).content.decode()


def test_a_bank_is_decommissioned_without_leaving_a_key_or_a_person_behind(
    estate: Estate, client: Client, at: dt.datetime
) -> None:
    making.whole_bank(estate, at)
    lock = Lock.objects.create(compartment=estate.doors[1])
    key = Key.objects.create(site=estate.site, lock=lock, copy=1)
    holding = KeyHolding.objects.create(
        key=key, person=estate.ben, issued_at=at, signature="Ben", signed_how="typed"
    )
    assignments.claim(
        person_id=estate.amira.pk, bank_id=estate.bank.pk, actor=SETUP, at=at,
        wanted=Wanted(compartment_id=estate.doors[0].pk),
    )  # fmt: skip
    client.post(
        url("decommissioning_begin"), {"bank": estate.bank.pk, "reason": "the building is sold"}
    )
    row = Decommissioning.objects.get()
    page, step = url("decommissioning_change", row.pk), url("decommissioning_step", row.pk)
    text = client.get(page).content.decode()
    assert f"Door 1: {estate.amira}." in text
    assert f"{estate.ben} has the key" in text

    day = {"on": "2026-11-17", "note": "", "certificate": "C-77"}
    refused = client.post(step, day)
    assert "These doors are not empty: 1" in refused.content.decode()
    claim = estate.doors[0].claims.get(closed_at=None)
    assignments.release(claim_id=claim.pk, how=ClosedHow.FINISHED, actor=SETUP, at=at)

    assert said(client.post(step, day, follow=True)) == ["Done: emptied."]
    assert said(client.post(step, day, follow=True)) == ["Done: access taken back."]
    refused = client.post(step, day)
    assert f"({estate.ben})" in refused.content.decode()
    KeyHolding.objects.filter(pk=holding.pk).update(returned_at=at, ended_how="returned")
    for words in ("keys recovered", "data wiped", "taken down", "disposed of", "certificate filed"):
        assert said(client.post(step, day, follow=True)) == [f"Done: {words}."]

    row.refresh_from_db()
    assert (row.done_at, row.certificate) == (at, "C-77")
    assert not Grant.objects.filter(revoked_at=None).exists()
    assert not KeyHolding.objects.filter(returned_at=None).exists()
    assert not Key.objects.filter(status="in_use").exists()
    assert set(Compartment.objects.values_list("service_status", flat=True)) == {"decommissioned"}
    assert set(Asset.objects.values_list("state", flat=True)) == {"disposed"}
    estate.terminal.refresh_from_db()
    assert estate.terminal.revoked_at == at


def test_labels_are_made_for_the_chosen_doors(
    estate: Estate, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def address_of(compartment_id: int) -> str:
        asked.append(compartment_id)
        return f"https://lockers.example.org/d/{compartment_id}/"

    monkeypatch.setattr(door_labels, "address_of", address_of)
    page = reverse("door-labels", args=[estate.bank.pk])
    assert client.get(page).status_code == 200
    answer = client.post(page, {"paper": "L7160", "first": 1, "doors": [estate.doors[1].pk]})
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    assert asked == [estate.doors[1].pk]
    client.post(page, {"paper": "L7651", "first": 3})
    assert asked[1:] == [door.pk for door in estate.doors]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"first": 22}, "A sheet has fewer labels."),
        ({"first": 0}, "greater than or equal to 1"),
        ({"paper": "own", "columns": 9, "rows": 9, "width": 90, "height": 90, "left": 0, "top": 0,
          "step_x": 90, "step_y": 90}, "not all on the page"),
        ({"paper": "own", "columns": 2}, "Fill in all sizes"),
        ({"paper": "A0"}, "Select a valid choice"),
    ],
)  # fmt: skip
def test_labels_that_are_not_on_the_paper_are_refused(
    estate: Estate, client: Client, wrong: dict[str, Any], sentence: str
) -> None:
    page = reverse("door-labels", args=[estate.bank.pk])
    answer = client.post(page, {"paper": "L7160", "first": 1, **wrong})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_a_bank_whose_name_no_font_can_print_is_named_instead_of_printed_as_boxes(
    estate: Estate, client: Client
) -> None:
    Bank.objects.filter(pk=estate.bank.pk).update(name="日本")
    page = reverse("door-labels", args=[estate.bank.pk])
    answer = client.post(page, {"paper": "L7160", "first": 1})
    assert answer.status_code == 422
    assert "No font here has all letters of “Harbour House · 日本 1”" in answer.content.decode()


def test_a_model_of_another_organisation_is_refused_where_it_is_typed(
    estate: Estate, client: Client
) -> None:
    """Also for who sees both organisations."""
    foreign = making.model(estate)
    AssetModel.objects.filter(pk=foreign.pk).update(organisation=estate.other_site.organisation)
    client.force_login(estate.rosa)
    answer = client.post(
        url("asset_add"),
        {
            "organisation": estate.organisation.pk, "site": estate.site.pk, "model": foreign.pk,
            "cycles_before": 0, "events-TOTAL_FORMS": 0, "events-INITIAL_FORMS": 0,
        },
    )  # fmt: skip
    assert "That belongs to another organisation." in answer.content.decode()
    answer = client.post(
        url("upgradeplan_add"), {"site": estate.site.pk, "name": "x", "to_model": foreign.pk}
    )
    assert "That belongs to another organisation." in answer.content.decode()
    assert not Asset.objects.exists()
