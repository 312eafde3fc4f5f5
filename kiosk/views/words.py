"""Every sentence that the kiosk's script puts together, translated."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

# A number of each plural category of Unicode, by which the script picks.
_EXAMPLES = {"one": 1, "two": 2, "few": 3, "many": 11, "other": 100}


def _counted(sentence: Callable[[int], str]) -> dict[str, str]:
    return {category: sentence(number) for category, number in _EXAMPLES.items()}


def _marks() -> dict[str, str]:
    """Return how a letter with an accent is called, by the number of the accent in Unicode."""
    return {
        "300": _("%(letter)s with a grave accent"),
        "301": _("%(letter)s with an acute accent"),
        "302": _("%(letter)s with a circumflex"),
        "303": _("%(letter)s with a tilde"),
        "307": _("%(letter)s with a dot"),
        "308": _("%(letter)s with two dots"),
        "30a": _("%(letter)s with a ring"),
        "30b": _("%(letter)s with a double acute accent"),
        "30c": _("%(letter)s with a caron"),
        "327": _("%(letter)s with a cedilla"),
        "328": _("%(letter)s with a tail"),
    }


def _signs() -> dict[str, str]:
    """Return how signs are called that not every voice reads out."""
    return {
        "Æ": _("A and E in one"),
        "Œ": _("O and E in one"),
        "Ø": _("O with a stroke"),
        "Ł": _("L with a stroke"),
        "ß": _("sharp S"),
        "'": _("apostrophe"),
        "-": _("hyphen"),
        ".": _("dot"),
        "_": _("underscore"),
        "+": _("plus"),
        "@": _("at sign"),
    }


def of_the_page(pin_length: int) -> dict[str, str | dict[str, str]]:
    """Return the sentences by name; ``%(name)s`` stands for what the script fills in."""
    return {
        "free": _counted(lambda n: ngettext("%(n)s free", "%(n)s free", n)),
        "welcome": _("Tap your badge to get a locker."),
        "all_taken": _("Every locker here is taken. Tap your badge to open yours."),
        "ok": _("OK"),
        "del": _("Delete the last digit"),
        "no_match": _("That PIN does not match."),
        "where_bank": _("Bank %(bank)s. It is %(where)s."),
        "other_sizes": _("No locker of that size is free any more. Free here: %(sizes)s."),
        "none_free": _("None free"),
        "opening": _("Door %(number)s is opening."),
        "is_open": _("Door %(number)s is open. Close it when you are done."),
        "please_close": _("Please close door %(number)s: it is still open."),
        "is_closed": _("Door %(number)s is closed."),
        "released": _("The lock of door %(number)s was released. Pull the door."),
        "not_opened": _("Door %(number)s did not open. Try again, or take another."),
        "not_opened_again": _("Door %(number)s did not open. Try again, or ask reception."),
        "too_late": _("Door %(number)s was not opened in time. Try again."),
        "not_known": _("Nobody knows whether door %(number)s opened. Look at it, then try again."),
        "is_open_last": _(
            "Door %(number)s is open. Take everything out and close it: it is given back."
        ),
        "pull_last": _("Pull door %(number)s and take everything out: it is given back."),
        "open_again": _("Open again"),
        "open_last": _("Open and finish"),
        "finish": _("Finish"),
        "give_back": _("Give it up"),
        "give_up": _("Give up door %(number)s for good?"),
        "renewed": _("You keep it longer."),
        "shared": _("%(with)s can open door %(number)s too, until %(until_time)s."),
        "shared_n": _counted(lambda n: ngettext("Shared with %(n)s", "Shared with %(n)s", n)),
        "shared_until": _("Until %(until_time)s. Touch to stop sharing."),
        "shared_once": _("For one opening, until %(until_time)s. Touch to stop sharing."),
        "share": _("Share it"),
        "shares": _("Who else may open door %(number)s?"),
        "unshare": _("Stop sharing door %(number)s with %(with)s?"),
        "unshared": _("%(with)s cannot open door %(number)s any more."),
        "renewed_before": _("It was kept longer already."),
        "decline": _("Say no to door %(number)s?"),
        "declined": _("Door %(number)s goes to whoever waits next."),
        "say": _("Say: bank %(bank)s, door %(number)s."),
        "waiting_place": _counted(
            lambda n: ngettext(
                "You are number %(n)s on the waiting list.",
                "You are number %(n)s on the waiting list.",
                n,
            )
        ),
        "because": _("Why this one? %(reason)s"),
        "yours_open": _("Door %(number)s is open. Close it when you leave."),
        "where": _("It is %(where)s."),
        "where_else": _("Bank %(bank)s. %(directions)s. It is %(where)s."),
        "undo_left": _counted(lambda n: ngettext("Undo (%(n)s second)", "Undo (%(n)s seconds)", n)),
        "still_there": _("Still there?"),
        "clears_in": _counted(
            lambda n: ngettext(
                "This screen clears in %(n)s second.", "This screen clears in %(n)s seconds.", n
            )
        ),
        "wait": _counted(
            lambda n: ngettext(
                "You can try again in %(n)s second.", "You can try again in %(n)s seconds.", n
            )
        ),
        "try_now": _("You can try again now."),
        "typed": _counted(lambda n: ngettext("%(n)s digit entered", "%(n)s digits entered", n)),
        "type_door": _("Type the number of your door."),
        "type_person": _("Type your personal number."),
        "type_pin": _("Now type your PIN."),
        "type_second": _("Type your PIN as well."),
        "type_old": _("Type your PIN as it is now."),
        "type_new": ngettext(
            "Choose a new PIN of at least %(n)s digit.",
            "Choose a new PIN of at least %(n)s digits.",
            pin_length,
        )
        % {"n": pin_length},
        "type_again": _("Type the new PIN once more."),
        "not_alike": _("The two were not the same. Choose your new PIN again."),
        "recovered": _("That recovery PIN is used up. Get a new badge at reception."),
        "bad_read": _("The badge was not read whole. Hold it flat on the reader and try again."),
        "offline": _("These lockers cannot be reached right now. Ask reception."),
        "offline_instead": _(
            "These lockers cannot be reached right now."
            " Ask reception, or use bank %(bank)s on this floor."
        ),
        "disconnected": _("This screen has lost its connection. It is trying again."),
        "bank_opening": _("Every door in bank %(bank)s is being opened by staff."),
        "gave_up": _("The server could not be reached. Try again in a moment."),
        "confirm": _("Press again to finish"),
        "take_marked": _("Take door %(number)s"),
        "door_taken": _("Door %(number)s is taken."),
        "door_kept": _("Door %(number)s is kept for others."),
        "door_any": _("Door %(number)s, %(where)s"),
        "problem_with": _("What is wrong with door %(number)s?"),
        "problem_told": _("Those who look after the lockers know about door %(number)s now."),
        "door_free": _("Door %(number)s, %(size)s, %(where)s"),
        "type_code": _("Type your code."),
        "wrong_code": _("That code is not known here. Check it, or ask reception."),
        "space": _("Space"),
        "accents": _("Letters with accents"),
        "del_letter": _("Delete the last letter"),
        "marks": _marks(),
        "signs": _signs(),
        "skip": _("Skip"),
        "next": _("Next"),
        "summary": _("%(name)s, to see %(host)s"),
        "someone": _("Hello, %(initials)s"),
    }
