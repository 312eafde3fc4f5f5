"""Log-ins of staff leave events, and roles follow the estate."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa.signals import (
    authentication_failed,
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
)
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models import Q
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone

from access import selectors
from access.models import Person, User
from access.services import sessions, staff
from access.signals import last_day_moved
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.models import Site


@receiver(user_logged_in)
def logged_in(sender: Any, user: Any, **kwargs: Any) -> None:
    """Record who logged in."""
    events.record(action=Action.LOGGED_IN, actor=Actor.staff(user.pk), at=timezone.now())


@receiver(user_logged_out)
def logged_out(sender: Any, user: Any, **kwargs: Any) -> None:
    """Record who logged out; an expired session has nobody."""
    if user is not None:
        events.record(action=Action.LOGGED_OUT, actor=Actor.staff(user.pk), at=timezone.now())
        sessions.rights_changed()


@receiver(user_login_failed)
def login_failed(sender: Any, credentials: dict[str, Any], **kwargs: Any) -> None:
    """Record a failed attempt with the name that was tried, never the password.

    A name that nobody has is not kept: it may be a password in the wrong field.
    """
    name = str(credentials.get("username") or credentials.get("email") or "")
    known = User.objects.filter(Q(username__iexact=name) | Q(email__iexact=name)).exists()
    events.record(
        action=Action.LOGIN_FAILED,
        actor=Actor.anonymous(),
        at=timezone.now(),
        subject=f"user:{name}"[:80] if known else "",
        data={} if known else {"name": "unknown"},
    )


@receiver([password_changed, password_set, password_reset])
def changed_password(sender: Any, user: Any, **kwargs: Any) -> None:
    """Record that somebody has a new password."""
    _own(Action.PASSWORD_CHANGED, user)
    sessions.rights_changed()


@receiver([authenticator_added, authenticator_reset])
def added_factor(sender: Any, user: Any, authenticator: Any, **kwargs: Any) -> None:
    """Record a new second step, by its kind."""
    _own(Action.FACTOR_ADDED, user, kind=authenticator.type)


@receiver(authenticator_removed)
def removed_factor(sender: Any, user: Any, authenticator: Any, **kwargs: Any) -> None:
    """Record that somebody took a second step away."""
    _own(Action.FACTOR_REMOVED, user, kind=authenticator.type)


@receiver(authentication_failed)
def failed_factor(sender: Any, user: Any, **kwargs: Any) -> None:
    """Record a wrong second step; the password was right."""
    _own(Action.FACTOR_FAILED, user)


@receiver(post_save, sender=Site)
def site_saved(sender: Any, instance: Site, raw: bool = False, **kwargs: Any) -> None:
    """Let roles on an organisation reach a site that was added to it."""
    if not raw:
        staff.follow_site(instance, timezone.now())


def _own(action: Action, user: Any, **data: Any) -> None:
    events.record(
        action=action,
        actor=Actor.staff(user.pk),
        at=timezone.now(),
        subject=f"user:{user.pk}",
        data=data,
    )


@receiver(post_save, sender=Person)
def last_day_saved(sender: Any, instance: Person, created: bool, **kwargs: Any) -> None:
    """Tell the apps on the right that somebody stays longer than was said before."""
    was, until = selectors.was_to_leave_at(instance), selectors.leaves_at(instance)
    instance.was_to_leave_on = instance.leaves_on
    if created or was is None or (until is not None and until <= was):
        return
    last_day_moved.send(
        sender=None, person_id=instance.pk, was_until=was, until=until, at=timezone.now()
    )
