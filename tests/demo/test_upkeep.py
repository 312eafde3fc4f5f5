"""What is broken, due and worn out in the demonstration, and that it can be gone on with."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from access.models import User
from config.demo import staff, start
from config.demo.upkeep import assets, faults, past, rounds
from lockers.choices import LockKind, ServiceStatus
from lockers.models import Compartment, Site
from maintenance.choices import (
    Category,
    EntryKind,
    PhotoMoment,
    RoundKind,
    StopResult,
    TicketStatus,
)
from maintenance.models import (
    Asset,
    Battery,
    Finding,
    Photo,
    Round,
    RoundPlan,
    RoundStop,
    Stock,
    StockMove,
    Ticket,
    TicketEntry,
    UpgradePlan,
)
from maintenance.selectors import batteries, door_history, walking
from maintenance.services import parts, warranties
from maintenance.services.rounds import closing
from maintenance.services.triaging import lock_events
from occupancy.choices import ClaimKind
from occupancy.models import Claim
from tests.conftest import MORNING
from tests.demo.conftest import PORT

pytestmark = pytest.mark.usefixtures("demo")
DAY = dt.timedelta(days=1)


def _open() -> Any:
    return Ticket.objects.filter(closed_at=None)


def _door(number: str, bank: str) -> Compartment:
    return Compartment.objects.get(number=number, bank__name=bank)


def test_tickets_are_of_every_kind_age_and_urgency() -> None:
    tickets = _open()

    assert set(tickets.values_list("category", flat=True)) >= {
        Category.JAMMED, Category.FORCED, Category.SILENT, Category.LOW_BATTERY,
        Category.WONT_CLOSE, Category.DAMAGED, Category.DIRTY, Category.THINGS_LEFT,
    }  # fmt: skip
    assert set(tickets.values_list("source", flat=True)) >= {
        "system", "kiosk", "phone", "label", "staff",
    }  # fmt: skip
    assert set(tickets.values_list("priority", flat=True)) == {1, 2, 3, 4}
    assert set(tickets.values_list("status", flat=True)) == {"open", "in_progress", "waiting"}
    late = tickets.get(due_at__lt=MORNING)
    assert (late.compartment, late.status) == (_door(faults.BENT, "D"), TicketStatus.WAITING)
    assert late.escalated_at is not None


def test_every_door_that_nobody_is_given_has_the_ticket_that_says_why() -> None:
    out = Compartment.objects.filter(
        service_status__in=[ServiceStatus.FAULT, ServiceStatus.OUT_OF_SERVICE]
    )

    tickets = _open().exclude(door_was="")

    assert set(tickets.values_list("compartment", flat=True)) == {door.pk for door in out}
    dirty = Compartment.objects.filter(service_status=ServiceStatus.NEEDS_CLEANING)
    assert set(_open().filter(category=Category.DIRTY).values_list("compartment", flat=True)) == {
        door.pk for door in dirty
    }


def test_the_jammed_door_was_seen_three_times_and_waits_with_a_part_taken_for_it() -> None:
    ticket = _open().get(category=Category.JAMMED)

    assert ticket.compartment == _door(faults.JAMMED, "B")
    assert (ticket.occurrences, ticket.assignee.username) == (3, staff.TECHNICIAN.username)
    assert StockMove.objects.filter(ticket=ticket, kind="issued").count() == 1
    assert ticket.entries.filter(kind=EntryKind.LABOUR, minutes__gt=0).exists()


def test_one_came_back_within_a_fortnight_and_is_the_same_ticket() -> None:
    ticket = Ticket.objects.get(reopened=1)

    assert ticket.compartment == _door(faults.AGAIN, "Family")
    assert [entry.kind for entry in ticket.entries.filter(kind__in=["closed", "reopened"])] == [
        "closed", "reopened",
    ]  # fmt: skip


def test_one_has_photographs_of_before_and_after_that_can_be_looked_at() -> None:
    ticket = Ticket.objects.get(compartment=_door("9", "A"), status=TicketStatus.DONE)
    client = Client()
    client.force_login(User.objects.get(username=staff.TECHNICIAN.username))

    assert set(ticket.photos.values_list("moment", flat=True)) == {
        PhotoMoment.REPORT, PhotoMoment.AFTER,
    }  # fmt: skip
    for photo in Photo.objects.all():
        assert client.get(reverse("upkeep-picture", args=[photo.pk])).status_code == 200


def test_no_fault_that_the_locks_told_of_is_left_without_a_ticket() -> None:
    forced = Finding.objects.filter(event__kind="door_forced")

    assert forced.count() == 2
    assert not forced.filter(ticket=None).exists()
    assert lock_events.sweep(at=MORNING) == 0


def test_a_round_is_half_done_and_keeps_its_free_doors_closed_until_then() -> None:
    today = Round.objects.get(name=rounds.TODAY)
    stops = today.stops.all()

    assert today.starts_at < MORNING < today.due_at
    assert stops.filter(done_at=None).count() * 2 == stops.count() == 32
    assert set(stops.values_list("result", flat=True)) == {
        StopResult.WAITING, StopResult.PASSED, StopResult.SKIPPED,
    }  # fmt: skip
    closed = stops.filter(closure__closed_at=None, closure__isnull=False)
    assert closed.exists() and not closed.exclude(done_at=None).exists()
    assert stops.filter(is_visit=True).exists()


def test_one_round_is_late_and_the_next_are_planned_ahead() -> None:
    late = Round.objects.get(closing.late(MORNING))

    assert late.name == rounds.LATE
    assert 0 < late.stops.exclude(done_at=None).count() < late.stops.count()
    for plan in RoundPlan.objects.all():
        ahead = plan.rounds.filter(starts_at__gt=MORNING)
        assert ahead.exists(), plan.name
    cleaning = Round.objects.filter(kind=RoundKind.CLEANING, starts_at__gt=MORNING)
    assert RoundStop.objects.filter(round__in=cleaning, closure__isnull=False).exists()
    assert RoundPlan.objects.filter(kind=RoundKind.DAY_END, site__kind="leisure").exists()


def test_one_part_is_running_out_and_some_batteries_soon_fail() -> None:
    assert [stock.part.number for stock in Stock.objects.filter(parts.to_order(MORNING))] == [
        "AA-L4"
    ]
    today = MORNING.date()
    sinking = Battery.objects.filter(forecast_by="voltage", fails_on__gt=today)
    assert sinking.filter(fails_on__lt=today + 45 * DAY).count() == 3
    proposed = batteries.propose_round(Site.objects.get(kind="office"), today + 30 * DAY)
    assert [one.bank.name for one in proposed] == ["F"]


def test_every_bank_board_lock_and_screen_is_an_asset_with_its_cost() -> None:
    installed = Asset.objects.filter(state="installed")

    assert installed.filter(compartment__isnull=False).count() == Compartment.objects.count()
    assert not installed.filter(cost=None).exists()
    assert not installed.filter(warranty_until=None).exclude(model__lock_kind="").exists()
    soon = Asset.objects.filter(pk__in=warranties.due(MORNING))
    assert {asset.model.kind for asset in soon} == {"terminal"}


def test_half_of_the_keyed_bank_opens_by_badge_by_now() -> None:
    plan = UpgradePlan.objects.get(name=assets.UPGRADE)
    done, left = plan.doors.exclude(done_at=None), plan.doors.filter(done_at=None)

    assert done.count() == left.count() == 12
    kinds = set(left.values_list("compartment__lock_kind", flat=True))
    assert kinds == {LockKind.KEYED}
    for row in done.select_related("compartment"):
        assert row.compartment.lock_kind == LockKind.ELECTRONIC
        assert row.compartment.controller_id is not None


def test_one_door_has_years_of_history_and_the_lock_that_costs_most(client: Client) -> None:
    door = _door(past.RICH, "B")
    kinds = {line.kind for line in door_history.history(door.pk, size=200)[0]}
    assert kinds >= {"use", "opening", "fault", "part", "round", "asset", "service"}
    first = door_history.history(door.pk, size=1000)[0][-1]
    assert MORNING - first.at > 7 * 365 * DAY

    client.force_login(User.objects.get(username=staff.FIRST.username))
    with time_machine.travel(MORNING, tick=False):
        page = client.get(reverse("admin:maintenance_asset_replacements"))
    worst, second = page.context["lines"][:2]
    assert (worst["asset"].compartment, worst["is_to_go"]) == (door, True)
    assert second["asset"].compartment == _door(past.NEXT, "B")
    assert not page.context["lines"][-1]["is_to_go"]


def test_the_technician_logs_in_and_finds_tickets_and_rounds_on_the_phone() -> None:
    technician = User.objects.get(username=staff.TECHNICIAN.username)
    assert technician.check_password(staff.TECHNICIAN.password)
    assert not technician.has_perm("lockers.manage_site", Site.objects.all()[0])
    client = Client()
    client.force_login(technician)
    with time_machine.travel(MORNING, tick=False):
        banks = [stop.bank.name for stop in walking.stops(technician, MORNING) if stop.bank]
        assert banks == ["A", "B", "C", "D", "E", "F", "Family"], "as one walks"
        assert "Tess Turner" in client.get(f"{reverse('upkeep')}?which=all").content.decode()
        for ticket in _open():
            page = client.get(reverse("upkeep-ticket", args=[ticket.pk]))
            assert page.status_code == 200 and b'id="ticket-parts"' in page.content
        page = client.get(reverse("rounds"))
        assert rounds.TODAY in page.content.decode() and rounds.LATE in page.content.decode()
        for one in Round.objects.filter(name__in=[rounds.TODAY, rounds.LATE]):
            assert client.get(reverse("round", args=[one.pk])).status_code == 200
        door = _door(past.RICH, "B")
        for name in ("upkeep-door", "door-history"):
            assert client.get(reverse(name, args=[door.pk])).status_code == 200
        assert reverse("upkeep") in client.get(reverse("map"), follow=True).content.decode()
        assert reverse("upkeep") in client.get(reverse("admin:index")).content.decode()


@pytest.mark.parametrize(
    "model",
    [
        "ticket", "round", "roundplan", "battery", "stock", "part", "store", "stockmove",
        "asset", "assetmodel", "upgradeplan", "upgradedoor", "checklist", "team",
        "servicelevel", "costrules",
    ],
)  # fmt: skip
def test_every_list_of_upkeep_shows_something(client: Client, model: str) -> None:
    client.force_login(User.objects.get(username=staff.FIRST.username))
    with time_machine.travel(MORNING, tick=False):
        page = client.get(reverse(f"admin:maintenance_{model}_changelist"))
        assert page.status_code == 200
        rows = page.context["cl"].result_list
        assert len(rows) > 0
        one = reverse(f"admin:maintenance_{model}_change", args=[rows[0].pk])
        assert client.get(one).status_code == 200


def test_the_day_after_what_was_left_is_closed_and_another_round_is_under_way(var: Path) -> None:
    start.prepare(var=var, port=PORT, at=MORNING + DAY)

    was, now = Round.objects.filter(name=rounds.TODAY).order_by("starts_at")
    assert was.closed_at == MORNING + DAY
    assert was.stops.filter(done_at=None).count() == 16, "undone, not called done"
    assert now.closed_at is None and now.starts_at < MORNING + DAY < now.due_at
    assert not Claim.objects.filter(
        kind=ClaimKind.CLOSURE, closed_at=None, round_stop__round=was, ends_at__gt=MORNING + DAY
    ).exists()
    assert Round.objects.filter(closing.late(MORNING + DAY), name=rounds.LATE).exists()


def test_who_removed_the_team_gets_no_round_made_for_it(var: Path) -> None:
    User.objects.filter(username=staff.TECHNICIAN.username).update(username="somebody")

    start.prepare(var=var, port=PORT, at=MORNING + DAY)

    assert Round.objects.filter(name=rounds.TODAY).count() == 1


def test_the_story_of_every_ticket_runs_as_the_time_does() -> None:
    for ticket in Ticket.objects.all():
        times = list(TicketEntry.objects.filter(ticket=ticket).order_by("pk").values_list("at"))
        assert times == sorted(times), ticket
