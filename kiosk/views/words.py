"""Every sentence that the kiosk's script puts together, translated."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def _counted(one: str, other: str) -> dict[str, str]:
    return {"one": one, "other": other}


def of_the_page() -> dict[str, str | dict[str, str]]:
    """Return the sentences by name; ``%(name)s`` stands for what the script fills in."""
    return {
        "free": _counted(ngettext("%(n)s free", "%(n)s free", 1), ngettext("%(n)s free", "%(n)s free", 2)),
        "none_free": _("None free"),
        "opening": _("Door %(number)s is opening."),
        "is_open": _("Door %(number)s is open. Close it when you are done."),
        "please_close": _("Please close door %(number)s: it is still open."),
        "is_closed": _("Door %(number)s is closed."),
        "released": _("The lock of door %(number)s was released. Pull the door."),
        "not_opened": _("Door %(number)s did not open. Try again, or take another."),
        "not_opened_again": _("Door %(number)s did not open. Try again, or ask reception."),
        "too_late": _("Door %(number)s was not opened in time. Try again."),
        "not_known": _("We do not know whether door %(number)s opened. Look at it, then try again."),
        "yours": _("Door %(number)s is yours."),
        "yours_until": _("Door %(number)s is yours until %(time)s."),
        "yours_open": _("Door %(number)s is open. Close it when you leave."),
        "where": _("It is %(where)s."),
        "where_else": _("Bank %(bank)s. %(directions)s. It is %(where)s."),
        "finished": _("Finished. Changed your mind?"),
        "undo_left": _counted(
            ngettext("Undo (%(n)s second)", "Undo (%(n)s seconds)", 1),
            ngettext("Undo (%(n)s second)", "Undo (%(n)s seconds)", 2),
        ),
        "undone": _("Door %(number)s is yours again."),
        "clears_in": _counted(
            ngettext(
                "This screen clears in %(n)s second.", "This screen clears in %(n)s seconds.", 1
            ),
            ngettext(
                "This screen clears in %(n)s second.", "This screen clears in %(n)s seconds.", 2
            ),
        ),
        "wait": _counted(
            ngettext("You can try again in %(n)s second.", "You can try again in %(n)s seconds.", 1),
            ngettext("You can try again in %(n)s second.", "You can try again in %(n)s seconds.", 2),
        ),
        "try_now": _("You can try again now."),
        "typed": _counted(
            ngettext("%(n)s digit entered", "%(n)s digits entered", 1),
            ngettext("%(n)s digit entered", "%(n)s digits entered", 2),
        ),
        "type_door": _("Type the number of your door."),
        "type_person": _("Type your personal number."),
        "type_pin": _("Now type your PIN."),
        "bad_read": _("The badge was not read whole. Hold it flat on the reader and try again."),
        "offline": _("These lockers cannot be reached right now. Ask reception."),
        "offline_instead": _(
            "These lockers cannot be reached right now. Ask reception, or use bank %(bank)s on this floor."
        ),
        "disconnected": _("This screen has lost its connection. It is trying again."),
        "bank_opening": _("Every door in bank %(bank)s is being opened by staff."),
        "no_answer": _("The answer did not arrive. It is being asked again."),
        "gave_up": _("The server could not be reached. Try again in a moment."),
        "hold": _("Hold for two seconds"),
        "confirm": _("Press again to finish"),
        "door_taken": _("Door %(number)s is taken."),
        "door_free": _("Door %(number)s, %(size)s, %(where)s"),
        "someone": _("Hello, %(initials)s"),
    }
