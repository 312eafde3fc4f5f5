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
from django.utils.translation import gettext_lazy as _lazy

from access.services import sessions as service
from audit.services.events import Actor

# What proves more than a password; recovery codes only stand in for one of these.
STEPS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
# Where somebody without a second step may still go: to set one up, to log out, to the files.
_OPEN = ("/account/", "/static/", "/i18n/", "/healthz/", "/kiosk/", "/bridge/", "/me/")


def lacks_second_step(user: Any) -> bool:
    """Say whether a log-in may do nothing yet, because the installation asks for a second step."""
    if not settings.REQUIRE_SECOND_STEP or not user.is_authenticated:
        return False
    return not is_mfa_enabled(user, STEPS)


class AccountAdapter(DefaultAccountAdapter):
    """Accounts of staff: made by invitation only."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": _lazy("This log-in is out of use. Ask whoever invited you."),
        "cannot_remove_primary_email": _lazy(
            "Letters go to this address. Choose another one for them first."
        ),
        "duplicate_email": _lazy("You have this address already."),
        "email_password_mismatch": _lazy("Name and password do not fit together. Try again."),
        "email_taken": _lazy("Another log-in has this address."),
        "enter_current_password": _lazy("That is not your password. Try again."),
        "incorrect_code": _lazy("That is not the code. Try again."),
        "incorrect_password": _lazy("That is not your password. Try again."),
        "invalid_or_expired_key": _lazy("This link is over. Ask for a new one."),
        "invalid_login": _lazy("That did not work. Try again."),
        "invalid_password_reset": _lazy("This link is over. Ask for a new one."),
        "max_email_addresses": _lazy("You cannot have more than %d addresses."),
        "too_many_login_attempts": _lazy("Too many attempts. Wait five minutes, then try again."),
        "unknown_email": _lazy("No log-in has this address. Is it written as you gave it?"),
        "unverified_primary_email": _lazy("Confirm your address first: open the letter's link."),
        "username_password_mismatch": _lazy("Name and password do not fit together. Try again."),
        "rate_limited": _lazy("Too many attempts. Wait a few minutes, then try again."),
    }

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Return the ways to prove once more who one is, in our words."""
        words = {
            "reauthenticate": _("Use your password"),
            "mfa_reauthenticate": _("Use the app or a recovery code"),
            "mfa_reauthenticate:webauthn": _("Use a passkey"),
        }
        ways: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [way | {"description": words[way["id"]]} for way in ways]

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse: nobody makes a log-in for themselves."""
        return False


class SecondStepAdapter(DefaultMFAAdapter):
    """Second steps whose secrets the database does not hold in the clear."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "add_email_blocked": _lazy("Take your second step away before you add an address."),
        "cannot_delete_authenticator": _lazy("This second step cannot be taken away."),
        "cannot_generate_recovery_codes": _lazy("Set up the app or a passkey first."),
        "incorrect_code": _lazy("That is not the code. Wait for the next one and try again."),
        "unverified_email": _lazy("Confirm your e-mail address first."),
    }

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """Return a name for a new passkey that tells it from the others."""
        count = Authenticator.objects.filter(user=user, type=type).count()
        return _("Passkey %(number)s") % {"number": count + 1}

    def encrypt(self, text: str) -> str:
        """Seal a secret under a key that is made from the installation's own."""
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open what ``encrypt`` sealed. Raises InvalidToken under another key."""
        return _fernet().decrypt(encrypted_text.encode()).decode()


class SessionsAdapter(DefaultUserSessionsAdapter):
    """Sessions of a log-in, which its owner ends from elsewhere."""

    def end_sessions(self, sessions: Iterable[Any]) -> None:
        """End some of one's own sessions, and record how many."""
        ended = list(sessions)
        for user_id in sorted({session.user_id for session in ended}):
            own = [session for session in ended if session.user_id == user_id]
            service.end(sessions=own, actor=Actor.staff(user_id), at=timezone.now())


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
