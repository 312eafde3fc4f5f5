"""Which door somebody is given by a bridge that is cut off: the table, and what never happens."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from access.access_list.entries import Access, Bank, Day, Door, Offer, Person, Window
from access.access_list.index import AccessList
from kiosk.bridge import giving
from kiosk.bridge.giving import Choice, Refused
from kiosk.bridge.holdings import Kept
from kiosk.bridge.protocol import Hold

NOW = dt.datetime(2026, 11, 17, 9, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
MIDNIGHT = dt.datetime(2026, 11, 18, tzinfo=dt.UTC)
TODAY = Day(MIDNIGHT - 24 * HOUR, MIDNIGHT, MIDNIGHT + HOUR)
TOMORROW = Day(MIDNIGHT, MIDNIGHT + 24 * HOUR, MIDNIGHT + 25 * HOUR)
BANK, AMIRA, BEN, POLICY = 1, 7, 8, 3
DOORS = (13, 11, 12, 14)


def ms(instant: dt.datetime) -> int:
    return int(instant.timestamp() * 1000)


def held(door: int, **values: Any) -> Kept:
    """Return a claim of the server's: Ben has the door for the day."""
    hold = {
        "claim_id": door, "kind": "assignment", "compartment_id": door, "person_id": BEN,
        "starts_at_ms": ms(NOW - HOUR), "ends_at_ms": ms(MIDNIGHT), "has_begun": True, **values,
    }  # fmt: skip
    return Kept(Hold(**hold))


def to_come(door: int, begins: dt.datetime, ends: dt.datetime | None, kind: str) -> Kept:
    return held(
        door, kind=kind, has_begun=False, starts_at_ms=ms(begins),
        ends_at_ms=ms(ends) if ends is not None else None,
    )  # fmt: skip


def offer(number: int = 1, **values: Any) -> Offer:
    told = {
        "policy_id": POLICY, "people": (AMIRA,), "doors": DOORS, "limits": ((POLICY, 1),),
        "days": (TODAY, TOMORROW), **values,
    }  # fmt: skip
    return Offer(number=number, bank_id=BANK, **told)


@dataclass(frozen=True)
class Scene:
    """Amira before an empty bank of four doors, with a badge."""

    person: Person = Person(id=AMIRA, status="active")  # noqa: RUF009 (frozen)
    offers: tuple[Offer, ...] = (offer(),)
    kept: tuple[Kept, ...] = ()
    shut: frozenset[int] = frozenset(DOORS)
    status: dict[int, str] = field(default_factory=dict)
    bank: Bank = Bank(id=BANK)  # noqa: RUF009 (frozen)
    at: dt.datetime = NOW
    credential: str = "badge"
    door_id: int | None = None

    def choose(self) -> Choice | Refused:
        doors = [
            Door(
                id=door, bank_id=BANK, number=str(door),
                service_status=self.status.get(door, "in_service"),
            )
            for door in DOORS
        ]  # fmt: skip
        return giving.choose(
            AccessList([self.bank, *doors, *self.offers, self.person]), self.kept, self.shut,
            person=self.person, bank_id=BANK, credential=self.credential, at=self.at,
            door_id=self.door_id,
        )  # fmt: skip


def chosen(**values: Any) -> Choice:
    choice = Scene(**values).choose()
    assert isinstance(choice, Choice), choice
    return choice


def visitor(*windows: Window, bank_id: int | None = None) -> Person:
    return Person(
        id=AMIRA, status="active", needs_access=True,
        access=tuple(Access(bank_id, window) for window in windows),
    )  # fmt: skip


# ---- who gets none, and why ----------------------------------------------------------------------

REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "who left": ({"person": Person(id=AMIRA, status="left")}, "person_left"),
    "who is suspended": ({"person": Person(id=AMIRA, status="suspended")}, "person_suspended"),
    "who is held": (
        {"person": Person(id=AMIRA, status="active", holds=(Window(NOW - HOUR),))}, "person_held",
    ),
    "a visitor without access": ({"person": visitor()}, "no_access"),
    "a visitor at another bank": ({"person": visitor(Window(NOW - HOUR), bank_id=2)}, "no_access"),
    "a visitor too early": ({"person": visitor(Window(NOW + HOUR))}, "no_access"),
    "in the curfew": ({"bank": Bank(id=BANK, curfew=(dt.time(8), dt.time(10)))}, "curfew"),
    "whom no policy serves": ({"offers": (offer(people=(BEN,)),)}, "not_for_you"),
    "where nothing is offered": ({"offers": ()}, "not_for_you"),
    "with the wrong thing in hand": (
        {"offers": (offer(credentials=frozenset({"phone"})),)}, "credential_not_enough",
    ),
    "who has one already": (
        {"kept": (held(11, person_id=AMIRA, counts=[POLICY]),)}, "limit_reached",
    ),
    "who has one of another policy that limits": (
        {"offers": (offer(limits=((POLICY, 5), (9, 1))),),
         "kept": (held(11, person_id=AMIRA, counts=[9]),)},
        "limit_reached",
    ),
    "behind the days that were told": ({"at": MIDNIGHT + 48 * HOUR}, "no_compartment_available"),
    "in a full bank": (
        {"kept": tuple(held(door) for door in DOORS)}, "no_compartment_available",
    ),
    "while no door is known to be shut": ({"shut": frozenset()}, "no_compartment_available"),
    "with no door in service": (
        {"status": dict.fromkeys(DOORS, "fault")}, "no_compartment_available",
    ),
    "who wants a door that is taken": (
        {"door_id": 11, "kept": (held(11),)}, "no_compartment_available",
    ),
    "who wants a door that is not offered": (
        {"door_id": 14, "offers": (offer(doors=(11,)),)}, "no_compartment_available",
    ),
}  # fmt: skip


