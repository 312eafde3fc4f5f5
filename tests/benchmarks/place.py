"""The estate that is measured, and the shipped server processes that serve it."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

BANKS = 16
PEOPLE = 2000
DOORS_OF_FIRST = 450
DOORS_OF_OTHERS = 130


@dataclass
class Place:
    """One site with 16 banks, terminals and people with badges, and the port it is served on."""

    port: int = 0
    organisation: int = 0
    site: int = 0
    banks: list[int] = field(default_factory=list)
    first_person: int = 0
    policy: int = 0
    digests: list[str] = field(default_factory=list)

    @classmethod
    def build(cls) -> Place:
        """Make the estate in an empty, migrated database."""
        from access import hashing
        from access.choices import CredentialKind
        from access.models import Credential, Person
        from access.services import digests
        from lockers.models import Compartment, Door, Reader
        from lockers.services import enrolment
        from tests import factories

        place = cls()
        at = dt.datetime.now(dt.UTC)
        organisation = factories.OrganisationFactory(name="Measured")
        site = factories.SiteFactory(organisation=organisation, name="Measured site")
        size = factories.SizeFactory(organisation=organisation, name="Small", rank=1)
        policy = factories.PolicyFactory(organisation=organisation)
        for number in range(BANKS):
            bridge = factories.BridgeFactory(site=site)
            # Heard from in a year: no bridge runs here, and none of the figures is about one.
            factories.BridgePresenceFactory(bridge=bridge, last_seen_at=at + dt.timedelta(days=365))
            bank = factories.BankFactory(site=site, bridge=bridge, name=f"Bank {number}")
            factories.TerminalFactory(
                bank=bank, token_digest=enrolment.digest(place.terminal_token(number))
            )
            Reader.objects.create(bank=bank, name="wedge", prefix="~", suffix="\r", length=10)
            count = DOORS_OF_OTHERS if number else DOORS_OF_FIRST
            boards = [
                factories.ControllerFactory(
                    bridge=bridge, unit=n + 1, channels=32, address=f"tcp://127.0.0.1:{number + 1}"
                )
                for n in range(count // 32 + 1)
            ]
            doors = Compartment.objects.bulk_create(
                Compartment(
                    bank=bank,
                    number=str(n + 1),
                    size=size,
                    column=n // 10 + 1,
                    row=n % 10 + 1,
                    x_mm=n // 10 * 300,
                    y_mm=n % 10 * 180,
                    width_mm=300,
                    height_mm=180,
                    floor_mm=100 + (9 - n % 10) * 180,
                    controller=boards[n // 32],
                    channel=n % 32,
                )
                for n in range(count)
            )
            Door.objects.bulk_create(
                Door(compartment=door, state="closed", changed_at=at) for door in doors
            )
            place.banks.append(bank.pk)
        people = Person.objects.bulk_create(
            Person(organisation=organisation, home_site=site, given_name=f"Person {n}")
            for n in range(PEOPLE)
        )
        place.digests = [
            digests.of(organisation.pk, hashing.canonical_text(f"{n:010d}")) for n in range(PEOPLE)
        ]
        Credential.objects.bulk_create(
            Credential(
                organisation=organisation,
                person=person,
                kind=CredentialKind.BADGE,
                digest=digest,
                hint="0000",
                issued_at=at,
            )
            for person, digest in zip(people, place.digests, strict=True)
        )
        place.organisation, place.site = organisation.pk, site.pk
        place.first_person, place.policy = people[0].pk, policy.pk
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        return place

    def terminal_token(self, bank: int) -> str:
        """Return the token of the terminal of a bank (by its place in ``banks``)."""
        return f"benchmark-terminal-token-{bank:02d}-of-no-value"

    def badge(self, number: int) -> str:
        """Return what the reader types for a person's badge."""
        return f"~{number:010d}\r"

    def empty(self) -> None:
        """Make every door free again."""
        with connection.cursor() as cursor:
            cursor.execute(
                "TRUNCATE occupancy_claim, occupancy_quota, access_grant, lockers_command,"
                " audit_answer, kiosk_scan CASCADE"
            )

    def empty_claims(self) -> None:
        """Give every door back by plain SQL, without touching what the bridge is at."""
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM occupancy_quota")
            cursor.execute("DELETE FROM occupancy_claim")

    def raw_facts(self) -> dict[str, Any]:
        """Return what a raw client needs, without Django."""
        from lockers.services import enrolment
        from tests.benchmarks import statements

        return {
            "url": os.environ["DATABASE_URL"],
            "statements": statements.of_a_claim(self),
            "banks": self.banks,
            "first_person": self.first_person,
            "policy": self.policy,
            "organisation": self.organisation,
            "site": self.site,
            "digests": self.digests,
            "token_digests": [
                enrolment.digest(self.terminal_token(n)) for n in range(len(self.banks))
            ],
        }
