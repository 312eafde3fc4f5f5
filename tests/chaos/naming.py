"""Which use was meant where people were told of a door only, as a bridge alone does. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tests.chaos.evidence import Claim, Command, GaveUp, Told

# Between what somebody is told and what is written down of it.
WITHIN_S = 0.5


def of_told(
    told: Told,
    claims: Iterable[Claim],
    commands: Iterable[Command],
    given_up: Iterable[GaveUp] = (),
) -> Told:
    """Name the use of an answer: that of the command, else the one they had then.

    Or had given up before, when a bridge that was cut off had not heard of it: lockers/authority.md
    says why that is left to whoever gave it up, as long as nobody else has the door.
    """
    claims, given_up = list(claims), list(given_up)
    if told.claim is not None or told.what in ("refused", "none"):
        return told
    by_command = (one.claim for one in commands if one.id == told.command)
    found = next((claim for claim in by_command if claim is not None), None)
    found = found or _had(claims, told.person, told.door, told.asked_at, told.told_at)
    over = _gave_back(told, claims, given_up)
    if found in (None, over) and over is not None:
        return replace(told, claim=over, knew_better=True)
    return replace(told, claim=found)


def _gave_back(told: Told, claims: list[Claim], given_up: list[GaveUp]) -> int | None:
    """Return the use that they had given back by then, if nobody has the door since."""
    theirs = {one.claim for one in given_up if one.person == told.person and one.at < told.asked_at}
    if any(one.door == told.door and one.covers(told.told_at) for one in claims):
        return None
    mine = [one for one in claims if one.id in theirs and one.door == told.door]
    return mine[-1].id if mine else None


def of_given_up(given: GaveUp, claims: Iterable[Claim]) -> GaveUp:
    """Name the use that somebody wanted to end."""
    if given.claim is not None:
        return given
    return replace(given, claim=_had(claims, given.person, given.door, given.at, given.at))


def _had(
    claims: Iterable[Claim], person: int, door: int | None, begins: float, ends: float
) -> int | None:
    mine = [
        claim
        for claim in claims
        if (claim.holder, claim.door) == (person, door)
        and claim.started_at <= ends + WITHIN_S
        and (claim.closed_at is None or claim.closed_at >= begins - WITHIN_S)
    ]
    # What was withdrawn is nobody's, if they had the door otherwise.
    mine.sort(key=lambda claim: (claim.closed_how != "withdrawn", claim.started_at))
    return mine[-1].id if mine else None
