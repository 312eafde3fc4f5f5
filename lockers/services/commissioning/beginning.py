"""Beginning to commission: which bridge, which wire, which boards on it."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import transaction

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers import wiring
from lockers.choices import CommissioningState, InquiryKind
from lockers.drivers import registry
from lockers.errors import BoardNotFound, CommissioningRunning, CommissionWholeBank, NotWired
from lockers.models import Bank, Bridge, Commissioning, Compartment, Inquiry
from lockers.services import inquiries

# So long a bridge may take for a unit that is not there.
UNIT_WITHIN = dt.timedelta(seconds=1.5)
# Behind a broker it is there once its heartbeat is heard, usually every 15 s.
HEARTBEAT_WITHIN = dt.timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Place:
    """A board: where it is and how it is spoken to."""

    driver: str
    address: str
    unit: int = 1
    channels: int = 8
    profile: dict[str, Any] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """Return it as questions and rows have it."""
        return asdict(self)


def begin(
    *,
    bank: Bank,
    bridge: Bridge,
    user_id: int,
    at: dt.datetime,
    door: Compartment | None = None,
) -> Commissioning:
    """Begin to commission a bank, or one of its doors after its lock was changed.

    Raises CommissioningRunning; for a single door NotWired, and CommissionWholeBank where the
    rest of the bank is not as it was commissioned.
    """
    with transaction.atomic():
        Bank.objects.select_for_update(no_key=True).get(pk=bank.pk)
        if running(bank) is not None:
            raise CommissioningRunning
        boards = []
        if door is not None:
            if not wiring.is_as_commissioned(bank):
                raise CommissionWholeBank
            board = door.controller
            if board is None or door.channel is None:
                raise NotWired
            bridge = board.bridge
            place = Place(board.driver, board.address, board.unit, board.channels, board.profile)
            boards = [place.told()]
        begun = Commissioning.objects.create(
            bank=bank, bridge=bridge, door=door, boards=boards, begun_by=user_id, begun_at=at
        )
        record(Action.BANK_COMMISSIONING_BEGUN, begun, user_id, at)
    return begun


def running(bank: Bank) -> Commissioning | None:
    """Return the commissioning of a bank that is under way."""
    return (
        Commissioning.objects.filter(bank=bank, state=CommissioningState.RUNNING)
        .select_related("bank__site", "bridge__site", "door__controller", "scan")
        .first()
    )


def scan(
    *, commissioning: Commissioning, place: Place, units: list[int], user_id: int, at: dt.datetime
) -> Inquiry:
    """Ask which boards answer at an address; raises BridgeOffline."""
    within = UNIT_WITHIN * (len(units) + 3)
    if not registry.is_numbered(place.driver):
        within += HEARTBEAT_WITHIN
    inquiry = inquiries.ask(
        bridge=commissioning.bridge,
        kind=InquiryKind.SCAN_BUS,
        question={"board": place.told(), "units": units},
        within=within,
        user_id=user_id,
        at=at,
        bank_id=commissioning.bank_id,
    )
    Commissioning.objects.filter(pk=commissioning.pk).update(scan=inquiry)
    return inquiry


def take_boards(*, commissioning: Commissioning, units: list[int]) -> None:
    """Go on with boards that the scan found, besides those of an earlier scan."""
    with transaction.atomic():
        row = Commissioning.objects.select_for_update(no_key=True, of=("self",)).get(
            pk=commissioning.pk
        )
        asked = row.scan
        if asked is None or asked.answer is None:
            raise BoardNotFound
        found = {one["unit"] for one in asked.answer["boards"] if not one.get("problem")}
        if not units or not set(units) <= found:
            raise BoardNotFound
        board = asked.question["board"]
        known = {(one["address"], one["unit"]) for one in row.boards}
        row.boards += [
            {**board, "unit": unit}
            for unit in sorted(set(units))
            if (board["address"], unit) not in known
        ]
        Commissioning.objects.filter(pk=row.pk).update(boards=row.boards, scan=None)


def forget_scan(*, commissioning: Commissioning) -> None:
    """Put a scan aside, to look elsewhere or go on with the boards of an earlier one."""
    Commissioning.objects.filter(pk=commissioning.pk).update(scan=None)


def leave(*, commissioning: Commissioning, user_id: int, at: dt.datetime) -> None:
    """Give a commissioning up; the bank stays wired as it is."""
    with transaction.atomic():
        if Commissioning.objects.filter(
            pk=commissioning.pk, state=CommissioningState.RUNNING
        ).update(state=CommissioningState.LEFT, finished_by=user_id, finished_at=at):
            record(Action.BANK_COMMISSIONING_LEFT, commissioning, user_id, at)


def record(
    action: Action, commissioning: Commissioning, user_id: int, at: dt.datetime, **data: object
) -> None:
    """Write one event about a commissioning."""
    bank = commissioning.bank
    events.record(
        action=action,
        actor=Actor.staff(user_id),
        at=at,
        organisation_id=bank.site.organisation_id,
        site_id=bank.site_id,
        bank_id=bank.pk,
        compartment_id=commissioning.door_id,
        subject=f"commissioning:{commissioning.pk}",
        data=dict(data),
    )
