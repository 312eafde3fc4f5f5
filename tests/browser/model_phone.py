"""What the journeys on phones share: a bank with one door, people with phones, a clock to set."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from access.models import Person
from access.services import notices
from kiosk.choices import SignedInBy
from kiosk.services.me import sessions
from lockers.choices import ServiceStatus
from lockers.models import Compartment
from occupancy.models import Assignment, Policy
from occupancy.services.custody import giving
from occupancy.services.ending import warnings
from tests import factories
from tests.browser import shared
from tests.browser.clocks import Clock
from tests.browser.kiosk_screen import PlayedBridge
from tests.browser.model_kiosk import HeardBridge
from tests.conftest import MORNING
from tests.factories.cast import SETUP, Estate

__all__ = ["Journey", "Phone", "journey"]

PHONE = {"width": 390, "height": 844}
ALL_TAKEN = "Every locker here is taken."
GIVEN_ONLY = "These lockers are booked ahead or given by staff."


@dataclass
class Phone:
    """Somebody's phone, signed in."""

    journey: Journey
    person: Person
    context: BrowserContext
    page: Page

    def sign_in(self) -> None:
        """Be signed in from now on; a session lasts thirty days."""
        self.person.refresh_from_db()
        token = sessions.open_for(
            person=self.person, by=SignedInBy.LINK, at=timezone.now(), address=self.person.email
        )
        where = f"{self.journey.url}/me/"
        self.context.add_cookies([{"name": "phone", "value": token, "url": where}])

    def go(self, path: str = "/me/") -> Locator:
        """Open a page and return its words."""
        # What a test reads or presses is there before all scripts ran: it works without them.
        self.page.goto(self.journey.url + path, wait_until="domcontentloaded")
        return self.page.locator("main")

    def bank(self) -> Locator:
        """Look at what could be had."""
        return self.go(f"{reverse('me-get')}?bank={self.journey.estate.bank.pk}")

    def scan(self) -> Locator:
        """Stand at the bank and scan its label."""
        return self.go(reverse("me-at", args=[sessions.label_of(self.journey.estate.bank)]))

    def door(self) -> Locator:
        """Open the page of the door."""
        claim = Assignment.objects.filter(compartment=self.journey.door).latest("pk")
        return self.go(reverse("me-door", args=[claim.pk]))

    def press(self, name: str, says: str) -> None:
        """Press the one key whose name begins so, and read this afterwards."""
        self.page.get_by_role("button", name=re.compile(f"^{re.escape(name)}")).click()
        expect(self.page.locator("#told")).to_contain_text(says)

    def unfold(self, name: str) -> None:
        """Show what is folded away."""
        self.page.locator("summary", has_text=name).click()

    def key(self, name: str) -> Locator:
        """Return the keys that are called so."""
        return self.page.get_by_role("button", name=re.compile(f"^{re.escape(name)}"))

    def take(self) -> Assignment:
        """Claim any door from afar; it stays shut."""
        self.bank()
        self.press("Take it now", "Door 1 is yours.")
        expect(self.page.locator("main")).to_contain_text("The door is closed.")
        return Assignment.objects.latest("pk")

    def use(self) -> None:
        """Scan the label, open the door, and see it open and shut."""
        self.scan()
        self.press("Open door 1", "Door 1 was asked to open.")
        self.journey.opened_and_shut(self)

    def reads(self, *sentences: str) -> None:
        """Read these on the first page."""
        main = self.go()
        for sentence in sentences:
            expect(main).to_contain_text(sentence)

    def has_nothing(self) -> None:
        """Be told that there is no door."""
        self.reads("You have no locker now.")

    def is_refused(self, sentence: str) -> None:
        """Read at the bank why there is no door, and find no key to take one."""
        expect(self.bank()).to_contain_text(sentence)
        expect(self.key("Take it now")).to_have_count(0)


@dataclass
class Journey:
    """One door of one bank, under one policy, and the phones of those who want it."""

    estate: Estate
    clock: Clock
    url: str
    browser: Browser
    bridge: PlayedBridge
    door: Compartment
    phones: list[Phone] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def under(self, **rules: Any) -> Policy:
        """Let the bank's only policy say this; it comes with the usual warnings."""
        Policy.objects.filter(organisation=self.estate.organisation).delete()
        self.estate.policy = factories.PolicyFactory(
            organisation=self.estate.organisation, site=self.estate.site,
            **{"opens_by_phone": True, **rules},
        )  # fmt: skip
        return self.estate.policy

    def phone(self, person: Person) -> Phone:
        """Return a phone on which somebody is signed in."""
        context = self.browser.new_context(viewport=PHONE, service_workers="block")
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        made = Phone(self, person, context, page)
        made.sign_in()
        self.phones.append(made)
        return made

    @property
    def amira(self) -> Phone:
        """Amira's phone."""
        return self._of(self.estate.amira)

    @property
    def ben(self) -> Phone:
        """Ben's phone."""
        return self._of(self.estate.ben)

    def at(self, hour: int, minute: int = 0, *, day: int = 0) -> dt.datetime:
        """Return an hour of the day on which it began, or of a later one."""
        return MORNING.replace(hour=hour, minute=minute) + dt.timedelta(days=day)

    def give(self, **to: Any) -> Assignment:
        """Let staff give the door."""
        return giving.give(
            compartment_id=self.door.pk, policy_id=self.estate.policy.pk, actor=SETUP,
            at=timezone.now(), reason="asked for at reception", **to,
        )  # fmt: skip

    def opened_and_shut(self, phone: Phone) -> None:
        """See a door on its way open and shut."""
        state = phone.page.locator(".locker__state")
        expect(state).to_have_text("The door is opening.")
        self.bridge.report("command_opened", "command_closed")
        phone.door()
        expect(state).to_have_text("The door is closed.")
        # The played bridge tells the newest command by when it was asked for.
        self.clock.forward(seconds=1)

    def letter(self, to: Person) -> str:
        """Let the jobs write and send what is due; return the newest letter to somebody."""
        mail.outbox.clear()
        warnings.warn_due(at=self.clock.now)
        notices.send_due(at=self.clock.now)
        mine = [str(one.body) for one in mail.outbox if one.to == [to.email]]
        assert mine, f"no letter to {to}"
        return mine[-1]

    def holds(self, person: Person) -> bool:
        """Say whether somebody has the door now."""
        return Assignment.objects.filter(
            holder=person, closed_at=None, compartment=self.door
        ).exists()

    def _of(self, person: Person) -> Phone:
        found = [one for one in self.phones if one.person.pk == person.pk]
        return found[0] if found else self.phone(person)


@pytest.fixture
def journey(
    chromium: Browser, shared_server: shared.Server, stopped_clock: Clock
) -> Iterator[Journey]:
    """Return a bank of which one door alone works, at nine on a Tuesday."""
    estate = Estate.build(at=MORNING)
    for person in (estate.amira, estate.ben):
        person.email = f"{person.given_name.lower()}@northwind.example"
        person.save(update_fields=["email"])
    bridge = HeardBridge(estate)
    bridge.report()
    door = estate.doors[0]
    Compartment.objects.exclude(pk=door.pk).update(service_status=ServiceStatus.OUT_OF_SERVICE)
    made = Journey(estate, stopped_clock, shared_server.url, chromium, bridge, door)
    yield made
    for phone in made.phones:
        phone.context.close()
    assert made.errors == []
