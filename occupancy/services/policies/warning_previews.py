"""Who would be warned when, if a policy warned otherwise: asked of the warnings themselves."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from access.services import telling
from access.services.telling import Quiet
from occupancy.allocation.policy import Attached
from occupancy.models import Assignment, Policy, PolicyWarning, Told
from occupancy.services.ending import warnings
from occupancy.services.policies.previews import new_end


@dataclass(frozen=True)
class Warn:
    """A warning as a policy says it: how long before the end, by what, to whom."""

    before: dt.timedelta
    channel: str
    to: str


@dataclass(frozen=True)
class Telling:
    """How a policy warns: with which warnings, and when not."""

    warnings: frozenset[Warn]
    quiet: Quiet | None = None


@dataclass(frozen=True)
class Rewarned:
    """The uses whose warnings would change: ids of claims."""

    # Somebody gets a letter at the next run, because its moment has passed already.
    at_once: tuple[int, ...] = ()
    # What is still to come would come at another time, to others, or not at all.
    later: tuple[int, ...] = ()


def of(policy: Policy) -> Telling:
    """Return how a saved policy warns."""
    rows = PolicyWarning.objects.filter(policy=policy).values_list("before", "channel", "to")
    return Telling(frozenset(Warn(*row) for row in rows), quiet_of(policy))


def quiet_of(policy: Policy) -> Quiet | None:
    """Return the quiet hours that a policy says itself."""
    if policy.quiet_from is None or policy.quiet_until is None:
        return None
    return policy.quiet_from, policy.quiet_until


def effect_of(
    *,
    policy_id: int,
    before: Telling,
    after: Telling,
    at: dt.datetime,
    follows: Attached | None = None,
) -> Rewarned:
    """Return whose warnings would change; ``follows`` is what gives running uses a new end."""
    if before == after and follows is None:
        return Rewarned()
    told = _told(policy_id)
    sites: dict[int, Quiet | None] = {}
    at_once, later = [], []
    for claim in _running(policy_id, at):
        site = claim.compartment.bank.site
        if site.pk not in sites:
            sites[site.pk] = telling.quiet_hours(site.organisation_id, site.pk)
        due_at = claim.due_at
        if follows is not None and claim.started_at is not None:
            term = new_end(follows.rules, claim.started_at, at, site.zone)
            due_at = term.due_at if term is not None else due_at
        was = _letters(claim, claim.due_at, before, told, sites[site.pk], site.zone, at)
        now = _letters(claim, due_at, after, told, sites[site.pk], site.zone, at)
        if now.at_once and not was.at_once:
            at_once.append(claim.pk)
        if now.later != was.later:
            later.append(claim.pk)
    return Rewarned(tuple(at_once), tuple(later))


@dataclass(frozen=True)
class _Letters:
    at_once: bool
    later: frozenset[tuple[dt.datetime, str, str]]


def _letters(
    claim: Assignment,
    due_at: dt.datetime | None,
    told_by: Telling,
    told: Mapping[tuple[int, dt.datetime], set[Warn]],
    of_site: Quiet | None,
    zone: zoneinfo.ZoneInfo,
    at: dt.datetime,
) -> _Letters:
    if due_at is None or due_at <= at or claim.started_at is None:
        return _Letters(False, frozenset())
    quiet = told_by.quiet or of_site
    done = told.get((claim.pk, due_at), set())
    left = [one for one in told_by.warnings if one not in done]
    return _Letters(
        any(warnings.is_now(one.before, claim.started_at, due_at, zone, quiet, at) for one in left),
        frozenset(
            (when, one.channel, one.to)
            for one in left
            if (when := warnings.moment(one.before, due_at, zone, quiet)) > at
        ),
    )


def _running(policy_id: int, at: dt.datetime) -> Iterable[Assignment]:
    return (
        Assignment.objects.filter(
            policy_id=policy_id, closed_at__isnull=True, recovery_at__isnull=True, due_at__gt=at
        )
        .select_related("compartment__bank__site")
        .order_by("pk")
    )


def _told(policy_id: int) -> Mapping[tuple[int, dt.datetime], set[Warn]]:
    found: defaultdict[tuple[int, dt.datetime], set[Warn]] = defaultdict(set)
    rows = Told.objects.filter(warning__policy_id=policy_id).values_list(
        "claim_id", "due_at", "warning__before", "warning__channel", "warning__to"
    )
    for claim_id, due_at, before, channel, to in rows:
        found[claim_id, due_at].add(Warn(before, channel, to))
    return found
