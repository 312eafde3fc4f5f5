"""The fields of a policy's page: lengths of time, times and orders as people write them."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from occupancy import durations
from occupancy.choices import Criterion
from occupancy.durations import UnknownDuration

_TIME = re.compile(r"(\d{1,2})[:.](\d{2})")
SHIFTS_AT_MOST = 6


class LengthField(forms.CharField):
    """A length of time; None or a default where nothing is written."""

    def __init__(self, *, empty: dt.timedelta | None = None, **kwargs: Any) -> None:
        self.empty = empty
        kwargs.setdefault("required", False)
        kwargs.setdefault(
            "widget", UnfoldAdminTextInputWidget(attrs={"placeholder": "30 min, 2 h, 14 d"})
        )
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Write what is stored; what was typed stays as it was typed."""
        return durations.write(value) if isinstance(value, dt.timedelta) else value

    def clean(self, value: Any) -> Any:
        """Read it, or say what is understood."""
        text = super().clean(value)
        if not text:
            return self.empty
        try:
            return durations.read(text)
        except UnknownDuration as error:
            raise ValidationError(
                _("“%(text)s” is no length of time. Write it like 30 min, 2 h or 14 d."),
                params={"text": text}, code="invalid",
            ) from error  # fmt: skip

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare lengths, not how they are written."""
        try:
            return bool(self.clean(data) != (initial if initial != "" else self.empty))
        except ValidationError:
            return True


class TimesField(forms.CharField):
    """Times of day in one line: "06:00, 14:00, 22:00"."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault(
            "widget", UnfoldAdminTextInputWidget(attrs={"placeholder": "06:00, 14:00, 22:00"})
        )
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Write what is stored."""
        if isinstance(value, list | tuple):
            return ", ".join(f"{one:%H:%M}" for one in value)
        return value

    def clean(self, value: Any) -> Any:
        """Read the times, in their order."""
        times = []
        for part in filter(None, (one.strip() for one in re.split(r"[,;]", super().clean(value)))):
            found = _TIME.fullmatch(part)
            if found is None or int(found[1]) > 23 or int(found[2]) > 59:
                raise ValidationError(
                    _("“%(text)s” is no time of day. Write the starts like 06:00, 14:00, 22:00."),
                    params={"text": part}, code="invalid",
                )  # fmt: skip
            times.append(dt.time(int(found[1]), int(found[2])))
        if len(set(times)) < len(times):
            raise ValidationError(_("Two shifts start at the same time. Leave one out."))
        if len(times) > SHIFTS_AT_MOST:
            raise ValidationError(_("That are more shifts than a day has. Write six at most."))
        return sorted(times)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare times, not how they are written."""
        try:
            return bool(self.clean(data) != list(initial or []))
        except ValidationError:
            return True


class SeveralField(forms.TypedMultipleChoiceField):
    """Some of a few fixed words, as boxes to tick."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        super().__init__(widget=UnfoldAdminCheckboxSelectMultipleWidget, **kwargs)


class OrderWidget(forms.MultiWidget):
    """One list of choices for each place in the order."""

    def __init__(self, choices: list[tuple[str, Any]]) -> None:
        super().__init__([UnfoldAdminSelectWidget(choices=choices) for _each in choices[1:]])

    def decompress(self, value: Any) -> list[Any]:
        """Spread a stored order over the lists."""
        return [*(value or []), *[""] * len(self.widgets)][: len(self.widgets)]


class OrderField(forms.MultiValueField):
    """An order of criteria: the first counts most, and those left out not at all."""

    def __init__(self, **kwargs: Any) -> None:
        choices = [("", _("nothing more")), *Criterion.choices]
        fields = [forms.ChoiceField(choices=choices, required=False) for _each in Criterion]
        super().__init__(fields, require_all_fields=False, required=False,
                         widget=OrderWidget(choices), **kwargs)  # fmt: skip

    def compress(self, values: list[str]) -> list[str]:
        """Return the order without its gaps."""
        chosen = [value for value in values if value]
        if len(set(chosen)) < len(chosen):
            raise ValidationError(_("The same is chosen twice. Choose each once."))
        return chosen

    def clean(self, value: Any) -> Any:
        """Return an empty order for none: the usual one."""
        return super().clean(value) or []

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare the orders themselves."""
        try:
            return bool(self.clean(data) != list(initial or []))
        except ValidationError:
            return True


def as_data(form: forms.BaseForm) -> dict[str, Any]:
    """Return what a form would send as it stands, for a change that names only a few fields."""
    data: dict[str, Any] = {}
    for bound in form:
        value = bound.value()
        if isinstance(bound.field, OrderField):
            for place, one in enumerate(bound.field.widget.decompress(value)):
                data[f"{bound.html_name}_{place}"] = one
        elif isinstance(value, list | tuple | QuerySet):
            data[bound.html_name] = [getattr(one, "pk", one) for one in value]
        else:
            data[bound.html_name] = getattr(value, "pk", value)
    return data
