"""Letters: written down with what they are about, sent afterwards, again until they are gone."""

from __future__ import annotations

import datetime as dt
import logging
import smtplib

from django.db import transaction
from django_q.tasks import async_task

from access import letters
from access.choices import NoticeKind
from access.models import AccessRequest, KeyCount, KeyHolding, Notice, Person, Visit
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.models import Site

log = logging.getLogger(__name__)
# After a failure; the last one again and again, until it is too old to be of use.
WAITS = (dt.timedelta(minutes=1), dt.timedelta(minutes=5), dt.timedelta(minutes=30))
GIVEN_UP_AFTER = dt.timedelta(days=7)
AT_ONCE = 50


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
                )  # fmt: skip
                # A key that came back meanwhile needs no letter any more.
                .exclude(holding__returned_at__isnull=False)
                .filter(sent_at__isnull=True, try_at__lte=at, made_at__gt=at - GIVEN_UP_AFTER)
                .order_by("try_at", "pk")
                .first()
            )
            if notice is None:
                break
            sent += _send(notice, at)
    return sent


def _send(notice: Notice, at: dt.datetime) -> bool:
    try:
        letters.letter(notice).send()
    except (OSError, smtplib.SMTPException) as error:
        wait = WAITS[min(notice.tries, len(WAITS) - 1)]
        Notice.objects.filter(pk=notice.pk).update(
            tries=min(notice.tries + 1, 30_000), try_at=at + wait
        )
        log.warning("letter %s waits %s: %s", notice.pk, wait, error)
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
        data={"about": notice.kind},
    )
    return True


def _about(notice: Notice) -> Person | None:
    if notice.request is not None:
        return notice.request.person
    if notice.visit is not None:
        return notice.visit.visitor
    return notice.holding.person if notice.holding is not None else None
