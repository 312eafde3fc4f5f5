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
from access.models import Pass, User
from access.services import passes, requests
from audit.models import Event
from audit.services.events import Actor
from lockers.models import BankOpening
from lockers.services import openings
from occupancy.services import assignments
from occupancy.services.assignments import Wanted
from tests import factories
from tests.factories.cast import SETUP, TERMINAL_TOKEN, Estate

# From outside to inside: nobody, a kiosk, staff of another site, staff of this one, everything.
ROLES = ["anonymous", "terminal", "nina", "viewer", "olga", "max", "rosa"]
STAFF = ["nina", "viewer", "olga", "max", "rosa"]
_keys = itertools.count()


@dataclass
class World:
    """The estate with an assignment, a command, an event and a requested opening."""

    estate: Estate
    viewer: User
    opening: BankOpening
    shown_pass: Pass
    ids: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def build(cls, at: dt.datetime) -> World:
        estate = Estate.build(at=at)
        viewer: User = factories.UserFactory(username="viewer")
        assign_perm("view_site", viewer, estate.site)
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
        ids = {
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
        return cls(estate, viewer, opening, shown_pass, ids)

    def user(self, role: str) -> User:
        return self.viewer if role == "viewer" else getattr(self.estate, role)

    def client(self, role: str) -> Client:
        """Return a browser, or a kiosk, that is one of ROLES."""
        client = Client(headers={"Idempotency-Key": f"permission-{next(_keys):08}"})
        if role == "terminal":
            client = Client(headers={"Authorization": f"Terminal {TERMINAL_TOKEN}"})
        elif role != "anonymous":
            client.force_login(self.user(role))
        return client


def missing(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return kwargs of the same kind that name nothing."""
    nothing: dict[type, Any] = {int: 99_999_999, uuid.UUID: uuid.UUID(int=1), str: "99999999"}
    return {name: nothing[type(value)] for name, value in kwargs.items()}
