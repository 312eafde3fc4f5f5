"""A bank from a layout: all of it, or nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from audit.errors import Refusal
from audit.models import Event
from audit.services import events
from audit.services.events import Actor
from lockers.choices import LockKind
from lockers.errors import BankExists, CannotBeWired, UnknownLayout
from lockers.models import Bank, Compartment, Size
from lockers.services import estate as service
from tests import factories
from tests.factories.cast import Estate


def create(estate: Estate, at: dt.datetime, **changed: Any) -> Bank:
    given: dict[str, Any] = {
        "site": estate.site,
        "name": "B",
        "layout": "2 columns of 1 large and 2 small",
        "actor": Actor.staff(estate.max.pk),
        "at": at,
    }
    return service.create_bank(**given | changed)


def stands(estate: Estate) -> tuple[int, int, int, int]:
    """Return how many banks, doors, sizes and events there are."""
    return (
        Bank.objects.count(),
        Compartment.objects.count(),
        Size.objects.count(),
        Event.objects.count(),
    )


def refused(estate: Estate, at: dt.datetime, kind: type[Refusal], **changed: Any) -> str:
    """Return the sentence of a refusal that left nothing behind."""
    before = stands(estate)
    with pytest.raises(kind) as caught, transaction.atomic():
        create(estate, at, **changed)
    assert stands(estate) == before
    return str(caught.value)


def test_every_door_stands_where_the_layout_says(estate: Estate, at: dt.datetime) -> None:
    area = factories.AreaFactory(site=estate.site)
    bank = create(estate, at, first_number=101, area=area, directions="By the stairs")
    assert (bank.site, bank.area, bank.directions) == (estate.site, area, "By the stairs")
    doors = list(bank.compartments.order_by("column", "row"))
    assert [(d.number, d.column, d.row, d.size.name) for d in doors] == [
        ("101", 1, 1, "Large"),
        ("102", 1, 2, "Small"),
        ("103", 1, 3, "Small"),
        ("104", 2, 1, "Large"),
        ("105", 2, 2, "Small"),
        ("106", 2, 3, "Small"),
    ]
    assert [(d.x_mm, d.y_mm, d.height_mm, d.floor_mm) for d in doors[:3]] == [
        (0, 0, 900, 1000),
        (0, 900, 450, 550),
        (0, 1350, 450, 100),
    ]
    # Their middles are 1450, 775 and 325 mm above the floor.
    assert [d.is_accessible for d in doors[:3]] == [False, True, False]
    assert {(d.controller, d.channel, d.has_sensor) for d in doors} == {(None, None, True)}


@pytest.mark.parametrize(("plinth_mm", "within_reach"), [(299, 4), (300, 5), (301, 4)])
def test_a_door_whose_middle_is_400_to_1200_mm_above_the_floor_is_within_reach(
    estate: Estate, at: dt.datetime, plinth_mm: int, within_reach: int
) -> None:
    bank = create(estate, at, layout="1 column of 9 small", plinth_mm=plinth_mm)
    assert set(bank.compartments.values_list("height_mm", flat=True)) == {200}
    assert bank.compartments.filter(is_accessible=True).count() == within_reach


def test_sizes_are_reused_whatever_their_case_and_new_ones_rank_last(
    estate: Estate, at: dt.datetime
) -> None:
    Size.objects.filter(pk=estate.large.pk).update(name="LARGE", rank=7)
    factories.SizeFactory(organisation=estate.other_site.organisation, name="Tall", rank=1)
    bank = create(estate, at, layout="1 column of 1 tall, 1 large, 1 medium and 1 small")
    sizes = Size.objects.filter(organisation=estate.organisation).order_by("rank")
    assert list(sizes.values_list("name", "rank")) == [
        ("Small", 1),
        ("LARGE", 7),
        ("Medium", 8),
        ("Tall", 9),
    ]
    used = [door.size_id for door in bank.compartments.order_by("row")]
    assert used[1] == estate.large.pk and used[3] == estate.small.pk
    assert Event.objects.get(action="bank.created").data["new_sizes"] == ["Medium", "Tall"]


def test_doors_are_wired_in_the_order_of_their_numbers(estate: Estate, at: dt.datetime) -> None:
    bank = create(estate, at, bridge=estate.bridge, controller=estate.controller, first_channel=26)
    assert list(
        bank.compartments.order_by("column", "row").values_list("controller", "channel")
    ) == [(estate.controller.pk, channel) for channel in range(26, 32)]


@pytest.mark.parametrize(
    ("lock_kind", "asked", "expected"),
    [
        (LockKind.ELECTRONIC, None, True),
        (LockKind.ELECTRONIC, False, False),
        (LockKind.KEYED, None, False),
        (LockKind.COMBINATION, None, False),
    ],
)
def test_an_electronic_lock_has_a_sensor_unless_told_otherwise(
    estate: Estate, at: dt.datetime, lock_kind: LockKind, asked: bool | None, expected: bool
) -> None:
    bank = create(estate, at, lock_kind=lock_kind, has_sensor=asked)
    assert set(bank.compartments.values_list("lock_kind", "has_sensor")) == {(lock_kind, expected)}


def test_one_event_tells_of_the_whole_bank(estate: Estate, at: dt.datetime) -> None:
    before = Event.objects.count()
    bank = create(estate, at)
    event = Event.objects.get(action="bank.created")
    assert Event.objects.count() == before + 1
    assert (event.actor_id, event.occurred_at, event.subject) == (
        str(estate.max.pk),
        at,
        f"lockers.bank:{bank.pk}",
    )
    assert (event.organisation_id, event.site_id, event.bank_id) == (
        estate.organisation.pk,
        estate.site.pk,
        bank.pk,
    )
    assert event.data["doors"] == 6


def test_a_name_is_taken_once_at_a_site(estate: Estate, at: dt.datetime) -> None:
    assert "There is a bank A" in refused(estate, at, BankExists, name="A")
    elsewhere = create(estate, at, site=estate.other_site, name="A")
    assert elsewhere.compartments.count() == 6


def test_what_cannot_be_read_is_not_created(estate: Estate, at: dt.datetime) -> None:
    assert "Begin with the number" in refused(estate, at, UnknownLayout, layout="many")


def test_a_board_with_too_few_channels_is_refused(estate: Estate, at: dt.datetime) -> None:
    wired = {"bridge": estate.bridge, "controller": estate.controller}
    assert "has 5 channels from channel 27 on, and there are 6 doors" in refused(
        estate, at, CannotBeWired, **wired, first_channel=27
    )
    assert "has 0 channels" in refused(estate, at, CannotBeWired, **wired, first_channel=99)


def test_a_channel_that_drives_another_door_is_refused(estate: Estate, at: dt.datetime) -> None:
    wired = {"bridge": estate.bridge, "controller": estate.controller}
    assert "Channel 2 of Board 1 drives door 3 of bank A." in refused(
        estate, at, CannotBeWired, **wired, first_channel=2
    )
    create(estate, at, **wired, first_channel=3)


def test_a_board_on_another_bridge_is_refused(estate: Estate, at: dt.datetime) -> None:
    for bridge in (None, factories.BridgeFactory(site=estate.site)):
        assert "hangs on another bridge" in refused(
            estate, at, CannotBeWired, bridge=bridge, controller=estate.controller,
            first_channel=3,
        )  # fmt: skip


def test_a_lock_with_a_key_is_not_wired(estate: Estate, at: dt.datetime) -> None:
    assert "Only electronic locks" in refused(
        estate, at, CannotBeWired, bridge=estate.bridge, controller=estate.controller,
        first_channel=3, lock_kind=LockKind.KEYED,
    )  # fmt: skip


@pytest.mark.parametrize("what", ["area", "bridge"])
def test_what_belongs_to_another_site_is_no_valid_choice(
    estate: Estate, at: dt.datetime, what: str
) -> None:
    make = {"area": factories.AreaFactory, "bridge": factories.BridgeFactory}[what]
    theirs = make(site=estate.other_site)
    before = stands(estate)
    with pytest.raises(ValidationError, match="another site"):
        create(estate, at, **{what: theirs})
    assert stands(estate) == before


@pytest.mark.parametrize("step", ["doors", "event"])
def test_a_failure_half_way_leaves_nothing(
    estate: Estate, at: dt.datetime, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError

    if step == "doors":
        monkeypatch.setattr(type(Compartment.objects), "bulk_create", fail)
    else:
        monkeypatch.setattr(events, "record", fail)
    before = stands(estate)
    with pytest.raises(RuntimeError):
        create(estate, at, layout="1 column of 1 bicycle")
    assert stands(estate) == before


def test_a_thousand_doors_take_a_handful_of_statements(
    estate: Estate, at: dt.datetime, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(20):
        bank = create(estate, at, layout="125 columns of 3 large and 5 small")
    assert bank.compartments.count() == 1000
