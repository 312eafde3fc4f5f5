"""What a leaver still has, in words, each with the page on which it is ended."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from access.selectors import Leaver


def still_has(leaver: Leaver) -> list[tuple[str, str]]:
    """Return sentence and link for everything that is not finished with."""
    person, has = leaver.person, leaver.has
    go = reverse("admin:access_person_leave", args=[person.pk])
    found: list[tuple[str, str]] = []
    if leaver.is_late:
        day = person.leaves_on.isoformat() if person.leaves_on else ""
        found.append((_("Their last day was %s and they have not left.") % day, go))
    found += [(_("Credential in use: %s") % one, go) for one in has.credentials]
    found += [
        (
            _("Locker %(number)s, bank %(bank)s")
            % {"number": one.compartment.number, "bank": one.compartment.bank.name},
            go,
        )
        for one in has.grants
    ]
    found += [(_("Pass that still counts: %s") % one, go) for one in has.passes]
    found += [(_("Access that still counts, at %s") % one.site, go) for one in has.access]
    # The keys of their own page, where they are taken back.
    keys = f"{reverse('admin:access_keyholding_changelist')}?q={person.family_name}"
    found += [(_("Key out: %s") % one.key, keys) for one in has.keys]
    found += [
        (_("Log-in still active: %s") % one.get_username(),
         reverse("admin:access_user_change", args=[one.pk]))
        for one in has.users
    ]  # fmt: skip
    found += [
        (one.name, reverse(f"admin:access_person_{one.kind}", args=[person.pk])) for one in has.runs
    ]
    return found
