"""The keys of the demonstration: all old locks are in the register, with something to do."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db.models import Q, QuerySet

from access.choices import KeyStatus
from access.models import Combination, Key, KeyHolding, Lock, LockChangeRequest
from access.services import keys, master_keys
from lockers.choices import LockKind
from lockers.models import Compartment, Site

pytestmark = pytest.mark.usefixtures("demo")


def _keyed_or_dialled() -> QuerySet[Compartment]:
    """The doors without wires, and those that had a key until the upgrade of their bank."""
    return Compartment.objects.filter(
        ~Q(lock_kind=LockKind.ELECTRONIC) | Q(upgrades__done_at__isnull=False)
    )


def test_every_lock_without_wires_is_in_the_register() -> None:
    doors = _keyed_or_dialled()
    assert Lock.objects.count() == doors.count() > 0
    keyed = doors.exclude(lock_kind=LockKind.COMBINATION)
    assert Key.objects.filter(lock__isnull=False).count() == 2 * keyed.count()
    dials = Lock.objects.filter(compartment__lock_kind=LockKind.COMBINATION)
    assert Combination.objects.count() == 5 * dials.count() > 0


def test_some_keys_are_out_one_is_lost_and_one_is_late(at: dt.datetime) -> None:
    school = Site.objects.get(kind="school")
    out = KeyHolding.objects.filter(keys.OPEN, key__site=school)
    assert out.count() > 10
    assert out.filter(keys.overdue(at)).count() == 1
    assert Key.objects.filter(site=school, status=KeyStatus.LOST).count() == 1
    assert LockChangeRequest.objects.filter(lock__compartment__bank__site=school).count() == 1
    assert master_keys.counts_due(sites=Site.objects.all(), at=at) == []
