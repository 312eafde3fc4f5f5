"""What an allotment is decided from, all of it whole numbers, and written in one way only.

Doors that the rules treat alike (one bank, one size, one lock) make a ``Pool``; applicants to whom
the rules allow the same pools, from the same form room, share a ``Profile``. So twenty thousand
people and doors are described by a few hundred of either.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

VERSION = 1
# What "no door" stands for where a door is named by its number.
NONE = -1


class BadProblem(ValueError):
    """The input contradicts itself; the sentence says where."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Doors that nobody's rules tell apart: their numbers, in the order in which they stand.

    ``bank`` is where they stand; ``held_back`` of them are kept for those who come later.
    """

    doors: tuple[int, ...]
    bank: int = 0
    held_back: int = 0

    @property
    def places(self) -> int:
        """How many of its doors are to be given now."""
        return len(self.doors) - self.held_back


@dataclass(frozen=True, slots=True)
class Profile:
    """Which pools the rules allow, and how far each is from the form room (metres)."""

    pools: tuple[int, ...]
    walks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """One line of a list of preferences: a set of pools (``target``), or one very door."""

    target: int = NONE
    door: int = NONE


@dataclass(frozen=True, slots=True)
class Applicant:
    """Somebody who is to get a door. ``ticket`` stands for the name wherever a draw is shown.

    ``comes_first``: access needs, served before everybody else. ``present`` is the door that they
    have and may keep. ``friends`` are tickets; they count where both ask.
    """

    ticket: str
    profile: int
    wishes: tuple[Wish, ...] = ()
    present: int = NONE
    comes_first: bool = False
    friends: tuple[str, ...] = ()


class Method(StrEnum):
    """How doors are allotted; each is explained where it is chosen (occupancy.choices)."""

    TURNS = "turns"
    TENANTS = "tenants"
    OPTIMUM = "optimum"
    FITTING = "fitting"


@dataclass(frozen=True)
class Problem:
    """Everything that decides, besides the seed."""

    pools: tuple[Pool, ...]
    profiles: tuple[Profile, ...]
    # Sets of pools that wishes name: an area, a bank.
    targets: tuple[tuple[int, ...], ...]
    applicants: tuple[Applicant, ...]
    # How much further somebody would walk for the next better wish; the optimum weighs with it.
    metres_per_wish: int = 100
    method: Method = Method.TURNS
    pool_of: dict[int, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        pool_of = {door: at for at, pool in enumerate(self.pools) for door in pool.doors}
        object.__setattr__(self, "pool_of", pool_of)
        self._check()

    def _check(self) -> None:
        if len(self.pool_of) != sum(len(pool.doors) for pool in self.pools):
            raise BadProblem("a door stands in two pools")
        if any(not 0 <= pool.held_back <= len(pool.doors) for pool in self.pools):
            raise BadProblem("more doors are held back than a pool has")
        for profile in self.profiles:
            if len(profile.pools) != len(profile.walks) or len(set(profile.pools)) != len(
                profile.pools
            ):
                raise BadProblem("a profile needs one walk for each of its pools")
        tickets = {one.ticket for one in self.applicants}
        if len(tickets) != len(self.applicants):
            raise BadProblem("a ticket is there twice")
        allowed = [set(profile.pools) for profile in self.profiles]
        present: dict[int, str] = {}
        for one in self.applicants:
            if one.present != NONE:
                if self.pool_of.get(one.present, NONE) not in allowed[one.profile]:
                    raise BadProblem(f"{one.ticket} has a door that the rules do not allow")
                if one.present in present:
                    raise BadProblem(f"{one.ticket} and {present[one.present]} have one door")
                present[one.present] = one.ticket
            for wish in one.wishes:
                if (wish.target == NONE) == (wish.door == NONE):
                    raise BadProblem(f"{one.ticket} has a wish that is not one thing")
                if wish.door != NONE and wish.door not in self.pool_of:
                    raise BadProblem(f"{one.ticket} wishes for a door that is not there")

    def digest(self) -> str:
        """Return the SHA-256 of the problem as it is written, in hexadecimal."""
        return hashlib.sha256(written(self)).hexdigest()


def written(problem: Problem) -> bytes:
    """Return a problem as JSON, to the byte the same wherever it is written."""
    told: dict[str, Any] = {
        "version": VERSION,
        "pools": [
            {"doors": list(one.doors), "bank": one.bank, "held_back": one.held_back}
            for one in problem.pools
        ],
        "profiles": [
            {"pools": list(one.pools), "walks": list(one.walks)} for one in problem.profiles
        ],
        "targets": [list(one) for one in problem.targets],
        "applicants": [_told(one) for one in problem.applicants],
        "metres_per_wish": problem.metres_per_wish,
        "method": problem.method.value,
    }
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _told(one: Applicant) -> dict[str, Any]:
    told: dict[str, Any] = {"ticket": one.ticket, "profile": one.profile}
    if one.wishes:
        told["wishes"] = [
            {"door": wish.door} if wish.door != NONE else {"target": wish.target}
            for wish in one.wishes
        ]
    if one.present != NONE:
        told["present"] = one.present
    if one.comes_first:
        told["comes_first"] = True
    if one.friends:
        told["friends"] = list(one.friends)
    return told


def read(content: bytes) -> Problem:
    """Return the problem that a file says; raises BadProblem."""
    try:
        told = json.loads(content)
        if told["version"] != VERSION:
            raise BadProblem(f"written by another version: {told['version']}")
        return Problem(
            pools=tuple(Pool(tuple(p["doors"]), p["bank"], p["held_back"]) for p in told["pools"]),
            profiles=tuple(Profile(tuple(p["pools"]), tuple(p["walks"])) for p in told["profiles"]),
            targets=tuple(tuple(target) for target in told["targets"]),
            applicants=tuple(
                Applicant(
                    ticket=one["ticket"],
                    profile=one["profile"],
                    wishes=tuple(Wish(**wish) for wish in one.get("wishes", [])),
                    present=one.get("present", NONE),
                    comes_first=one.get("comes_first", False),
                    friends=tuple(one.get("friends", [])),
                )
                for one in told["applicants"]
            ),
            metres_per_wish=told["metres_per_wish"],
            method=Method(told["method"]),
        )
    except (ValueError, KeyError, TypeError, IndexError) as error:
        if isinstance(error, BadProblem):
            raise
        raise BadProblem(f"this is not the input of a draw: {error!r}") from error