@pytest.mark.parametrize("who", REFUSALS)
def test_nobody_is_given_a_door_against_the_rules(who: str) -> None:
    scene, code = REFUSALS[who]
    refused = Scene(**scene).choose()
    assert isinstance(refused, Refused)
    assert (refused.code, bool(refused.why)) == (code, True)


# ---- which one -----------------------------------------------------------------------------------


def test_the_first_door_of_the_offer_is_given_until_the_end_of_its_day() -> None:
    choice = chosen()
    assert (choice.compartment_id, choice.due_at, choice.ends_at) == (13, TODAY.due, TODAY.ends)


def test_the_next_day_has_its_own_end() -> None:
    assert chosen(at=MIDNIGHT).due_at == TOMORROW.due


def test_a_door_that_is_asked_for_is_given() -> None:
    assert chosen(door_id=12).compartment_id == 12


TAKEN: dict[str, dict[str, Any]] = {
    "held": {"kept": (held(13),)},
    "held without an end": {"kept": (held(13, ends_at_ms=None),)},
    "held until it is emptied": {"kept": (held(13, ends_at_ms=ms(NOW - HOUR), stays=True),)},
    "given here": {"kept": (Kept(held(13).hold, uuid.UUID(int=1)),)},
    "booked for the afternoon": {"kept": (to_come(13, NOW + HOUR, NOW + 2 * HOUR, "reservation"),)},
    "booked for its last hour": {
        "kept": (to_come(13, TODAY.ends - HOUR / 2, TODAY.ends + HOUR, "reservation"),)
    },
    "closed in the evening": {"kept": (to_come(13, NOW + 8 * HOUR, None, "closure"),)},
    "a fault": {"status": {13: "fault"}},
    "to be cleaned": {"status": {13: "needs_cleaning"}},
    "open, or not known to be shut": {"shut": frozenset(DOORS) - {13}},
}


@pytest.mark.parametrize("how", TAKEN)
def test_a_door_that_is_not_free_is_passed_over(how: str) -> None:
    assert chosen(**TAKEN[how]).compartment_id == 11


FREE: dict[str, Kept] = {
    "over": held(13, ends_at_ms=ms(NOW)),
    "booked for behind the end": to_come(13, TODAY.ends, TODAY.ends + HOUR, "reservation"),
    "booked and over": to_come(13, NOW - 2 * HOUR, NOW - HOUR, "reservation"),
}


@pytest.mark.parametrize("how", FREE)
def test_what_does_not_meet_the_use_is_not_in_its_way(how: str) -> None:
    assert chosen(kept=(FREE[how],)).compartment_id == 13


def test_a_use_that_is_over_does_not_count() -> None:
    over = held(11, person_id=AMIRA, counts=[POLICY], ends_at_ms=ms(NOW))
    assert chosen(kept=(over,)).compartment_id == 13


def test_offers_are_asked_in_their_order_and_the_next_one_serves() -> None:
    first, second = offer(1, doors=(11,)), offer(2, policy_id=4, limits=(), doors=(12,))
    assert chosen(offers=(second, first)).compartment_id == 11
    assert chosen(offers=(second, first), kept=(held(11),)).offer.policy_id == 4


@pytest.mark.parametrize("ends_in", [1, 30])
def test_a_visitor_has_it_no_longer_than_they_may_be_here(ends_in: int) -> None:
    until = NOW + ends_in * HOUR
    choice = chosen(person=visitor(Window(NOW - HOUR, until)))
    assert (choice.due_at, choice.ends_at) == (min(TODAY.due, until), min(TODAY.ends, until))


def test_a_visitor_who_may_be_here_for_good_has_it_all_day() -> None:
    limited, unlimited = Window(NOW - HOUR, NOW + HOUR), Window(NOW - HOUR)
    for windows in ((unlimited,), (limited, unlimited), (unlimited, limited)):
        assert chosen(person=visitor(*windows)).ends_at == TODAY.ends


