"""An asset from the plan to the certificate."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from audit.models import Event
from lockers import wiring
from maintenance.errors.assets import (
    CertificateNeeded,
    LockDoesNotFit,
    ModelNeeded,
    NoSuchScreen,
    NothingToRecord,
    NotInThisState,
    PlaceOfAnother,
    PlaceTaken,
    WrongPlace,
)
from maintenance.models import Asset
from maintenance.services import assets, bank_assets
from maintenance.services.assets import Place
from tests import factories
from tests.factories.cast import SETUP, Estate
from tests.maintenance.assets import making
from tests.maintenance.assets.making import TODAY


def kinds_of(asset: Asset) -> list[str]:
    return list(asset.events.values_list("kind", flat=True))


def put(asset: Asset, place: Place, at: dt.datetime) -> None:
    assets.install(asset_id=asset.pk, place=place, by="Holt", on=TODAY, actor=SETUP, at=at)


def test_the_whole_life_of_a_lock_is_written_down(estate: Estate, at: dt.datetime) -> None:
    asset = Asset(organisation=estate.organisation, site=estate.site, model=making.model(estate))
    actor = making.staff(estate)
    assets.record(asset=asset, actor=actor, at=at, on=TODAY)
    assets.order(
        asset_id=asset.pk, supplier="Holt", order_number="PO-7", cost=Decimal(80), on=TODAY,
        actor=actor, at=at,
    )  # fmt: skip
    assets.deliver(
        asset_id=asset.pk, serial="S-1", warranty_until=TODAY, on=TODAY, actor=actor, at=at
    )
    first, second = (Place(compartment=door) for door in estate.doors[:2])
    assets.install(asset_id=asset.pk, place=first, by="Jo", on=TODAY, actor=actor, at=at)
    assets.move(asset_id=asset.pk, place=second, by="Jo", on=TODAY, actor=actor, at=at)
    assets.note(asset_id=asset.pk, text="oiled", on=TODAY, actor=actor, at=at)
    assets.remove(asset_id=asset.pk, reason="worn", on=TODAY, actor=actor, at=at)
    assets.dispose(asset_id=asset.pk, certificate="C-9", on=TODAY, actor=actor, at=at)

    asset.refresh_from_db()
    assert asset.state == "disposed"
    assert (asset.supplier, asset.order_number, asset.serial) == ("Holt", "PO-7", "S-1")
    assert (asset.certificate, asset.installed_by) == ("C-9", "Jo")
    assert kinds_of(asset) == [
        "planned", "ordered", "delivered", "installed", "removed", "moved", "note", "removed",
        "disposed",
    ]  # fmt: skip
    trail = Event.objects.filter(subject=f"asset:{asset.pk}").order_by("pk")
    assert [one.action for one in trail] == [
        "asset.recorded", "asset.changed", "asset.changed", "asset.installed", "asset.moved",
        "asset.changed", "asset.removed", "asset.disposed",
    ]  # fmt: skip
    assert {one.actor_id for one in trail} == {str(estate.max.pk)}


def test_an_installation_says_who_when_and_how_the_bank_was_wired(
    estate: Estate, at: dt.datetime
) -> None:
    asset = making.installed(estate, estate.doors[0])
    assert asset.installed_by == "Holt"
    assert asset.installed_on == TODAY
    assert asset.configuration_hash == wiring.digest(estate.bank)
    assert (asset.bank, asset.site) == (estate.bank, estate.site)
    assert asset.events.get().data["configuration"] == asset.configuration_hash


def test_a_controller_has_what_its_bridge_says(estate: Estate, at: dt.datetime) -> None:
    type(estate.bridge.presence).objects.update(config_hash="c" * 64)
    board = making.stored(estate, making.model(estate, "controller"))
    put(board, Place(controller=estate.controller), at)
    board.refresh_from_db()
    assert board.configuration_hash == "c" * 64
    assert board.bank is None


@pytest.mark.parametrize("verb", ["remove", "move", "order", "dispose"])
def test_a_step_that_is_not_on_the_ladder_is_refused(
    estate: Estate, at: dt.datetime, verb: str
) -> None:
    asset = making.stored(estate, state="planned")
    if verb == "order":
        asset = making.stored(estate)
    more = {
        "remove": {"reason": "x"}, "move": {"place": Place(bank=estate.bank), "by": ""},
        "order": {"supplier": "x", "order_number": "", "cost": None},
        "dispose": {"certificate": "x"},
    }[verb]  # fmt: skip
    with pytest.raises(NotInThisState):
        getattr(assets, verb)(asset_id=asset.pk, on=TODAY, actor=SETUP, at=at, **more)
    assert not asset.events.exists()


def test_a_lock_does_not_go_where_a_bank_goes(estate: Estate, at: dt.datetime) -> None:
    with pytest.raises(WrongPlace):
        put(making.stored(estate), Place(bank=estate.bank), at)


def test_a_place_of_another_organisation_is_refused(estate: Estate, at: dt.datetime) -> None:
    bank = factories.BankFactory(site=estate.other_site)
    size = factories.SizeFactory(organisation=estate.other_site.organisation)
    door = factories.CompartmentFactory(bank=bank, size=size)
    with pytest.raises(PlaceOfAnother):
        put(making.stored(estate), Place(compartment=door), at)


def test_a_door_has_one_lock(estate: Estate, at: dt.datetime) -> None:
    making.installed(estate, estate.doors[0])
    with pytest.raises(PlaceTaken):
        put(making.stored(estate), Place(compartment=estate.doors[0]), at)


def test_a_keyed_lock_does_not_go_into_an_electronic_door(estate: Estate, at: dt.datetime) -> None:
    keyed = making.stored(estate, making.model(estate, lock_kind="keyed"))
    with pytest.raises(LockDoesNotFit, match="upgrade plan"):
        put(keyed, Place(compartment=estate.doors[0]), at)


def test_one_replaces_another_in_one_step(estate: Estate, at: dt.datetime) -> None:
    old, new = making.installed(estate, estate.doors[0]), making.stored(estate)
    assets.replace(
        old_id=old.pk, new_id=new.pk, reason="worn", by="Jo", on=TODAY, actor=SETUP, at=at
    )
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.state, new.state, new.compartment) == ("removed", "installed", estate.doors[0])
    assert new.replaces == old


def test_a_replacement_that_does_not_fit_leaves_the_old_one_where_it_is(
    estate: Estate, at: dt.datetime
) -> None:
    old = making.installed(estate, estate.doors[0])
    wrong = making.stored(estate, making.model(estate, "bank"))
    with pytest.raises(WrongPlace):
        assets.replace(
            old_id=old.pk, new_id=wrong.pk, reason="x", by="", on=TODAY, actor=SETUP, at=at
        )
    old.refresh_from_db()
    assert old.state == "installed"


def test_nothing_goes_without_a_certificate(estate: Estate, at: dt.datetime) -> None:
    asset = making.stored(estate)
    with pytest.raises(CertificateNeeded):
        assets.dispose(asset_id=asset.pk, certificate=" ", on=TODAY, actor=SETUP, at=at)


def test_a_bank_of_the_estate_becomes_assets_with_one_verb(estate: Estate, at: dt.datetime) -> None:
    new = making.whole_bank(estate, at)
    told = sorted((one.model.kind, one.compartment_id or 0) for one in new)
    doors = [("lock", door.pk) for door in estate.doors]
    assert told == [("bank", 0), ("controller", 0), *doors]
    assert {one.state for one in Asset.objects.all()} == {"installed"}
    assert all(kinds_of(one) == ["installed"] for one in Asset.objects.all())
    assert Event.objects.filter(action="asset.installed").count() == 5


def test_recording_a_bank_twice_adds_what_is_new(estate: Estate, at: dt.datetime) -> None:
    making.whole_bank(estate, at)
    with pytest.raises(NothingToRecord):
        making.whole_bank(estate, at)
    door = factories.CompartmentFactory(bank=estate.bank, size=estate.small, number="9", column=9)
    assert [one.compartment for one in making.whole_bank(estate, at)] == [door]


def test_a_bank_with_locks_needs_a_model_of_lock(estate: Estate, at: dt.datetime) -> None:
    with pytest.raises(ModelNeeded):
        bank_assets.record_bank(
            bank=estate.bank, models=bank_assets.Models(bank=making.model(estate, "bank")), by="",
            on=TODAY, actor=SETUP, at=at,
        )  # fmt: skip
    assert not Asset.objects.exists()


def test_a_model_of_another_kind_is_refused(estate: Estate, at: dt.datetime) -> None:
    with pytest.raises(WrongPlace):
        making.whole_bank(estate, at, lock=making.model(estate, "terminal"))


def test_a_large_bank_takes_as_many_statements_as_a_small_one(
    estate: Estate, at: dt.datetime, django_assert_num_queries: object
) -> None:
    for n in range(40):
        factories.CompartmentFactory(
            bank=estate.bank, size=estate.small, number=f"L{n}", column=20 + n
        )
    models = bank_assets.Models(
        bank=making.model(estate, "bank"), controller=making.model(estate, "controller"),
        lock=making.model(estate),
    )  # fmt: skip
    bank = type(estate.bank).objects.select_related("site").get(pk=estate.bank.pk)
    with django_assert_num_queries(13):  # type: ignore[operator]  # a fixture
        bank_assets.record_bank(bank=bank, models=models, by="", on=TODAY, actor=SETUP, at=at)


def test_deleting_a_board_leaves_its_asset(estate: Estate, at: dt.datetime) -> None:
    making.whole_bank(estate, at)
    estate.controller.delete()
    assert Asset.objects.filter(model__kind="controller", controller=None).count() == 1


@pytest.mark.parametrize("which", ["nobodys", "of another bank"])
def test_a_screen_that_is_not_at_the_bank_is_refused(
    estate: Estate, at: dt.datetime, which: str
) -> None:
    bank = factories.BankFactory(site=estate.site, name="B")
    number = 99_999_999 if which == "nobodys" else estate.terminal.pk
    asset = making.stored(estate, making.model(estate, "terminal"))
    with pytest.raises(NoSuchScreen):
        assets.install(
            asset_id=asset.pk, place=Place(bank=bank, terminal_id=number), by="", on=TODAY,
            actor=SETUP, at=at,
        )  # fmt: skip
    asset.refresh_from_db()
    assert (asset.state, asset.terminal_id) == ("in_store", None)
