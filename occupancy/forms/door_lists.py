"""Doors as people name them: "1-10, 21", "row 1", "A 1-10; B column 3, 40". Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_RANGE = re.compile(r"(\d{1,6})\s*(?:-|–|to)\s*(\d{1,6})")
_LINE = re.compile(r"(rows?|columns?)\s+(\d{1,3})(?:\s*(?:-|–|to)\s*(\d{1,3}))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Named:
    """A door as a list can name it."""

    id: int
    bank: str
    number: str
    row: int
    column: int


class UnknownDoors(ValueError):
    """A part of the list names no door; ``part`` is what was typed."""

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


def read(text: str, doors: Sequence[Named], bank: str = "") -> list[Named]:
    """Return the doors that a list names, each once, in the order in which they stand.

    Parts are divided by commas or semicolons. A part may begin with the name of a bank, which
    then holds for the parts after it; ``bank`` holds before the first. Without any bank only
    one may be meant. Raises UnknownDoors.
    """
    banks = sorted({door.bank for door in doors}, key=len, reverse=True)
    if not bank and len(banks) == 1:
        bank = banks[0]
    found: set[int] = set()
    for part in filter(None, (one.strip() for one in re.split(r"[,;\n]", text))):
        named, rest = _bank_of(part, banks)
        bank = named or bank
        these = [door for door in doors if door.bank == bank]
        chosen = _chosen(rest, these)
        if not chosen:
            raise UnknownDoors(part)
        found.update(chosen)
    return [door for door in doors if door.id in found]


def _bank_of(part: str, banks: Iterable[str]) -> tuple[str, str]:
    """Split off the bank's name; "bank" may be said before it."""
    bare = re.sub(r"^bank\s+", "", part, flags=re.IGNORECASE)
    for name in banks:
        if bare.lower() == name.lower():
            return name, ""
        if bare.lower().startswith((f"{name.lower()} ", f"{name.lower()}:")):
            return name, bare[len(name) + 1 :].strip(" :")
    return "", part


def _chosen(text: str, doors: Sequence[Named]) -> set[int]:
    """Return the doors of one bank that a part names; nothing at all names the whole bank."""
    if text in ("", "all"):
        return {door.id for door in doors}
    if line := _LINE.fullmatch(text):
        first, last = int(line[2]), int(line[3] or line[2])
        is_row = line[1].lower().startswith("row")
        return {door.id for door in doors if first <= (door.row if is_row else door.column) <= last}
    if numbers := _RANGE.fullmatch(text):
        first, last = int(numbers[1]), int(numbers[2])
        there = {int(door.number): door.id for door in doors if door.number.isdecimal()}
        # A range with a hole in it is a slip: 1-100 in a bank of 24 doors.
        if first not in there or last not in there:
            return set()
        return {pk for number, pk in there.items() if first <= number <= last}
    return {door.id for door in doors if door.number.lower() == text.lower()}


def write(doors: Iterable[Named]) -> str:
    """Write a list of doors so that ``read`` returns them: "A 1-3, 7; B 12"."""
    by_bank: dict[str, list[Named]] = {}
    for door in doors:
        by_bank.setdefault(door.bank, []).append(door)
    return "; ".join(f"{bank} {_numbers(these)}" for bank, these in sorted(by_bank.items()))


def _numbers(doors: Iterable[Named]) -> str:
    plain = sorted({int(door.number) for door in doors if door.number.isdecimal()})
    others = sorted(door.number for door in doors if not door.number.isdecimal())
    runs: list[list[int]] = []
    for number in plain:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    texts = [f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return ", ".join([*texts, *others])
