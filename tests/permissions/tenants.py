"""Two tenants with a row of everything; every text of the first carries a mark that is its own."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db import models
from django.test import Client

from access.models import AccessRequest, Lock, Person, User
from access.roles import StaffRole
from access.services import staff
from lockers import introduction
from lockers.models import Bridge, Organisation, Site
from lockers.services import enrolment
from occupancy.models import Policy
from tests import factories
from tests.factories.cast import SETUP
from tests.permissions import admin_table as table
from tests.permissions import (
    school_allotments,
    school_collections,
    school_pupils,
    school_year,
    upkeep_assets,
    upkeep_parts,
    upkeep_rounds,
    upkeep_tickets,
)
from tests.permissions.world import World

OURS = "Qzmark"
OTHER_TERMINAL = "terminal-token-of-the-other-tenant-0123456789"
HOUR = dt.timedelta(hours=1)
OTHER_BRIDGE = b"bridge-key-of-the-other-tenant-0"
# Texts that people type; the mark is put into each of them.
TYPED = {
    "author", "building", "code", "company", "construction", "cost_centre", "decision_reason",
    "detail", "directions", "email",
    "family_name", "fits", "given_name", "guardian_email", "guardian_name", "guardian_phone",
    "hint", "host", "name", "nearby", "note", "number", "personal_number", "purpose_text", "reason",
    "external_id", "serial", "service_note", "state_detail", "summary", "text", "title", "to",
    "what", *upkeep_assets.TYPED,
}  # fmt: skip
# What a row needs that follows from no field; a function of the tenant.
NEEDS: dict[str, Callable[[Tenant], dict[str, Any]]] = {
    **upkeep_parts.NEEDS,
    **upkeep_rounds.NEEDS,
    **school_year.NEEDS,
    **school_collections.NEEDS,
    **school_allotments.NEEDS,
    "access.RoleAssignment": lambda tenant: {"role": StaffRole.AUDITOR, "site": tenant.site},
    "lockers.Command": lambda tenant: {
        "deadline": tenant.at + HOUR, "purpose": "claim", "actor_kind": "staff",
    },
    # Its bridge never answers: it would give out the doors.
    "lockers.Bank": lambda tenant: {"works_alone": False},
    "lockers.Compartment": lambda tenant: {"row": 9},
    "lockers.Controller": lambda tenant: {
        "unit": 9, "driver": "modbus_relay", "address": "tcp://127.0.0.1:1",
    },
    "lockers.Reader": lambda tenant: {"length": 10},
    "lockers.OpeningHours": lambda tenant: {"closes_at": dt.time(23)},
    "lockers.ReaderProfile": lambda tenant: {
        "kind": "wiegand", "wiegand_format": "H10301", "content": "pair", "facility_digits": 3,
        "separator": "",
    },
    "occupancy.AloneUse": lambda tenant: {"ref": uuid.uuid4(), "breach": "limit"},
    "occupancy.Claim": lambda tenant: {
        "kind": "assignment", "holder": tenant.row(Person), "ends_at": tenant.at + HOUR,
        "started_at": tenant.at, "policy": tenant.row(Policy), "closed_how": "",
    },
    "occupancy.Reservation": lambda tenant: {
        "kind": "reservation", "holder": tenant.row(Person), "policy": tenant.row(Policy),
        "starts_at": tenant.at + 2 * HOUR, "ends_at": tenant.at + 3 * HOUR, "closed_how": "",
    },
    "occupancy.Share": lambda tenant: {"until": tenant.at + HOUR},
    "kiosk.PhoneSession": lambda tenant: {"expires_at": tenant.at + HOUR},
    "access.Credential": lambda tenant: {"digest": uuid.uuid4().hex.encode()},
    "access.Key": lambda tenant: {"lock": tenant.row(Lock), "copy": 9},
    "access.KeyCharge": lambda tenant: {"currency": "GBP"},
    "access.Pass": lambda tenant: {"ends_at": tenant.at + HOUR},
    "access.AccessRequest": lambda tenant: {"ends_at": tenant.at + HOUR},
    "access.TemporaryAccess": lambda tenant: {"ends_at": tenant.at + HOUR},
    "access.Notice": lambda tenant: {"request": tenant.row(AccessRequest)},
    "access.Visit": lambda tenant: {
        "host": Person.objects.create(
            organisation=tenant.organisation, given_name=mark() if tenant.is_marked else "other"
        ),
        "expected_until": tenant.at + HOUR,
    },
    "access.Grant": lambda tenant: {"ends_at": tenant.at + HOUR, "person": tenant.row(Person)},
    **upkeep_tickets.NEEDS,
    **school_pupils.NEEDS,
}  # fmt: skip
_numbers = itertools.count(1)


# What is narrower holds codes, not words.
NARROWEST = 12


def mark(length: int | None = None) -> str:
    """Return a text of our tenant that stands nowhere else."""
    text = f"{OURS}{next(_numbers)}"
    assert length is None or len(text) <= length, "a column too narrow for the mark"
    return text


def models_by_site() -> list[type[models.Model]]:
    """Return every model that staff of a site see in the administration."""
    return [model for model in admin.site._registry if model._meta.label in table.BY_SITE]


@dataclass
class Tenant:
    """An organisation with one row of every model."""

    organisation: Organisation
    site: Site
    at: dt.datetime
    staff: User
    is_marked: bool
    rows: dict[type[models.Model], Any] = field(default_factory=dict)

    def row(self, model: type[models.Model]) -> Any:
        """Return this tenant's row of a model, made up when there is none."""
        if model not in self.rows:
            self.rows[model] = self._found(model) or self._made(model)
        return self.rows[model]

    def of(self, model: type[models.Model]) -> Any:
        """Return this tenant's rows of a model."""
        path = self.path_of(model)
        rows = model._default_manager.filter(**school_pupils.ONLY.get(model._meta.label, {}))
        return rows.filter(**{path: self.site.pk}).distinct() if path else rows.none()

    def _found(self, model: type[models.Model]) -> Any:
        return self.of(model).order_by("pk").first()

    def path_of(self, model: type[models.Model]) -> str | None:
        """Return the way from a row to the site."""
        return table.BY_SITE.get(model._meta.label)

    def needs(self, model: type[models.Model]) -> dict[str, Any]:
        """Return what a row of a model needs that follows from no field."""
        needs = NEEDS.get(model._meta.label)
        return needs(self) if needs is not None else {}

    def _made(self, model: type[models.Model]) -> Any:
        first = (self.path_of(model) or "").partition("__")[0]
        values = self.needs(model)
        for one in model._meta.concrete_fields:
            if one.name in values or isinstance(one, models.AutoField):
                continue
            optional = one.null or one.has_default() or one.db_default is not models.NOT_PROVIDED
            if isinstance(one, models.ForeignKey):
                if not optional or one.name == first:
                    values[one.name] = self._related(one)
            elif isinstance(one, models.CharField | models.TextField) and not one.choices:
                if one.name in TYPED or not (optional or one.blank):
                    values[one.name] = self._text(one)
            elif not optional:
                values[one.name] = self._value(one)
        return model._default_manager.create(**values)

    def _related(self, one: Any) -> Any:
        related = one.related_model
        if related is User:
            return self.staff
        if related._meta.app_label in {"auth", "contenttypes"}:
            return related._default_manager.first()
        return self.row(related)

    def _text(self, one: Any) -> str:
        text = mark(one.max_length) if self.is_marked else f"o{next(_numbers)}"
        return f"{text}@qz.example" if isinstance(one, models.EmailField) else text

    def _value(self, one: Any) -> Any:
        if one.choices:
            return one.choices[0][0]
        kinds: dict[type[Any], Any] = {
            models.BooleanField: False,
            models.DateTimeField: self.at,
            models.DateField: self.at.date(),
            models.TimeField: self.at.time(),
            models.UUIDField: uuid.uuid4(),
            models.JSONField: {},
            models.BinaryField: b"x",
            models.DurationField: dt.timedelta(minutes=1),
            models.DecimalField: 1,
        }
        return next((v for kind, v in kinds.items() if isinstance(one, kind)), 1)

    def stamp(self) -> None:
        """Put a mark into every text that somebody typed, in every row that is there."""
        for model in models_by_site():
            typed = [
                one
                for one in model._meta.concrete_fields
                if isinstance(one, models.CharField | models.TextField)
                and not one.choices
                and one.name in TYPED
                and (one.max_length is None or one.max_length >= NARROWEST)
            ]
            if not typed or model._meta.label == "audit.Event":
                continue
            for row in self.of(model):
                texts = {one.name: self._text(one) for one in typed}
                model._default_manager.filter(pk=row.pk).update(**texts)
        User.objects.filter(pk=self.staff.pk).update(
            username=mark(), email=f"{mark()}@qz.example", first_name=mark(), last_name=mark()
        )


