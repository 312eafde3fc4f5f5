"""Letters: written down with what they are about, sent afterwards, again until they are gone."""

from __future__ import annotations

import datetime as dt
import json
import logging
import smtplib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import OperationalError, connection, transaction
from django.db.models import F, Q
from django_q.tasks import async_task

from access import letters
from access.choices import Channel, NoticeKind
from access.models import AccessRequest, KeyCount, KeyHolding, Notice, Person, Visit
from access.services import telling
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.models import Site

log = logging.getLogger(__name__)
# After a failure; the last one again and again, until it is too old to be of use.
WAITS = (dt.timedelta(minutes=1), dt.timedelta(minutes=5), dt.timedelta(minutes=30))
GIVEN_UP_AFTER = dt.timedelta(days=7)
AT_ONCE = 50
# What is not certain yet mostly is a moment later.
_SOON = dt.timedelta(seconds=10)


def write(
    *,
    kind: NoticeKind,
    to: str,
    at: dt.datetime,
    request: AccessRequest | None = None,
    visit: Visit | None = None,
    holding: KeyHolding | None = None,
    counted: KeyCount | None = None,
    site: Site | None = None,
) -> Notice:
    """Write a letter in the transaction of what it is about; it is sent once that is committed.

    A request and a visit have their site; one about keys says it.
    """
    about = request or visit
    site_id = about.site_id if about is not None else site.pk if site is not None else None
    assert site_id is not None  # by constraint
    notice = Notice.objects.create(
        kind=kind, to=to, site_id=site_id, request=request, visit=visit, holding=holding,
        counted=counted, made_at=at, try_at=at,
    )  # fmt: skip
    transaction.on_commit(_hurry)
    return notice


_TELL = """
INSERT INTO access_notice (kind, channel, "to", site_id, subject, facts, person_id, made_at, try_at,
                           useful_until, tries)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0)
"""


@dataclass(frozen=True, kw_only=True)
class Word:
    """A letter about something of an app on the right, ``subject`` as in "claim:12".

    Its words come from templates/emails/<kind>_*, which get ``facts`` as ``facts``. It goes to
    ``to``, by another channel with no address to the site's or organisation's channel; not before
    ``not_before``, and not after ``useful_until``.
    """

    kind: NoticeKind
    site_id: int
    subject: str
    facts: dict[str, Any]
    to: str = ""
    channel: Channel = Channel.EMAIL
    person_id: int | None = None
    not_before: dt.datetime | None = None
    useful_until: dt.datetime | None = None

    def values(self, at: dt.datetime) -> tuple[Any, ...]:
        """Return the row."""
        return (
            self.kind.value, self.channel.value, self.to, self.site_id, self.subject,
            json.dumps(self.facts, cls=DjangoJSONEncoder), self.person_id, at,
            max(at, self.not_before or at), self.useful_until,
        )  # fmt: skip


