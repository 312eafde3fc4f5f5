"""What waiting lists refuse.

Refusal
├── OthersWait          a free door is held for whoever is next on the list
├── AlreadyWaiting      the person has a place on that list
├── NothingToWaitFor    no door of that size there is of use to the person
├── NotOnTheList        there is no such place, or it is somebody else's
├── PlaceOver           the person came off that list before
├── NothingOffered      nothing is held for the person now
├── NoSuchOffer         it was made to somebody else, or never
└── OfferOver           it lapsed, or was answered before
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.errors import Refusal


class OthersWait(Refusal):
    code = "others_wait"
    sentence = _("Others wait for these lockers. Join the list: you are told when it is your turn.")


class AlreadyWaiting(Refusal):
    code = "already_waiting"
    sentence = _("You are on this list already. You keep your place.")


class NothingToWaitFor(Refusal):
    code = "nothing_to_wait_for"
    sentence = _("No locker of that size here has what you need. Choose another size.")


class NotOnTheList(Refusal):
    code = "not_on_the_list"
    http_status = 404
    sentence = _("You are not on this list.")


class PlaceOver(Refusal):
    code = "place_over"
    sentence = _("You are not on this list any more.")


class NothingOffered(Refusal):
    code = "nothing_offered"
    sentence = _("Nothing is held for you now.")


class NoSuchOffer(Refusal):
    code = "no_such_offer"
    http_status = 404
    sentence = _("There is no such offer.")


class OfferOver(Refusal):
    code = "offer_over"
    http_status = 410
    sentence = _("This offer is over. Join the list again.")
