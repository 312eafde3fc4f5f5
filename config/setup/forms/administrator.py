"""The first log-in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from access.models import User
from config.setup.forms.base import StepForm


class AdministratorForm(StepForm):
    """Who may do everything."""

    username = forms.CharField(
        label=_("Log-in name"),
        max_length=150,
        validators=[User.username_validator],
        widget=forms.TextInput(attrs={"autocomplete": "username"}),
    )
    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 8 characters, and none of the well-known ones."),
    )
    again = forms.CharField(
        label=_("The same password again"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a password that would be guessed, or that was typed in two ways."""
        cleaned = super().clean() or {}
        password = cleaned.get("password")
        if not password:
            return cleaned
        if cleaned.get("again") and cleaned["again"] != password:
            self.add_error("again", _("The two passwords are not the same."))
        try:
            validate_password(password, User(username=cleaned.get("username", "")))
        except forms.ValidationError as error:
            self.add_error("password", error)
        return cleaned
