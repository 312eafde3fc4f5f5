"""The draw: a seed committed to before anybody wishes, an input frozen before it is revealed."""

from __future__ import annotations

import datetime as dt
import secrets

from django.conf import settings
from django.db import transaction
from django.utils.formats import date_format

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers import sealing
from occupancy.allotment import draw, problem
from occupancy.allotment.run import Outcome, allot
from occupancy.errors.allotments import (
    CommittedAlready,
    FrozenAlready,
    NotCommitted,
    NotFrozen,
    SealMissing,
    StillOpen,
    WishesForgotten,
    WishesGone,
)
from occupancy.models import Allotment, Entry, Preference
from occupancy.services.allotting import entries, problems


def open_for_wishes(
    *,
    allotment: Allotment,
    opens_at: dt.datetime,
    closes_at: dt.datetime,
    actor: Actor,
    at: dt.datetime,
) -> None:
    """Commit to a seed, give everybody a ticket, and take wishes from when until when.

    The seed is known to nobody before the input is frozen: what is published is its SHA-256.
    Raises CommittedAlready and SealMissing.
    """
    with transaction.atomic():
        now = locked(allotment)
        if now.committed_at is not None:
            raise CommittedAlready
        seed = secrets.token_bytes(draw.SEED_BYTES)
        values = {
            "opens_at": opens_at,
            "closes_at": closes_at,
            "committed_at": at,
            "commitment": draw.commitment(seed),
            "sealed_seed": _sealed(now, seed),
        }
        _set(allotment, **values)
        entries.sync(allotment=allotment, at=at)
        _record(Action.ALLOTMENT_OPENED, allotment, actor, at, commitment=values["commitment"])


def freeze(*, allotment: Allotment, actor: Actor, at: dt.datetime) -> None:
    """Write down the input as it is now, its digest, and the seed: from here on all is settled.

    Raises NotCommitted, StillOpen, FrozenAlready, WishesForgotten, NothingToAllot and WishesGone.
    """
    with transaction.atomic():
        now = locked(allotment)
        if now.committed_at is None:
            raise NotCommitted
        if now.frozen_at is not None:
            raise FrozenAlready
        if now.forgotten_at is not None:
            raise WishesForgotten
        if now.closes_at is not None and at < now.closes_at:
            raise StillOpen(until=date_format(now.closes_at.astimezone(now.site.zone),
                                              "DATETIME_FORMAT"))  # fmt: skip
        entries.sync(allotment=now, at=at)
        made = problems.make(now, at)
        if made.lost:
            raise WishesGone(wishes=told(made.lost))
        digest = made.problem.digest()
        seed = _unsealed(now)
        _set(
            allotment,
            frozen_at=at,
            frozen_input=problem.written(made.problem),
            digest=digest,
            seed=seed.hex(),
        )
        _record(Action.ALLOTMENT_FROZEN, allotment, actor, at, digest=digest, seed=seed.hex())


def drawn(allotment: Allotment) -> tuple[problem.Problem, Outcome]:
    """Return what the frozen input and the revealed seed give.

    Raises NotFrozen and WishesForgotten.
    """
    if allotment.forgotten_at is not None:
        raise WishesForgotten
    if allotment.frozen_input is None:
        raise NotFrozen
    frozen = problem.read(bytes(allotment.frozen_input))
    return frozen, allot(frozen, bytes.fromhex(allotment.seed))


def told(lost: list[Preference], most: int = 10) -> str:
    """Return whose wishes name what is gone: the first few, and how many more."""
    named = Entry.objects.filter(pk__in={one.entry_id for one in lost}).select_related("person")
    people = {one.pk: str(one.person) for one in named}
    lines = [
        f"{people[one.entry_id]}: {one.compartment or one.bank or one.area}" for one in lost[:most]
    ]
    return "; ".join(lines) + (f"; … ({len(lost) - most})" if len(lost) > most else "")


def locked(allotment: Allotment) -> Allotment:
    """Return an allotment as it is, nobody else's to change until the transaction ends."""
    return (
        Allotment.objects.select_for_update(no_key=True, of=("self",))
        .select_related("site", "session", "policy")
        .get(pk=allotment.pk)
    )


def _set(allotment: Allotment, **values: object) -> None:
    Allotment.objects.filter(pk=allotment.pk).update(**values)
    for name, value in values.items():
        setattr(allotment, name, value)


def _place(allotment: Allotment) -> str:
    return f"allotment:{allotment.pk}"


def _sealed(allotment: Allotment, seed: bytes) -> str:
    try:
        return sealing.seal(settings.COMBINATION_KEYS, _place(allotment), seed.hex())
    except sealing.CannotOpen as error:
        raise SealMissing from error


def _unsealed(allotment: Allotment) -> bytes:
    try:
        return bytes.fromhex(
            sealing.unseal(settings.COMBINATION_KEYS, _place(allotment), allotment.sealed_seed)
        )
    except sealing.CannotOpen as error:
        raise SealMissing from error


def _record(
    action: Action, allotment: Allotment, actor: Actor, at: dt.datetime, **data: object
) -> None:
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=allotment.site.organisation_id,
        site_id=allotment.site_id,
        subject=f"allotment:{allotment.pk}",
        data={"allotment": allotment.name, **data},
    )
