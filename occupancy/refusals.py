"""What a person is told when every door fails for them: all rules, the most useful one first."""

from __future__ import annotations

from collections.abc import Sequence

from audit.errors import Refusal
from occupancy.allocation.engine import Failed, Failing
from occupancy.errors.claims import NoCompartmentAvailable
from occupancy.errors.policies import (
    CredentialNotEnough,
    LimitReached,
    NoPolicy,
    NotForYou,
    NotWalkUp,
    SizeNotAllowed,
)

_REFUSALS: dict[Failing, type[Refusal]] = {
    Failing.SIZE_NOT_ALLOWED: SizeNotAllowed,
    Failing.CREDENTIAL_NOT_ENOUGH: CredentialNotEnough,
    Failing.NO_COMPARTMENT_AVAILABLE: NoCompartmentAvailable,
    Failing.NOT_WALK_UP: NotWalkUp,
    Failing.NOT_FOR_YOU: NotForYou,
    Failing.NO_POLICY: NoPolicy,
}


def of(failed: Sequence[Failed]) -> Refusal:
    """Return the refusal for what failed, the first rule first."""
    if not failed:
        return NoPolicy(failed=[])
    first = failed[0]
    if first.code is Failing.LIMIT_REACHED:
        limits = [one.by.rules.limit for one in failed if one.code is first.code and one.by]
        return LimitReached(limit=min(n for n in limits if n is not None), failed=told(failed))
    return _REFUSALS[first.code](failed=told(failed))


def told(failed: Sequence[Failed]) -> list[dict[str, str]]:
    """Return every rule that failed, with the policy it belongs to, for answers and the trail."""
    return [
        {"rule": one.code.value, "policy": one.by.rules.name if one.by else ""} for one in failed
    ]
