"""What is refused about tickets.

Refusal
├── TicketOver            it was closed before: open it again first
├── TicketNotOver         it is open, so there is nothing to open again
├── OpenAlready           the same fault of the same thing has another open ticket
├── ItemsUnchecked        the checklist is not done
├── PhotoMissing          the checklist asks for a photo of how it is now
├── NotOnTheList          the item is not one that this ticket is closed with
├── WordsMissing          closing, waiting and the like need a sentence
├── NotTheirs             that person may not repair there, or the team is another's
├── NoDoor                the ticket is about no door
├── HolderHasIt           the door cannot go out of service before its holder is moved or told
├── NowhereToMove         no other door was found for the holder
├── HolderNotReached      there is no address to tell the holder at
├── NotOut                this ticket did not take the door out of service
├── MinutesWrong          work takes a minute to a day
└── PhotosEnough          a ticket has all the photos it may have
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.errors import Refusal


class TicketOver(Refusal):
    code = "ticket_over"
    sentence = _("This ticket was closed before. Open it again first.")


class TicketNotOver(Refusal):
    code = "ticket_not_over"
    sentence = _("This ticket is open already.")


class OpenAlready(Refusal):
    code = "ticket_open_already"
    sentence = _("Ticket %(ticket)d is about the same fault. Go on with that one.")


class ItemsUnchecked(Refusal):
    code = "items_unchecked"
    sentence = _("Go through the checklist first: %(items)s")


class PhotoMissing(Refusal):
    code = "photo_missing"
    sentence = _("Add a photo of how it is now first. The checklist asks for it.")


class NotOnTheList(Refusal):
    code = "not_on_the_list"
    http_status = 400
    sentence = _("That is not on the checklist of this ticket.")


class WordsMissing(Refusal):
    code = "words_missing"
    http_status = 400
    sentence = _("Say it in a few words.")


class NotTheirs(Refusal):
    code = "not_theirs"
    http_status = 400
    sentence = _("Choose somebody who repairs there, or a team of the same organisation.")


class NoDoor(Refusal):
    code = "no_door"
    sentence = _("This ticket is about no door.")


class HolderHasIt(Refusal):
    code = "holder_has_it"
    sentence = _(
        "Somebody has door %(number)s. Move them to another door, or tell them first: then nobody"
        " else gets it, and it goes out of service once it was given back."
    )


class NowhereToMove(Refusal):
    code = "nowhere_to_move"
    sentence = _("No other door of this bank is free for its holder. Tell them instead.")


class HolderNotReached(Refusal):
    code = "holder_not_reached"
    sentence = _("There is no e-mail address of its holder. Speak to them, or move them.")


class NotOut(Refusal):
    code = "not_out"
    sentence = _("This ticket did not take the door out of service.")


class MinutesWrong(Refusal):
    code = "minutes_wrong"
    http_status = 400
    sentence = _("Enter the minutes of work, from 1 to 1440.")


class PhotosEnough(Refusal):
    code = "photos_enough"
    sentence = _("A ticket has up to %(most)d photos.")
