"""What was found out, and going live with it: one version, one hash."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Max

from audit.actions import Action
from lockers import boards, wiring
from lockers.choices import CommissioningState, LockKind
from lockers.commissioning import Derived, Step, derive
from lockers.drivers.variants import variants
from lockers.errors import ChannelTaken, CommissionWholeBank, NotReadyToGoLive
from lockers.models import Bank, Commissioning, CommissioningStep, Compartment, Controller
from lockers.services.commissioning.beginning import record
from lockers.services.commissioning.trying import views


def found(commissioning: Commissioning) -> Derived:
    """Derive what is known so far; doors are named by their number in the database."""
    steps = [as_tried(row) for row in commissioning.steps.select_related("tried", "shut")]
    if commissioning.door_id is not None:
        one = str(commissioning.door_id)
        return derive(steps, doors=[one], expected=one, known=_known(commissioning))
    return derive(steps, doors=[str(door.pk) for door in doors(commissioning)])


def doors(commissioning: Commissioning) -> list[Compartment]:
    """Return the doors that have to be found: those with an electronic lock."""
    if commissioning.door is not None:
        return [commissioning.door]
    return list(
        Compartment.objects.filter(
            bank_id=commissioning.bank_id, lock_kind=LockKind.ELECTRONIC
        ).order_by("column", "row")
    )


def go_live(*, commissioning: Commissioning, user_id: int, at: dt.datetime) -> Commissioning:
    """Wire the bank as it was found to be, as the next version.

    Raises NotReadyToGoLive, whose facts are the refusals, and ChannelTaken when a door of another
    bank hangs where one of these was found.
    """
    with transaction.atomic():
        bank = Bank.objects.select_for_update(no_key=True, of=("self",)).get(
            pk=commissioning.bank_id
        )
        row = Commissioning.objects.select_related("bank__site", "bridge__site", "door").get(
            pk=commissioning.pk
        )
        # Else one new version would vouch for changes that nobody looked at.
        if row.door_id is not None and not wiring.is_as_commissioned(bank):
            raise CommissionWholeBank
        derived = found(row)
        if row.state != CommissioningState.RUNNING or derived.refusals:
            raise NotReadyToGoLive(refusals=[one.problem.value for one in derived.refusals])
        _wire(row, derived)
        if bank.bridge_id != row.bridge_id:
            Bank.objects.filter(pk=bank.pk).update(bridge=row.bridge)
            bank.bridge_id = row.bridge_id
        last = Commissioning.objects.filter(bank=bank).aggregate(last=Max("version"))["last"] or 0
        row.version, row.config_hash = last + 1, wiring.digest(bank)
        row.state, row.finished_by, row.finished_at = CommissioningState.LIVE, user_id, at
        row.save(update_fields=["version", "config_hash", "state", "finished_by", "finished_at"])
        record(
            Action.BANK_COMMISSIONED, row, user_id, at,
            version=row.version, config_hash=row.config_hash, doors=len(derived.doors),
        )  # fmt: skip
    return row


def _wire(row: Commissioning, derived: Derived) -> None:
    controllers = {}
    for board in sorted({wire.board for wire in derived.doors.values()}):
        options = variants(row.boards[board]["driver"])[derived.variants[board]]
        controllers[board] = _controller(row, row.boards[board], dict(options))
    mine = [int(pk) for pk in derived.doors]
    # Doors may swap places: none keeps a channel that another one takes.
    Compartment.objects.filter(pk__in=mine).update(controller=None, channel=None)
    for pk, wire in derived.doors.items():
        taken = Compartment.objects.filter(
            controller=controllers[wire.board], channel=wire.channel
        ).first()
        if taken is not None:
            raise ChannelTaken(number=taken.number, bank=str(taken.bank))
        Compartment.objects.filter(pk=int(pk)).update(
            controller=controllers[wire.board], channel=wire.channel, has_sensor=wire.has_sensor
        )


def _controller(row: Commissioning, place: dict[str, Any], options: dict[str, Any]) -> Controller:
    """Return the controller of a board as it was found to be; made where there is none."""
    profile = {**place["profile"], **options}
    settings = {"driver": place["driver"], "channels": place["channels"], "profile": profile}
    can = boards.capabilities(**settings, address=place["address"], unit=place["unit"])
    board = Controller.objects.filter(
        bridge=row.bridge, address=place["address"], unit=place["unit"]
    ).first()
    wanted = board.pulse_ms if board is not None else can.usual_pulse_ms
    settings["pulse_ms"] = boards.possible_pulse(can, wanted)
    if board is None:
        name = _free_name(row, place["unit"])
        return Controller.objects.create(
            bridge=row.bridge, name=name, address=place["address"], unit=place["unit"], **settings
        )
    Controller.objects.filter(pk=board.pk).update(**settings)
    return board


def _free_name(row: Commissioning, unit: int) -> str:
    taken = set(Controller.objects.filter(bridge=row.bridge).values_list("name", flat=True))
    names = (f"{row.bank.name} {unit}"[:50] + (f" ({n})" if n else "") for n in range(1000))
    return next(name for name in names if name not in taken)


def _known(commissioning: Commissioning) -> dict[int, int]:
    """Return the variant that the board of a single door is known to be."""
    place = commissioning.boards[0]
    options = variants(place["driver"])
    for number, variant in enumerate(options):
        if all(
            place["profile"].get(name, options[0][name]) == value for name, value in variant.items()
        ):
            return {0: number}
    return {}


def as_tried(row: CommissioningStep) -> Step:
    """Return a step with its readings."""
    answer = row.tried.answer or {}
    shut = row.shut.answer if row.shut is not None else None
    return Step(
        board=row.board,
        channel=row.channel,
        moved=row.moved,
        before=views(answer["before"]) if answer else (),
        after=views(answer["after"]) if answer else (),
        shut=views(shut) if shut else (),
        has_no_sensor=row.has_no_sensor,
    )
