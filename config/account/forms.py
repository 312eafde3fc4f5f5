"""allauth's forms with our words: a label above each field, and no second one inside it."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as account
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor


class _Worded(forms.Form):
    """A form that calls its fields as the product does."""

    labels: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            if name in self.labels:
                field.label = self.labels[name]
            if isinstance(field, forms.EmailField):
                field.error_messages["invalid"] = _("Write a whole address, like ann@example.org.")


class LogInForm(_Worded, account.LoginForm):
    """Name and password."""

    labels = {"login": _("User name or e-mail address")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs |= {
            "autocomplete": "username",
            "autocapitalize": "none",
            "spellcheck": "false",
        }


class AddEmailForm(_Worded, account.AddEmailForm):
    """A further address."""

    labels = {"email": _("E-mail address")}


class ChangePasswordForm(_Worded, account.ChangePasswordForm):
    """The old password and a new one, twice."""

    labels = {
        "oldpassword": _("Your password now"),
        "password1": _("New password"),
        "password2": _("New password once more"),
    }


class SetPasswordForm(_Worded, account.SetPasswordForm):
    """A first password, twice."""

    labels = {"password1": _("Password"), "password2": _("Password once more")}


class ResetPasswordForm(_Worded, account.ResetPasswordForm):
    """Where the link for a new password goes."""

    labels = {"email": _("E-mail address")}


class ResetPasswordKeyForm(_Worded, account.ResetPasswordKeyForm):
    """A new password, twice, by the link of a letter."""

    labels = {"password1": _("New password"), "password2": _("New password once more")}


class ReauthenticateForm(_Worded, account.ReauthenticateForm):
    """One's password once more."""

    labels = {"password": _("Your password")}


class RequestCodeForm(_Worded, account.RequestLoginCodeForm):
    """Where a code to log in with goes."""

    labels = {"email": _("E-mail address")}


class ConfirmCodeForm(_Worded, account.ConfirmLoginCodeForm):
    """The code from the letter."""

    labels = {"code": _("Code from the letter")}

    def clean_code(self) -> Any:
        """Record a wrong code, never what was typed."""
        try:
            return super().clean_code()
        except forms.ValidationError:
            events.record(
                action=Action.LOGIN_FAILED,
                actor=Actor.anonymous(),
                at=timezone.now(),
                data={"by": "code"},
            )
            raise


class SecondStepForm(_Worded, mfa.AuthenticateForm):
    """The second step of a log-in."""

    labels = {"code": _("Code")}


class SecondStepAgainForm(_Worded, mfa.ReauthenticateForm):
    """The second step once more."""

    labels = {"code": _("Code")}


class SetUpAppForm(_Worded, ActivateTOTPForm):
    """The first code that the app shows."""

    labels = {"code": _("Code that the app shows")}


class AddPasskeyForm(_Worded, AddWebAuthnForm):
    """A passkey and what one calls it."""

    labels = {"name": _("Name"), "passwordless": _("Log in with it alone, without a password")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = _("So that you know it again, such as: my phone.")
        alone = self.fields["passwordless"]
        alone.help_text = _("It then asks for your fingerprint, your face or its own PIN.")
        alone.initial = True
