"""The cast: fixed people in a fixed place, so that tests read like stories.

Amira (staff) and Ben (student) use lockers; Carla is suspended; Dev has left.
Olga operates this site, Max manages it, Nina has another site, Rosa is the superuser.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.utils import timezone
from guardian.shortcuts import assign_perm

from access.choices import PersonKind, PersonStatus
from access.models import Person, User
from access.services import credentials, pins
from audit.models import ActorKind
from audit.services.events import Actor
from kiosk.models import Terminal
from lockers import introduction
from lockers.models import Bank, Bridge, Compartment, Controller, Organisation, Reader, Site, Size
from lockers.services import enrolment
from occupancy.models import Policy
from tests import factories

AMIRA_BADGE = "0004215873"
BEN_BADGE = "0004215874"
CARLA_BADGE = "0004215875"
DEV_BADGE = "0004215876"
AMIRA_PIN = "274951"
AMIRA_NUMBER = "1001"
TERMINAL_TOKEN = "terminal-token-of-the-tests-only-0123456789"
BRIDGE_KEY = b"bridge-key-of-the-tests-only-012"
SETUP = Actor(ActorKind.JOB, "tests")


@dataclass
class Estate:
    """An office with bank A: doors 1 and 2 small, door 3 large; and the cast around it."""

    organisation: Organisation
    site: Site
    bank: Bank
    bridge: Bridge
    controller: Controller
    small: Size
    large: Size
    doors: list[Compartment]
    policy: Policy
    terminal: Terminal
    reader: Reader
    amira: Person
    ben: Person
    carla: Person
    dev: Person
    olga: User
    max: User
    nina: User
    rosa: User
    other_site: Site
    extra: dict[str, object] = field(default_factory=dict)

    @classmethod
    def build(cls, *, at: dt.datetime | None = None) -> Estate:
        """Make it all; the bridge is connected and every door closed at ``at`` (default now)."""
        at = at or timezone.now()
        organisation = factories.OrganisationFactory(name="Northwind")
        site = factories.SiteFactory(organisation=organisation, name="Harbour House")
        other_site = factories.SiteFactory(name="Elsewhere", organisation__name="Southwind")
        bridge = factories.BridgeFactory(
            site=site,
            name="Bridge A",
            public_key=introduction.public_key(BRIDGE_KEY).hex(),
            enrolled_at=at,
        )
        factories.BridgePresenceFactory(bridge=bridge, last_seen_at=at)
        bank = factories.BankFactory(
            site=site, bridge=bridge, name="A", directions="Ground floor, behind reception"
        )
        controller = factories.ControllerFactory(bridge=bridge, name="Board 1", unit=1)
        small = factories.SizeFactory(organisation=organisation, name="Small", rank=1)
        large = factories.SizeFactory(organisation=organisation, name="Large", rank=2)
        doors = [
            factories.CompartmentFactory(
                bank=bank,
                number=str(n),
                column=n,
                size=large if n == 3 else small,
                controller=controller,
                channel=n - 1,
            )
            for n in (1, 2, 3)
        ]
        for door in doors:
            factories.DoorFactory(compartment=door, changed_at=at)
        policy = factories.PolicyFactory(organisation=organisation, site=site, name="Day use")
        terminal = factories.TerminalFactory(
            bank=bank,
            name="Kiosk A",
            token_digest=enrolment.digest(TERMINAL_TOKEN),
            enrolled_at=at,
        )
        reader = factories.ReaderFactory(bank=bank, name="Badge reader A")

        def person(name: str, number: str, badge: str, **more: object) -> Person:
            someone = factories.PersonFactory(
                organisation=organisation,
                home_site=site,
                given_name=name,
                personal_number=number,
                **more,
            )
            credentials.issue_badge(person=someone, text=badge, actor=SETUP, at=at)
            return someone

        amira = person("Amira", AMIRA_NUMBER, AMIRA_BADGE)
        pins.set_pin(person=amira, pin=AMIRA_PIN, actor=SETUP, at=at)
        ben = person("Ben", "1002", BEN_BADGE, kind=PersonKind.STUDENT)
        carla = person("Carla", "1003", CARLA_BADGE, status=PersonStatus.SUSPENDED)
        dev = person("Dev", "1004", DEV_BADGE, status=PersonStatus.LEFT)
        olga = factories.UserFactory(username="olga")
        maxi = factories.UserFactory(username="max")
        nina = factories.UserFactory(username="nina")
        rosa = factories.UserFactory(username="rosa", is_superuser=True)
        for codename in ("view_site", "operate_site", "override_site", "recover_site"):
            assign_perm(codename, olga, site)
            assign_perm(codename, nina, other_site)
        for codename in (
            "view_site", "operate_site", "override_site", "recover_site", "manage_site",
            "staff_site",
        ):  # fmt: skip
            assign_perm(codename, maxi, site)
        return cls(
            organisation=organisation,
            site=site,
            bank=bank,
            bridge=bridge,
            controller=controller,
            small=small,
            large=large,
            doors=doors,
            policy=policy,
            terminal=terminal,
            reader=reader,
            amira=amira,
            ben=ben,
            carla=carla,
            dev=dev,
            olga=olga,
            max=maxi,
            nina=nina,
            rosa=rosa,
            other_site=other_site,
        )
