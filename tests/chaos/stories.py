"""What happened around a violation: all that is known of its door, by the clock. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tests.chaos.evidence import Evidence


def of(violations: Iterable[str], evidence: Evidence) -> dict[str, list[str]]:
    """Tell of each violation that names a door what is known of it: whoever reads it has no more.

    The run that CI kept nothing of cannot be had again: what is broken when is the seed's, who
    meets it is the machine's.
    """
    found = {}
    for said in violations:
        named = re.search(r"door (\d+)", said)
        if named:
            found[said] = [
                f"{at:.3f} {what}" for at, what in sorted(_of_door(evidence, int(named[1])))
            ]
    return found


def _of_door(evidence: Evidence, door: int) -> Iterator[tuple[float, str]]:
    claims = [claim for claim in evidence.claims if claim.door == door]
    ids = {claim.id for claim in claims}
    for claim in claims:
        undone = ", undone" if claim.was_undone else ""
        yield claim.started_at, f"claim {claim.id} of person {claim.holder} began"
        if claim.closed_at is not None:
            yield claim.closed_at, f"claim {claim.id} was {claim.closed_how}{undone}"
    for told in evidence.told:
        if told.door == door or told.claim in ids:
            knew = ", who knew better" if told.knew_better else ""
            yield (
                told.told_at,
                f"person {told.person}{knew} was told {told.what}: claim {told.claim},"
                f" asked {told.asked_at:.3f}, command {told.command}",
            )
    for given in evidence.gave_up:
        if given.door == door or given.claim in ids:
            yield given.at, f"person {given.person} gave up claim {given.claim}"
    for line in evidence.written:
        if line.door == door:
            yield line.at, f"bridge {line.bridge} wrote {line.seq} {line.kind} {line.command}"
    for pulse in evidence.pulses:
        if pulse.door == door:
            yield pulse.at, f"the lock moved, after line {pulse.seq}"
    for command in evidence.commands:
        if command.door == door:
            yield (
                command.deadline,
                f"command {command.id} of person {command.person} for claim {command.claim}"
                " was good no longer",
            )
