"""Two halves of one organisation: sites, or areas of a site, each with a row of everything.

What is typed in the hidden half carries a mark that stands nowhere else. Every model that staff
of a site see is in exactly one of the tables of a kind of place; the test says which is missing.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.contrib import admin
from django.db import models
from django.test import Client

from access.models import Grant, Person, Pupil, User
from access.roles import StaffRole
from access.services import staff
from audit.actions import Action
from audit.models import Event
from audit.services import events
from lockers.models import Area, Bank, Bridge, Compartment, Controller, Organisation, Site, Size
from occupancy.models import CompartmentGroup
from tests import factories
from tests.factories.cast import SETUP
from tests.permissions import (
    admin_table,
    school_allotments,
    school_collections,
    school_pupils,
    school_year,
    upkeep_assets,
    upkeep_parts,
    upkeep_rounds,
    upkeep_tickets,
)
from tests.permissions.tenants import HOUR, OURS, Tenant, _numbers, mark, models_by_site

_DOOR = "compartment__bank__"
_LOCKS_DOOR = "lock__compartment__bank__"
_HOME, _GRANTED = "home_site", "grants__compartment__bank__area"
# Columns below this hold the mark with two digits.
NARROW = 12
# What an organisation shares: every half reads the same rows.
_VOCABULARY = {
    "access.Department", "access.Group", "access.Role", "lockers.Organisation",
    "lockers.ReaderProfile", "lockers.Size", *upkeep_parts.SHARED,
    *upkeep_assets.VOCABULARY, *school_pupils.VOCABULARY,
}  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """How the rows of a kind of place are found, and what its staff do not see at all."""

    name: str
    role: str
    paths: dict[str, str]
    shared: set[str]
    hidden: set[str]


SITE = Kind(
    "site",
    StaffRole.SITE_MANAGER,
    paths={
        **{
            model: path
            for model, path in admin_table.BY_SITE.items()
            if "organisation" not in path and model != "lockers.Organisation"
        },
        "access.Credential": f"person__{_HOME}",
        "access.Hold": f"person__{_HOME}",
        "access.NoticeRules": "site",
        "access.Pass": f"{_DOOR}site",
        "access.Person": _HOME,
        "access.Pupil": _HOME,
        "access.Run": f"person__{_HOME}",
        "access.Throttle": f"person__{_HOME}",
        "kiosk.PhoneSession": f"person__{_HOME}",
        "occupancy.CompartmentGroup": "compartments__bank__site",
        "occupancy.Policy": "site",
        **upkeep_tickets.SITE_PATHS,
    },
    shared=_VOCABULARY
    | {"access.ImportMapping", "access.Procedure", *upkeep_assets.OF_ORGANISATION}
    | upkeep_tickets.SHARED_BY_SITES,
    hidden=set(),
)
AREA = Kind(
    "area",
    StaffRole.FACILITIES,
    paths={
        **upkeep_parts.BY_AREA,
        **school_year.BY_AREA,
        **upkeep_assets.BY_AREA,
        "access.AccessRequest": "bank__area",
        "access.Credential": f"person__{_GRANTED}",
        "access.Grant": f"{_DOOR}area",
        "access.Hold": f"person__{_GRANTED}",
        "access.Incident": f"{_DOOR}area",
        "access.Key": f"{_LOCKS_DOOR}area",
        "access.KeyCharge": f"key__{_LOCKS_DOOR}area",
        "access.KeyHolding": f"key__{_LOCKS_DOOR}area",
        "access.Lock": f"{_DOOR}area",
        "access.LockChangeRequest": f"{_LOCKS_DOOR}area",
        "access.Pass": f"{_DOOR}area",
        "access.Person": _GRANTED,
        "access.Pupil": _GRANTED,
        "access.Run": f"person__{_GRANTED}",
        "access.TemporaryAccess": "bank__area",
        "access.Throttle": f"person__{_GRANTED}",
        "audit.Event": "bank_id",
        "kiosk.PhoneSession": f"person__{_GRANTED}",
        "kiosk.Terminal": "bank__area",
        "lockers.Area": "pk",
        "lockers.Bank": "area",
        "lockers.BankOpening": "bank__area",
        "lockers.Bridge": "banks__area",
        "lockers.BridgePresence": "bridge__banks__area",
        "lockers.Command": f"{_DOOR}area",
        "lockers.Commissioning": "bank__area",
        "lockers.Compartment": "bank__area",
        "lockers.Controller": "compartments__bank__area",
        "lockers.Door": f"{_DOOR}area",
        "lockers.Inquiry": "bridge__banks__area",
        "lockers.LockEvent": f"{_DOOR}area",
        "lockers.Reader": "bank__area",
        "occupancy.AloneUse": f"{_DOOR}area",
        "occupancy.Assignment": f"{_DOOR}area",
        "occupancy.Claim": f"{_DOOR}area",
        "occupancy.CompartmentGroup": "compartments__bank__area",
        "occupancy.LostItem": f"{_DOOR}area",
        "occupancy.Offer": f"claim__{_DOOR}area",
        "occupancy.Policy": "bank__area",
        "occupancy.Recovery": f"claim__{_DOOR}area",
        "occupancy.Reservation": f"{_DOOR}area",
        "occupancy.Series": "bank__area",
        "occupancy.Share": f"claim__{_DOOR}area",
        "occupancy.WaitingEntry": "area",
        **upkeep_tickets.AREA_PATHS,
    },
    shared=_VOCABULARY | upkeep_tickets.SHARED_BY_AREAS | {"lockers.Site"},
    # Of a whole site or organisation: its keys of many doors, its visitors, staff and procedures,
    # its letters.
    hidden=upkeep_rounds.HIDDEN_IN_AREAS
    | school_collections.HIDDEN_IN_AREAS
    | school_allotments.HIDDEN_IN_AREAS
    | {
        "access.ImportMapping", "access.KeyCount", "access.KeyRules", "access.MasterRelease",
        "access.MasterSet", "access.Notice", "access.NoticeRules", "access.Procedure",
        "access.RoleAssignment", "access.Visit", "access.VisitorRules",
        *upkeep_parts.HIDDEN_FROM_AREAS,
        *upkeep_tickets.HIDDEN_IN_AREAS,
        *upkeep_assets.NOT_IN_AREAS,
        *school_pupils.HIDDEN_IN_AREAS,
    },
)  # fmt: skip
KINDS = {kind.name: kind for kind in (SITE, AREA)}


def listed() -> list[type[models.Model]]:
    """Return every model that staff of a site see in the administration."""
    return [model for model in models_by_site() if model in admin.site._registry]


@dataclass
class Half(Tenant):
    """One of two places of an organisation."""

    kind: Kind = SITE
    area: Area | None = None
    narrow: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def place(self) -> Site | Area:
        return self.area or self.site

    def path_of(self, model: type[models.Model]) -> str | None:
        return self.kind.paths.get(model._meta.label)

    def of(self, model: type[models.Model]) -> Any:
        """Return the rows of a model that are in this half."""
        path = self.path_of(model)
        if path is None:
            return model._default_manager.none()
        value = self.row(Bank).pk if path == "bank_id" else self.place.pk
        return model._default_manager.filter(**{path: value}).distinct()

    def needs(self, model: type[models.Model]) -> dict[str, Any]:
        if model._meta.label == "access.Visit":
            host = Person.objects.create(
                organisation=self.organisation, home_site=self.site, given_name=self.word()
            )
            return {"host": host, "expected_until": self.at + HOUR}
        values = super().needs(model)
        match model._meta.label:
            case "lockers.Bank":
                values |= {"area": self.area, "bridge": self.row(Bridge)}
            case "lockers.Compartment":
                values |= {"controller": self.row(Controller), "channel": 1}
            case "lockers.Controller":
                values |= {"bridge": self.row(Bridge)}
            case "occupancy.Policy":
                # A policy is attached to one place: to the site, or to the bank of an area.
                values |= {"site": self.site if self.area is None else None}
            case "access.Person":
                values |= {"home_site": self.site, "kind": "student"}
        return values

    def _found(self, model: type[models.Model]) -> Any:
        if model._meta.label not in self.kind.shared:
            return None
        path = admin_table.BY_SITE[model._meta.label]
        return model._default_manager.filter(**{path: self.site.pk}).first()

    def fill(self) -> None:
        """Make a row of everything."""
        self.rows |= {Organisation: self.organisation, Site: self.site}
        if self.area is not None:
            self.rows[Area] = self.area
        for model in (Bridge, Controller, Bank, Compartment, Person, Grant, CompartmentGroup):
            self.row(model)
        self.rows[Pupil] = Pupil.objects.get(pk=self.row(Person).pk)
        self.row(CompartmentGroup).compartments.add(self.row(Compartment))
        events.record(
            action=Action.CHANGED, actor=SETUP, at=self.at, organisation_id=self.organisation.pk,
            site_id=self.site.pk, bank_id=self.row(Bank).pk, reason=self.word(),
        )  # fmt: skip
        # Of nobody's site, about somebody.
        events.record(
            action=Action.CHANGED, actor=SETUP, at=self.at, organisation_id=self.organisation.pk,
            person_id=self.row(Person).pk, reason=self.word(),
        )  # fmt: skip
        self.rows[Event] = Event.objects.filter(bank_id=self.row(Bank).pk).first()
        for model in listed():
            # What a whole site has once is made once, where it would be seen.
            if self.is_marked or model._meta.label not in self.kind.hidden:
                self.row(model)

    def _text(self, one: Any) -> str:
        if self.is_marked and (one.max_length or NARROW) < NARROW:
            return f"{OURS}{next(self.narrow)}"
        return super()._text(one)

    def word(self) -> str:
        """Return a text of this half."""
        return mark() if self.is_marked else f"o{next(_numbers)}"


@dataclass
class Halves:
    """The half whose staff look, and the other, which they must not see."""

    kind: Kind
    here: Half
    there: Half

    @classmethod
    def build(cls, name: str, at: dt.datetime) -> Halves:
        kind = KINDS[name]
        organisation = factories.OrganisationFactory()
        factories.SizeFactory(organisation=organisation, name="Small")
        assert Size.objects.filter(organisation=organisation).exists()
        site = factories.SiteFactory(organisation=organisation)
        halves = []
        for is_marked in (False, True):
            if kind is SITE and is_marked:
                site = factories.SiteFactory(organisation=organisation, name=mark())
            area = None
            if kind is AREA:
                area = factories.AreaFactory(site=site, name=mark() if is_marked else "North")
            user: User = factories.UserFactory(username=mark() if is_marked else "looker")
            half = Half(organisation, site, at, user, is_marked, kind=kind, area=area)
            staff.give(user=user, role=kind.role, place=half.place, at=at, giver=None, actor=SETUP)
            half.fill()
            halves.append(half)
        return cls(kind, *halves)

    def looker(self) -> Client:
        """Return the browser of the staff of the first half."""
        client = Client(headers={"Idempotency-Key": f"halves-{next(_numbers):08}"})
        client.force_login(self.here.staff)
        return client

    def photograph(self) -> dict[str, list[Any]]:
        """Return everything that is in the other half, to see later that nothing changed."""
        return {
            model._meta.label: list(self.there.of(model).order_by("pk").values())
            for model in listed()
            if model is not Event
        }
