"""Signing in on a phone: by a link or a code in a letter, by a visit's link, or by a log-in.

Whoever asks gets the same answer and waits as long, whether the address is somebody's or not: a
row is written either way, and the letter goes later, from the job queue.

Link and code are good for a quarter of an hour and for one use. The code is of eight digits, may
be typed wrong five times and only where the letter was asked for; an address gets five letters in
a quarter of an hour, and a client address is told to wait after a hundred.
"""

from __future__ import annotations

import datetime as dt
import hmac
import logging
import smtplib
import uuid

from allauth.account.models import EmailAddress
from django.core import signing
from django.db import transaction
from django.db.models import Case, F, QuerySet, When
from django.utils.crypto import salted_hmac
from django_q.tasks import async_task

from access.accounts import lacks_second_step
from access.choices import PersonKind, PersonStatus
from access.models import Person, User, Visit
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from kiosk.choices import SignedInBy
from kiosk.errors import SignInOver, TooManySignIns, WrongSignInCode
from kiosk.models import PhoneSession, SignIn
from kiosk.services.me import letters, sessions

log = logging.getLogger(__name__)

LASTS = dt.timedelta(minutes=15)
WITHIN = dt.timedelta(minutes=15)
LETTERS_PER_ADDRESS = 5
ASKS_PER_CLIENT = 100
WRONG_CODES = 5
CODE_DIGITS = 8
_KEPT_FOR = dt.timedelta(days=1)
_AT_ONCE = 50
_LINK = signing.Signer(salt="kiosk.sign_in")
_VISIT = signing.Signer(salt="kiosk.visit")
# After the number of a visit, in the link of a letter.
_ONCE = "-once"


def ask(*, address: str, client: str, goes_to: str, at: dt.datetime) -> SignIn:
    """Write down that somebody asks; the letter follows if the address is somebody's.

    Raises TooManySignIns when this client asked too often.
    """
    whose, where = _digest("address", address.strip().lower()), _digest("client", client)
    lately = SignIn.objects.filter(asked_at__gt=at - WITHIN, asked_at__lte=at)
    if lately.filter(client=where).count() >= ASKS_PER_CLIENT:
        raise TooManySignIns
    is_enough = lately.filter(address=whose).count() >= LETTERS_PER_ADDRESS
    somebody = people_of(address).first()
    asked = SignIn.objects.create(
        address=whose,
        client=where,
        # As it stands in the register: what only looks alike to the database gets no letter.
        to=somebody.email if somebody is not None and not is_enough else "",
        goes_to=goes_to,
        asked_at=at,
        expires_at=at + LASTS,
    )
    transaction.on_commit(_hurry)
    return asked


def people_of(address: str) -> QuerySet[Person]:
    """Return the active people who have an address, who is no visitor first."""
    address = address.strip()
    if not address:
        return Person.objects.none()
    return Person.objects.filter(email__iexact=address, status=PersonStatus.ACTIVE).order_by(
        Case(When(kind=PersonKind.VISITOR, then=1), default=0), "pk"
    )


def link_of(asked: SignIn) -> str:
    """Return the secret part of the link in the letter."""
    return _LINK.sign(asked.pk.hex)


def code_of(asked: SignIn) -> str:
    """Return the code in the letter; only the installation's key makes it again."""
    made = salted_hmac("kiosk.sign_in.code", asked.pk.hex, algorithm="sha256").digest()
    return f"{int.from_bytes(made[:8]) % 10**CODE_DIGITS:0{CODE_DIGITS}}"


def by_link(*, link: str, at: dt.datetime) -> str:
    """Use a link up and return the token of the new session; raises SignInOver."""
    return _use(good_link(link, at), SignedInBy.LINK, at)


def good_link(link: str, at: dt.datetime) -> SignIn:
    """Return what a link is good for without using it up; raises SignInOver.

    Programs that look at letters open every link in them; a link is used by a button alone.
    """
    try:
        pk = uuid.UUID(_LINK.unsign(link))
    except (signing.BadSignature, ValueError) as error:
        raise SignInOver from error
    return _open(pk, at)


def by_code(*, asked_id: uuid.UUID, code: str, at: dt.datetime) -> str:
    """Use a code up where it was asked for; raises SignInOver and WrongSignInCode."""
    asked = _open(asked_id, at)
    typed = "".join(filter(str.isdigit, code))
    # An address that nobody has is tried as long, and its code is never right.
    is_right = hmac.compare_digest(code_of(asked).encode(), typed.encode())
    if not asked.to or not is_right:
        raise WrongSignInCode().keep(lambda: _count(asked))
    return _use(asked, SignedInBy.CODE, at)


def person_of(user: User) -> Person | None:
    """Return the person whose verified address a log-in has.

    This is the way in for everybody with a log-in, however they log in: what a provider of SSO
    says of somebody reaches it as a verified address, too.
    """
    if not user.is_authenticated or not user.is_active or lacks_second_step(user):
        return None
    verified = EmailAddress.objects.filter(user=user, verified=True).order_by("-primary", "pk")
    for address in verified.values_list("email", flat=True):
        person = people_of(address).first()
        if person is not None:
            return person
    return None


