"""Factories: one per model that tests make by hand."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from access.models import Department, Group, Key, Lock, MasterSet, Person, Role, User
from audit.models import ActorKind
from audit.services.events import Actor
from kiosk.models import Terminal
from lockers.models import (
    Area,
    Bank,
    Bridge,
    BridgePresence,
    Compartment,
    Controller,
    Door,
    Organisation,
    Reader,
    ReaderProfile,
    Site,
    Size,
)
from lockers.services import reader_keys
from occupancy.models import Policy


class OrganisationFactory(DjangoModelFactory[Organisation]):
    class Meta:
        model = Organisation

    name = factory.Sequence(lambda n: f"Organisation {n}")


class SiteFactory(DjangoModelFactory[Site]):
    class Meta:
        model = Site

    organisation = factory.SubFactory(OrganisationFactory)
    name = factory.Sequence(lambda n: f"Site {n}")


class AreaFactory(DjangoModelFactory[Area]):
    class Meta:
        model = Area

    site = factory.SubFactory(SiteFactory)
    name = factory.Sequence(lambda n: f"Floor {n}")


class SizeFactory(DjangoModelFactory[Size]):
    class Meta:
        model = Size

    organisation = factory.SubFactory(OrganisationFactory)
    name = factory.Sequence(lambda n: f"Size {n}")
    rank = factory.Sequence(lambda n: n + 1)


class BridgeFactory(DjangoModelFactory[Bridge]):
    class Meta:
        model = Bridge

    site = factory.SubFactory(SiteFactory)
    name = factory.Sequence(lambda n: f"Bridge {n}")


class BridgePresenceFactory(DjangoModelFactory[BridgePresence]):
    """A bridge that is connected and was heard a moment ago."""

    class Meta:
        model = BridgePresence

    bridge = factory.SubFactory(BridgeFactory)
    connection = factory.LazyFunction(uuid.uuid4)
    journal = factory.LazyFunction(uuid.uuid4)
    last_seen_at = factory.LazyFunction(lambda: dt.datetime.now(dt.UTC))


class BankFactory(DjangoModelFactory[Bank]):
    class Meta:
        model = Bank

    site = factory.SubFactory(SiteFactory)
    bridge = factory.SubFactory(BridgeFactory, site=factory.SelfAttribute("..site"))
    name = factory.Sequence(lambda n: f"Bank {n}")
    # Where it may, nobody is told of a door before its bridge has it: that takes a real bridge.
    works_alone = False


class ControllerFactory(DjangoModelFactory[Controller]):
    class Meta:
        model = Controller

    bridge = factory.SubFactory(BridgeFactory)
    name = factory.Sequence(lambda n: f"Board {n}")
    driver = "modbus_relay"
    address = "tcp://127.0.0.1:1"
    unit = factory.Sequence(lambda n: n % 240 + 1)
    channels = 32
    state = "ok"


class CompartmentFactory(DjangoModelFactory[Compartment]):
    """An electronic door; numbers, channels and places count up within a test."""

    class Meta:
        model = Compartment

    bank = factory.SubFactory(BankFactory)
    number = factory.Sequence(lambda n: str(n + 1))
    size = factory.SubFactory(
        SizeFactory, organisation=factory.SelfAttribute("..bank.site.organisation")
    )
    column = factory.Sequence(lambda n: n + 1)
    row = 1
    x_mm = factory.LazyAttribute(lambda o: (o.column - 1) * 300)
    y_mm = 0
    width_mm = 300
    height_mm = 450
    floor_mm = 900


class DoorFactory(DjangoModelFactory[Door]):
    class Meta:
        model = Door

    compartment = factory.SubFactory(CompartmentFactory)
    state = "closed"
    changed_at = factory.LazyFunction(lambda: dt.datetime.now(dt.UTC))


class ReaderProfileFactory(DjangoModelFactory[ReaderProfile]):
    """Texts as they come, under a key of their own."""

    class Meta:
        model = ReaderProfile

    organisation = factory.SubFactory(OrganisationFactory)
    name = "Front door"
    key = factory.Sequence(lambda n: f"profile-{n}")


class ReaderFactory(DjangoModelFactory[Reader]):
    class Meta:
        model = Reader

    bank = factory.SubFactory(BankFactory)
    name = factory.Sequence(lambda n: f"Reader {n}")
    prefix = "~"
    suffix = "\r"
    length = 10


class OsdpReaderFactory(ReaderFactory):
    """A reader with a key of its own, whose cards are H10301."""

    transport = "osdp"
    address = "/dev/ttyUSB0"
    profile = factory.SubFactory(
        ReaderProfileFactory,
        organisation=factory.SelfAttribute("..bank.site.organisation"),
        name=factory.Sequence(lambda n: f"OSDP {n}"),
        kind="wiegand",
        wiegand_format="H10301",
        content="left",
        base="hex",
    )

    @classmethod
    def _create(cls, model_class: type[Reader], *args: Any, **values: Any) -> Reader:
        reader = model_class(**values)
        maker = Actor(ActorKind.JOB, "tests")
        reader_keys.make(reader=reader, actor=maker, at=timezone.now())
        reader.save()
        return reader


class PolicyFactory(DjangoModelFactory[Policy]):
    class Meta:
        model = Policy

    organisation = factory.SubFactory(OrganisationFactory)
    name = factory.Sequence(lambda n: f"Policy {n}")


class DepartmentFactory(DjangoModelFactory[Department]):
    class Meta:
        model = Department

    organisation = factory.SubFactory(OrganisationFactory)
    name = factory.Sequence(lambda n: f"Department {n}")


class RoleFactory(DjangoModelFactory[Role]):
    class Meta:
        model = Role

    organisation = factory.SubFactory(OrganisationFactory)
    name = factory.Sequence(lambda n: f"Role {n}")


class GroupFactory(DjangoModelFactory[Group]):
    class Meta:
        model = Group

    organisation = factory.SubFactory(OrganisationFactory)
    name = factory.Sequence(lambda n: f"Group {n}")


class PersonFactory(DjangoModelFactory[Person]):
    class Meta:
        model = Person

    organisation = factory.SubFactory(OrganisationFactory)
    given_name = factory.Sequence(lambda n: f"Person {n}")
    family_name = "Example"


class TerminalFactory(DjangoModelFactory[Terminal]):
    class Meta:
        model = Terminal

    bank = factory.SubFactory(BankFactory)
    name = factory.Sequence(lambda n: f"Kiosk {n}")


class LockFactory(DjangoModelFactory[Lock]):
    """The mechanical lock of a keyed door."""

    class Meta:
        model = Lock

    compartment = factory.SubFactory(CompartmentFactory, lock_kind="keyed")
    serial = factory.Sequence(lambda n: f"S{n:04d}")


class MasterSetFactory(DjangoModelFactory[MasterSet]):
    class Meta:
        model = MasterSet

    site = factory.SubFactory(SiteFactory)
    name = factory.Sequence(lambda n: f"Master set {n}")


class KeyFactory(DjangoModelFactory[Key]):
    """A key to one lock."""

    class Meta:
        model = Key

    lock = factory.SubFactory(LockFactory)
    site = factory.SelfAttribute("lock.compartment.bank.site")
    copy = factory.Sequence(lambda n: n + 1)


class UserFactory(DjangoModelFactory[User]):
    """Somebody who logs in; the password is "correct horse"."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    is_staff = True

    @factory.post_generation
    def password(self: Any, create: bool, extracted: str | None, **kwargs: Any) -> None:
        self.set_password(extracted or "correct horse")
        if create:
            self.save(update_fields=["password"])
