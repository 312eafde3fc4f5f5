"""What the forms of the set-up share."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from config.setup import codes

# The checked answers of the pages before this one, by page.
Answers = dict[str, dict[str, Any]]


class StepForm(forms.Form):
    """One page of questions; it may look at what was answered before."""

    required_css_class = "is-required"
    # A field that is only asked after some choices of another: {"before": ("reader", ("wedge",))}.
    asked_when: ClassVar[dict[str, tuple[str, tuple[str, ...]]]] = {}

    def __init__(self, *args: Any, answers: Answers | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.answers = answers or {}

    def was_asked(self, name: str, given: dict[str, Any]) -> bool:
        """Say whether the other answers make this field one that matters."""
        condition = self.asked_when.get(name)
        return condition is None or given.get(condition[0]) in condition[1]

    def rows(self) -> list[tuple[forms.BoundField, str]]:
        """Return each field with a word for the choices that show it, for the style sheet."""
        return [
            (
                field,
                "-".join([when[0], *when[1]]) if (when := self.asked_when.get(field.name)) else "",
            )
            for field in self
        ]

    def need(self, cleaned: dict[str, Any], *names: str) -> None:
        """Complain about fields that another answer made necessary."""
        for name in names:
            if cleaned.get(name) in (None, "") and name not in self.errors:
                self.add_error(name, _("This is needed."))


class CodeForm(forms.Form):
    """Proof of owning the server."""

    code = forms.CharField(
        label=_("Set-up code"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True, "size": 16}),
    )

    def clean_code(self) -> str:
        """Refuse any other code."""
        typed: str = self.cleaned_data["code"]
        if not codes.fits(typed):
            raise forms.ValidationError(_("That is not the code of this installation."))
        return typed
