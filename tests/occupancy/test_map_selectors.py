from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.models import Person
from lockers.choices import ServiceStatus
from lockers.models import Bank, BridgePresence, Compartment, Controller, Door, Site, Size
from lockers.presence import SILENT_AFTER
from occupancy import selectors
from occupancy.models import Claim
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from tests import factories
from tests.conftest import MORNING
from tests.factories.cast import SETUP, Estate

HOUR = dt.timedelta(hours=1)


def _shown(estate: Estate, at: dt.datetime, door: int = 0) -> str:
    found = selectors.bank_states([estate.bank.pk], at)
    return next(d for d in found if d.id == estate.doors[door].pk).state(at).shown


def _claim(estate: Estate, **more: Any) -> Claim:
    holder: Person | None = None if more.get("kind") == "closure" else estate.amira
    return Claim.objects.create(compartment=estate.doors[0], holder=holder, **more)


def _set_free(estate: Estate) -> None:
    pass


def _set_occupied(estate: Estate) -> None:
    assignments.claim(
        person_id=estate.amira.pk,
        bank_id=estate.bank.pk,
        wanted=Wanted(compartment_id=estate.doors[0].pk),
        actor=SETUP,
        at=MORNING,
    )


def _set_overdue(estate: Estate) -> None:
    _set_occupied(estate)
    Claim.objects.update(
        starts_at=MORNING - 2 * HOUR, due_at=None, ends_at=MORNING - HOUR, at_end="hold"
    )


def _set_reserved(estate: Estate) -> None:
    _claim(estate, kind="reservation", starts_at=MORNING + HOUR, ends_at=MORNING + 3 * HOUR)


def _set_cleaning(estate: Estate) -> None:
    _claim(estate, kind="closure", starts_at=MORNING - HOUR, ends_at=MORNING + HOUR)


def _set_out_of_service(estate: Estate) -> None:
    Compartment.objects.update(service_status=ServiceStatus.OUT_OF_SERVICE)


def _set_fault(estate: Estate) -> None:
    Compartment.objects.update(service_status=ServiceStatus.FAULT)


def _set_forced(estate: Estate) -> None:
    Door.objects.update(state="open", is_forced=True)


def _set_silent_bridge(estate: Estate) -> None:
    BridgePresence.objects.update(last_seen_at=MORNING - SILENT_AFTER)


def _set_disconnected_bridge(estate: Estate) -> None:
    BridgePresence.objects.update(connection=None)


def _set_silent_board(estate: Estate) -> None:
    Controller.objects.update(state="offline")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_set_free, "free"),
        (_set_occupied, "occupied"),
        (_set_overdue, "overdue"),
        (_set_reserved, "reserved"),
        (_set_cleaning, "cleaning"),
        (_set_out_of_service, "out_of_service"),
        (_set_fault, "exception"),
        (_set_forced, "exception"),
        (_set_silent_bridge, "offline"),
        (_set_disconnected_bridge, "offline"),
        (_set_silent_board, "offline"),
    ],
)
def test_every_state_is_read_from_the_database(estate: Estate, change: Any, expected: str) -> None:
    change(estate)
    assert _shown(estate, MORNING) == expected


def test_a_reservation_is_shown_two_hours_before_it_begins_and_is_known_earlier(
    estate: Estate,
) -> None:
    starts = MORNING + dt.timedelta(hours=2, minutes=30)
    _claim(estate, kind="reservation", starts_at=starts, ends_at=starts + HOUR)
    door = selectors.bank_states([estate.bank.pk], MORNING)[0]
    assert door.state(MORNING).shown == "free"
    assert door.next_change_at(MORNING) == starts - dt.timedelta(hours=2)
    # The same row, without another query, once that instant has come.
    assert door.state(starts - 2 * HOUR, online=True).shown == "reserved"


def test_the_holder_of_now_hides_the_reservation_of_later(estate: Estate) -> None:
    _set_occupied(estate)
    ends = Claim.objects.get().ends_at
    assert ends is not None
    _claim(estate, kind="reservation", starts_at=ends, ends_at=ends + HOUR)
    found = selectors.bank_states([estate.bank.pk], ends - HOUR)
    assert len(found) == 3
    assert found[0].state(ends - HOUR, online=True).shown == "occupied"


