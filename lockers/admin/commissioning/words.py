"""What stands in the way, in the words of who stands before the bank."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lockers.commissioning import Problem
from lockers.wiring import Standing

PROBLEMS: dict[Problem, Promise] = {
    Problem.BOARD_SILENT: _("The board gave no reading. Check its power and its cable."),
    Problem.NOT_FINISHED: _("This lock was not finished: say which door opened, and close it."),
    Problem.READS_DO_NOT_DIFFER: _(
        "The readings do not differ: the door opened and its sensor said nothing."
        " Its cable may be loose."
    ),
    Problem.UNREADABLE: _("The board could not read this door. Check the cable of its sensor."),
    Problem.SENSOR_STUCK: _(
        "The sensor saw the door move once and never back. Close the door before you open it,"
        " and close it well afterwards; else the sensor is stuck."
    ),
    Problem.DOORS_SHARE_CHANNEL: _(
        "Several doors open by one connection. Wire each lock to a connection of its own."
    ),
    Problem.DOOR_ON_TWO_CHANNELS: _(
        "This door was named for more than one connection. Try each of them again."
    ),
    Problem.TWO_CONTACTS_MOVED: _(
        "The sensors of two doors changed at once. Leave all other doors closed, and try again."
    ),
    Problem.OTHER_CONTACT_MOVED: _(
        "The lock opened and the sensor of another connection changed: their cables are crossed."
    ),
    Problem.UNSEEN_DOOR_MOVED: _(
        "A sensor changed though no door was seen to open. Look again, and try again."
    ),
    Problem.WRONG_DOOR: _("Another door opened than the one whose lock was changed."),
    Problem.READINGS_CONTRADICT: _(
        "The sensors of this board do not agree about what open and closed look like."
        " Some locks are of another kind, or cables are crossed."
    ),
    Problem.DOOR_NOT_FOUND: _("No lock that was tried so far opened these doors:"),
}
ERRORS: dict[str, Promise] = {
    "board_silent": _("The board does not answer. Check its power, its cable and its address."),
    "board_unreachable": _(
        "The bridge cannot reach the board: the port or the network is missing."
    ),
    "board_refused": _("The board refused."),
    "bad_reply": _("The board answered something that cannot be right."),
    "bad_pulse": _("The board cannot do this. Check the number of its connections."),
    "bad_profile": _("The board cannot be driven with these settings."),
    "unknown_driver": _("The bridge does not know this kind of board. Update its software."),
    "deadline_passed": _("The bridge came too late to it, so nothing was done."),
    "interrupted": _("The bridge was interrupted, or given other settings meanwhile."),
    "journal_full": _(
        "The bridge cannot write its journal, so it moves nothing. Its disk is full."
    ),
    "no_answer": _("The bridge did not answer in time."),
    "driver_error": _("The bridge was started again meanwhile."),
}
STANDINGS: dict[Standing, Promise] = {
    Standing.NEVER: _("Never commissioned: nobody has checked which door each lock opens."),
    Standing.CHANGED: _("The wiring was changed by hand since this bank was commissioned."),
    Standing.COMMISSIONED: _("Commissioned: every lock was tried and its door was confirmed."),
    Standing.UNWIRED: _("No door of this bank is opened electronically yet."),
}
# What a variant of a board means, as a person would look for it.
OPTIONS: dict[tuple[str, object], Promise] = {
    ("shorted_when", "locked"): _("contact shorted when locked"),
    ("shorted_when", "open"): _("contact shorted when open"),
    ("byte_order", "high_first"): _("highest doors told first"),
    ("byte_order", "low_first"): _("lowest doors told first"),
    ("closed_level", 1): _("an input of 1 means closed"),
    ("closed_level", 0): _("an input of 0 means closed"),
}