def by_log_in(*, user: User, at: dt.datetime) -> str:
    """Sign in the person of a log-in; raises SignInOver when it has none."""
    person = person_of(user)
    if person is None:
        raise SignInOver
    return sessions.open_for(
        person=person, by=SignedInBy.LOG_IN, at=at, address=person.email, user=user
    )


def visit_link_of(visit: Visit, *, once: bool = False) -> str:
    """Return the secret part of the address under which a visitor sees their lockers.

    What reception shows is good as long as the visit lasts; what goes by letter, ``once``.
    """
    return _VISIT.sign(f"{visit.pk}{_ONCE if once else ''}")


def visit_by(link: str, at: dt.datetime) -> Visit:
    """Return the visit of a link while the link is good; raises SignInOver."""
    return _visit_by(link, at)[0]


def by_visit(*, link: str, at: dt.datetime) -> str:
    """Sign a visitor in for as long as the visit lasts; raises SignInOver."""
    with transaction.atomic():
        visit, once = _visit_by(link, at)
        if once:
            # Two touches of one link wait for each other.
            Visit.objects.select_for_update(no_key=True).get(pk=visit.pk)
            visit, once = _visit_by(link, at)
        address = visit.visitor.email if once else ""
        return sessions.open_for(
            person=visit.visitor, by=SignedInBy.VISIT, at=at, visit=visit, address=address
        )


def _visit_by(link: str, at: dt.datetime) -> tuple[Visit, bool]:
    """Return the visit of a link, and whether the link is good once."""
    try:
        told = _VISIT.unsign(link)
        once = told.endswith(_ONCE)
        pk = int(told.removesuffix(_ONCE))
    except (signing.BadSignature, ValueError) as error:
        raise SignInOver from error
    visit = (
        Visit.objects.select_related("visitor", "site")
        .filter(
            pk=pk,
            cancelled_at__isnull=True,
            left_at__isnull=True,
            expected_until__gt=at,
            visitor__status=PersonStatus.ACTIVE,
        )
        .first()
    )
    # Whoever came by the letter proved its address: that is how it is known to be used.
    if visit is None or (
        once and PhoneSession.objects.filter(visit=visit).exclude(address="").exists()
    ):
        raise SignInOver
    return visit, once


def send_due(*, at: dt.datetime) -> int:
    """Send the letters that wait; return how many went. A row is locked while it is sent."""
    sent = 0
    for _each in range(_AT_ONCE):
        with transaction.atomic():
            asked = (
                SignIn.objects.select_for_update(skip_locked=True)
                .filter(sent_at__isnull=True, expires_at__gt=at)
                .exclude(to="")
                .order_by("asked_at")
                .first()
            )
            if asked is None:
                break
            try:
                letters.send(asked.to, link=link_of(asked), code=code_of(asked), lasts=LASTS)
            except (OSError, smtplib.SMTPException):
                log.exception("a letter to sign in waits")
                break
            SignIn.objects.filter(pk=asked.pk).update(sent_at=at)
            sent += 1
    return sent


def purge(*, at: dt.datetime) -> int:
    """Forget who asked a day ago; return how many."""
    gone, _each = SignIn.objects.filter(asked_at__lt=at - _KEPT_FOR).delete()
    return gone


def _hurry() -> None:
    """Ask the job queue to send now; should that fail, the sweep does it within a minute."""
    try:
        async_task("kiosk.jobs.send_sign_ins")
    except Exception:
        log.exception("the job queue took no task; the sweep sends the letter")


def _open(pk: uuid.UUID, at: dt.datetime) -> SignIn:
    asked = SignIn.objects.filter(
        pk=pk, used_at__isnull=True, expires_at__gt=at, tries__lt=WRONG_CODES
    ).first()
    if asked is None:
        raise SignInOver
    return asked


def _use(asked: SignIn, by: SignedInBy, at: dt.datetime) -> str:
    with transaction.atomic():
        used = SignIn.objects.filter(
            pk=asked.pk, used_at__isnull=True, expires_at__gt=at, tries__lt=WRONG_CODES
        ).exclude(to="").update(used_at=at)  # fmt: skip
        person = people_of(asked.to).first()
        if not used or person is None:
            raise SignInOver
        return sessions.open_for(person=person, by=by, at=at, address=asked.to)


def _count(asked: SignIn) -> None:
    SignIn.objects.filter(pk=asked.pk).update(tries=F("tries") + 1)
    person = people_of(asked.to).first()
    if person is not None:
        events.record(
            action=Action.REFUSED,
            actor=Actor.anonymous(),
            at=asked.asked_at,
            organisation_id=person.organisation_id,
            site_id=person.home_site_id,
            person_id=person.pk,
            data={"code": WrongSignInCode.code},
        )


def _digest(what: str, text: str) -> str:
    return salted_hmac(f"kiosk.sign_in.{what}", text, algorithm="sha256").hexdigest()
