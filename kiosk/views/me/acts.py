"""What a person does on their phone: plain forms, each done once however often it is sent."""

from __future__ import annotations

import functools
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from audit.errors import Refusal
from audit.services import idempotency
from audit.services.events import Actor
from audit.services.idempotency import Reply
from kiosk import offers, phones, untils
from kiosk.errors import Malformed, NotFilledIn
from kiosk.forms import ColleagueForm
from kiosk.phones import PhoneRequest, signed_in
from kiosk.services.me import doors, passes
from maintenance.forms.phone import digest
from occupancy.services.claims import renewals
from occupancy.services.claims.assignments import Wanted
from occupancy.services.custody import sharing
from occupancy.services.queue import waiting


@dataclass(frozen=True)
class Done:
    """What the person is told, and the page they go on to."""

    said: str
    to: str


Verb = Callable[..., Done]


def acting(
    verb: Verb,
    back: Callable[[PhoneRequest], str] | None = None,
    again: Callable[..., HttpResponse] | None = None,
) -> Callable[..., HttpResponse]:
    """Make a view of a verb: signed in, by POST, once per key; a refusal is a sentence.

    Who is refused goes back to where they came from, or to what ``back`` says, or is shown the page
    that ``again`` draws, with what they had typed.
    """

    @require_POST
    @signed_in
    @functools.wraps(verb)
    def view(request: PhoneRequest, **kwargs: int) -> HttpResponse:
        posted = sorted(
            (name, value)
            for name, value in request.POST.items()
            if name not in {"key", "csrfmiddlewaretoken"}
        ) + sorted((name, digest(file)) for name, file in request.FILES.items())
        try:
            reply = idempotency.once(
                scope=f"phone:{request.phone.pk}",
                key=str(request.POST.get("key", "")),
                request=idempotency.fingerprint(request.path, posted),
                work=lambda: _reply(verb(request, **kwargs)),
            )
        except Refusal as refusal:
            idempotency.settle(refusal)
            reply = Reply(refusal.http_status, refusal.body())
        if reply.status == 200:
            messages.success(request, reply.body["said"])
            return HttpResponseRedirect(reply.body["to"])
        if again is not None:
            return again(request, _told(reply), reply.status, **kwargs)
        messages.error(request, _told(reply))
        to = back(request) if back is not None else phones.safe(request.POST.get("back", ""))
        return HttpResponseRedirect(to or reverse("me"))

    return view


def _reply(done: Done) -> Reply:
    return Reply(200, {"said": done.said, "to": done.to})


def _told(reply: Reply) -> str:
    failed = reply.body.get("facts", {}).get("failed", [])
    also = offers.also_of(reply.body["code"], failed) if isinstance(failed, list) else []
    return " ".join([reply.body["message"], *also])


def door_page(claim_id: int) -> str:
    """Return the page of a door."""
    return reverse("me-door", args=[claim_id])


def actor(request: PhoneRequest) -> Actor:
    """Return who acts, as the trail knows them."""
    return Actor.person(request.phone.person_id)


def number(request: HttpRequest, name: str) -> int:
    """Return a number that a form sends; raises Malformed."""
    text = request.POST.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Malformed(problem=f"{name} must be a number")
    return int(text)


def _claim(request: PhoneRequest) -> Done:
    """Claim any door of a bank, one of a size, or that very one."""
    wanted = Wanted()
    if request.POST.get("size"):
        wanted = Wanted(size_id=number(request, "size"))
    elif request.POST.get("door"):
        wanted = Wanted(compartment_id=number(request, "door"))
    claimed, opens = doors.claim(
        session=request.phone, bank_id=number(request, "bank"), wanted=wanted, at=request.at
    )
    facts = {"number": claimed.number}
    said = _("Door %(number)s is yours and opening.") if opens else _("Door %(number)s is yours.")
    why = offers.because(claimed.because)
    return Done(" ".join(filter(None, [said % facts, why])), door_page(claimed.claim_id))


def _open(request: PhoneRequest, claim_id: int) -> Done:
    """Open a door before which the person stands."""
    assignment = doors.open_door(session=request.phone, claim_id=claim_id, at=request.at)
    facts = {"number": assignment.compartment.number}
    # Whoever had one opening of it has no page of it any more.
    is_left = doors.still_theirs(session=request.phone, claim_id=claim_id, at=request.at)
    to = door_page(claim_id) if is_left else reverse("me")
    return Done(_("Door %(number)s was asked to open.") % facts, to)


def _finish(request: PhoneRequest, claim_id: int) -> Done:
    """Give a door back; the page offers to undo it for a minute."""
    doors.finish(session=request.phone, claim_id=claim_id, at=request.at)
    return Done(_("Finished. Changed your mind? Undo within 60 seconds."), reverse("me"))


