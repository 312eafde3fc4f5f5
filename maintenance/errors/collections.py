"""What is refused of collections.

Refusal
├── CollectionOver       it was closed; what comes back later is cleared by name
├── CollectionNotBegun   nobody is on its list yet
├── NobodyToCollect      nobody of those that were chosen has a locker there
├── AnswerReused         that entry was made for something else
├── GivenBack            the locker was given back: it is not un-given here
├── NoKeyOut             no key is out to that pupil, so none can be lost
├── NoDoorsToOpen        no electronic door of that form is left to open
├── ClearedAlready       that pupil was cleared before
├── KeyNotSaid           whether the key is back or lost has to be said first
├── StillInside          somebody still has the locker and it is not known to be empty
└── NotDamaged           only what was found damaged is charged
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.errors import Refusal


class CollectionOver(Refusal):
    code = "collection_over"
    sentence = _("This collection is closed. The office clears who comes later.")


class CollectionNotBegun(Refusal):
    code = "collection_not_begun"
    sentence = _("This collection has not begun: begin it first.")


class NobodyToCollect(Refusal):
    code = "nobody_to_collect"
    sentence = _("Nobody of those has a locker here that is not on the list yet.")


class AnswerReused(Refusal):
    code = "answer_reused"
    http_status = 422
    sentence = _("This entry was made for something else. Say it again.")


class GivenBack(Refusal):
    code = "given_back"
    sentence = _(
        "Locker %(number)s was given back already. Was that a mistake? Ask the office to give it"
        " again."
    )


class NoKeyOut(Refusal):
    code = "no_key_out"
    sentence = _(
        "The key register has no key of locker %(number)s out to that pupil. Look it up there, or"
        " say that the key is back."
    )


class NoDoorsToOpen(Refusal):
    code = "no_doors_to_open"
    sentence = _("No electronic door is left to open for them. Doors with keys are opened by key.")


class ClearedAlready(Refusal):
    code = "cleared_already"
    sentence = _("That pupil was cleared before.")


class KeyNotSaid(Refusal):
    code = "key_not_said"
    sentence = _("Say first whether the key is back or lost.")


class StillInside(Refusal):
    code = "still_inside"
    sentence = _(
        "Locker %(number)s is not empty yet. Say that it was emptied, or finish its recovery first."
    )


class NotDamaged(Refusal):
    code = "not_damaged"
    http_status = 422
    sentence = _("Only a locker that was found damaged is charged for.")
