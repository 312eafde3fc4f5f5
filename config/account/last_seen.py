"""When each session was last used, from where: written once a minute, not at every request."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.core.exceptions import PermissionDenied
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

APART_S = 60.0
# More sessions than one process serves in a minute; further ones are only written more often.
REMEMBERED = 10_000

_written: dict[str, float] = {}


class LastSeenMiddleware:
    """Keeps the list of sessions true: when each was last used, and from which address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and then note the session when the request used one and a minute has passed."""
        response = self.get_response(request)
        session = request.session
        # Only what was read anyway: the key alone says nothing of who it is.
        if session.accessed and session.session_key and SESSION_KEY in session:
            _note(request, session.session_key)
        return response


def _note(request: HttpRequest, key: str) -> None:
    now = time.monotonic()
    if now - _written.get(key, -APART_S) < APART_S:
        return
    _remember(key, now)
    told: dict[str, Any] = {"last_seen_at": timezone.now()}
    # With fewer proxies than the settings say there is none; the one from before stays.
    with contextlib.suppress(PermissionDenied):
        told["ip"] = get_adapter().get_client_ip(request)
    UserSession.objects.filter(session_key=key).update(**told)


@receiver(user_logged_in)
def _logged_in(sender: Any, request: HttpRequest | None, **kwargs: Any) -> None:
    """Count a log-in as seen: its row is written then."""
    if request is not None and request.session.session_key:
        _remember(request.session.session_key, time.monotonic())


def _remember(key: str, now: float) -> None:
    if len(_written) >= REMEMBERED:
        _written.clear()
    _written[key] = now