@dataclass
class Tenants:
    """Ours, who must not be seen, and the other, who looks with every right of its own."""

    world: World
    ours: Tenant
    theirs: Tenant

    @classmethod
    def build(cls, at: dt.datetime) -> Tenants:
        world = World.build(at)
        estate = world.estate
        ours = Tenant(estate.organisation, estate.site, at, estate.max, is_marked=True)
        admin_of_theirs: User = factories.UserFactory(username="boss", email="boss@other.example")
        staff.give(
            user=admin_of_theirs,
            role=StaffRole.ORGANISATION_ADMIN,
            place=estate.other_site.organisation,
            at=at,
            giver=None,
            actor=SETUP,
        )
        theirs = Tenant(
            estate.other_site.organisation, estate.other_site, at, admin_of_theirs, is_marked=False
        )
        staff.give(
            user=estate.max, role=StaffRole.AUDITOR, place=estate.site, at=at, giver=None,
            actor=SETUP,
        )  # fmt: skip
        for tenant in (theirs, ours):
            for model in models_by_site():
                tenant.row(model)
        ours.stamp()
        terminal = theirs.row(apps.get_model("kiosk", "Terminal"))
        bridge = theirs.row(Bridge)
        type(terminal)._default_manager.filter(pk=terminal.pk).update(
            token_digest=enrolment.digest(OTHER_TERMINAL), enrolled_at=at, revoked_at=None
        )
        Bridge.objects.filter(pk=bridge.pk).update(
            public_key=introduction.public_key(OTHER_BRIDGE).hex(), enrolled_at=at, revoked_at=None
        )
        return cls(world, ours, theirs)

    def looker(self) -> Client:
        """Return the browser of the other tenant's organisation admin."""
        client = Client(headers={"Idempotency-Key": f"tenants-{next(_numbers):08}"})
        client.force_login(self.theirs.staff)
        return client

    def photograph(self) -> dict[str, list[Any]]:
        """Return everything that is in our tenant's rows, to see later that nothing changed."""
        return {
            model._meta.label: list(self.ours.of(model).order_by("pk").values())
            for model in models_by_site()
            if model._meta.label != "audit.Event"
        }