def test_a_door_without_board_is_never_unknown_because_of_a_bridge(estate: Estate) -> None:
    Compartment.objects.update(controller=None, channel=None)
    BridgePresence.objects.update(connection=None)
    assert _shown(estate, MORNING) == "free"


def test_free_by_size_counts_what_a_claim_would_get(estate: Estate) -> None:
    _set_occupied(estate)
    Door.objects.filter(compartment=estate.doors[2]).update(state="open", changed_at=MORNING)
    doors = selectors.bank_states([estate.bank.pk], MORNING)
    counted = [(s.size, s.free, s.total) for s in selectors.free_by_size(doors, MORNING)]
    assert counted == [("Small", 1, 2), ("Large", 0, 1)]
    assert selectors.counts(doors, MORNING) == {"occupied": 1, "free": 2}


def test_a_map_takes_the_same_statements_for_any_number_of_doors(db: None) -> None:
    taken = []
    for count in (1_000, 10_000):
        site = _big_site(count)
        with CaptureQueriesContext(connection) as captured:
            seen = selectors.site_map(site.pk, MORNING)
        assert len(seen.doors) == count
        taken.append(len(captured))
    assert taken[0] == taken[1] <= 4


def _big_site(count: int) -> Site:
    site = factories.SiteFactory()
    size = Size.objects.create(organisation=site.organisation, name="Small", rank=1)
    banks = Bank.objects.bulk_create(Bank(site=site, name=f"Bank {n}") for n in range(count // 500))
    Compartment.objects.bulk_create(
        Compartment(
            bank=bank,
            number=str(n),
            size=size,
            column=n // 10 + 1,
            row=n % 10 + 1,
            x_mm=n // 10 * 300,
            y_mm=n % 10 * 180,
            width_mm=300,
            height_mm=180,
            floor_mm=100,
        )
        for bank in banks
        for n in range(500)
    )
    return site


def test_banks_come_in_the_order_of_their_areas_with_the_whole_path(estate: Estate) -> None:
    tower = factories.AreaFactory(site=estate.site, name="Tower", position=1)
    upper = factories.AreaFactory(site=estate.site, parent=tower, name="Upper", position=2)
    lower = factories.AreaFactory(site=estate.site, parent=tower, name="Lower", position=1)
    factories.BankFactory(site=estate.site, name="Up", area=upper)
    factories.BankFactory(site=estate.site, name="Low", area=lower)
    banks = selectors.banks_of(MORNING, site_ids=[estate.site.pk])
    assert [(bank.name, bank.area) for bank in banks] == [
        ("A", ""),
        ("Low", "Tower · Lower"),
        ("Up", "Tower · Upper"),
    ]


def test_a_story_names_the_holder_and_tells_what_happened_last_first(estate: Estate) -> None:
    _set_occupied(estate)
    story = selectors.compartment_story(estate.doors[0].pk, MORNING)
    assert story.claim is not None and story.claim.holder == estate.amira
    assert story.is_pending
    assert story.word == "In use"
    assert [line.words for line in story.events] == ["got a compartment", "asked to open"]
    assert "Amira Example" in {line.about for line in story.events}


def test_sites_are_seen_by_object_right_and_by_nobody_else(estate: Estate) -> None:
    assert list(selectors.sites_for(estate.olga)) == [estate.site]
    assert list(selectors.sites_for(estate.nina)) == [estate.other_site]
    assert selectors.may(estate.rosa, "manage_site", estate.site.pk)
    assert not selectors.may(estate.olga, "manage_site", estate.site.pk)
    estate.olga.is_active = False
    assert not selectors.may(estate.olga, "view_site", estate.site.pk)


def test_a_watcher_is_let_go_for_every_reason_that_ends_a_right(estate: Estate) -> None:
    def watcher(user: Any, session: str | None = None) -> selectors.Watcher:
        return selectors.Watcher(user.pk, session, user.get_session_auth_hash())

    olga, nina, rosa = watcher(estate.olga), watcher(estate.nina), watcher(estate.rosa)
    logged_out = watcher(estate.olga, uuid.uuid4().hex)
    stale = selectors.Watcher(estate.olga.pk, None, "the hash of an older password")
    watchers = {olga, nina, rosa, logged_out, stale}
    assert selectors.still_watching(watchers, estate.site.pk, MORNING) == {olga, rosa}
    estate.olga.is_active = False
    estate.olga.save(update_fields=["is_active"])
    assert selectors.still_watching(watchers, estate.site.pk, MORNING) == {rosa}
