"""Which steps of coming and going the register sees by itself. Pure: facts in, answer out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Facts:
    """What the register knows of one person now."""

    has_card: bool = False
    has_pin: bool = False
    has_locker: bool = False
    has_key: bool = False
    has_login: bool = False
    has_access: bool = False


_OF_VERB = {
    "card": "has_card",
    "pin": "has_pin",
    "locker": "has_locker",
    "key": "has_key",
    "login": "has_login",
    "access": "has_access",
}


def is_done(kind: str, verb: str, facts: Facts) -> bool | None:
    """Say whether a step is done: who comes gets it, who goes has it no more.

    None: the register cannot know, so somebody has to tick it.
    """
    if verb not in _OF_VERB:
        return None
    has: bool = getattr(facts, _OF_VERB[verb])
    return has if kind == "onboarding" else not has