def tell(word: Word, *, at: dt.datetime, hurry: bool = True) -> None:
    """Write a letter in the transaction of what it is about; it is sent once that is committed.

    A plain insert: the end of many uses is measured by it. Whoever writes many says ``hurry``
    False and calls ``hurry()`` at the end.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TELL, word.values(at))
    if hurry and (word.not_before is None or word.not_before <= at):
        transaction.on_commit(_hurry)


def tell_many(words: Iterable[Word], *, at: dt.datetime) -> None:
    """Write letters in the transaction of what they are about, in one go; all are useful now."""
    with connection.cursor() as cursor:
        cursor.executemany(_TELL, [word.values(at) for word in words])
    transaction.on_commit(_hurry)


def hurry() -> None:
    """Ask for letters to be sent now; should that fail, the sweep does it within a minute."""
    transaction.on_commit(_hurry)


class NotYet(Exception):
    """Raised by a check: what the letter says is not certain yet, so it waits."""


Check = Callable[[Notice, dt.datetime], bool]
# Asked right before a letter about something of an app on the right goes: by its kind.
_checks: dict[str, list[Check]] = {}


def checked_by(kind: NoticeKind, check: Check) -> None:
    """Let an app on the right say whether a letter of a kind is still of use when it goes."""
    _checks.setdefault(kind.value, []).append(check)


def _hurry() -> None:
    """Ask the job queue to send now; should that fail, the sweep does it within a minute."""
    try:
        async_task("access.jobs.send_notices")
    except Exception:
        log.exception("the job queue took no task; the sweep sends the letter")


def send_due(*, at: dt.datetime) -> int:
    """Send what waits; return how many went.

    Each row is locked while it is sent, so that two senders never send one letter twice; a crash
    between the mail server's yes and the commit may, which is better than a letter lost.
    """
    sent = 0
    for _each in range(AT_ONCE):
        with transaction.atomic():
            notice = (
                Notice.objects.select_for_update(skip_locked=True, of=("self",))
                .select_related(
                    "site",
                    "request__person",
                    "request__bank",
                    "visit__visitor",
                    "visit__host",
                    "holding__person",
                    "holding__key__lock__compartment__bank",
                    "holding__key__master_set",
                    "counted",
                    "person",
                )  # fmt: skip
                # A key that came back meanwhile needs no letter any more.
                .exclude(holding__returned_at__isnull=False)
                .exclude(useful_until__lte=at)
                .filter(sent_at__isnull=True, try_at__lte=at, made_at__gt=at - GIVEN_UP_AFTER)
                # A code that is good for an hour does not stand behind a school's invitations.
                .order_by(F("useful_until").asc(nulls_last=True), "try_at", "pk")
                .first()
            )
            if notice is None:
                break
            sent += _send(notice, at)
    return sent


def stuck(at: dt.datetime) -> Q:
    """Return the condition for letters that were tried and did not go, but still should."""
    return Q(sent_at__isnull=True, tries__gt=0, made_at__gt=at - GIVEN_UP_AFTER) & (
        Q(useful_until__isnull=True) | Q(useful_until__gt=at)
    )


def _send(notice: Notice, at: dt.datetime) -> bool:
    try:
        # A savepoint: whatever one letter breaks, it is put off and the others go.
        with transaction.atomic():
            checks = _checks.get(notice.kind, ())
            if not all(check(notice, at) for check in checks) or not _went(notice):
                Notice.objects.filter(pk=notice.pk).update(useful_until=at)
                return False
    except NotYet:
        # It may be days: what waited long is looked at less often.
        wait = min(max(at - notice.made_at, _SOON), WAITS[1])
        Notice.objects.filter(pk=notice.pk).update(try_at=at + wait)
        return False
    except (OSError, smtplib.SMTPException, telling.NotSent) as error:
        _put_off(notice, at)
        log.warning("letter %s waits: %s", notice.pk, error)
        return False
    except OperationalError:
        raise  # the database itself is in trouble
    except Exception:
        _put_off(notice, at)
        log.exception("letter %s could not be written", notice.pk)
        return False
    Notice.objects.filter(pk=notice.pk).update(tries=notice.tries + 1, sent_at=at)
    person = _about(notice)
    events.record(
        action=Action.NOTICE_SENT,
        actor=Actor.job("letters"),
        at=at,
        organisation_id=notice.site.organisation_id,
        site_id=notice.site_id,
        person_id=person.pk if person is not None else None,
        subject=f"notice:{notice.pk}",
        data={"about": notice.kind, "by": notice.channel},
    )
    return True


def _went(notice: Notice) -> bool:
    """Send a letter; False when the channel it was for is there no more."""
    if notice.channel == Channel.OTHER:
        return telling.send(notice, letters.words(notice))
    letters.letter(notice).send()
    return True


def _put_off(notice: Notice, at: dt.datetime) -> None:
    wait = WAITS[min(notice.tries, len(WAITS) - 1)]
    Notice.objects.filter(pk=notice.pk).update(
        tries=min(notice.tries + 1, 30_000), try_at=at + wait
    )


def _about(notice: Notice) -> Person | None:
    if notice.person is not None:
        return notice.person
    if notice.request is not None:
        return notice.request.person
    if notice.visit is not None:
        return notice.visit.visitor
    return notice.holding.person if notice.holding is not None else None
