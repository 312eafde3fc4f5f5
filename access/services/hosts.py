"""Whom somebody visits: known by what only their visitors were told."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, QuerySet

from access.choices import HOST_KINDS, PersonStatus
from access.errors.visits import NoSuchHost
from access.folding import fold
from access.models import Person, Visit
from access.services import digests, tries
from access.services.shown import Where
from access.services.throttles import Guess
from lockers.models import Site

# A letter that a plain keyboard does not have.
_ACCENTED = r"[^ -~]"


def find(*, site: Site, text: str) -> Person:
    """Return who has visitors by e-mail address or personal number; raises NoSuchHost.

    Accents do not matter. Never by name: nobody is to be found by trying names.
    """
    wanted = text.strip()
    found = list(_named(site, wanted)[:2]) if wanted else []
    # Two with one address: whoever it was meant for, the other must not be told.
    if len(found) != 1:
        raise NoSuchHost
    return found[0]


def _named(site: Site, wanted: str) -> QuerySet[Person]:
    hosts = Person.objects.filter(
        organisation_id=site.organisation_id, status=PersonStatus.ACTIVE, kind__in=HOST_KINDS
    )
    named = Q(personal_number=wanted)
    if "@" in wanted:
        bare = fold(wanted)
        # Few addresses have accents: they alone are compared here, letter by letter.
        accented = hosts.filter(email__regex=_ACCENTED).values_list("pk", "email")
        alike = [pk for pk, email in accented if fold(email) == bare]
        named |= Q(email__iexact=wanted) | Q(email__iexact=bare) | Q(pk__in=alike)
    return hosts.filter(named)


def is_named(visit: Visit, text: str) -> bool:
    """Say whether somebody names the host of a visit that is theirs: here a name is enough."""
    host, wanted = visit.host, fold(text)
    return bool(wanted) and wanted in {
        fold(name)
        for name in (
            str(host),
            host.family_name,
            host.given_name,
            f"{host.family_name} {host.given_name}",
            host.email,
            host.personal_number,
        )
    }


def check(*, where: Where, site: Site, text: str, at: dt.datetime) -> Person:
    """Return the host of somebody at a screen, and count who is nobody; raises as find."""
    guess = guess_of(where, text)
    tries.check(guess=guess, at=at)
    try:
        return find(site=site, text=text)
    except NoSuchHost as refusal:
        told = refusal
        raise refusal.keep(
            lambda: tries.count(refusal=told, guess=guess, actor=where.actor, at=at)
        ) from None


def guess_of(where: Where, text: str) -> Guess:
    """Return the try of a host at a screen, as it is counted."""
    tried = digests.of(where.organisation_id, f"host:{text.strip().lower()}")
    return Guess(where.organisation_id, where.site_id, f"{where.throttle_key}:hosts", None, tried)
