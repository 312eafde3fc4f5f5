"""The pages of the live map."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from lockers.models import Site
from lockers.scoping import MAINTAIN, places_of
from occupancy import selectors
from occupancy.choices import Shown
from occupancy.live import frames
from occupancy.views.changes import LARGEST_ID, user_of

# What map.js imports: asked for together with it, not after it.
_SCRIPT = ["drawing", "find", "list", "panel", "plan", "socket"]
_SCRIPT += ["state", "tip", "voice", "walk", "words"]


@login_required
@require_safe
def first(request: HttpRequest) -> HttpResponse:
    """Go to the first site that this log-in may see."""
    site = selectors.sites_for(user_of(request)).order_by("name", "pk").first()
    if site is None:
        return render(request, "map/nothing.html", status=404)
    return redirect("map-site", site.pk)


@login_required
@require_safe
def site(request: HttpRequest, site_id: int) -> HttpResponse:
    """Show a site's map; what stands on it comes through the websocket."""
    sites = selectors.sites_for(user_of(request)).order_by("name", "pk")
    place = _visible(sites, site_id)
    return render(
        request,
        "map/site.html",
        {
            "site": place,
            "sites": sites,
            "words": _words(),
            "may_repair": places_of(user_of(request), MAINTAIN).exists(),
            "may_end_day": selectors.may(user_of(request), "recover_site", place.pk),
            "states": [{"value": s.value, "label": s.label} for s in Shown],
            "parts": [f"js/map_{part}.js" for part in _SCRIPT],
        },
    )


@login_required
@require_safe
def drawing(request: HttpRequest, site_id: int) -> HttpResponse:
    """Answer what the map is drawn from: places and shapes, no states."""
    place = _visible(selectors.sites_for(user_of(request)), site_id)
    part = selectors.seen_part(user_of(request), place.pk)
    seen = selectors.site_map(place.pk, timezone.now(), only=part)
    return HttpResponse(
        frames.encode(frames.drawing(seen.banks, seen.doors)), content_type="application/json"
    )


def _visible(sites: QuerySet[Site], site_id: int) -> Site:
    place = sites.filter(pk=min(site_id, LARGEST_ID)).first()
    if place is None:
        raise Http404
    return place


def _words() -> dict[str, object]:
    """Return every word that the page's script says."""
    return {
        "states": {str(state.value): str(state.label) for state in Shown},
        "doors": {"open": _("open"), "closed": _("closed"), "unknown": _("door not known")},
        "reasons": {
            "bridge_silent": _("these lockers cannot be reached"),
            "board_silent": _("its lock board does not answer"),
            "forced_open": _("opened and nobody asked"),
            "fault": _("reported as faulty"),
            "free_but_open": _("free, but the door was left open"),
            "door_unreadable": _("the door cannot be read"),
            "stuck": _("did not open again and again"),
        },
        "marks": {
            "low": _("low, accessible"),
            "wide": _("wide"),
            "charging": _("charging"),
            "ventilated": _("ventilated"),
            "ppe": _("for protective equipment"),
        },
        "locks": {"keyed": _("key"), "combination": _("combination"), "electronic": _("not wired")},
        "door": _("Door {number}"),
        "free_of": _("{free} of {total} free"),
        "bank": _("Bank {name}"),
        "no_area": _("Elsewhere on this site"),
        "free_count": _("{free} free"),
        "to_check": _("to check"),
        "not_known": _("Not known"),
        "until": _("until {time}"),
        "was_due": _("was due back {time}"),
        "fault": _("Hardware fault"),
        "fault_of": _("Hardware fault at bank {name}: what to do"),
        "unreachable": _("These lockers cannot be reached: what they do now is not known."),
        "summary": _("{count} doors changed. {free} of {total} free."),
        "summary_one": _("Door {number}: {state}. {free} of {total} free."),
        "list_number": _("Door"),
        "list_state": _("State"),
        "list_door": _("Stands"),
        "list_size": _("Size"),
        "list_more": _("More"),
        "none_found": _("No door has that number."),
        "found_one": _("1 door matches."),
        "found": _("{count} doors match."),
        "opening_requested": _("{by} asks to open every door in bank {name}: {reason}"),
        "opening_confirmed": _("Every door in bank {name} is being opened by staff: {reason}"),
        "more": _("More"),
        "bank_actions": _("More about bank {name}"),
        "look": _("Look"),
        "live": _("Live"),
        "not_live": _("Not live"),
        "reconnecting": _("Reconnecting: what you see may be old."),
        "stale": _("The database cannot be read: what you see may be old."),
        "gone": _("You can no longer see this site."),
        "failed": _("The server did not answer. Try again."),
    }
