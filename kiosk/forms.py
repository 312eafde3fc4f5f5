"""What an operator types at a new screen, and a person on their phone."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _

from occupancy import periods

# Beyond it no clock of a site can be told: near the year 9999 dates run out.
_LAST_DAY = dt.date(2200, 1, 1)


class EnrolForm(forms.Form):
    """The one-time code of a terminal."""

    code = forms.CharField(
        label=_("One-time code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )


class AddressForm(forms.Form):
    """Where the letter that signs somebody in goes."""

    address = forms.EmailField(
        label=_("Your e-mail address"),
        max_length=254,
        widget=forms.EmailInput(
            attrs={"autocomplete": "email", "inputmode": "email", "spellcheck": "false"}
        ),
    )


class ColleagueForm(forms.Form):
    """Who else may open a door, and until when."""

    address = forms.EmailField(max_length=254)
    until = forms.DateTimeField(
        validators=[MaxValueValidator(dt.datetime.combine(_LAST_DAY, dt.time(), dt.UTC))]
    )
    note = forms.CharField(max_length=200, required=False)


class ProblemForm(forms.Form):
    """What is wrong with a door, in the words of whoever stands before it."""

    kind = forms.ChoiceField(
        label=_("What is wrong?"),
        choices=[
            ("stuck", _("It does not open")),
            ("unlocked", _("It does not close or lock")),
            ("damage", _("Something is broken")),
            ("dirty", _("It is not clean")),
            ("things", _("There are things of somebody else in it")),
            ("loss", _("Something of mine is gone")),
            ("other", _("Something else")),
        ],
        widget=forms.RadioSelect,
    )
    words = forms.CharField(
        label=_("In your words"),
        max_length=160,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    photo = forms.FileField(
        label=_("Add a photo, if you like"), required=False, allow_empty_file=True
    )


class BookingForm(forms.Form):
    """A door for later: where, of which size, and from when to when, on the site's clocks."""

    place = forms.ChoiceField(label=_("Where"), required=False)
    desk = forms.CharField(
        label=_("Near which desk or room?"),
        max_length=60,
        required=False,
        help_text=_("As on its sign. Or leave it empty."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    size = forms.ChoiceField(label=_("Size"), required=False)
    day = forms.DateField(
        label=_("Day"),
        validators=[MaxValueValidator(_LAST_DAY)],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    starts = forms.TimeField(
        label=_("From"), widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    )
    ends = forms.TimeField(
        label=_("Until"),
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        help_text=_("Earlier than “From” means the next day."),
    )
    repeats = forms.ChoiceField(label=_("How often"), required=False)
    last = forms.DateField(
        label=_("Last day"),
        required=False,
        validators=[MaxValueValidator(_LAST_DAY)],
        help_text=_("When it repeats: up to and with that day."),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )

    def __init__(self, *args: Any, **choices: Any) -> None:
        offered = {name: choices.pop(name) for name in ("place", "size", "repeats")}
        super().__init__(*args, **choices)
        for name, several in offered.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = several

    def clean(self) -> dict[str, Any]:
        """Ask for a last day where it repeats, and no earlier than the first."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("repeats") and given.get("day"):
            if not given.get("last"):
                self.add_error("last", _("Say up to which day it repeats."))
            elif given["last"] < given["day"]:
                self.add_error("last", _("The last day is before the first."))
        return given

    def window(self, zone: zoneinfo.ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
        """Return the window as instants; an hour that a clock change skips is the next there is."""
        given = self.cleaned_data
        day = given["day"]
        next_day = dt.timedelta(days=int(given["ends"] <= given["starts"]))
        return (
            periods.shown_at(dt.datetime.combine(day, given["starts"]), zone),
            periods.shown_at(dt.datetime.combine(day + next_day, given["ends"]), zone),
        )

    @property
    def problem(self) -> str:
        """What is wrong, in a sentence or more."""
        told = [str(one) for name in ("last",) for one in self.errors.get(name, [])]
        return " ".join(told) or str(_("Choose a day and times."))
