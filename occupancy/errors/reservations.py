"""What is refused of bookings and closures.

Refusal
├── BadWindow            not to the minute, over already, or ending before it begins
├── NotBookable          these doors are not booked ahead
├── TooFarAhead          further ahead than the policy allows
├── TooShortNotice       too late to book it
├── BookingTooLong       longer than the policy allows
├── SiteClosed           the site is closed when it begins or ends
├── BookingLimitReached  the person has booked as many as they may
├── BookingOver          it was cancelled, used, or nobody came in time
├── NotYourBooking       it is somebody else's
├── TooEarly             it is too early to check in
├── DoorStillInUse       whoever had the door before still has it, and there is no other
├── BadRule              not a rule of repetition that is understood
├── SeriesOver           it was ended before
├── DeskWasCancelled     the other system cancelled it before it was made
├── DoorClosedThen       the door is closed then, and why
├── LockersClosedThen    none is free then, as some are closed, and why
├── DoorIsPlanned        somebody booked the door then, or it is closed then
└── NoClosure            there is no such closure, or it is over
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.errors import Refusal
from occupancy.errors.claims import CompartmentTaken, NoCompartmentAvailable


class BadWindow(Refusal):
    code = "bad_window"
    http_status = 422
    sentence = _("Choose a start that is not over, and an end after it, both to the minute.")


class NotBookable(Refusal):
    code = "not_bookable"
    http_status = 403
    sentence = _("These lockers cannot be booked ahead. Take one when you come.")


class TooFarAhead(Refusal):
    code = "too_far_ahead"
    sentence = _("That is too far ahead to book. Choose a day that is sooner.")


class TooShortNotice(Refusal):
    code = "too_short_notice"
    sentence = _("It is too late to book that. Choose a later time.")


class BookingTooLong(Refusal):
    code = "booking_too_long"
    sentence = _("That is longer than these lockers can be booked for. Choose an earlier end.")


class SiteClosed(Refusal):
    code = "site_closed"
    sentence = _("The site is closed then. Begin and end while it is open.")


class BookingLimitReached(Refusal):
    code = "booking_limit_reached"
    sentence = _("You have booked as many lockers as you may. Cancel one first.")


class BookingOver(Refusal):
    code = "booking_over"
    sentence = _("This booking is over. Book again.")


class NotYourBooking(Refusal):
    code = "not_your_booking"
    http_status = 404
    sentence = _("There is no such booking of yours.")


class TooEarly(Refusal):
    code = "too_early"
    sentence = _("It is too early for your booking. Come back a little later.")


class DoorStillInUse(Refusal):
    code = "door_still_in_use"
    sentence = _("Your locker is still in use, and no other is free. Reception has been told.")


class BadRule(Refusal):
    code = "bad_rule"
    http_status = 422
    sentence = _("This repetition is not understood. Choose days, weeks, months or years.")


class SeriesOver(Refusal):
    code = "series_over"
    sentence = _("This recurring booking was ended before.")


class DeskWasCancelled(Refusal):
    code = "desk_was_cancelled"
    http_status = 410
    sentence = _("This desk booking was cancelled before it came here. Give it a new number.")


class DoorClosedThen(CompartmentTaken):
    code = "door_closed_then"
    sentence = _(
        "Door %(number)s is closed from %(starts)s to %(ends)s: %(reason)s. Choose another time, "
        "or another door."
    )


class LockersClosedThen(NoCompartmentAvailable):
    code = "lockers_closed_then"
    sentence = _(
        "No locker is free then. Some are closed from %(starts)s to %(ends)s: %(reason)s. Choose "
        "another time."
    )


class DoorIsPlanned(Refusal):
    code = "door_is_planned"
    sentence = _("Somebody has booked this door then, or it is closed then. Choose another time.")


class NoClosure(Refusal):
    code = "no_closure"
    http_status = 404
    sentence = _("There is no such closure, or it is over.")
