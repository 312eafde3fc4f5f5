"""Something of everything at one site, and everyone who may knock."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from dataclasses import dataclass, field
from typing import Any

from django.test import Client
from guardian.shortcuts import assign_perm

from access.choices import RequestSource
from access.models import Pass, User, Visit
from access.services import passes, requests
from audit.models import Event
from audit.services.events import Actor
from kiosk.choices import SignedInBy
from kiosk.services.me import sessions
from lockers.models import BankOpening
from lockers.services import openings
from occupancy.models import Claim, CompartmentGroup, DeskBooking, Series
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from occupancy.services.ending import day_ends, lost_property, recovery
from occupancy.services.ending.lost_property import Found
from occupancy.services.queue import waiting
from tests import factories
from tests.factories.cast import SETUP, TERMINAL_TOKEN, Estate
from tests.permissions import school_collections, upkeep_pages, upkeep_parts, upkeep_rounds

# From outside to inside: nobody, a kiosk, a person's phone, staff of another site, of this one,
# everything.
ROLES = ["anonymous", "terminal", "phone", "nina", "viewer", "technician", "olga", "max", "rosa"]
STAFF = ["nina", "viewer", "technician", "olga", "max", "rosa"]
_keys = itertools.count()


def _bookings(estate: Estate, at: dt.datetime) -> dict[str, int]:
    """Book a door for next week: once, again and again, and for a desk."""
    begins = at + dt.timedelta(days=6)
    booking = Claim.objects.create(
        compartment=estate.doors[1], kind="reservation", holder=estate.ben, policy=estate.policy,
        starts_at=begins, due_at=begins + dt.timedelta(hours=1),
        ends_at=begins + dt.timedelta(hours=1),
    )  # fmt: skip
    repeated, on_phone = (
        Series.objects.create(
            person=person, bank=estate.bank, rule="FREQ=WEEKLY", first_day=begins.date(),
            starts_at=dt.time(9), ends_at=dt.time(10), booked_by="job:tests", made_at=at,
        )
        for person in (estate.ben, estate.amira)
    )  # fmt: skip
    DeskBooking.objects.create(
        organisation=estate.organisation, external_id="desk-1", claim=booking
    )
    return {"reservation": booking.pk, "series": repeated.pk, "series of the phone": on_phone.pk}


def _left_behind(estate: Estate, at: dt.datetime) -> dict[str, int]:
    """Begin to empty a door that was not given back, and have something in lost property."""
    late = Claim.objects.create(
        compartment=factories.CompartmentFactory(
            bank=estate.bank, size=estate.small, number="R1", column=91
        ),
        kind="assignment", policy=estate.policy, at_end="hold",
        holder=factories.PersonFactory(organisation=estate.organisation),
        starts_at=at - dt.timedelta(days=2), started_at=at - dt.timedelta(days=2),
        ends_at=at - dt.timedelta(days=1),
    )  # fmt: skip
    begun = recovery.begin(claim_id=late.pk, actor=SETUP, at=at, reason="not given back")
    found = lost_property.store(
        site=estate.site, found=Found(what="A scarf", stored_where="Shelf 2"), actor=SETUP, at=at
    )
    return {"recovery": begun.pk, "lost-item": found.pk}


@dataclass
class World:
    """The estate with an assignment, a command, an event and a requested opening."""

    estate: Estate
    viewer: User
    technician: User
    opening: BankOpening
    shown_pass: Pass
    visit: Visit
    phone: str
    ids: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def build(cls, at: dt.datetime) -> World:
        estate = Estate.build(at=at)
        viewer: User = factories.UserFactory(username="viewer")
        assign_perm("view_site", viewer, estate.site)
        technician: User = factories.UserFactory(username="technician")
        assign_perm("view_site", technician, estate.site)
        assign_perm("maintain_site", technician, estate.site)
        got = assignments.claim(
            person_id=estate.amira.pk,
            bank_id=estate.bank.pk,
            wanted=Wanted(compartment_id=estate.doors[0].pk),
            actor=Actor.person(estate.amira.pk),
            at=at,
        )
        # Asked for by somebody who plays no part here, so that each of the others is the second.
        stranger: User = factories.UserFactory(username="stranger")
        opening = openings.request(
            bank=estate.bank, reason="fire drill", user_id=stranger.pk, at=at
        )
        visitor, eve, finn = (
            factories.PersonFactory(organisation=estate.organisation, kind="contractor")
            for _each in range(3)
        )
        asked = [
            requests.ask(
                person=person,
                site=estate.site,
                starts_at=at,
                ends_at=at + dt.timedelta(days=1),
                reason="",
                source=RequestSource.KIOSK,
                actor=SETUP,
                at=at,
            )
            for person in (eve, finn)
        ]
        event = Event.objects.filter(site_id=estate.site.pk).latest("pk")
        keyed = factories.CompartmentFactory(
            bank=estate.bank, size=estate.small, number="K1", lock_kind="keyed", column=90
        )
        key = factories.KeyFactory(lock=factories.LockFactory(compartment=keyed))
        waits = waiting.join(
            person_id=estate.ben.pk, bank_id=estate.bank.pk, size_id=estate.large.pk,
            actor=SETUP, at=at,
        )  # fmt: skip
        group = CompartmentGroup.objects.create(
            organisation=estate.organisation, name="The first two"
        )
        group.compartments.set(estate.doors[:2])
        day_end = day_ends.plan(site=estate.site, reason="closing", actor=SETUP, at=at)
        ids = {
            **_bookings(estate, at),
            **_left_behind(estate, at),
            **upkeep_parts.things(estate, at),
            **upkeep_rounds.rows(estate, at),
            **school_collections.rows(estate, at),
            "day_end": day_end.pk,
            "policy": estate.policy.pk,
            "door-group": group.pk,
            "waiting": waits.pk,
            "lock": key.lock_id,
            "key": key.pk,
            "site": estate.site.pk,
            "bank": estate.bank.pk,
            "compartment": got.compartment_id,
            "assignment": got.claim_id,
            "command": got.command_id,
            "event": event.pk,
            "visitor": visitor.pk,
            "access-request": asked[0].pk,
            "refused-request": asked[1].pk,
        }
        shown_pass = passes.issue(
            person=estate.amira,
            compartment=estate.doors[0],
            starts_at=at,
            ends_at=at + dt.timedelta(days=1),
            is_single_use=False,
            actor=SETUP,
            at=at,
        )
        visit = Visit.objects.create(
            visitor=eve, host=estate.amira, site=estate.site, source="staff", registered_at=at,
            expected_from=at, expected_until=at + dt.timedelta(days=1),
        )  # fmt: skip
        phone = sessions.open_for(person=estate.amira, by=SignedInBy.LINK, at=at)
        ids |= upkeep_pages.made(estate, at)
        return cls(estate, viewer, technician, opening, shown_pass, visit, phone, ids)

    def user(self, role: str) -> User:
        here = {"viewer": self.viewer, "technician": self.technician}
        return here[role] if role in here else getattr(self.estate, role)

    def client(self, role: str) -> Client:
        """Return a browser, or a kiosk, that is one of ROLES."""
        client = Client(headers={"Idempotency-Key": f"permission-{next(_keys):08}"})
        if role == "terminal":
            client = Client(headers={"Authorization": f"Terminal {TERMINAL_TOKEN}"})
        elif role == "phone":
            client.cookies["phone"] = self.phone
        elif role != "anonymous":
            client.force_login(self.user(role))
        return client


def missing(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return kwargs of the same kind that name nothing."""
    nothing: dict[type, Any] = {int: 99_999_999, uuid.UUID: uuid.UUID(int=1), str: "99999999"}
    return {name: nothing[type(value)] for name, value in kwargs.items()}
