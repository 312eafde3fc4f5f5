"""Booking a door for later, once or again and again; checking in, and giving a booking up."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from kiosk import untils
from kiosk.errors import NotFilledIn
from kiosk.forms import BookingForm
from kiosk.phones import PhoneRequest, signed_in
from kiosk.services.me import bookings, choices, series
from kiosk.views.me.acts import Done, acting, actor, door_page
from kiosk.views.me.pages import common, number_of
from lockers.models import Site, Size
from occupancy.services import keeping
from occupancy.services.bookings import reservations
from occupancy.services.bookings.series import Repeats

_TYPED = ("place", "desk", "size", "day", "starts", "ends", "repeats", "last")


@require_http_methods(["GET", "HEAD"])
@signed_in
def book(request: PhoneRequest) -> HttpResponse:
    """Ask where, of which size, from when to when, and how often."""
    found = list(choices.sites(request.phone, request.at))
    site = choices.site_of(request.phone, found, number_of(request, "site"))
    form = None
    if site is not None and bookings.are_possible(site):
        typed = {name: request.GET[name][:60] for name in _TYPED if name in request.GET}
        form = _form(site, None, {**_usual(request, site), **typed})
    return render(
        request, "me/book.html", {"site": site, "sites": found, "form": form, **common(request)}
    )


def _reserve(request: PhoneRequest) -> Done:
    """Book a door, once or again and again."""
    found = list(choices.sites(request.phone, request.at))
    site = next((one for one in found if str(one.pk) == request.POST.get("site")), None)
    if site is None:
        raise NotFilledIn(problem=_("Choose a site."))
    form = _form(site, request, {})
    if not form.is_valid():
        raise NotFilledIn(problem=form.problem)
    if form.cleaned_data["repeats"]:
        return _repeat(request, site, form)
    starts_at, ends_at = form.window(site.zone)
    got, bank = bookings.reserve(
        session=request.phone, site=site, place=_place(form), size_id=_size(form),
        starts_at=starts_at, ends_at=ends_at, at=request.at,
    )  # fmt: skip
    facts = {
        "number": got.number,
        "bank": bank.name,
        "time": untils.when(got.starts_at, site.zone, request.at),
    }
    said = _("Door %(number)s in bank %(bank)s is booked for you, from %(time)s.")
    if keeping.deciding_alone([bank.pk]):
        said = _(
            "Asked for: door %(number)s in bank %(bank)s, from %(time)s. It is not confirmed yet,"
            " because these lockers are cut off."
        )
    return Done(said % facts, reverse("me"))


def _repeat(request: PhoneRequest, site: Site, form: BookingForm) -> Done:
    given = form.cleaned_data
    repeats = Repeats(
        series.rule(given["repeats"], given["last"]), given["day"], given["starts"], given["ends"]
    )
    made, bank = series.make(
        session=request.phone, site=site, place=_place(form), size_id=_size(form),
        repeats=repeats, at=request.at,
    )  # fmt: skip
    booked = sum(one.claim_id is not None for one in made.times)
    said = [
        ngettext("Booked once at bank %(bank)s.", "Booked %(n)s times at bank %(bank)s.", booked)
        if booked
        else _("Nothing is within reach yet. It is booked at bank %(bank)s as soon as it can be.")
    ]
    if left_out := len(made.times) - booked:
        said.append(
            ngettext(
                "%(out)s time could not be had: %(why)s.",
                "%(out)s times could not be had: %(why)s.",
                left_out,
            )
        )
    why = series.reasons(made.times)
    facts = {"n": booked, "bank": bank.name, "out": left_out, "why": why}
    return Done(" ".join(said) % facts, reverse("me-series", args=[made.series_id]))


def _cancel(request: PhoneRequest, claim_id: int) -> Done:
    """Give a booking up."""
    reservations.cancel(
        claim_id=claim_id, person_id=request.phone.person_id, actor=actor(request), at=request.at
    )
    return Done(_("The booking is cancelled."), reverse("me"))


def _check_in(request: PhoneRequest, claim_id: int) -> Done:
    """Begin to use what was booked."""
    claimed, opens = bookings.check_in(session=request.phone, claim_id=claim_id, at=request.at)
    facts = {"number": claimed.number}
    said = _("Door %(number)s is yours and opening.") if opens else _("Door %(number)s is yours.")
    return Done(said % facts, door_page(claimed.claim_id))


def _form(site: Site, request: PhoneRequest | None, first: dict[str, object]) -> BookingForm:
    sizes = Size.objects.filter(organisation=site.organisation_id).order_by("rank", "pk")
    return BookingForm(
        request.POST if request is not None else None,
        initial=first,
        place=bookings.places(site),
        size=[("", _("Any size")), *((str(one.pk), one.name) for one in sizes)],
        repeats=series.HOW,
    )


def _place(form: BookingForm) -> bookings.Place:
    given = form.cleaned_data
    return bookings.place_of(given["place"], given["desk"])


def _size(form: BookingForm) -> int | None:
    size = form.cleaned_data["size"]
    return int(size) if size else None


def _usual(request: PhoneRequest, site: Site) -> dict[str, object]:
    """Return tomorrow's working day, or the place that was just looked at."""
    tomorrow = request.at.astimezone(site.zone).date() + dt.timedelta(days=1)
    bank = number_of(request, "bank")
    return {
        "place": f"bank-{bank}" if bank else "",
        "day": tomorrow,
        "starts": dt.time(9),
        "ends": dt.time(17),
    }


def _again(request: PhoneRequest) -> str:
    """Return the form with all that was typed: whoever is refused changes one thing of it."""
    typed = {name: request.POST.get(name, "")[:60] for name in ("site", *_TYPED)}
    site = typed["site"]
    if not (site.isascii() and site.isdecimal() and len(site) < 19):
        del typed["site"]
    return f"{reverse('me-book')}?{urlencode(typed)}"


reserve = acting(_reserve, back=_again)
cancel = acting(_cancel)
check_in = acting(_check_in)
