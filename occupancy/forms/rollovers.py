"""The form by which a school goes over to its next year."""

from __future__ import annotations

from typing import Any

from django import forms

from occupancy.errors.rollovers import PlanChanged


class GoOverForm(forms.Form):
    """Which plan was looked at; one that is not that of now any more is shown anew."""

    expected = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, data: Any, *, now: str) -> None:
        super().__init__(data, initial={"expected": now})
        self._now = now

    def clean(self) -> dict[str, Any]:
        """Refuse another plan, and have the next try go by this one."""
        given = super().clean() or {}
        if given.get("expected") != self._now:
            self.data = {"expected": self._now}
            self.errors.pop("expected", None)
            self.add_error(None, str(PlanChanged()))
        return given
