"""Log-ins of staff leave events."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.utils import timezone

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor


@receiver(user_logged_in)
def logged_in(sender: Any, user: Any, **kwargs: Any) -> None:
    """Record who logged in."""
    events.record(action=Action.LOGGED_IN, actor=Actor.staff(user.pk), at=timezone.now())


@receiver(user_logged_out)
def logged_out(sender: Any, user: Any, **kwargs: Any) -> None:
    """Record who logged out; an expired session has nobody."""
    if user is not None:
        events.record(action=Action.LOGGED_OUT, actor=Actor.staff(user.pk), at=timezone.now())


@receiver(user_login_failed)
def login_failed(sender: Any, credentials: dict[str, Any], **kwargs: Any) -> None:
    """Record a failed attempt with the name that was tried, never the password."""
    events.record(
        action=Action.LOGIN_FAILED,
        actor=Actor.anonymous(),
        at=timezone.now(),
        subject=f"user:{credentials.get('username', '')}"[:80],
    )
