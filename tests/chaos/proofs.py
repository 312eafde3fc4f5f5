"""What must be true after a run, whatever happened in it. Pure: evidence in, violations out."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from tests.chaos.evidence import Claim, Command, Evidence, Line, Pulse, Told

# The bridge's clock is the server's, as well as a delayed line lets it know.
SKEW_S = 0.5
# From the driver's last look at the clock to the lock: the wire, and a machine that is busy.
ON_THE_WIRE_S = 1.0
# As kiosk.bridge.agent has it.
ALONE_WITHIN_S = 5.0
INTENTS = {"command_accepted", "open_alone"}
NOT_FIRED = {"command_expired", "command_cancelled"}


@dataclass
class Joined:
    """Each pulse with the command that it was given for."""

    pairs: list[tuple[Pulse, uuid.UUID]] = field(default_factory=list)
    unwritten: list[Pulse] = field(default_factory=list)
    late: list[tuple[Pulse, float]] = field(default_factory=list)


def join(evidence: Evidence) -> Joined:
    """Find for every pulse an intent that was written before it, each good for one pulse."""
    deadlines = {command.id: command.deadline for command in evidence.commands}
    unfired = {line.command for line in evidence.stored if line.kind in NOT_FIRED}
    waiting: defaultdict[int, list[tuple[int, float, uuid.UUID]]] = defaultdict(list)
    for line in sorted(evidence.stored, key=lambda line: line.seq):
        if line.kind not in INTENTS or line.command in unfired:
            continue
        if line.door is None or line.command is None:
            continue
        deadline = deadlines.get(line.command, line.at + ALONE_WITHIN_S)
        if line.kind == "open_alone":
            deadline = line.at + ALONE_WITHIN_S
        waiting[line.door].append((line.seq, deadline, line.command))
    joined = Joined()
    for pulse in sorted(evidence.pulses, key=lambda pulse: pulse.at):
        mine = [one for one in waiting[pulse.door] if one[0] <= pulse.seq]
        good = [one for one in mine if pulse.at <= one[1] + ON_THE_WIRE_S]
        if not mine:
            joined.unwritten.append(pulse)
            continue
        # The first that is still good: whatever else could have been it is left to later pulses.
        found = min(good, key=lambda one: one[1]) if good else mine[-1]
        if not good:
            joined.late.append((pulse, pulse.at - found[1]))
        waiting[pulse.door].remove(found)
        joined.pairs.append((pulse, found[2]))
    return joined


def no_double_holder(evidence: Evidence) -> Iterator[str]:
    """No two uses of a door overlap, by the trail; what was withdrawn nobody was told of."""
    of_door: defaultdict[int, list[Claim]] = defaultdict(list)
    for claim in evidence.claims:
        if claim.closed_how != "withdrawn":
            of_door[claim.door].append(claim)
    for door, claims in of_door.items():
        for one, other in pairwise(sorted(claims, key=lambda claim: claim.began)):
            if one.over is None or one.over > other.began:
                yield f"door {door} is held by claims {one.id} and {other.id} at once"
    for door in evidence.clashes:
        yield f"door {door} was given by its bridge while the server had given it"


def no_open_for_another(evidence: Evidence) -> Iterator[str]:
    """No lock opens for somebody while the door is somebody else's, as that one was told."""
    commands = {command.id: command for command in evidence.commands}
    pairs = [(pulse, commands[name]) for pulse, name in join(evidence).pairs if name in commands]
    runs = _running(evidence, pairs)
    for pulse, command in pairs:
        for person, door, begins, ends in runs:
            if door != pulse.door or command.person in (None, person):
                continue
            if begins + SKEW_S < pulse.at < ends - SKEW_S:
                yield (
                    f"door {door} opened for person {command.person} at {pulse.at:.3f} while it was"
                    f" person {person}'s since {begins:.3f}"
                )


def _running(
    evidence: Evidence, pairs: list[tuple[Pulse, Command]]
) -> list[tuple[int, int, float, float]]:
    """Return from when until when people went by a door being theirs."""
    claims = {claim.id: claim for claim in evidence.claims}
    happened: defaultdict[int, list[tuple[float, bool]]] = defaultdict(list)
    for told in evidence.told:
        if told.what == "yours" and told.claim is not None:
            happened[told.claim].append((told.told_at, True))
        elif told.what == "refused":
            for claim in evidence.claims:
                if claim.closed_how == "withdrawn" and claim.scan == told.scan != "":
                    happened[claim.id].append((told.told_at, False))
    for pulse, command in pairs:
        claim_id = command.claim or _held(evidence, command.person, pulse)
        if claim_id in claims and claims[claim_id].holder == command.person:
            happened[claim_id].append((pulse.at, True))
    for given in evidence.gave_up:
        if given.claim is not None:
            happened[given.claim].append((given.at, False))
    found = []
    for claim_id, events in happened.items():
        kept = claims.get(claim_id)
        if kept is None:
            continue
        given_up = [given.at for given in evidence.gave_up if given.claim == claim_id]
        begun: float | None = None
        for at, is_theirs in sorted(events):
            if is_theirs and begun is None:
                # A door that springs open after it was given back is nobody's.
                if not given_up or at < min(given_up) or kept.covers(at):
                    begun = at
            elif not is_theirs and begun is not None:
                found.append((kept.holder, kept.door, begun, at))
                begun = None
        if begun is not None:
            ends = kept.closed_at if kept.closed_how in ("expired", "released_by_staff") else None
            found.append((kept.holder, kept.door, begun, ends or float("inf")))
    return found


def _held(evidence: Evidence, person: int | None, pulse: Pulse) -> int:
    for claim in evidence.claims:
        if (claim.holder, claim.door) == (person, pulse.door) and claim.covers(pulse.at, SKEW_S):
            return claim.id
    return 0


