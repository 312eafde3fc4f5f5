"""Keys and combinations of the old lockers: most are out, one is lost, one is overdue."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence

from django.conf import settings

from access.choices import CountResult, PersonStatus, SignedHow
from access.models import Key, KeyHolding, KeyRules, Lock, MasterSet, Person
from access.services import combinations, keys, lost_keys, master_keys
from access.signatures import Signature
from audit.services.events import Actor
from config.demo.estate import BuiltSite
from config.demo.happenings import ACTOR
from lockers.choices import LockKind
from lockers.models import Bank, Compartment

# Of ten keyed doors so many have a holder.
HELD_OF_TEN = 6
ISSUED_AGO = dt.timedelta(days=12)
COUNTED_AGO = dt.timedelta(days=5)


def add(
    built: BuiltSite, comers: Sequence[Person], *, user_id: int, at: dt.datetime, rng: random.Random
) -> None:
    """Give the keyed and dial locks of a site their register."""
    doors = list(
        Compartment.objects.filter(bank__in=built.banks)
        .exclude(lock_kind=LockKind.ELECTRONIC)
        .select_related("bank__site__organisation")
        .order_by("bank", "column", "row")
    )
    if not doors:
        return
    begun = at - ISSUED_AGO
    holders = [person for person in comers if person.status == PersonStatus.ACTIVE]
    rng.shuffle(holders)
    KeyRules.objects.create(site=built.site)
    for number, door in enumerate(doors):
        lock = Lock.objects.create(compartment=door, serial=f"HL-{4100 + door.pk}")
        if door.lock_kind == LockKind.COMBINATION:
            set_dial(lock, begun, rng)
            continue
        first, _spare = keys.cut(opens=lock, count=2, actor=ACTOR, at=begun, hook=door.number)
        if number % 10 < HELD_OF_TEN and holders:
            issue(first, holders.pop(), user_id, begun, None)
    keyed = Bank.objects.filter(compartments__in=doors, compartments__lock_kind=LockKind.KEYED)
    for bank in keyed.distinct():
        master_set = MasterSet.objects.create(site=built.site, name=f"{bank.name} master")
        master_set.banks.add(bank)
        keys.cut(opens=master_set, count=1, actor=ACTOR, at=begun, hook="M")
    _count(built, user_id, at - COUNTED_AGO)
    _trouble(built, holders, user_id, at)


def set_dial(lock: Lock, at: dt.datetime, rng: random.Random) -> None:
    """Store five combinations of a lock."""
    # A database of one's own may come without a key to seal them under.
    if settings.COMBINATION_KEYS:
        made = {position: f"{rng.randrange(10_000):04d}" for position in range(1, 6)}
        combinations.store(lock=lock, combinations=made, actor=ACTOR, at=at)


def issue(
    key: Key, person: Person, user_id: int, at: dt.datetime, due_at: dt.datetime | None
) -> None:
    """Hand a key to somebody who signs for it."""
    signature = Signature(str(person), SignedHow.TYPED)
    keys.issue(
        key=key, person=person, signature=signature, actor=Actor.staff(user_id), at=at,
        due_at=due_at,
    )  # fmt: skip


def _count(built: BuiltSite, user_id: int, at: dt.datetime) -> None:
    out = set(
        KeyHolding.objects.filter(keys.OPEN, key__site=built.site).values_list("key", flat=True)
    )
    results = {
        key.pk: CountResult.OUT if key.pk in out else CountResult.SEEN
        for key in master_keys.to_count(site=built.site)
    }
    master_keys.count_keys(site=built.site, results=results, user_id=user_id, at=at)


def _trouble(built: BuiltSite, holders: list[Person], user_id: int, at: dt.datetime) -> None:
    """Lose one key that is out, and let a spare be late."""
    held = KeyHolding.objects.filter(keys.OPEN, key__site=built.site).order_by("pk")
    lost = held.select_related(
        "key__site__organisation", "key__lock__compartment__bank__site", "key__master_set"
    ).first()
    if lost is None or not holders:
        return
    lost_keys.report_lost(
        key=lost.key, reason="Left on the bus", actor=Actor.staff(user_id),
        at=at - dt.timedelta(days=1),
    )  # fmt: skip
    spare = Key.objects.filter(lock=lost.key.lock).exclude(pk=lost.key_id).get()
    issue(spare, holders.pop(), user_id, at - dt.timedelta(days=1), at - dt.timedelta(hours=3))
