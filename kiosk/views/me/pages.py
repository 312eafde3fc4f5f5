"""What a person reads on their phone. No page here changes anything but the scan of a label."""

from __future__ import annotations

import segno
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from access.services import passes as signed
from kiosk.errors import NotYourLabel
from kiosk.phones import PhoneRequest, signed_in
from kiosk.services.me import bookings, choices, histories, holdings, passes, series, sessions
from lockers.models import Area, Bank
from occupancy.selectors import waiting
from occupancy.selectors.waiting import Listed, Offered


@require_safe
@signed_in
def home(request: PhoneRequest) -> HttpResponse:
    """Show what somebody has, what is held for them and what they booked."""
    session, at = request.phone, request.at
    held, waits = holdings.held(session, at), waiting.waiting_for(session.person, at)
    booked = holdings.next_bookings(session.person, at)
    return render(
        request,
        "me/home.html",
        {
            "holdings": held,
            "finished": histories.finished(session.person, at),
            "ended": histories.ended(
                session.person, at, held={one.claim.compartment_id for one in held}
            ),
            "bookings": booked,
            "unconfirmed": holdings.unconfirmed(booked),
            "series": series.running(session.person, at),
            "offers": [one.offer for one in waits if one.offer is not None],
            "waiting": [one for one in waits if one.offer is None],
            **common(request),
        },
    )


@require_safe
@signed_in
def door(request: PhoneRequest, claim_id: int) -> HttpResponse:
    """Show one door: how it stands, where it is, and all that may be done with it."""
    holding = holdings.one(request.phone, claim_id, request.at)
    if holding is None:
        return _gone(request, claim_id)
    facts = {
        "holding": holding,
        "drawing": holdings.drawing(holding.claim, request.at),
        "share_until": _share_until(request, holding),
        **common(request),
    }
    if request.headers.get("HX-Target") == f"state-{claim_id}":
        return render(request, "me/_state.html", facts)
    return render(request, "me/door.html", facts)


def _gone(request: PhoneRequest, claim_id: int) -> HttpResponse:
    """Answer for a door that is not theirs: where it was, the first page says what became of it."""
    if not histories.had(request.phone.person, claim_id):
        raise Http404
    if request.headers.get("HX-Request") and not request.headers.get("HX-Boosted"):
        answer = HttpResponse()
        answer["HX-Redirect"] = reverse("me")
        return answer
    return HttpResponseRedirect(reverse("me"))


@require_safe
@signed_in
def get(request: PhoneRequest) -> HttpResponse:
    """Show the banks of a site, or what could be had at one of them and why."""
    session, at = request.phone, request.at
    found = list(choices.sites(session, at))
    bank_id = number_of(request, "bank")
    bank = None
    if bank_id is not None:
        bank = Bank.objects.select_related("site").filter(pk=bank_id, site__in=found).first()
        if bank is None:
            raise Http404
    site = bank.site if bank else choices.site_of(session, found, number_of(request, "site"))
    near = " ".join(request.GET.get("near", "")[:60].split())
    facts = {"site": site, "sites": found, "bank": bank, "near": near, **common(request)}
    if site is not None:
        facts |= {"can_book": bookings.are_possible(site)}
    if bank is not None:
        offered = choices.of_bank(session, bank, (), at)
        facts |= {
            "choices": offered,
            "lists": _lists(bank, offered, request),
            "offers": _offers(bank, request),
        }
    elif site is not None:
        order = choices.near(site, near) if near else []
        facts |= {"banks": choices.banks(site, at, order), "is_near": bool(order)}
        facts |= {"areas": Area.objects.filter(site=site).order_by("position", "name", "pk")}
    return render(request, "me/get.html", facts)


def _lists(bank: Bank, offered: choices.Choices, request: PhoneRequest) -> list[Listed]:
    """Return the lists on which it is worth waiting: of what is taken, or waited for."""
    if offered.best is None and not offered.is_full:
        return []
    free = {one.size.pk for one in offered.sizes if one.size is not None}
    mine = {
        (one.site_id, one.area_id, one.size_id)
        for one in waiting.waiting_for(request.phone.person, request.at)
    }
    return [
        one
        for one in waiting.lists_at(bank.pk, request.at)
        if (one.size_id not in free or one.waiting)
        and (bank.site_id, bank.area_id, one.size_id) not in mine
    ]


@require_safe
@signed_in
def at_bank(request: PhoneRequest, label: str) -> HttpResponse:
    """Take the scan of a bank's label: for two minutes the person stands there."""
    try:
        bank = sessions.stand_at(session=request.phone, label=label, at=request.at)
    except NotYourLabel as refusal:
        return render(
            request, "me/over.html", {"refused": str(refusal)}, status=refusal.http_status
        )
    held = [
        one
        for one in holdings.held(request.phone, request.at)
        if one.claim.compartment.bank_id == bank.pk
    ]
    booked = [
        one
        for one in holdings.next_bookings(request.phone.person, request.at)
        if one.compartment.bank_id == bank.pk
    ]
    return render(
        request,
        "me/at.html",
        {
            "bank": bank,
            "holdings": held,
            "choices": choices.of_bank(request.phone, bank, (), request.at),
            "bookings": booked,
            "unconfirmed": holdings.unconfirmed(booked),
            "offers": _offers(bank, request),
            **common(request),
        },
    )


def _offers(bank: Bank, request: PhoneRequest) -> list[Offered]:
    """Return what is held for the person at a bank: that before anything else that is free."""
    told = waiting.waiting_for(request.phone.person, request.at)
    return [one.offer for one in told if one.offer is not None and one.offer.bank_id == bank.pk]


@require_safe
@signed_in
def show_pass(request: PhoneRequest) -> HttpResponse:
    """Show the pass that is good now as a QR code, or offer to make one."""
    given = passes.current(request.phone, request.at)
    code = ""
    if given is not None:
        drawn = segno.make_qr(signed.text_of(given), error="q")
        svg = drawn.svg_inline(border=4, dark="#000", light="#fff", omitsize=True)
        code = mark_safe(svg)
    return render(request, "me/pass.html", {"given": given, "code": code, **common(request)})


@require_safe
@signed_in
def history(request: PhoneRequest) -> HttpResponse:
    """Show what somebody had, and how each ended."""
    rows = histories.history(request.phone.person, request.at)
    return render(request, "me/history.html", {"rows": rows, **common(request)})


@require_safe
@signed_in
def more(request: PhoneRequest) -> HttpResponse:
    """Show who is signed in here, and how to sign out."""
    others = sessions.others(request.phone)
    return render(request, "me/more.html", {"others": others, **common(request)})


def number_of(request: HttpRequest, name: str) -> int | None:
    """Return a number of the address, or None; raises Http404 for what is none."""
    text = request.GET.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Http404
    return int(text)


def _share_until(request: PhoneRequest, holding: holdings.Holding) -> str:
    """Return a time to share until, as a form writes it: the end, or tonight."""
    zone = holding.claim.compartment.bank.site.zone
    local = request.at.astimezone(zone)
    tonight = local.replace(hour=23, minute=59, second=0, microsecond=0)
    due = holding.claim.due_at
    until = min(tonight, due.astimezone(zone)) if due is not None else tonight
    return until.strftime("%Y-%m-%dT%H:%M")


def common(request: PhoneRequest) -> dict[str, object]:
    """Return what every page needs: who is signed in, as of when, and where they stand."""
    return {
        "me": request.phone,
        "at": request.at,
        "here": sessions.stands_at(request.phone, request.at),
        "path": request.path,
    }
