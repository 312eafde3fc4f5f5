"""What allotments refuse.

Refusal
├── NothingToAllot      no pupil takes part, or no door is free to be given
├── NotCommitted        the window was never opened: there is no seed to draw by
├── CommittedAlready    a seed was committed to; another would be a second try
├── StillOpen           wishes may be handed in still
├── FrozenAlready       the input is frozen, what it says cannot change any more
├── NotFrozen           the draw cannot be done before its input is frozen
├── AppliedAlready      the doors were given
├── DoorsChanged        what was drawn fits the doors no more: some were given meanwhile
├── WishesGone          wishes name what is not among the doors any more
├── NotApplied          nobody waits before the doors were given
├── YearIsOver          the year that doors would be given for has ended
├── WishesForgotten     the year is so long over that what was wished for is deleted
├── ServingChanged      what was shown is not what would be given any more
├── SealMissing         the seed cannot be kept: no key is set
├── NoSuchLink          no ticket has this link, or the window is over
├── WrongCode           the code is wrong, or was used
├── WindowClosed        wishes are not taken yet, or not any more
├── TooManyWishes       more wishes than the allotment takes
├── WishNotThere        a wish names what is not among the doors
├── WishTwice           two wishes name the same
└── NoSuchFriend        no pupil who takes part has this code
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.errors import Refusal


class NothingToAllot(Refusal):
    code = "nothing_to_allot"
    sentence = _("There are %(pupils)s pupils and %(doors)s doors: nothing can be allotted.")


class NotCommitted(Refusal):
    code = "allotment_not_committed"
    sentence = _("Open it for wishes first: only then there is a seed that was published before.")


class CommittedAlready(Refusal):
    code = "allotment_committed"
    sentence = _("It was opened before, and its seed is published. A second seed would be a try.")


class StillOpen(Refusal):
    code = "allotment_still_open"
    sentence = _("Wishes can be handed in until %(until)s. Wait, or set an earlier end.")


class FrozenAlready(Refusal):
    code = "allotment_frozen"
    sentence = _("The input is frozen and published. Nothing of it can change any more.")


class NotFrozen(Refusal):
    code = "allotment_not_frozen"
    sentence = _("Freeze the input first.")


class AppliedAlready(Refusal):
    code = "allotment_applied"
    sentence = _("The doors were given already.")


class DoorsChanged(Refusal):
    code = "allotment_doors_changed"
    sentence = _(
        "Doors were given or taken out of service meanwhile: %(doors)s. Free them or put them back"
        " in service first."
    )


class WishesGone(Refusal):
    code = "allotment_wishes_gone"
    sentence = _("Wishes name what is no longer there: %(wishes)s. Put it back or drop them.")


class NotApplied(Refusal):
    code = "allotment_not_applied"
    sentence = _("Give the doors of the draw first: only then somebody waits.")


class YearIsOver(Refusal):
    code = "allotment_year_over"
    sentence = _("The year is over. Give doors for the new one.")


class WishesForgotten(Refusal):
    code = "allotment_wishes_forgotten"
    sentence = _("The year is long over: what was wished for is deleted, and with it the draw.")


class ServingChanged(Refusal):
    code = "allotment_serving_changed"
    sentence = _("Doors or pupils changed meanwhile. Look again at who gets what.")


class SealMissing(Refusal):
    code = "seal_missing"
    sentence = _("The seed cannot be kept safe: LOCKWRIGHT_COMBINATION_KEYS is not set.")


class NoSuchLink(Refusal):
    code = "no_such_link"
    http_status = 404
    sentence = _("This link is not in use. Ask the school office for a new one.")


class WrongCode(Refusal):
    code = "wrong_code"
    http_status = 403
    sentence = _("That code is not right, or was used. Ask for a new one.")


class WindowClosed(Refusal):
    code = "wishes_closed"
    sentence = _("Wishes are not taken now. What was handed in before counts.")


class TooManyWishes(Refusal):
    code = "too_many_wishes"
    sentence = _("You can wish for %(most)s things at most. Take some away.")


class WishNotThere(Refusal):
    code = "wish_not_there"
    sentence = _("%(wish)s is not among the lockers that you can get. Choose something else.")


class WishTwice(Refusal):
    code = "wish_twice"
    sentence = _("%(wish)s stands there twice. Keep one.")


class NoSuchFriend(Refusal):
    code = "no_such_friend"
    sentence = _("Nobody who takes part has the code %(code)s. Ask your friend for it again.")
