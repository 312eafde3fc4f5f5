"""The two log-ins of the demonstration: one who may do all, and a second pair of eyes."""

from __future__ import annotations

from dataclasses import dataclass

from guardian.shortcuts import assign_perm

from access.models import User
from config.demo.estate import Estate


@dataclass(frozen=True)
class LogIn:
    """A name and a password that everybody knows: the demonstration listens on loopback only."""

    username: str
    password: str


FIRST = LogIn("demo", "demo-lockers")
SECOND = LogIn("second", "second-lockers")


def build(estate: Estate) -> tuple[User, User]:
    """Write both log-ins; the second operates every site and manages none."""
    first = User.objects.create_superuser(
        FIRST.username,
        "demo@northwind.example",
        FIRST.password,
        first_name="Dana",
        last_name="Demo",
    )
    second = User.objects.create_user(
        SECOND.username,
        "second@northwind.example",
        SECOND.password,
        is_staff=True,
        first_name="Sam",
        last_name="Second",
    )
    for built in estate.sites:
        for codename in ("view_site", "operate_site"):
            assign_perm(codename, second, built.site)
    return first, second
