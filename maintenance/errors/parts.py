"""What is refused about parts on shelves.

Refusal
├── BadCount              not a number of parts that can be moved or counted
├── NotEnough             fewer are in the store than are asked for
├── DoesNotFit            the part is for other models than the one that is there
├── SayWhyAnyway          a part that does not fit is taken for a reason only
├── StoreElsewhere        the store and the ticket belong to two organisations
├── TicketOver            a closed ticket takes no more parts
└── MoreThanTaken         more is put back than was taken for the ticket
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.errors import Refusal


class BadCount(Refusal):
    code = "bad_count"
    http_status = 400
    sentence = _("Say how many, as a whole number that is not below zero.")


class NotEnough(Refusal):
    code = "not_enough"
    sentence = _(
        "There are not enough in %(store)s: %(part)s, %(there)s in stock, %(asked)s asked for."
    )


class DoesNotFit(Refusal):
    code = "part_does_not_fit"
    sentence = _(
        "%(part)s does not fit %(model)s. It fits: %(fits)s. Take another, or say why you take it"
        " anyway."
    )


class SayWhyAnyway(Refusal):
    code = "say_why_anyway"
    http_status = 400
    sentence = _("Say why you take a part that does not fit.")


class StoreElsewhere(Refusal):
    code = "store_elsewhere"
    sentence = _("That store belongs to another organisation than the ticket.")


class TicketOver(Refusal):
    code = "ticket_over"
    sentence = _("This ticket is closed. Open it again before you take parts for it.")


class MoreThanTaken(Refusal):
    code = "more_than_taken"
    sentence = _("Only %(taken)s of %(part)s were taken for this ticket.")
