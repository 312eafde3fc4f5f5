"""A cabinet of keys for the tests: a keyed door, a dial lock, a master set; and signatures."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from guardian.shortcuts import assign_perm

from access.choices import SignedHow
from access.models import Key, Lock, MasterSet
from access.services import combinations, keys
from access.signatures import Signature
from lockers.models import Bank
from tests import factories
from tests.factories.cast import SETUP, Estate

DRAWN = Signature("M10 20 L12 24 L18 30 L25 28 L33 21 L40 26 M50 20 L55 25", SignedHow.DRAWN)
TYPED = Signature("Amira Example", SignedHow.TYPED)


@dataclass
class Cabinet:
    """Door K1 with two keys, K2 with one, dial lock D1; a master set with one key."""

    bank: Bank
    first: Lock
    second: Lock
    dial: Lock
    key: Key
    spare: Key
    other: Key
    master_set: MasterSet
    master: Key

    @classmethod
    def build(cls, estate: Estate, at: dt.datetime) -> Cabinet:
        bank = factories.BankFactory(site=estate.site, bridge=None, name="Old wing")

        def lock(number: str, kind: str) -> Lock:
            door = factories.CompartmentFactory(
                bank=bank, number=number, size=estate.small, lock_kind=kind
            )
            return factories.LockFactory(compartment=door)

        first, second, dial = lock("K1", "keyed"), lock("K2", "keyed"), lock("D1", "combination")
        master_set = factories.MasterSetFactory(site=estate.site, name="Old wing master")
        master_set.banks.add(bank)
        key, spare = keys.cut(opens=first, count=2, actor=SETUP, at=at)
        (other,) = keys.cut(opens=second, count=1, actor=SETUP, at=at)
        (master,) = keys.cut(opens=master_set, count=1, actor=SETUP, at=at)
        return cls(bank, first, second, dial, key, spare, other, master_set, master)

    @classmethod
    def with_combinations(cls, estate: Estate, at: dt.datetime) -> Cabinet:
        """Return one whose dial has combinations; Max may look at them, Olga not."""
        assign_perm("view_combination", estate.max, estate.site)
        made = cls.build(estate, at)
        texts = {1: "4711", 2: "9002"}
        combinations.store(lock=made.dial, combinations=texts, actor=SETUP, at=at)
        return made
