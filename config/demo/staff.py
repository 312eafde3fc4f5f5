"""The two log-ins of the demonstration: one who may do all, and a second pair of eyes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from allauth.account.models import EmailAddress

from access.models import User
from access.roles import StaffRole
from access.services import staff as roles
from audit.services.events import Actor
from config.demo.estate import Estate


@dataclass(frozen=True)
class LogIn:
    """A name and a password that everybody knows: the demonstration listens on loopback only."""

    username: str
    password: str


AMIRA_MAIL = "amira.haddad@northwind.example"
FIRST = LogIn("demo", "demo-lockers")
SECOND = LogIn("second", "second-lockers")


def build(estate: Estate, *, at: dt.datetime) -> tuple[User, User]:
    """Write both log-ins; the second is at reception on every site and manages none."""
    first = User.objects.create_superuser(
        FIRST.username,
        "demo@northwind.example",
        FIRST.password,
        first_name="Dana",
        last_name="Demo",
    )
    # Whoever is logged in as the first may look at Amira's lockers as she does on her phone.
    EmailAddress.objects.create(user=first, email=AMIRA_MAIL, verified=True)
    second = User.objects.create_user(
        SECOND.username,
        "second@northwind.example",
        SECOND.password,
        is_staff=True,
        first_name="Sam",
        last_name="Second",
    )
    roles.give(
        user=second,
        role=StaffRole.RECEPTION,
        place=estate.organisation,
        at=at,
        giver=None,
        actor=Actor.job("demo"),
    )
    return first, second
