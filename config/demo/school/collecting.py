"""A collection that has just begun in one form, on a tablet."""

from __future__ import annotations

import datetime as dt
import uuid

from access.models import User
from audit.services.events import Actor
from config.demo.classes import Classes
from config.demo.happenings import ACTOR
from config.demo.school import tutors
from lockers.models import AcademicSession, SessionLevel
from maintenance.choices import About, Condition, KeyAnswer
from maintenance.models import Collection
from maintenance.services.collections import beginning, saying

NAME = "Before the new locks"
LASTS = dt.timedelta(days=7)
_ENTRIES = uuid.UUID("0c1c6f0a-7f0e-4a44-8a0b-9d4a3b7b55c1")


def add(classes: Classes, tutor: User, *, at: dt.datetime) -> None:
    """Begin to collect the lockers of the tutor's form: one is back, of one the key is missing."""
    site = classes.this_year.site
    today = at.astimezone(site.zone).date()
    term = AcademicSession.objects.filter(
        site=site, level=SessionLevel.TERM, starts_on__lte=today, ends_on__gte=today
    ).first()
    one = Collection.objects.create(
        site=site, session=term or classes.this_year, name=NAME,
        starts_on=today, ends_on=today + LASTS,
    )  # fmt: skip
    beginning.begin(
        collection_id=one.pk, actor=ACTOR, at=at - dt.timedelta(hours=2),
        forms=[classes.forms[tutors.FORM].pk],
    )  # fmt: skip
    by = Actor.staff(tutor.pk)
    lines = list(one.lines.order_by("person__family_name", "pk"))
    keyed = [line for line in lines if line.key == KeyAnswer.WAITING]
    for line, key in zip(keyed, (KeyAnswer.BACK, KeyAnswer.NOT_BACK), strict=False):
        for about, answer in (
            (About.EMPTIED, saying.YES), (About.KEY, key), (About.CONDITION, Condition.GOOD),
        ):  # fmt: skip
            saying.say(
                line_id=line.pk, about=about, answer=answer, actor=by,
                at=at - dt.timedelta(hours=1), entry_id=uuid.uuid5(_ENTRIES, f"{line.pk} {about}"),
            )  # fmt: skip
