"""Giving somebody a badge, wristband or phone on their page."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet
from django.utils.translation import gettext as _now

from access.errors.badges import BadgeTaken
from access.forms import BadgeForm
from access.models import Credential, Person
from access.services import credentials, profiles
from audit.services.events import Actor


def issue(
    *,
    form: BadgeForm,
    person: Person,
    visible: QuerySet[Person],
    actor: Actor,
    at: dt.datetime,
) -> Credential:
    """Issue what a form says; raises as the service, and names both people to who sees both."""
    given = form.cleaned_data
    try:
        return credentials.issue_badge(
            person=person,
            text=given["number"],
            kind=given["kind"],
            profile=profiles.settings_of(given["profile"]),
            printed=given["printed"],
            valid_from=given["valid_from"],
            valid_until=given["valid_until"],
            actor=actor,
            at=at,
        )
    except BadgeTaken as refusal:
        if named := both(refusal, person, visible):
            form.add_error(None, named)
        raise


def both(refusal: BadgeTaken, person: Person, visible: QuerySet[Person]) -> str:
    """Return a sentence with both people of a badge, or nothing where one may not be seen."""
    if refusal.holder_id is None:
        return ""
    holder = visible.filter(pk=refusal.holder_id).first()
    if holder is None:
        return ""
    if holder.pk == person.pk:
        return _now("%(person)s has it already.") % {"person": _named(person)}
    return _now("It is on %(holder)s; you were giving it to %(person)s.") % {
        "holder": _named(holder),
        "person": _named(person),
    }


def _named(person: Person) -> str:
    return f"{person} ({person.personal_number})" if person.personal_number else str(person)
