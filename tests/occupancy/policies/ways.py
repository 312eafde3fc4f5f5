"""Three ways to every model: by the API, at the staff's desk, and by the verbs of kiosk and phone.

Each knows how to take a door, to use it and to give it up; what has to be done for a model is
read from what the engine says of it, so that a new model is tried without being written down here.
"""

from __future__ import annotations

import abc
import datetime as dt
import itertools
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from access.models import Department, Person, Role
from audit.services.events import Actor
from occupancy.allocation.rules import Ends, Meaning, Whose
from occupancy.choices import ClosedHow
from occupancy.models import Assignment, Claim
from occupancy.services.bookings import reservations
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from occupancy.services.custody import giving
from tests.factories.cast import Estate

HOUR = dt.timedelta(hours=1)
WHY = "asked for at reception"
_keys = itertools.count()


def booked(meaning: Meaning) -> bool:
    return meaning.ends is Ends.WINDOW


def given(meaning: Meaning) -> bool:
    return not meaning.is_walk_up and not booked(meaning)


class Way(abc.ABC):
    """One way to do everything, as one member of staff or as the person."""

    def __init__(self, estate: Estate, meaning: Meaning) -> None:
        self.estate, self.meaning = estate, meaning
        self.door = estate.doors[0]

    def window(self) -> tuple[dt.datetime, dt.datetime]:
        """Return two hours from the running minute on."""
        now = timezone.now().replace(second=0, microsecond=0)
        return now, now + 2 * HOUR

    def whose(self, person: Person) -> Person | Role | Department:
        """Return whom a door of this model is for, so that this person may use it."""
        holder = {Whose.ROLE: person.role, Whose.DEPARTMENT: person.department}.get(
            self.meaning.whose, person
        )
        assert holder is not None
        return holder

    @abc.abstractmethod
    def take(self, person: Person) -> None:
        """Let somebody have the door, however the model has it."""

    @abc.abstractmethod
    def use(self, person: Person, claim: Claim) -> None:
        """Open the door once more."""

    @abc.abstractmethod
    def give_up(self, person: Person, claim: Claim) -> None:
        """End what no clock ends."""


class ByApi(Way):
    def post(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        token, _new = Token.objects.get_or_create(user=self.estate.olga)
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {token.key}")
        once = {"Idempotency-Key": f"every-way-{next(_keys):06}"}
        answer = client.post(f"/api/v1/{path}/", body or {}, format="json", headers=once)
        assert answer.status_code < 300, answer.json()
        told: dict[str, Any] = answer.json()
        return told

    def take(self, person: Person) -> None:
        here = {"person": person.pk, "bank": self.estate.bank.pk, "compartment": self.door.pk}
        if booked(self.meaning):
            starts_at, ends_at = self.window()
            times = {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
            got = self.post("reservations", {**here, **times})
            self.post(f"reservations/{got['id']}/check_in")
        elif given(self.meaning):
            holder = {self.meaning.whose.value: self.whose(person).pk}
            door = {"policy": self.estate.policy.pk, "compartment": self.door.pk, "reason": WHY}
            self.post("assignments/give", {**door, **holder})
        else:
            self.post("assignments", here)

    def use(self, person: Person, claim: Claim) -> None:
        if claim.holder_id is None:
            # Nobody opens it in the name of a role: staff look inside, with a reason.
            self.post(f"compartments/{self.door.pk}/open", {"reason": WHY})
        else:
            self.post(f"assignments/{claim.pk}/open")

    def give_up(self, person: Person, claim: Claim) -> None:
        self.post(f"assignments/{claim.pk}/release", {"reason": WHY})


class ByStaff(Way):
    def send(self, name: str, args: list[int] | None = None, **body: Any) -> None:
        client = Client(headers={"Idempotency-Key": f"every-way-{next(_keys):06}"})
        client.force_login(self.estate.olga)
        answer = client.post(reverse(name, args=args), body)
        assert answer.status_code in {200, 302}, answer.content.decode()
        # A form that was refused is shown again, with why.
        assert answer.status_code == 302 or name.startswith("map-"), answer.context["form"].errors

    def take(self, person: Person) -> None:
        bank = self.estate.bank.pk
        if booked(self.meaning):
            # Olga types what the clock on the wall shows; the site is in London, in winter.
            times = [f"{one:%Y-%m-%dT%H:%M}" for one in self.window()]
            self.send("admin:occupancy_reservation_book", person=person.personal_number, bank=bank,
                      starts_at=times[0], ends_at=times[1])  # fmt: skip
            booking = Claim.objects.filter(kind="reservation", closed_at=None).latest("pk")
            self.send("admin:occupancy_reservation_check_in", [booking.pk])
            return
        to: dict[str, Any] = {"people": f"{person.personal_number}; {self.door.number}"}
        if self.meaning.whose is not Whose.PERSON:
            to = {self.meaning.whose.value: self.whose(person).pk}
        self.send("admin:occupancy_claim_give", bank=bank, policy=self.estate.policy.pk,
                  step="give", reason=WHY, **to)  # fmt: skip

    def use(self, person: Person, claim: Claim) -> None:
        self.send("map-door-open", [self.door.pk], reason=WHY)

    def give_up(self, person: Person, claim: Claim) -> None:
        self.send("map-door-release", [self.door.pk], reason=WHY, claim=claim.pk)


class ByService(Way):
    """What kiosk and phone call, as the person themselves; what is given, staff give."""

    def take(self, person: Person) -> None:
        who: dict[str, Any] = {"person_id": person.pk, "actor": Actor.person(person.pk)}
        now = timezone.now()
        place: dict[str, Any] = {
            "bank_id": self.estate.bank.pk, "credential": "badge",
            "wanted": Wanted(compartment_id=self.door.pk),
        }  # fmt: skip
        if booked(self.meaning):
            starts_at, ends_at = self.window()
            got = reservations.reserve(starts_at=starts_at, ends_at=ends_at, at=now, **who, **place)
            reservations.check_in(claim_id=got.claim_id, at=now, credential="badge", **who)
        elif given(self.meaning):
            to = {f"{self.meaning.whose.value}_id": self.whose(person).pk}
            giving.give(
                policy_id=self.estate.policy.pk, compartment_id=self.door.pk, reason=WHY, at=now,
                actor=Actor.staff(self.estate.olga.pk), **to,
            )  # fmt: skip
        else:
            assignments.claim(at=now, **who, **place)

    def use(self, person: Person, claim: Claim) -> None:
        assignments.open_again(
            claim_id=claim.pk, person_id=person.pk, actor=Actor.person(person.pk), at=timezone.now()
        )

    def give_up(self, person: Person, claim: Claim) -> None:
        if claim.holder_id is not None:
            assignments.release(
                claim_id=claim.pk, how=ClosedHow.FINISHED, person_id=person.pk,
                actor=Actor.person(person.pk), at=timezone.now(),
            )  # fmt: skip
        else:
            assignments.release(
                claim_id=claim.pk, how=ClosedHow.RELEASED_BY_STAFF, reason=WHY,
                actor=Actor.staff(self.estate.olga.pk), at=timezone.now(),
            )  # fmt: skip


WAYS: dict[str, type[Way]] = {"api": ByApi, "staff": ByStaff, "kiosk and phone": ByService}


def has_it(estate: Estate, at: dt.datetime) -> Assignment | None:
    """Return who has the door at an instant, by the query that everything asks."""
    return (
        Assignment.objects.filter(assignments.in_force(at), compartment=estate.doors[0])
        .select_related("holder")
        .first()
    )
