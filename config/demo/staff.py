"""The log-ins of the demonstration: who may do all, a second pair of eyes, and who repairs."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from allauth.account.models import EmailAddress

from access.models import User
from access.roles import StaffRole
from access.services import staff as roles
from access.services.staff import Place
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
TECHNICIAN = LogIn("technician", "technician-lockers")
SCHOOL_OFFICE = LogIn("office", "office-lockers")
TUTOR = LogIn("tutor", "tutor-lockers")


def build(estate: Estate, *, at: dt.datetime) -> tuple[User, User, User]:
    """Write the log-ins; the second is at reception, the third repairs, on every site."""
    first = User.objects.create_superuser(
        FIRST.username,
        "demo@northwind.example",
        FIRST.password,
        first_name="Dana",
        last_name="Demo",
    )
    # Whoever is logged in as the first may look at Amira's lockers as she does on her phone.
    EmailAddress.objects.create(user=first, email=AMIRA_MAIL, verified=True)
    here = estate.organisation
    second = with_role(SECOND, "Sam", "Second", StaffRole.RECEPTION, here, at)
    technician = with_role(TECHNICIAN, "Tess", "Turner", StaffRole.TECHNICIAN, here, at)
    return first, second, technician


def with_role(
    log_in: LogIn, given: str, family: str, role: StaffRole, place: Place, at: dt.datetime
) -> User:
    """Write a log-in with a role at a place."""
    user = User.objects.create_user(
        log_in.username,
        f"{log_in.username}@northwind.example",
        log_in.password,
        is_staff=True,
        first_name=given,
        last_name=family,
    )
    roles.give(
        user=user,
        role=role,
        place=place,
        at=at,
        giver=None,
        actor=Actor.job("demo"),
    )
    return user
