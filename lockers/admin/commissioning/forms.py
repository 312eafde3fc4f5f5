"""Which wire to look at, checked as the bridge will check it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from lockers import boards
from lockers.choices import DriverName
from lockers.drivers import registry
from lockers.drivers.errors import BadProfile, UnknownDriver
from lockers.drivers.wire.line import BAUDRATES
from lockers.models import Commissioning, Controller
from lockers.services.commissioning.beginning import Place

MOST_UNITS = 32


def refuse_bad_board(form: Any, fields: dict[str, str], **place: Any) -> None:
    """Show in a form what the driver of a board has against its settings."""
    try:
        boards.capabilities(**place)
    except (BadProfile, UnknownDriver) as error:
        form.add_error(fields.get(error.field, fields[""]), str(error))


class WireForm(forms.Form):
    """Where the boards are and what they are."""

    driver = forms.ChoiceField(
        label=_("Boards"), choices=DriverName.choices, widget=UnfoldAdminSelectWidget
    )
    address = forms.CharField(
        label=_("Address"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text=_(
            "As the bridge sees it: a port such as /dev/serial/by-id/usb-…, or tcp://host:port."
        ),
    )
    baudrate = forms.TypedChoiceField(
        label=_("Speed"),
        required=False,
        choices=[("", _("usual for these boards")), *((one, str(one)) for one in BAUDRATES)],
        coerce=int,
        empty_value=None,
        widget=UnfoldAdminSelectWidget,
    )
    channels = forms.IntegerField(
        label=_("Connections on each board"),
        min_value=1,
        max_value=255,
        initial=8,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("How many locks one board can open."),
    )
    first_unit = forms.IntegerField(
        label=_("First board to look for"),
        min_value=0,
        max_value=255,
        initial=1,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_(
            "The number that is set on the board. Controllers and gateways that are named in the"
            " settings have none: give them one."
        ),
    )
    last_unit = forms.IntegerField(
        label=_("Last board to look for"),
        min_value=0,
        max_value=255,
        initial=4,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_(
            "Each board that is not there takes about a second. A controller or gateway that is"
            " named in the settings is looked for alone."
        ),
    )
    options = forms.JSONField(
        label=_("Further settings"),
        required=False,
        initial=dict,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("As in the profile of a controller. What is found out here is not needed."),
    )

    def clean_options(self) -> dict[str, Any]:
        """Take nothing as no further settings."""
        options = self.cleaned_data["options"]
        if options is None:
            return {}
        if not isinstance(options, dict):
            raise ValidationError(_("Write the settings as {…}."))
        return options

    def clean(self) -> dict[str, Any]:
        """Refuse what the driver refuses, and a row of boards that takes minutes."""
        given: dict[str, Any] = super().clean() or {}
        if self.errors:
            return given
        if not 1 <= len(self.units()) <= MOST_UNITS:
            self.add_error("last_unit", _("Look for at most 32 boards, from the lower number on."))
            return given
        fields = {"driver": "driver", "address": "address", "channels": "channels",
                  "baudrate": "baudrate", "unit": "first_unit", "": "options"}  # fmt: skip
        for unit in {self.units()[0], self.units()[-1]}:
            refuse_bad_board(self, fields, **self.place(unit).told())
            if self.errors:
                break
        return given

    def place(self, unit: int | None = None) -> Place:
        """Return the first board, or that of a unit."""
        given = self.cleaned_data
        speed = {"baudrate": given["baudrate"]} if given["baudrate"] else {}
        return Place(
            driver=given["driver"],
            address=given["address"],
            unit=given["first_unit"] if unit is None else unit,
            channels=given["channels"],
            profile={**given["options"], **speed},
        )

    def units(self) -> list[int]:
        """Return the boards to look for."""
        given = self.cleaned_data
        last = given["last_unit" if registry.is_numbered(given["driver"]) else "first_unit"]
        return list(range(given["first_unit"], last + 1))


def known_wire(commissioning: Commissioning) -> dict[str, Any]:
    """Return what is known of the bank's boards, to begin with."""
    boards = Controller.objects.filter(bridge=commissioning.bridge)
    mine = boards.filter(compartments__bank=commissioning.bank).first() or boards.first()
    if mine is None:
        return {}
    options = dict(mine.profile)
    is_numbered = registry.is_numbered(mine.driver)
    return {
        "driver": mine.driver,
        "address": mine.address,
        "channels": mine.channels,
        "first_unit": min(1, mine.unit) if is_numbered else mine.unit,
        "last_unit": max(4, mine.unit),
        "baudrate": options.pop("baudrate", ""),
        "options": options,
    }
