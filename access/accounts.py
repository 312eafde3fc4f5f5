"""How allauth behaves here: nobody signs up, secrets are sealed, and the trail hears of it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from cryptography.fernet import Fernet
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor

# What proves more than a password; recovery codes only stand in for one of these.
STEPS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
# Where somebody without a second step may still go: to set one up, to log out, to the files.
_OPEN = ("/account/", "/static/", "/i18n/", "/healthz/", "/kiosk/", "/bridge/")


def lacks_second_step(user: Any) -> bool:
    """Say whether a log-in may do nothing yet, because the installation asks for a second step."""
    if not settings.REQUIRE_SECOND_STEP or not user.is_authenticated:
        return False
    return not is_mfa_enabled(user, STEPS)


class AccountAdapter(DefaultAccountAdapter):
    """Accounts of staff: made by invitation only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse: nobody makes a log-in for themselves."""
        return False


class SecondStepAdapter(DefaultMFAAdapter):
    """Second steps whose secrets the database does not hold in the clear."""

    def encrypt(self, text: str) -> str:
        """Seal a secret under a key that is made from the installation's own."""
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open what ``encrypt`` sealed. Raises InvalidToken under another key."""
        return _fernet().decrypt(encrypted_text.encode()).decode()


class SessionsAdapter(DefaultUserSessionsAdapter):
    """Sessions of a log-in; ending one from elsewhere is told."""

    def end_sessions(self, sessions: Iterable[Any]) -> None:
        """End some sessions and record how many, for each log-in."""
        ended = list(sessions)
        super().end_sessions(ended)
        for user_id in {session.user_id for session in ended}:
            events.record(
                action=Action.SESSION_ENDED,
                actor=Actor.staff(user_id),
                at=timezone.now(),
                subject=f"user:{user_id}",
                data={"sessions": sum(session.user_id == user_id for session in ended)},
            )


class SecondStepMiddleware:
    """Sends whoever has to have a second step, and has none, to set one up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let a request pass, or answer it with the way to the second step."""
        if (
            settings.REQUIRE_SECOND_STEP
            and not request.path.startswith(_OPEN)
            and lacks_second_step(request.user)
        ):
            if request.path.startswith("/api/"):
                sentence = _("Set up a second step for your log-in first.")
                body = {"code": "second_step_required", "message": sentence, "facts": {}}
                return JsonResponse(body, status=403)
            return redirect(reverse("mfa_index"))
        return self.get_response(request)


def _fernet() -> Fernet:
    digest = hashlib.sha256(b"second steps of staff:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