def no_unrecorded_open(evidence: Evidence) -> Iterator[str]:
    """Every pulse has its intent in the journal, its command, and its line in the audit trail."""
    joined, known = join(evidence), {command.id for command in evidence.commands}
    for pulse in joined.unwritten:
        yield f"door {pulse.door} opened at {pulse.at:.3f}, and no journal says why"
    for pulse, command in joined.pairs:
        if command not in known:
            yield f"door {pulse.door} opened for command {command}, which the server does not know"
        elif command not in evidence.audited:
            yield f"door {pulse.door} opened for command {command}, which is not in the trail"


def no_late_open(evidence: Evidence) -> Iterator[str]:
    """No lock moves after the deadline of its command."""
    for pulse, by_s in join(evidence).late:
        yield f"door {pulse.door} opened at {pulse.at:.3f}, {by_s:.1f} s after its deadline"


def no_lost_event(evidence: Evidence) -> Iterator[str]:
    """Every line of every journal is at the server once, as it was written, without a gap."""
    stored: defaultdict[int, list[Line]] = defaultdict(list)
    for line in evidence.stored:
        stored[line.bridge].append(line)
    for bridge, lines in stored.items():
        if len({line.journal for line in lines}) > 1:
            yield f"bridge {bridge} began another journal"
        numbers = sorted(line.seq for line in lines)
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"bridge {bridge}: the server's lines are not 1 to {len(numbers)} without a gap"
    there = {(line.bridge, line.journal, line.seq): line for line in evidence.stored}
    for line in evidence.written:
        same = there.get((line.bridge, line.journal, line.seq))
        if same is None:
            yield f"bridge {line.bridge}: line {line.seq} ({line.kind}) was lost"
        elif (same.kind, same.door, same.command) != (line.kind, line.door, line.command):
            yield f"bridge {line.bridge}: line {line.seq} is another one at the server"


def answers_are_true(evidence: Evidence) -> Iterator[str]:
    """What anybody was told was so when they were told it, and the last answer still is."""
    claims = {claim.id: claim for claim in evidence.claims}
    given_up = {(given.person, given.claim) for given in evidence.gave_up}
    last = {(told.person, told.claim): told for told in evidence.told if not told.knew_better}
    for told in evidence.told:
        if told.knew_better:
            continue
        who = f"person {told.person} was told at {told.told_at:.3f}"
        claim = claims.get(told.claim or 0)
        if told.what == "refused":
            for left in _left_behind(evidence, told):
                yield f"{who} that nothing was given, and claim {left.id} was"
        elif told.what == "none":
            for had in _still_had(evidence, told):
                yield f"{who} that no door is theirs, and claim {had.id} on door {had.door} was"
        elif claim is None or (claim.holder, claim.door) != (told.person, told.door):
            yield f"{who} of claim {told.claim} on door {told.door}, which is not theirs"
        elif told.what == "gone":
            if claim.closed_at is None:
                yield f"{who} that claim {claim.id} is over, and it is not"
        elif claim.closed_how == "withdrawn":
            yield f"{who} that door {told.door} is theirs; claim {claim.id} was withdrawn"
        elif not (
            claim.started_at <= told.told_at + SKEW_S
            and (claim.closed_at is None or claim.closed_at >= told.asked_at - SKEW_S)
        ):
            yield f"{who} that door {told.door} is theirs; claim {claim.id} was not running"
        elif (
            told is last[told.person, told.claim]
            and claim.closed_how == "finished"
            and (told.person, claim.id) not in given_up
        ):
            yield f"{who} that door {told.door} is theirs; claim {claim.id} was ended by nobody"


def _left_behind(evidence: Evidence, told: Told) -> Iterator[Claim]:
    """Yield the uses that a refused request began; the same scan may be asked with again later."""
    again_at = min(
        (
            one.asked_at
            for one in evidence.told
            if one.person == told.person and one.asked_at >= told.told_at
        ),
        default=float("inf"),
    )
    for claim in evidence.claims:
        is_of_this = told.asked_at - SKEW_S <= claim.started_at < again_at
        is_withdrawn = claim.closed_how == "withdrawn" or claim.was_undone
        if claim.scan == told.scan != "" and is_of_this and not is_withdrawn:
            yield claim


def _still_had(evidence: Evidence, told: Told) -> Iterator[Claim]:
    """Yield the uses that somebody had been told of, and had not ended, at an answer."""
    begun = {
        one.claim
        for one in evidence.told
        if (one.person, one.what) == (told.person, "yours") and one.told_at < told.asked_at
    }
    begun -= {given.claim for given in evidence.gave_up if given.at < told.told_at}
    for claim in evidence.claims:
        if claim.id in begun and claim.covers(told.told_at + SKEW_S):
            yield claim


def no_broken_rule(evidence: Evidence) -> Iterator[str]:
    """No request ends in an error because a rule of the database was not thought of."""
    yield from evidence.broken


def all_settled(evidence: Evidence) -> Iterator[str]:
    """When the last fault is over, everything comes back by itself."""
    yield from evidence.unsettled


PROOFS: list[Callable[[Evidence], Iterator[str]]] = [
    no_double_holder,
    no_open_for_another,
    no_unrecorded_open,
    no_late_open,
    no_lost_event,
    answers_are_true,
    no_broken_rule,
    all_settled,
]


def violations(evidence: Evidence) -> list[str]:
    """Return everything that is not as it must be, each under the name of its proof."""
    return [
        f"{proof.__name__}: {said}" for proof in PROOFS for said in dict.fromkeys(proof(evidence))
    ]
