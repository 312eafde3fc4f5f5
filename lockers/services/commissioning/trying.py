"""Trying one lock after the other, and what a person says about each."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import QuerySet

from audit.actions import Action
from lockers import boards
from lockers.choices import InquiryKind
from lockers.commissioning import NONE, SEVERAL
from lockers.errors import NotToBeSaid, NotToBeTried
from lockers.models import Commissioning, CommissioningStep, Compartment
from lockers.services import inquiries
from lockers.services.commissioning.beginning import record

# Long enough to read, to pulse and to see the door spring; a later pulse is nobody's.
TRY_WITHIN = dt.timedelta(seconds=8)
# Somebody walks to the door and shuts it.
SHUT_WITHIN = dt.timedelta(minutes=5)


def attempt(
    *, commissioning: Commissioning, board: int, channel: int, user_id: int, at: dt.datetime
) -> CommissioningStep:
    """Give one lock its pulse, for the first time or once more; raises NotToBeTried, BridgeOffline.

    What was said about an earlier try is forgotten.
    """
    with transaction.atomic():
        row = _locked(commissioning)
        if not (0 <= board < len(row.boards) and 0 <= channel < row.boards[board]["channels"]):
            raise NotToBeTried
        if any(step.tried.answered_at is None for step in _steps(row)):
            raise NotToBeTried
        place = row.boards[board]
        inquiry = inquiries.ask(
            bridge=row.bridge,
            kind=InquiryKind.TRY_DOOR,
            question={
                "board": place,
                "channel": channel,
                "pulse_ms": boards.capabilities(**place).usual_pulse_ms,
            },
            within=TRY_WITHIN,
            user_id=user_id,
            at=at,
            bank_id=row.bank_id,
        )
        step, _new = CommissioningStep.objects.update_or_create(
            commissioning=row,
            board=board,
            channel=channel,
            defaults={
                "tried": inquiry, "shut": None, "moved": "", "has_no_sensor": False,
                "answered_by": None, "answered_at": None,
            },
        )  # fmt: skip
    return step


def say_moved(
    *, commissioning: Commissioning, step_id: int, moved: str, user_id: int, at: dt.datetime
) -> None:
    """Take which door moved: a compartment's number in the database, NONE or SEVERAL.

    With a door whose contact was seen to change, the bridge is asked to tell when it is shut.
    Raises NotToBeSaid, BridgeOffline.
    """
    with transaction.atomic():
        row = _locked(commissioning)
        step = _steps(row).filter(pk=step_id).first()
        if step is None or step.tried.answer is None:
            raise NotToBeSaid
        if moved not in (NONE, SEVERAL):
            doors = Compartment.objects.filter(bank_id=row.bank_id)
            if not moved.isdigit() or not doors.filter(pk=int(moved)).exists():
                raise NotToBeSaid
        CommissioningStep.objects.filter(pk=step.pk).update(
            moved=moved, shut=None, has_no_sensor=False, answered_by=user_id, answered_at=at
        )
        record(
            Action.LOCK_CONFIRMED, row, user_id, at,
            board=step.board, channel=step.channel, moved=moved,
        )  # fmt: skip
        step.moved = moved
        if moved not in (NONE, SEVERAL) and is_sensed(step):
            _wait_for_shut(row, step, user_id, at)


def wait_again(
    *, commissioning: Commissioning, step_id: int, user_id: int, at: dt.datetime
) -> None:
    """Ask once more to be told when the door of a step is shut; raises NotToBeSaid."""
    with transaction.atomic():
        row = _locked(commissioning)
        step = _steps(row).filter(pk=step_id).first()
        if step is None or not step.moved or not is_sensed(step):
            raise NotToBeSaid
        _wait_for_shut(row, step, user_id, at)


def say_without_sensor(
    *, commissioning: Commissioning, step_id: int, user_id: int, at: dt.datetime
) -> None:
    """Take that the lock of a step has no door sensor; raises NotToBeSaid where one was seen."""
    with transaction.atomic():
        row = _locked(commissioning)
        step = _steps(row).filter(pk=step_id).first()
        if step is None or not step.moved or is_sensed(step):
            raise NotToBeSaid
        CommissioningStep.objects.filter(pk=step.pk).update(
            has_no_sensor=True, answered_by=user_id, answered_at=at
        )
        record(
            Action.LOCK_CONFIRMED, row, user_id, at,
            board=step.board, channel=step.channel, moved=step.moved, has_no_sensor=True,
        )  # fmt: skip


def is_sensed(step: CommissioningStep) -> bool:
    """Say whether the readings before and after the pulse differ."""
    answer = step.tried.answer
    return answer is not None and views(answer["before"]) != views(answer["after"])


def views(reading: dict[str, object]) -> tuple[str, ...]:
    """Return a reading as every variant of the board means it."""
    told = reading["views"]
    assert isinstance(told, list)
    return tuple(view["doors"] for view in told)


def _wait_for_shut(
    row: Commissioning, step: CommissioningStep, user_id: int, at: dt.datetime
) -> None:
    assert step.tried.answer is not None
    inquiry = inquiries.ask(
        bridge=row.bridge,
        kind=InquiryKind.READ_BOARD,
        question={
            "board": row.boards[step.board],
            "unlike": list(views(step.tried.answer["after"])),
        },
        within=SHUT_WITHIN,
        user_id=user_id,
        at=at,
        bank_id=row.bank_id,
    )
    CommissioningStep.objects.filter(pk=step.pk).update(shut=inquiry)


def _locked(commissioning: Commissioning) -> Commissioning:
    return (
        Commissioning.objects.select_for_update(no_key=True, of=("self",))
        .select_related("bank__site", "bridge__site", "door")
        .get(pk=commissioning.pk)
    )


def _steps(row: Commissioning) -> QuerySet[CommissioningStep]:
    return row.steps.select_related("tried", "shut")
