"""The people that a bridge has to know, and what they show."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from django.db.models import Q, QuerySet

from access import hashing
from access.access_list import entries
from access.access_list.entries import Access, Entry, Window
from access.choices import (
    CARRIED,
    NEEDS_ACCESS,
    CredentialKind,
    CredentialStatus,
    PersonStatus,
)
from access.models import Credential, Grant, Hold, Pass, Person, TemporaryAccess, Throttle, Visit
from access.services import digests
from lockers.models import Bank


def known_at(banks: Sequence[Bank], staff: Collection[int], at: dt.datetime) -> Q:
    """Return the condition: who has something to do at banks of one bridge.

    They may open a door there, are at home at its site, were given time there, visit it, or are
    members of staff who open any of its doors.
    """
    organisations = {bank.site.organisation_id for bank in banks}
    sites = {bank.site_id for bank in banks}
    ids = [bank.pk for bank in banks]
    granted = Grant.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=at), compartment__bank__in=ids, revoked_at=None
    )
    given = TemporaryAccess.objects.filter(
        Q(bank=None) | Q(bank__in=ids), site__in=sites, revoked_at=None, ends_at__gt=at
    )
    visiting = Visit.objects.filter(
        site__in=sites, left_at=None, cancelled_at=None, expected_until__gt=at
    )
    has_business = (
        Q(pk__in=granted.exclude(person=None).values("person"))
        | Q(role__in=granted.exclude(role=None).values("role"))
        | Q(department__in=granted.exclude(department=None).values("department"))
        | Q(home_site__in=sites) & ~Q(status=PersonStatus.LEFT)
        | Q(pk__in=given.values("person"))
        | Q(pk__in=visiting.values("visitor"))
        | Q(pk__in=staff)
    )
    return Q(organisation__in=organisations) & has_business


def listed(people: QuerySet[Person], banks: Sequence[Bank], at: dt.datetime) -> Iterator[Entry]:
    """Yield everything of some people, in a fixed number of queries."""
    sites, ids = {bank.site_id for bank in banks}, [bank.pk for bank in banks]
    rows = people.values_list(
        "id", "organisation_id", "status", "role_id", "department_id", "personal_number", "kind"
    )
    # Asked again by each table: writing ten thousand numbers into a query takes longer.
    whose = {"person__in": people.values("pk")}
    holds, access = _holds(whose, at), _access(whose, sites, ids, at)
    for pk, organisation_id, status, role_id, department_id, number, kind in rows:
        key = hashing.personal_number(number)
        yield entries.Person(
            id=pk,
            status=status,
            role_id=role_id,
            department_id=department_id,
            number=digests.of(organisation_id, key) if number else "",
            holds=tuple(holds[pk]),
            needs_access=kind in NEEDS_ACCESS,
            access=tuple(access[pk]),
        )
    yield from _credentials(whose)
    spent = Pass.objects.filter(
        Q(revoked_at__isnull=False) | Q(is_single_use=True, used_at__isnull=False),
        ends_at__gt=at,
        **whose,
    )
    for pass_id, person_id, revoked_at in spent.values_list("id", "person_id", "revoked_at"):
        status = "used" if revoked_at is None else "revoked"
        yield entries.SpentPass(id=pass_id, person_id=person_id, status=status)


def _holds(whose: dict[str, Any], at: dt.datetime) -> dict[int, list[Window]]:
    found: defaultdict[int, list[Window]] = defaultdict(list)
    holds = Hold.objects.filter(Q(ends_at=None) | Q(ends_at__gt=at), lifted_at=None, **whose)
    for person_id, begins, ends in holds.order_by("pk").values_list(
        "person_id", "starts_at", "ends_at"
    ):
        found[person_id].append(Window(begins, ends))
    return found


def _access(
    whose: dict[str, Any], sites: Collection[int], banks: Collection[int], at: dt.datetime
) -> dict[int, list[Access]]:
    found: defaultdict[int, list[Access]] = defaultdict(list)
    given = TemporaryAccess.objects.filter(
        Q(bank=None) | Q(bank__in=banks), site__in=sites, revoked_at=None, ends_at__gt=at, **whose
    )
    for person_id, bank_id, begins, ends in given.order_by("pk").values_list(
        "person_id", "bank_id", "starts_at", "ends_at"
    ):
        found[person_id].append(Access(bank_id, Window(begins, ends)))
    return found


def _credentials(whose: dict[str, Any]) -> Iterator[Entry]:
    # Guessed at too often: out of use there too.
    disabled = set(
        Throttle.objects.filter(disabled_at__isnull=False, **whose).values_list(
            "person_id", flat=True
        )
    )
    for pk, person_id, kind, status, begins, ends, digest, verifier, assurance, purpose in (
        Credential.objects.filter(**whose).values_list(
            "id", "person_id", "kind", "status", "valid_from", "valid_until", "digest",
            "verifier", "assurance", "purpose",
        )
    ):  # fmt: skip
        if kind in CARRIED:
            yield entries.Badge(
                id=pk, person_id=person_id, status=status, begins=begins, ends=ends,
                digest=digest, kind=kind, assurance=assurance,
            )  # fmt: skip
        elif kind == CredentialKind.CODE:
            yield entries.Code(
                id=pk, person_id=person_id, status=status, begins=begins, ends=ends, digest=digest
            )
        elif status == CredentialStatus.ACTIVE and person_id not in disabled:
            yield entries.Pin(
                id=pk, person_id=person_id, status=status, begins=begins, ends=ends,
                verifier=verifier, purpose=purpose,
            )  # fmt: skip
