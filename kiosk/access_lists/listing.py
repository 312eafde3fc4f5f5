"""The two halves of a bridge's list: its place with the grants there, and its people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence

from django.db.models import Q

from access.access_list import entries
from access.access_list.entries import Entry
from access.choices import PersonStatus
from access.models import Grant, Person, User
from access.services import digests, profiles
from kiosk import configuration
from kiosk.access_lists import people
from kiosk.bridge import protocol
from lockers.choices import ReaderTransport
from lockers.models import Bank, Bridge, Compartment, Reader
from lockers.scoping import rights
from occupancy.choices import AtEnd
from occupancy.models import Assignment, Share
from occupancy.services.alone import offers

Staff = list[tuple[int, int, int, dt.datetime | None]]


def of_place(bridge: Bridge, at: dt.datetime) -> Iterator[Entry]:
    """Yield the banks of a bridge with their rules, doors and readers, and who may open what."""
    banks = _banks(bridge)
    organisation_id = bridge.site.organisation_id
    yield entries.Organisation(id=organisation_id, badge_key=digests.key_of(organisation_id))
    yield entries.Wiring(text=protocol.encode(protocol.Configure(config=configuration.of(bridge))))
    for bank in banks:
        yield entries.Bank(
            id=bank.pk,
            name=bank.name,
            pin_rule=bank.pin_rule,
            curfew=bank.curfew,
            time_zone=bank.site.time_zone,
            max_offline_h=bank.max_offline_h,
        )
    doors = Compartment.objects.filter(bank__in=banks)
    for pk, bank_id, number, service_status in doors.values_list(
        "id", "bank_id", "number", "service_status"
    ):
        yield entries.Door(id=pk, bank_id=bank_id, number=number, service_status=service_status)
    for reader in Reader.objects.filter(bank__in=banks).select_related("profile"):
        profile = profiles.settings_of(reader.profile)
        yield entries.Reader(id=reader.pk, profile=profile, types=_typing(reader))
    for person_id, bank_id, user_id, until in _staff(banks, at):
        yield entries.Staff(person_id=person_id, bank_id=bank_id, user_id=user_id, until=until)
    yield from _grants(banks, organisation_id, at)
    for bank in banks:
        if bank.works_alone:
            yield from _offers(bank, banks, at)


def _typing(reader: Reader) -> entries.Typing | None:
    """Return how a reader types at the screens of its bank, if it does."""
    if reader.transport != ReaderTransport.WEDGE or reader.compartment_id is not None:
        return None
    return entries.Typing(reader.bank_id, reader.prefix, reader.suffix, reader.length)


def _offers(bank: Bank, banks: Sequence[Bank], at: dt.datetime) -> Iterator[Entry]:
    """Yield which doors of a bank may be given, to whom, in the order in which they are asked."""
    known = Person.objects.filter(people.known_at(banks, set(), at), status=PersonStatus.ACTIVE)
    days = bank.max_offline_h // 24 + 2
    found = offers.of_bank(bank.pk, known.values_list("pk", flat=True), at, days)
    for number, offer in enumerate(found, start=1):
        yield entries.Offer(
            number=number,
            bank_id=bank.pk,
            policy_id=offer.policy_id,
            people=offer.people,
            doors=offer.doors,
            limits=offer.limits,
            credentials=offer.credentials,
            days=tuple(entries.Day(day.begins_at, day.due_at, day.ends_at) for day in offer.days),
        )


def of_people(
    bridge: Bridge, at: dt.datetime, only: Collection[int] | None = None
) -> Iterator[Entry]:
    """Yield the people that a bridge has to know, or those among some."""
    banks = _banks(bridge)
    staff = {person_id for person_id, *_rest in _staff(banks, at)}
    found = Person.objects.filter(people.known_at(banks, staff, at))
    if only is not None:
        found = found.filter(pk__in=only)
    yield from people.listed(found, banks, at)


def _banks(bridge: Bridge) -> Sequence[Bank]:
    return list(Bank.objects.filter(bridge=bridge).select_related("site").order_by("pk"))


def _staff(banks: Sequence[Bank], at: dt.datetime) -> Staff:
    organisations = {bank.site.organisation_id for bank in banks}
    logins = User.objects.filter(is_active=True, person__organisation__in=organisations)
    person_of = dict(logins.values_list("id", "person_id"))
    held = rights.holders_on(rights.OVERRIDE, [bank.pk for bank in banks], at)
    return [(person_of[user], bank, user, until) for user, bank, until in held if user in person_of]


def _grants(banks: Sequence[Bank], organisation_id: int, at: dt.datetime) -> Iterator[Entry]:
    """Yield the grants that hold or will, and those that ended while their use has the door yet."""
    held: dict[int, entries.Claim] = {}
    holders: dict[int, int | None] = {}
    for claim, since, until, at_end, holder in Assignment.objects.filter(
        compartment__bank__in=banks, closed_at=None, started_at__isnull=False
    ).values_list("id", "started_at", "ends_at", "at_end", "holder_id"):
        assert since is not None  # by the filter
        held[claim] = entries.Claim(claim, since, None if at_end == AtEnd.HOLD else until)
        holders[claim] = holder
    once = set(
        Share.objects.filter(claim__in=list(held), ended_at=None, is_one_opening=True).values_list(
            "claim_id", "person_id"
        )
    )
    grants = Grant.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=at) | Q(claim_id__in=list(held)),
        Q(person=None) | Q(person__organisation=organisation_id),
        compartment__bank__in=banks,
        revoked_at=None,
    )
    for pk, compartment_id, begins, ends, person_id, role_id, department_id, claim_id in (
        grants.values_list(
            "id", "compartment_id", "starts_at", "ends_at", "person_id", "role_id",
            "department_id", "claim_id",
        )
    ):  # fmt: skip
        yield entries.Granted(
            id=pk,
            compartment_id=compartment_id,
            begins=begins,
            ends=ends,
            person_id=person_id,
            role_id=role_id,
            department_id=department_id,
            claim=held.get(claim_id or 0),
            is_shared=claim_id in held and person_id not in (None, holders[claim_id]),
            is_one_opening=(claim_id, person_id) in once,
        )
