"""Whom staff mean by what they type: a person, or the role or department that a door is for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Concat, Lower
from django.utils.translation import gettext as _

from access.choices import PersonStatus
from access.models import Department, Person, Role
from lockers.scoping import people
from occupancy.allocation.rules import Whose
from occupancy.errors.custody import NobodyCalled, SeveralCalled

# A list to choose from, not a directory to read.
SUGGESTED = 8
SHORTEST = 2


@dataclass(frozen=True)
class Suggestion:
    """What to type for somebody, and who that is."""

    value: str
    label: str


def find_person(organisation_id: int, text: str) -> Person | None:
    """Return the one person with a personal number or an e-mail address."""
    found = Person.objects.filter(
        Q(personal_number=text) | Q(email__iexact=text), organisation_id=organisation_id
    )[:2]
    return found[0] if len(found) == 1 else None


def find_people(organisation_id: int, texts: Iterable[str]) -> dict[str, Person | None]:
    """Return for each number or address the one person who has it, in one statement."""
    wanted = {text: text.lower() for text in texts if text}
    found: defaultdict[str, dict[int, Person]] = defaultdict(dict)
    rows = Person.objects.alias(mail=Lower("email")).filter(
        Q(personal_number__in=wanted) | Q(mail__in=wanted.values()),
        organisation_id=organisation_id,
    )
    for person in rows:
        found[person.personal_number][person.pk] = person
        found[person.email.lower()][person.pk] = person
    return {
        text: next(iter(theirs.values())) if len(theirs) == 1 else None
        for text, low in wanted.items()
        for theirs in ({**found[text], **found[low]},)
    }


def called(text: str, *, organisation_id: int, user: Any, whose: Whose = Whose.PERSON) -> int:
    """Return the id of the one whom a number, an address or a whole name means.

    A number or an address finds anybody of the organisation, a name only whom the user may see.
    Raises NobodyCalled and SeveralCalled.
    """
    text = " ".join(text.split())
    if whose is not Whose.PERSON:
        model: Any = Role if whose is Whose.ROLE else Department
        rows = model.objects.filter(organisation=organisation_id, name__iexact=text)
    elif known := find_person(organisation_id, text):
        return known.pk
    else:
        rows = _named(organisation_id, user).filter(Q(whole__iexact=text) | Q(turned__iexact=text))
    found = list(rows.values_list("pk", flat=True)[:2])
    if len(found) != 1:
        raise SeveralCalled if found else NobodyCalled
    return int(found[0])


def suggestions(text: str, *, organisation_id: int, user: Any) -> list[Suggestion]:
    """Return whom the beginning of a name or a number may mean, of those the user may see."""
    words = text.split()
    if len(text.strip()) < SHORTEST:
        return []
    rows = _named(organisation_id, user)
    for word in words:
        rows = rows.filter(
            Q(given_name__istartswith=word)
            | Q(family_name__istartswith=word)
            | Q(personal_number__istartswith=word)
            | Q(email__istartswith=word)
        )
    found = [
        Suggestion(one.personal_number or one.email or str(one), str(one))
        for one in rows.order_by("family_name", "given_name")[:SUGGESTED]
    ]
    for model, kind in ((Role, _("role")), (Department, _("department"))):
        named = model._default_manager.filter(
            organisation=organisation_id, name__icontains=text.strip()
        )
        found += [Suggestion(one.name, kind) for one in named.order_by("name")[:SUGGESTED]]
    return found[:SUGGESTED]


def _named(organisation_id: int, user: Any) -> QuerySet[Person]:
    rows: QuerySet[Person] = Person.objects.filter(
        people(user), organisation=organisation_id, status=PersonStatus.ACTIVE
    ).annotate(
        whole=Concat("given_name", Value(" "), "family_name"),
        turned=Concat("family_name", Value(" "), "given_name"),
    )
    return rows
