"""What the page of a round says while it runs by itself on a phone."""

from __future__ import annotations

from django.utils.translation import gettext as _


def words() -> dict[str, str]:
    """Return the words of the page, in the language of the reader."""
    return {
        "place": _("Bank {bank}, column {column}, row {row}"),
        "progress": _("{done} of {doors} done"),
        "held": _("Somebody has it: they keep it. Take nothing out."),
        "closed": _("Closed for this round until {until}."),
        "nobody": _("Nobody has it."),
        "asking": _("Asking the door to open …"),
        "no_line": _("No connection: the door cannot be opened from here now."),
        "waiting_one": _("1 waiting to be sent"),
        "waiting_many": _("{n} waiting to be sent"),
        "kept": _("Kept on this phone until there is a line."),
        "log_in": _("Log in again to send what waits."),
        "others": _("{n} of somebody else wait on this phone. They are sent when they log in."),
        "refused": _("Door {number} was not taken down"),
        "dismiss": _("I have read it"),
        "to_send": _("waiting to be sent"),
        "done_by": _("{said}, {by}, {when}"),
        "say_each": _("Say of each item whether it is all right."),
        "say_which": _("Say whether it is all right."),
        "needs_photo": _("Take a photo for: {item}"),
        "needs_voltage": _("Write down the voltage of the battery."),
        "bad_photo": _("This is not a photo that can be used. Take another."),
        "no_room": _("This phone cannot keep what you enter: it has no room left. Send it first."),
        "passed": _("all right"),
        "failed": _("something is wrong"),
        "skipped": _("could not be done"),
        "done": _("Done"),
        "next": _("Done, next door"),
        "all_done": _("Every door is done."),
        "over": _("This round is over."),
        "no_doors": _("This round has no doors to go to."),
        "good": _("All right"),
        "bad": _("Not right"),
        "photo": _("Photo"),
        "photo_taken": _("Photo taken"),
        "ticket": _("Known already: {what}"),
        "show": _("Show"),
    }