def _undo(request: PhoneRequest, claim_id: int) -> Done:
    """Take a finish back."""
    assignment = doors.undo(session=request.phone, claim_id=claim_id, at=request.at)
    facts = {"number": assignment.compartment.number}
    return Done(_("Door %(number)s is yours again.") % facts, door_page(claim_id))


def _renew(request: PhoneRequest, claim_id: int) -> Done:
    """Keep a door longer."""
    kept = renewals.renew(
        claim_id=claim_id, person_id=request.phone.person_id, actor=actor(request), at=request.at
    )
    facts = {"number": kept.compartment.number}
    if kept.due_at is None:
        return Done(_("Door %(number)s stays yours.") % facts, door_page(claim_id))
    zone = zoneinfo.ZoneInfo(kept.compartment.bank.site.time_zone)
    facts["time"] = untils.when(kept.due_at, zone, request.at)
    return Done(_("Door %(number)s stays yours until %(time)s.") % facts, door_page(claim_id))


def _share(request: PhoneRequest, claim_id: int) -> Done:
    """Let somebody else open a door for a while, or one single time."""
    # What was typed stood beside the clock of the lockers, wherever the person is at home.
    with timezone.override(doors.zone_of(session=request.phone, claim_id=claim_id, at=request.at)):
        form = ColleagueForm(request.POST)
        if not form.is_valid():
            raise NotFilledIn(problem=_("Give an e-mail address and a time."))
    given = form.cleaned_data
    person = doors.colleague(session=request.phone, address=given["address"])
    until, who, note = given["until"], request.phone.person_id, " ".join(given["note"].split())
    if request.POST.get("once"):
        sharing.delegate(
            claim_id=claim_id, person_id=who, to_id=person.pk, until=until, note=note,
            actor=actor(request), at=request.at,
        )  # fmt: skip
        said = _("%(name)s may open this door once.")
    else:
        sharing.share(
            claim_id=claim_id, person_id=who, with_id=person.pk, until=until, note=note,
            actor=actor(request), at=request.at,
        )  # fmt: skip
        said = _("%(name)s may open this door, too.")
    return Done(said % {"name": person}, door_page(claim_id))


def _end_share(request: PhoneRequest, share_id: int) -> Done:
    """Stop sharing a door, or let go of one that is shared with oneself."""
    ended = sharing.end_share(
        share_id=share_id, person_id=request.phone.person_id, actor=actor(request), at=request.at
    )
    is_mine = ended.claim.holder_id == request.phone.person_id
    return Done(
        _("That is shared no longer."), door_page(ended.claim_id) if is_mine else reverse("me")
    )


def _join(request: PhoneRequest) -> Done:
    """Wait for a door of a size at a bank."""
    waiting.join(
        person_id=request.phone.person_id, bank_id=number(request, "bank"),
        size_id=number(request, "size"), actor=actor(request), at=request.at,
    )  # fmt: skip
    return Done(_("You are on the list. You are told when a door is held for you."), reverse("me"))


def _leave(request: PhoneRequest, entry_id: int) -> Done:
    """Wait no longer."""
    waiting.leave(
        entry_id=entry_id, person_id=request.phone.person_id, actor=actor(request), at=request.at
    )
    return Done(_("You are off the list."), reverse("me"))


def _accept(request: PhoneRequest, offer_id: int) -> Done:
    """Take the door that is held, and open it for who stands there."""
    claimed, opens = doors.accept(session=request.phone, offer_id=offer_id, at=request.at)
    facts = {"number": claimed.number}
    said = _("Door %(number)s is yours and opening.") if opens else _("Door %(number)s is yours.")
    return Done(said % facts, door_page(claimed.claim_id))


def _decline(request: PhoneRequest, offer_id: int) -> Done:
    """Leave the door that is held to the next."""
    waiting.decline(
        offer_id=offer_id, person_id=request.phone.person_id, actor=actor(request), at=request.at
    )
    return Done(_("The next one on the list is offered this door."), reverse("me"))


def _pass(request: PhoneRequest) -> Done:
    """Make a pass to show at the lockers."""
    passes.issue(session=request.phone, at=request.at)
    return Done(_("Here is your pass."), reverse("me-pass"))


claim = acting(_claim)
open_door = acting(_open)
finish = acting(_finish)
undo = acting(_undo)
renew = acting(_renew)
share = acting(_share)
end_share = acting(_end_share)
join = acting(_join)
leave = acting(_leave)
accept = acting(_accept)
decline = acting(_decline)
make_pass = acting(_pass)
