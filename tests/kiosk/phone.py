"""A person's phone, for tests that read its pages as words."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from typing import Any

from django.test import Client
from django.urls import reverse

from access.models import Person
from kiosk.choices import SignedInBy
from kiosk.services.me import sessions
from occupancy.models import Assignment
from tests.factories.cast import Estate

_keys = itertools.count()


class Phone:
    """A person's phone; pages come back as words."""

    def __init__(self, person: Person, at: dt.datetime) -> None:
        self.client = Client()
        self.client.cookies["phone"] = sessions.open_for(
            person=person, by=SignedInBy.LINK, at=at, address=person.email
        )

    def read(self, name: str, *args: object, query: str = "") -> str:
        answer = self.client.get(reverse(name, args=args) + query)
        assert answer.status_code == 200, answer.status_code
        return words(answer)

    def do(self, name: str, *args: object, key: str = "", **told: object) -> str:
        """Send a form, follow where it leads, and return what is said there."""
        told["key"] = key or f"phone-{next(_keys):08}"
        answer = self.client.post(reverse(name, args=args), told, follow=True)
        assert answer.redirect_chain
        return words(answer)

    def scan(self, estate: Estate) -> str:
        return self.read("me-at", sessions.label_of(estate.bank))

    def claim(self, estate: Estate, **told: object) -> Assignment:
        self.do("me-claim", bank=estate.bank.pk, **told)
        return Assignment.objects.latest("pk")


def words(answer: Any) -> str:
    text = answer.content.decode()
    main = re.sub(r"<svg.*?</svg>", "", text[text.index("<main") :], flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())