# ---- what never happens --------------------------------------------------------------------------

_hours = st.integers(-30, 60).map(lambda hours: NOW + hours * HOUR)
_holds = st.builds(
    lambda door, who, begins, lasts, has_begun, stays, counts: Kept(
        Hold(
            claim_id=door, kind="assignment", compartment_id=door, person_id=who,
            starts_at_ms=ms(begins), ends_at_ms=ms(begins + lasts * HOUR) if lasts else None,
            has_begun=has_begun and begins <= NOW, counts=counts, stays=stays,
        )
    ),
    st.sampled_from(DOORS), st.sampled_from([AMIRA, BEN]), _hours, st.integers(0, 40),
    st.booleans(), st.booleans(), st.sampled_from([[], [POLICY], [POLICY, 9]]),
)  # fmt: skip
_offers = st.builds(
    lambda doors, limits, days, credentials: offer(
        doors=tuple(doors), limits=tuple(limits), days=tuple(days), credentials=credentials
    ),
    st.lists(st.sampled_from(DOORS), unique=True),
    st.lists(st.tuples(st.sampled_from([POLICY, 9]), st.integers(1, 2)), max_size=2),
    st.sampled_from([(), (TODAY,), (TODAY, TOMORROW), (TOMORROW,)]),
    st.sampled_from([frozenset(), frozenset({"badge"}), frozenset({"phone"})]),
)
_windows = st.builds(lambda begins, lasts: Window(begins, begins + lasts * HOUR if lasts else None),
                     _hours, st.integers(0, 40))  # fmt: skip
_scenes = st.builds(
    Scene,
    person=st.one_of(
        st.sampled_from([Person(id=AMIRA, status="active"), Person(id=AMIRA, status="left")]),
        st.lists(_windows, max_size=3).map(lambda windows: visitor(*windows)),
    ),
    offers=st.lists(_offers, max_size=2).map(
        lambda found: tuple(msgspec.structs.replace(one, number=n) for n, one in enumerate(found))
    ),
    kept=st.lists(_holds, max_size=6).map(tuple),
    shut=st.frozensets(st.sampled_from(DOORS)),
    status=st.dictionaries(st.sampled_from(DOORS), st.sampled_from(["in_service", "fault"])),
    door_id=st.sampled_from([None, None, *DOORS]),
)


def is_good(scene: Scene, choice: Choice, door: int) -> bool:
    """Say in another way than the code whether a door is one to be given."""
    begins, ends = ms(scene.at), ms(choice.ends_at)
    for one in (kept.hold for kept in scene.kept if kept.hold.compartment_id == door):
        until = one.ends_at_ms if one.ends_at_ms is not None else 10**15
        if one.has_begun and one.stays:
            until = 10**15
        if max(one.starts_at_ms, begins) < min(until, ends):
            return False
    return (
        door in scene.shut
        and scene.status.get(door, "in_service") == "in_service"
        and scene.door_id in (None, door)
    )


def uses(scene: Scene, policy_id: int) -> int:
    """Count what Amira has under a policy."""
    return sum(
        policy_id in kept.hold.counts and kept.hold.person_id == AMIRA and kept.holds(scene.at)
        for kept in scene.kept
    )


@settings(max_examples=400, deadline=None)
@given(_scenes)
def test_a_chosen_door_breaks_no_rule_and_is_the_best_that_breaks_none(scene: Scene) -> None:
    choice = scene.choose()
    if isinstance(choice, Refused):
        return
    doors = choice.offer.doors
    place = doors.index(choice.compartment_id)
    assert is_good(scene, choice, choice.compartment_id)
    assert not any(is_good(scene, choice, door) for door in doors[:place])
    assert scene.person.status == "active"
    assert not choice.offer.credentials or scene.credential in choice.offer.credentials
    assert all(uses(scene, policy) < most for policy, most in choice.offer.limits)
    assert any(
        day.begins <= scene.at < day.due and choice.due_at <= day.due and choice.ends_at <= day.ends
        for day in choice.offer.days
    )
    assert scene.at < choice.due_at <= choice.ends_at
    if scene.person.needs_access:
        assert any(
            one.window.holds(scene.at)
            and (one.window.ends is None or choice.ends_at <= one.window.ends)
            for one in scene.person.access
        )


@settings(max_examples=200, deadline=None)
@given(_scenes)
def test_whoever_is_refused_for_want_of_a_door_finds_none_that_is_good(scene: Scene) -> None:
    refused = scene.choose()
    if isinstance(refused, Choice) or len(scene.offers) != 1:
        return
    if refused.code != "no_compartment_available" or scene.person.needs_access:
        return
    [one] = scene.offers
    for day in (day for day in one.days if day.begins <= scene.at < day.due):
        choice = Choice(0, one, day.due, day.ends)
        assert not any(is_good(scene, choice, door) for door in one.doors)
