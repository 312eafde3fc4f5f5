"""Every order of cuts, kills, losses and repeats at one door and two people, tried by machine.

The model is the protocol of lockers/authority.md around the shipped rules: what each side may do is
asked of lockers.authority and of nothing else. A planted mistake must be found each time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest

from lockers.authority import BridgeSide, ServerSide, Terms

TERMS = Terms(lease_s=2, drift_s=1)
PEOPLE = ("amira", "ben")
MOST = 400_000
NOBODY = ""


@dataclass(frozen=True)
class Message:
    """Something that was sent."""

    kind: str
    number: int = 0
    term: int = 0
    person: str = NOBODY
    # What the sender knows to be written down, or whether it did something by itself.
    known: int = 0


@dataclass(frozen=True)
class World:
    """One door, two people, a server, a bridge, and what is under way between them."""

    server: ServerSide = ServerSide(TERMS, 0)
    bridge: BridgeSide = BridgeSide(TERMS, 0.0)
    server_at: int = 0
    bridge_at: int = 0
    # Whose the door is: in the server's table, as it was numbered when the bridge was told, and
    # whether the bridge is known to have that; and in the bridge's journal.
    held: str = NOBODY
    is_confirmed: bool = False
    asked: int = 0
    known: int = 0
    kept: str = NOBODY
    kept_number: int = 0
    # Whether the bridge gave, opened or ended something while it was alone.
    did: bool = False
    # What each was told last: that the door is theirs, or not.
    told: frozenset[str] = frozenset()
    # Who gave it back themselves, and knows.
    gave_back: frozenset[str] = frozenset()
    under_way: frozenset[Message] = frozenset()
    kills: int = 1
    skews: int = 1
    claims: int = 2
    releases: int = 1
    renewals: int = 2
    resumes: int = 1
    ends_at: int = 6

    def sends(self, *messages: Message) -> World:
        return replace(self, under_way=self.under_way | set(messages))


@dataclass(frozen=True)
class Planted:
    """The rules, or one of them left out."""

    waits_for_the_lease: bool = True
    counts_from_the_sending: bool = True
    waits_after_a_start: bool = True
    is_told_only_what_is_written_down: bool = True
    stops_before_it_hands_back: bool = True
    reads_all_before_it_takes_back: bool = True
    hears_only_what_is_newer: bool = True
    opens_only_for_what_the_server_knows: bool = True


RIGHT = Planted()


def steps(world: World, rules: Planted) -> Iterator[tuple[str, World]]:
    """Yield what could happen next, with its name; what can have no effect any more is left out."""
    for name, after in _steps(world, rules):
        matter = frozenset(one for one in after.under_way if _matters(after, one, rules))
        yield name, replace(after, under_way=matter)


def _matters(world: World, message: Message, rules: Planted) -> bool:
    """Say whether a message could still change something: terms and numbers only grow."""
    match message.kind:
        case "renew":
            return message.term >= world.bridge.term
        case "held":
            is_old = rules.hears_only_what_is_newer and message.number < world.bridge.heard
            return message.term >= world.bridge.term and not is_old
        case "answer":
            return message.term >= world.server.term and message.number in dict(world.server.sent)
        case "written":
            return message.term >= world.server.term and message.number >= world.asked
        case "handback":
            return message.term + 1 >= world.server.term
        case "take":
            return message.term > world.bridge.term
    raise AssertionError(message.kind)


def _steps(world: World, rules: Planted) -> Iterator[tuple[str, World]]:
    yield from _time(world, rules)
    yield from _server(world, rules)
    yield from _bridge(world, rules)
    # What was sent can arrive at any time and again: whatever never does was lost.
    for message in world.under_way:
        after = _ARRIVALS[message.kind](world, message, rules)
        if after is not None:
            yield f"{message.kind} arrives", after


def _time(world: World, rules: Planted) -> Iterator[tuple[str, World]]:
    if max(world.server_at, world.bridge_at) < world.ends_at:
        yield (
            "time passes",
            replace(world, server_at=world.server_at + 1, bridge_at=world.bridge_at + 1),
        )
        if world.skews:
            yield (
                "the bridge's clock runs fast",
                replace(world, bridge_at=world.bridge_at + 1, skews=world.skews - 1),
            )
    if world.kills:
        yield (
            "the server is killed",
            replace(world, server=ServerSide(TERMS, world.server.term), kills=world.kills - 1),
        )
        at = world.bridge_at if rules.waits_after_a_start else -99
        yield (
            "the bridge is killed",
            replace(world, bridge=world.bridge.started(at), kills=world.kills - 1),
        )


def _who_may_come(world: World) -> tuple[str, ...]:
    """Return who may claim: the two are alike, so Amira is the first."""
    came = world.asked or world.did or world.kept or world.held or world.gave_back
    return PEOPLE if came else PEOPLE[:1]


def _acts(world: World) -> bool:
    return world.server.may_act(world.server_at)


def _server(world: World, rules: Planted) -> Iterator[tuple[str, World]]:
    if world.renewals:
        server = world.server.renew(world.server_at)
        yield (
            "the server renews",
            replace(world, server=server, renewals=world.renewals - 1).sends(
                Message("renew", server.newest, server.term, known=world.known)
            ),
        )
    if not _acts(world):
        return
    if world.held == NOBODY and world.claims:
        for person in _who_may_come(world):
            claimed = _holds(replace(world, claims=world.claims - 1), person)
            if not rules.is_told_only_what_is_written_down:
                claimed = replace(claimed, told=claimed.told | {person})
            yield f"{person} claims at the server", claimed
    if world.held and not world.is_confirmed and world.releases:
        withdrawn = replace(world, releases=world.releases - 1)
        yield f"the door of {world.held} is withdrawn", _holds(withdrawn, NOBODY)
    if world.held and world.is_confirmed:
        if world.releases:
            given_back = _gives_back(replace(world, releases=world.releases - 1), world.held)
            yield f"{world.held} gives back at the server", _holds(given_back, NOBODY)
        yield f"{world.held} asks the server", replace(world, told=world.told | {world.held})


def _opens(world: World, person: str) -> World:
    """Open for somebody: that tells them that the door is theirs, but if they know better."""
    return replace(world, told=world.told | ({person} - world.gave_back))


def _gives_back(world: World, person: str) -> World:
    return replace(world, told=world.told - {person}, gave_back=world.gave_back | {person})


def _holds(world: World, person: str) -> World:
    """Let the server write whose the door is, and tell the bridge."""
    asked = world.asked + 1
    return replace(world, held=person, is_confirmed=False, asked=asked).sends(
        Message("held", asked, world.server.term, person)
    )


def _bridge(world: World, rules: Planted) -> Iterator[tuple[str, World]]:
    bridge = world.bridge
    if bridge.may_begin_alone(world.bridge_at) or (
        not rules.waits_for_the_lease and not bridge.is_alone
    ):
        yield "the bridge begins alone", replace(world, bridge=bridge.begin_alone())
    if bridge.is_returning:
        if world.resumes:
            yield (
                "the bridge resumes",
                replace(world, bridge=bridge.resume(), resumes=world.resumes - 1),
            )
        yield "the bridge hands back again", world.sends(_handback(world))
    may_open = bridge.may_open(world.kept_number)
    if world.kept and (may_open or not rules.opens_only_for_what_the_server_knows):
        opened = replace(world, did=world.did or bridge.is_alone)
        yield f"{world.kept} opens at the bridge", _opens(opened, world.kept)
    gives = bridge.may_give or (bridge.is_alone and not rules.stops_before_it_hands_back)
    if gives:
        if world.kept == NOBODY and world.claims:
            for person in _who_may_come(world):
                yield (
                    f"{person} claims at the bridge",
                    replace(
                        world,
                        kept=person,
                        kept_number=0,
                        did=True,
                        told=world.told | {person},
                        gave_back=world.gave_back - {person},
                        claims=world.claims - 1,
                    ),
                )
        if world.kept:
            # Whoever finishes knows that the door is theirs no more.
            yield (
                f"{world.kept} finishes at the bridge",
                replace(_gives_back(world, world.kept), kept=NOBODY, did=True),
            )
    if bridge.may_give:
        stopped = replace(world, bridge=bridge.hand_back())
        yield "the bridge hands back", stopped.sends(_handback(stopped))


def _handback(world: World) -> Message:
    return Message("handback", 0, world.bridge.term, world.kept, known=int(world.did))


def _renew(world: World, message: Message, rules: Planted) -> World | None:
    bridge = world.bridge.answer(message.term, message.known, world.bridge_at)
    if bridge is None:
        return None
    return replace(world, bridge=bridge).sends(Message("answer", message.number, message.term))


def _answer(world: World, message: Message, rules: Planted) -> World | None:
    server = world.server.answered(message.term, message.number)
    if not rules.counts_from_the_sending and server != world.server:
        until = world.server_at + TERMS.lease_s - TERMS.drift_s
        server = replace(server, good_until=max(world.server.good_until, until))
    return replace(world, server=server)


def _held(world: World, message: Message, rules: Planted) -> World | None:
    bridge = world.bridge
    if not rules.hears_only_what_is_newer:
        bridge = replace(bridge, heard=0)
    heard = bridge.hear(message.term, message.number)
    if heard is None:
        return None
    number = world.kept_number if message.person == world.kept else message.number
    return replace(world, kept=message.person, kept_number=number, bridge=heard).sends(
        Message("written", message.number, message.term, message.person)
    )


def _written(world: World, message: Message, rules: Planted) -> World | None:
    if message.number != world.asked or message.term != world.server.term or not _acts(world):
        return None
    return replace(
        world,
        is_confirmed=True,
        known=message.number,
        told=world.told | ({world.held} - {NOBODY}),
        gave_back=world.gave_back - {world.held},
    )


def _handed_back(world: World, message: Message, rules: Planted) -> World | None:
    server = world.server.taken_back(message.term)
    told = Message("take", 0, message.term + 1)
    if server == world.server:
        return world.sends(told) if message.term + 1 == server.term else None
    after = replace(world, server=server)
    if message.known and rules.reads_all_before_it_takes_back:
        # Whoever it opened for goes on, also if that was withdrawn here.
        after = replace(after, held=message.person, is_confirmed=True)
    return after.sends(told)


def _take(world: World, message: Message, rules: Planted) -> World | None:
    bridge = world.bridge.taken(message.term, world.bridge_at)
    return None if bridge == world.bridge else replace(world, bridge=bridge, did=False)


_ARRIVALS: dict[str, Callable[[World, Message, Planted], World | None]] = {
    "renew": _renew, "answer": _answer, "held": _held, "written": _written,
    "handback": _handed_back, "take": _take,
}  # fmt: skip


@dataclass
class Explored:
    """What was found: how many worlds there are, and the shortest way to a wrong one."""

    worlds: int = 0
    way: list[str] = field(default_factory=list)


def explore(begin: World, rules: Planted) -> Explored:
    """Try every order of steps, the shortest first, until two people were told one door."""
    came: dict[World, tuple[World, str] | None] = {begin: None}
    queue = deque([begin])
    while queue:
        world = queue.popleft()
        if len(world.told) > 1:
            return Explored(len(came), _way(came, world))
        for name, after in steps(world, rules):
            if after not in came:
                came[after] = (world, name)
                queue.append(after)
        assert len(came) < MOST, "there are more worlds than can be tried"
    return Explored(len(came))


def _way(came: dict[World, tuple[World, str] | None], world: World) -> list[str]:
    way: list[str] = []
    while (step := came[world]) is not None:
        world, name = step
        way.insert(0, name)
    return way


TOGETHER = World(resumes=0, releases=0)
CONNECTED = World(kills=0, skews=0, renewals=1)
ALONE = World(
    bridge=BridgeSide(TERMS, 0.0).begin_alone(), held="amira", is_confirmed=True, kept="amira",
    told=frozenset({"amira"}), kills=0, skews=0, claims=1, renewals=1,
    ends_at=4,
)  # fmt: skip


@pytest.mark.parametrize(
    "begin",
    [
        pytest.param(CONNECTED, id="a door given and given back"),
        pytest.param(replace(CONNECTED, renewals=2, ends_at=4), id="a door withdrawn in a cut"),
        pytest.param(replace(TOGETHER, kills=0), id="a cut, and clocks that part"),
        pytest.param(replace(TOGETHER, skews=0, renewals=1), id="a cut, and a kill"),
        pytest.param(ALONE, id="the way back"),
        pytest.param(replace(ALONE, kills=1, releases=0), id="the way back, and a kill"),
    ],
)
def test_nobody_is_told_a_door_that_is_somebody_else_s(begin: World) -> None:
    found = explore(begin, RIGHT)
    assert found.way == []
    assert found.worlds > 10_000, "it was not much that was tried"


@pytest.mark.parametrize(
    ("begin", "left_out"),
    [
        (TOGETHER, "waits_for_the_lease"),
        (TOGETHER, "counts_from_the_sending"),
        (TOGETHER, "waits_after_a_start"),
        (TOGETHER, "is_told_only_what_is_written_down"),
        (ALONE, "stops_before_it_hands_back"),
        (ALONE, "reads_all_before_it_takes_back"),
        (CONNECTED, "hears_only_what_is_newer"),
        (CONNECTED, "opens_only_for_what_the_server_knows"),
    ],
)
def test_a_rule_that_is_left_out_is_missed(begin: World, left_out: str) -> None:
    found = explore(begin, replace(RIGHT, **{left_out: False}))
    assert found.way, "two people were never told the same door"
