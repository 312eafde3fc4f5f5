"""Where a commissioning stands: what is asked now, and what is known so far."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lockers.admin.commissioning.words import ERRORS, OPTIONS, PROBLEMS
from lockers.commissioning import Derived, Problem, Refusal, problem_of
from lockers.drivers.variants import variants
from lockers.models import Commissioning, CommissioningStep, Compartment, Inquiry
from lockers.services import inquiries
from lockers.services.commissioning import finishing


class Name(enum.StrEnum):
    """What the page asks for, or waits for."""

    WIRE = "wire"
    SCANNING = "scanning"
    FOUND = "found"
    READY = "ready"
    TRYING = "trying"
    FAILED = "failed"
    WHICH = "which"
    SHUTTING = "shutting"
    UNHEARD = "unheard"  # it was not heard that the door is shut
    BARE = "bare"  # a door opened and no reading changed
    PROBLEM = "problem"
    SUMMARY = "summary"


WAITING = {Name.SCANNING, Name.TRYING, Name.SHUTTING}


@dataclass(frozen=True, slots=True)
class Stage:
    """One state of the page."""

    name: Name
    step: CommissioningStep | None = None
    board: int = 0
    channel: int = 0
    inquiry: Inquiry | None = None
    problem: Promise | str = ""

    @property
    def token(self) -> str:
        """What changes whenever the page has to show something else."""
        asked = self.inquiry.pk if self.inquiry is not None else ""
        return f"{self.name}.{self.board}.{self.channel}.{asked}"

    @property
    def is_waiting(self) -> bool:
        return self.name in WAITING

    @property
    def connection(self) -> int:
        """The channel as it is printed on boards: from 1."""
        return self.channel + 1


@dataclass(frozen=True, slots=True)
class Lock:
    """One connection of a board."""

    board: int
    channel: int
    unit: int

    @property
    def connection(self) -> int:
        """The channel as it is printed on boards: from 1."""
        return self.channel + 1


@dataclass(frozen=True, slots=True)
class Line:
    """One door in the summary, or a reason that is of no door."""

    door: str = ""
    unit: int | str = ""
    connection: int | str = ""
    sensor: Promise | str = ""
    problems: list[Any] = field(default_factory=list)
    # To be tried again.
    locks: list[Lock] = field(default_factory=list)


def of(commissioning: Commissioning, at: dt.datetime, *, goes_on: bool = False) -> Stage:
    """Return where a commissioning stands; ``goes_on`` leaves a lock that cannot be settled."""
    scan = commissioning.scan
    if scan is not None:
        if _is_open(scan, at):
            return Stage(Name.SCANNING, inquiry=scan)
        return Stage(Name.FOUND, inquiry=scan, problem=_failure(scan))
    if not commissioning.boards:
        return Stage(Name.WIRE)
    steps = list(commissioning.steps.select_related("tried", "shut").order_by("tried__asked_at"))
    if steps:
        stage = _of_step(commissioning, steps[-1], at)
        if stage is not None and not (goes_on and stage.name not in WAITING):
            return stage
    return _next(commissioning, steps)


def _of_step(
    commissioning: Commissioning, step: CommissioningStep, at: dt.datetime
) -> Stage | None:
    here: dict[str, Any] = {"step": step, "board": step.board, "channel": step.channel}
    if _is_open(step.tried, at):
        return Stage(Name.TRYING, **here, inquiry=step.tried)
    if step.tried.answer is None:
        return Stage(Name.FAILED, **here, inquiry=step.tried, problem=_failure(step.tried))
    if not step.moved:
        return Stage(Name.WHICH, **here, inquiry=step.tried)
    expected = str(commissioning.door_id) if commissioning.door_id is not None else None
    problem = problem_of(finishing.as_tried(step), expected)
    if problem is None:
        return None
    if problem is Problem.NOT_FINISHED and step.shut is not None:
        if _is_open(step.shut, at):
            return Stage(Name.SHUTTING, **here, inquiry=step.shut)
        return Stage(Name.UNHEARD, **here, inquiry=step.shut, problem=_failure(step.shut))
    name = Name.BARE if problem is Problem.READS_DO_NOT_DIFFER else Name.PROBLEM
    return Stage(name, **here, inquiry=step.tried, problem=PROBLEMS[problem])


def _next(commissioning: Commissioning, steps: list[CommissioningStep]) -> Stage:
    """Return the next lock that was not tried, while there is a door that was not found."""
    wanted = {str(door.pk) for door in finishing.doors(commissioning)}
    if wanted <= {step.moved for step in steps}:
        return Stage(Name.SUMMARY)
    tried = {(step.board, step.channel) for step in steps}
    for board, place in enumerate(commissioning.boards):
        channels = range(place["channels"])
        if commissioning.door is not None and commissioning.door.channel is not None:
            channels = range(commissioning.door.channel, commissioning.door.channel + 1)
        for channel in channels:
            if (board, channel) not in tried:
                return Stage(Name.READY, board=board, channel=channel)
    return Stage(Name.SUMMARY)


def lines(commissioning: Commissioning, derived: Derived, doors: list[Compartment]) -> list[Line]:
    """Return every door that some lock opened, and every reason that is of no door."""
    named = {str(door.pk): door for door in doors}
    units = [place["unit"] for place in commissioning.boards]
    told = []
    lost = _lost(derived)
    for pk, door in named.items():
        if pk in lost:
            continue
        wire = derived.doors.get(pk)
        against = [one for one in derived.refusals if one.door == pk]
        told.append(
            Line(
                door=door.number,
                unit=units[wire.board] if wire else "",
                connection=wire.channel + 1 if wire else "",
                sensor=(_("yes") if wire.has_sensor else _("none")) if wire else "",
                problems=[PROBLEMS[one] for one in dict.fromkeys(one.problem for one in against)],
                locks=_locks(against, units),
            )
        )
    for one in derived.refusals:
        if one.door not in named:
            told.append(
                Line(
                    unit=units[one.board] if one.board is not None else "",
                    connection=one.channel + 1 if one.channel is not None else "",
                    problems=[PROBLEMS[one.problem]],
                    locks=_locks([one], units),
                )
            )
    return told


def _locks(refusals: list[Refusal], units: list[int]) -> list[Lock]:
    return [
        Lock(one.board, one.channel, units[one.board])
        for one in refusals
        if one.board is not None and one.channel is not None
    ]


def missing(derived: Derived, doors: list[Compartment]) -> list[str]:
    """Return the numbers of the doors that no lock has opened yet."""
    lost = _lost(derived)
    return [door.number for door in doors if str(door.pk) in lost]


def _lost(derived: Derived) -> set[str]:
    return {one.door for one in derived.refusals if one.problem is Problem.DOOR_NOT_FOUND}


def board_words(commissioning: Commissioning, derived: Derived) -> list[dict[str, Any]]:
    """Say of each board what was found out about it."""
    told = []
    for number, place in enumerate(commissioning.boards):
        variant = derived.variants.get(number)
        options = variants(place["driver"])[variant] if variant is not None else {}
        told.append({**place, "found": [OPTIONS[one] for one in options.items()]})
    return told


def _is_open(inquiry: Inquiry, at: dt.datetime) -> bool:
    return inquiry.answered_at is None and at < inquiry.deadline + inquiries.GRACE


def _failure(inquiry: Inquiry) -> Promise | str:
    if inquiry.answer is not None:
        return ""
    error = inquiry.error or "no_answer"
    return ERRORS.get(error, inquiry.detail or error)
