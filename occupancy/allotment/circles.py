"""Circles of people who ask for each other in a ring, so that nobody is asked back."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def circles(asks: Mapping[T, Iterable[T]]) -> list[list[T]]:
    """Return rings of one-sided asks: the first asks the second, and so on, the last the first.

    Two who ask each other are friends and no ring. Where rings share somebody, at least one of
    them is found; where none is found there is none.
    """
    wanted = {one: list(dict.fromkeys(others)) for one, others in asks.items()}
    one_sided = {
        one: [other for other in others if other != one and one not in wanted.get(other, ())]
        for one, others in wanted.items()
    }
    done: set[T] = set()
    found: list[list[T]] = []
    for start in one_sided:
        way: list[T] = []
        place: dict[T, int] = {}
        # Each step: somebody, and whom of theirs to look at next.
        steps = [(start, iter(one_sided[start]))] if start not in done else []
        if steps:
            way, place = [start], {start: 0}
        while steps:
            one, others = steps[-1]
            for other in others:
                if other in place:
                    found.append(way[place[other] :])
                    continue
                if other not in done and other in one_sided:
                    place[other] = len(way)
                    way.append(other)
                    steps.append((other, iter(one_sided[other])))
                    break
            else:
                steps.pop()
                way.pop()
                del place[one]
                done.add(one)
    return found
