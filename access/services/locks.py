"""Serial numbers of locks: one lock of an organisation has each."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from access.models import Lock
from lockers.models import Compartment, Site

# The constraint that keeps them apart.
ONE_LOCK = "access_one_lock_per_serial"


def other_with(*, serial: str, organisation_id: int, lock_id: int | None) -> Lock | None:
    """Return the other lock that has a serial number."""
    if not serial:
        return None
    others = Lock.objects.filter(organisation=organisation_id, serial=serial)
    if lock_id is not None:
        others = others.exclude(pk=lock_id)
    return others.select_related("compartment__bank__site").first()


def collision(*, door: Compartment, other: Lock, sites: QuerySet[Site]) -> str:
    """Say which two doors would have one serial number, and what to do.

    ``sites`` are those that whoever reads it may see: a door elsewhere is not named.
    """
    told = {
        "serial": other.serial,
        "door": f"{door.bank.name} {door.number}",
        "other": str(other),
        "site": other.compartment.bank.site,
    }
    sentence = _(
        "%(door)s and %(other)s (%(site)s) would both have the serial number %(serial)s. Read the"
        " numbers on both locks and correct the wrong one."
    )
    if not sites.filter(pk=other.compartment.bank.site_id).exists():
        sentence = _(
            "%(door)s cannot have the serial number %(serial)s: a lock at another site of your"
            " organisation has it. Read the number on the lock again."
        )
    return sentence % told
