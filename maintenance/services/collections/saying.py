"""What a tablet says of a line: each entry counts once, the latest by its own time wins."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import transaction

from audit.actions import Action
from audit.services.events import Actor
from maintenance.choices import About, Condition, KeyAnswer
from maintenance.errors.collections import AnswerReused, CollectionOver, GivenBack, NoKeyOut
from maintenance.models import CollectionEntry, CollectionLine
from maintenance.selectors import collections
from maintenance.services.collections import settling, story
from maintenance.services.tickets import working

YES, NO = "yes", "no"
# What can be said about each of the three.
ANSWERS: dict[About, frozenset[str]] = {
    About.EMPTIED: frozenset({YES, NO}),
    About.KEY: frozenset({KeyAnswer.BACK, KeyAnswer.NOT_BACK, KeyAnswer.LOST}),
    About.CONDITION: frozenset({Condition.GOOD, Condition.DAMAGED}),
}


def say(
    *,
    line_id: int,
    about: About,
    answer: str,
    entry_id: uuid.UUID,
    actor: Actor,
    at: dt.datetime,
    happened_at: dt.datetime | None = None,
    note: str = "",
) -> CollectionLine:
    """Write down one of the three things about a locker, and do what follows once all are said.

    The same entry again changes nothing. One that was made before somebody else's that is here
    already is only kept. Raises CollectionOver, AnswerReused, GivenBack, NoKeyOut and InRecovery.
    """
    assert answer in ANSWERS[about], "the view asks for these only"
    happened_at = min(happened_at or at, at)
    with transaction.atomic():
        line = story.locked(line_id)
        same = CollectionEntry.objects.filter(entry_id=entry_id).first()
        if same is not None:
            if (same.line_id, same.about, same.answer) != (line.pk, about, answer):
                raise AnswerReused
            return line
        if line.collection.closed_at is not None:
            raise CollectionOver
        _judge(line, about, answer)
        # A tablet sends in order, however slow its line is; only another's entry can be newer.
        newer = line.entries.filter(about=about, happened_at__gt=happened_at)
        is_late = newer.exclude(made_by=story.number_of(actor)).exists()
        CollectionEntry.objects.create(
            entry_id=entry_id, line=line, about=about, answer=answer, happened_at=happened_at,
            received_at=at, made_by=story.number_of(actor),
        )  # fmt: skip
        story.record(
            Action.COLLECTION_SAID, line.collection, actor, at, line=line, about=about.value,
            answer=answer, happened=happened_at, late=is_late,
        )  # fmt: skip
        if not is_late:
            _write(line, about, answer, note, actor, happened_at)
            settling.settle(line, actor=actor, at=at)
    return line


def _judge(line: CollectionLine, about: About, answer: str) -> None:
    """Refuse what cannot be: what was given back stays so, and only a key that is out is lost."""
    if about is About.CONDITION:
        return
    is_same = answer == (line.key if about is About.KEY else _word(line.emptied))
    if collections.said_of(line).gives_door_back and not is_same:
        raise GivenBack(number=line.compartment.number)
    if about is About.KEY and not is_same:
        has_none = line.key == KeyAnswer.NONE
        if has_none or answer == KeyAnswer.LOST and not settling.keys_out(line).exists():
            raise NoKeyOut(number=line.compartment.number)


def _write(
    line: CollectionLine, about: About, answer: str, note: str, actor: Actor, at: dt.datetime
) -> None:
    if about is About.EMPTIED:
        story.change(line, emptied=answer == YES)
    elif about is About.KEY:
        story.change(line, key=answer)
    else:
        words = note.strip()[:200]
        if words and words != line.note and line.ticket_id is not None:
            # The ticket was opened by the touch; what is damaged came after it.
            working.note(ticket_id=line.ticket_id, actor=actor, at=at, words=words)
        story.change(line, condition=answer, note=words or line.note)
    if line.done_at is None and collections.said_of(line).is_all_said:
        story.change(line, done_at=at, done_by=story.number_of(actor))


def _word(emptied: bool | None) -> str:
    return "" if emptied is None else YES if emptied else NO
