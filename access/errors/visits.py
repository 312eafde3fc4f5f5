"""What is refused about requests for access and about visitors.

Refusal
├── WrongCode           nobody is visiting with this code
├── TooManyTries        wrong codes or hosts: wait
├── NoSuchHost          nobody who may have visitors is called that
├── AccessNotNeeded     this person uses lockers without asking
├── AccessAsked         a request is waiting already
├── BadPeriod           access or a visit that ends before it starts, or is too long
├── WrongSite           a bank or person of somewhere else
├── RequestDecided      somebody was faster, or it is over
├── PersonStopped       who asked left since, or is suspended
├── OwnRequest          nobody approves what they asked for themselves
├── VisitOver           the visit is over or cancelled, or the visitor left
├── VisitNotLonger      the new end of a visit is not after the old one
├── VisitorHere         the visitor is here already
├── VisitorNotHere      only who arrived can leave
└── NoWalkIns           visitors of this site do not register themselves
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from audit.errors import Refusal


class WrongCode(Refusal):
    code = "wrong_code"
    http_status = 403
    sentence = _("That code is not known here. Check it, or ask reception.")


class TooManyTries(Refusal):
    code = "too_many_tries"
    http_status = 429

    def __init__(self, *, wait_seconds: int) -> None:
        super().__init__(wait_seconds=wait_seconds)

    def __str__(self) -> str:
        wait = self.facts["wait_seconds"]
        return ngettext(
            "That was tried too often. Try again in %(wait)d second, or ask reception.",
            "That was tried too often. Try again in %(wait)d seconds, or ask reception.",
            wait,
        ) % {"wait": wait}


class NoSuchHost(Refusal):
    code = "no_such_host"
    http_status = 404
    sentence = _("Nobody here has that e-mail address or number. Check it, or ask reception.")


class AccessNotNeeded(Refusal):
    code = "access_not_needed"
    sentence = _("%(person)s uses these lockers without asking. Nothing has to be approved.")


class AccessAsked(Refusal):
    code = "access_asked"
    sentence = _("This was asked for already. Wait for the answer, or ask reception.")


class BadPeriod(Refusal):
    code = "bad_period"
    http_status = 400
    sentence = _("It ends after it starts, in the future, and within a year. Change the times.")


class WrongSite(Refusal):
    code = "wrong_site"
    http_status = 400
    sentence = _("Person, site and bank do not belong together. Choose them anew.")


class RequestDecided(Refusal):
    code = "request_decided"
    sentence = _("This request is not waiting any more. Look at it again.")


class PersonStopped(Refusal):
    code = "person_stopped"
    sentence = _("This person left or is suspended. Refuse it, or reinstate them first.")


class OwnRequest(Refusal):
    code = "own_request"
    http_status = 403
    sentence = _("Somebody else has to decide this: you asked for it, or it is for you.")


class VisitOver(Refusal):
    code = "visit_over"
    sentence = _("This visit is over or was cancelled. Register the visitor anew.")


class VisitNotLonger(Refusal):
    code = "visit_not_longer"
    http_status = 400
    sentence = _(
        "The visit lasts until then already. Choose a later end, or end the visit with “Left”."
    )


class VisitorHere(Refusal):
    code = "visitor_here"
    sentence = _("This visitor is here already.")


class VisitorNotHere(Refusal):
    code = "visitor_not_here"
    sentence = _("This visitor is not here: not arrived, or left already.")


class NoWalkIns(Refusal):
    code = "no_walk_ins"
    http_status = 403
    sentence = _("Visitors register at reception here. Ask there.")
