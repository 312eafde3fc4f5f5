"""What people show, and what opens the doors."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from config.setup.forms.base import StepForm
from lockers import layouts
from lockers.choices import ReaderTransport
from lockers.drivers.errors import BadProfile
from lockers.drivers.modbus_relay.profile import MAX_UNIT, parse_address


class BadgesForm(StepForm):
    """The badge reader at the bank."""

    reader = forms.ChoiceField(
        label=_("How do people show who they are?"),
        choices=[
            (ReaderTransport.WEDGE, _("Badges, at a reader that types like a keyboard")),
            (ReaderTransport.WIRED, _("Badges, at a reader wired to the bridge")),
            ("none", _("Only a personal number and a PIN, typed on the screen")),
        ],
        initial=ReaderTransport.WEDGE,
        widget=forms.RadioSelect,
        help_text=_("A PIN always works too, for those to whom you give one."),
    )
    before = forms.CharField(
        label=_("What the reader sends before the number"),
        max_length=8,
        required=False,
        initial="~",
        strip=False,
        help_text=_("Set it in the reader: it tells a badge from somebody typing."),
    )
    suffix = forms.ChoiceField(
        label=_("What it sends after the number"),
        choices=[("enter", _("Enter")), ("tab", _("Tab"))],
        initial="enter",
    )
    length = forms.IntegerField(
        label=_("Characters of a badge number"),
        min_value=1,
        max_value=64,
        initial=10,
        help_text=_("Anything shorter or longer is refused as a bad read."),
    )
    address = forms.CharField(
        label=_("Address of the reader"),
        max_length=200,
        required=False,
        help_text=_("tcp://host:port, or a serial device such as /dev/ttyUSB0."),
    )
    asked_when = {
        "before": ("reader", ("wedge",)),
        "suffix": ("reader", ("wedge", "wired")),
        "length": ("reader", ("wedge", "wired")),
        "address": ("reader", ("wired",)),
    }

    def clean(self) -> dict[str, Any]:
        """Ask for what the chosen reader needs, and nothing for the others."""
        cleaned = super().clean() or {}
        if cleaned.get("reader") == ReaderTransport.WEDGE:
            self.need(cleaned, "before")
        if cleaned.get("reader") == ReaderTransport.WIRED:
            self.need(cleaned, "address")
            _check_address(self, cleaned)
        return cleaned


class BoardsForm(StepForm):
    """The lock boards behind the doors."""

    boards = forms.ChoiceField(
        label=_("What opens the doors?"),
        choices=[
            ("modbus_relay", _("Modbus relay boards")),
            ("simulator", _("Nothing yet: play the doors, so that I can try everything")),
            ("later", _("Nothing yet: I connect boards later")),
        ],
        initial="modbus_relay",
        widget=forms.RadioSelect,
    )
    address = forms.CharField(
        label=_("Address of the boards, seen from the bridge"),
        max_length=200,
        required=False,
        help_text=_("tcp://host:port, rtu+tcp://host:port, or a serial device."),
    )
    channels = forms.TypedChoiceField(
        label=_("Locks on each board"),
        choices=[(n, str(n)) for n in (8, 16, 32)],
        coerce=int,
        initial=32,
        help_text=_("Doors are wired in the order of their numbers, from channel 0 of the first."),
    )
    first_unit = forms.IntegerField(
        label=_("Unit number of the first board"),
        min_value=1,
        max_value=MAX_UNIT,
        initial=1,
        help_text=_("Further boards count up from it."),
    )
    contacts = forms.ChoiceField(
        label=_("How does a board know that a door is open?"),
        choices=[
            ("1", _("A contact that is closed while the door is closed")),
            ("0", _("A contact that is open while the door is closed")),
            ("none", _("It does not: there are no door contacts")),
        ],
        initial="1",
    )
    asked_when = dict.fromkeys(
        ("address", "channels", "first_unit", "contacts"), ("boards", ("modbus_relay",))
    )

    def clean(self) -> dict[str, Any]:
        """Check the address as the bridge will, and that the boards have numbers enough."""
        cleaned = super().clean() or {}
        if cleaned.get("boards") != "modbus_relay":
            return cleaned
        self.need(cleaned, "address")
        _check_address(self, cleaned)
        layout = self.answers.get("lockers", {}).get("layout")
        if layout and cleaned.get("first_unit") and cleaned.get("channels"):
            boards = -(-len(layouts.read(layout)) // cleaned["channels"])
            if cleaned["first_unit"] + boards - 1 > MAX_UNIT:
                self.add_error(
                    "first_unit",
                    ngettext(
                        "%(boards)d board is needed, and the last unit number there is is 247.",
                        "%(boards)d boards are needed, and the last unit number there is is 247.",
                        boards,
                    )
                    % {"boards": boards},
                )
        return cleaned


def _check_address(form: StepForm, cleaned: dict[str, Any]) -> None:
    if not cleaned.get("address"):
        return
    try:
        parse_address(cleaned["address"])
    except BadProfile:
        form.add_error(
            "address",
            _("Write tcp://host:port, rtu+tcp://host:port or a device such as /dev/ttyUSB0."),
        )
