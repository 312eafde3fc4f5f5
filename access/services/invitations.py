"""Inviting somebody to the staff: a log-in without a password, a role, and a letter with a link."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from access.models import RoleAssignment, User
from access.services import staff
from access.services.staff import Place
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Invited:
    """What came of an invitation: the role, and whether the log-in is new."""

    assignment: RoleAssignment
    is_new: bool


def invite(
    *,
    email: str,
    given_name: str,
    family_name: str,
    role: str,
    place: Place,
    giver: User,
    at: dt.datetime,
    ends_at: dt.datetime | None = None,
) -> Invited:
    """Give a role to whoever has an address, and make a log-in for it when there is none.

    Raises RoleNotHere, RoleTooHigh and RoleGivenAlready. The letter is sent with ``send``, once
    this is committed.
    """
    staff.check(user_id=None, role=role, place=place, giver=giver, at=at)
    with transaction.atomic():
        user = User.objects.filter(email__iexact=email).order_by("pk").first()
        is_new = user is None
        if user is None:
            user = User(
                username=email[:150],
                email=email,
                first_name=given_name,
                last_name=family_name,
                is_staff=True,
            )
            user.set_unusable_password()
            user.save()
            events.record(
                action=Action.INVITED,
                actor=Actor.staff(giver.pk),
                at=at,
                subject=f"user:{user.pk}",
                **staff.scope_of(place),
            )
        given = staff.give(user=user, role=role, place=place, at=at, giver=giver, ends_at=ends_at)
    return Invited(given, is_new)


def send(*, assignment: RoleAssignment, absolute: Callable[[str], str]) -> bool:
    """Send the letter for a role; return False when no mail server takes it.

    Whoever never set a password gets a link to set one, valid for three days.
    """
    user = assignment.user
    if user.has_usable_password():
        link = absolute(reverse("account_login"))
    else:
        key = default_token_generator.make_token(user)
        link = absolute(
            reverse(
                "account_reset_password_from_key",
                kwargs={"uidb36": user_pk_to_url_str(user), "key": key},
            )
        )
    facts = {
        "user": user,
        "is_new": not user.has_usable_password(),
        "role": assignment.get_role_display(),
        "place": assignment.place,
        "link": link,
    }
    try:
        send_mail(
            _("Lockwright: your role at %(place)s") % {"place": assignment.place},
            render_to_string("account/email/invitation.txt", facts),
            None,
            [user.email],
        )
    except OSError:
        logger.exception("an invitation could not be sent")
        return False
    return True
