"""The terminal's addresses for what a holder does besides: keep it longer, share it, wait."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

from django.utils.translation import gettext as _

from access.errors.badges import BadRead
from audit.errors import Refusal
from kiosk import holds, offers, untils
from kiosk.authentication import Here
from kiosk.errors import Malformed, ScanTaken
from kiosk.services import scans, uses
from kiosk.services.scans import Stands
from kiosk.views.acting import acting, hold_of, id_in, number_in, text_in, who_in
from occupancy.services.claims.claiming import Claimed


def _renew(here: Here, body: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """Keep a door for another term."""
    who, claim_id = who_in(here, body, at), number_in(body, "claim")
    seen = text_in(body, "ends_at") if "ends_at" in body else None
    is_longer = uses.renew(here=here, who=who, claim_id=claim_id, at=at, seen=seen)
    return {**hold_of(here, who, claim_id, at), "renewed": is_longer}


def _share(here: Here, body: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """Let whoever holds their badge to the reader open a door too."""
    who = who_in(here, body, at)
    with_id = _other(here, body, at)
    claim_id = number_in(body, "claim")
    shared = uses.share(here=here, who=who, claim_id=claim_id, with_id=with_id, at=at)
    return {
        **hold_of(here, who, claim_id, at),
        "with": shared.initials,
        "until_time": untils.when(shared.until, zoneinfo.ZoneInfo(here.time_zone), at),
    }


def _other(here: Here, body: dict[str, Any], at: dt.datetime) -> int:
    """Return whose badge is held to the reader; what is wrong with it is not the holder's."""
    try:
        if "with_scan" in body:
            other = scans.take(here=here, scan_id=id_in(body, "with_scan"), at=at)
            scans.end(here=here, scan_id=other.pk, at=at)
            return other.person_id
        return scans.beside(here=here, raw=text_in(body, "badge"), at=at)
    except (BadRead, Malformed, ScanTaken):
        raise
    except Refusal as refusal:
        refusal.sentence = _("That badge is no good here. Try another, or ask reception.")
        raise


def _end_share(here: Here, body: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """Let somebody open a door no longer."""
    who = who_in(here, body, at)
    claim_id = uses.end_share(here=here, who=who, share_id=number_in(body, "share"), at=at)
    return hold_of(here, who, claim_id, at)


def _join(here: Here, body: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """Join the waiting list for a size."""
    who = who_in(here, body, at)
    place = uses.join(here=here, who=who, size_id=number_in(body, "size"), at=at)
    wait = place.expected
    said = "" if wait is None else _("It takes about %(wait)s.") % {"wait": untils.about(wait)}
    return {"place": place.position, "wait": said}


def _accept(here: Here, body: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """Take the door that was kept for whoever waited."""
    who, scan = who_in(here, body, at), str(id_in(body, "scan"))
    claimed = uses.accept(here=here, who=who, offer_id=number_in(body, "offer"), scan=scan, at=at)
    return begun(here, who, claimed, scan, at)


def _decline(here: Here, body: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """Say no to the door that was kept for whoever waited."""
    uses.decline(who=who_in(here, body, at), offer_id=number_in(body, "offer"), at=at)
    return {}


def _check_in(here: Here, body: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """Begin what was booked."""
    who, scan = who_in(here, body, at), str(id_in(body, "scan"))
    claimed = uses.check_in(here=here, who=who, claim_id=number_in(body, "claim"), scan=scan, at=at)
    return begun(here, who, claimed, scan, at)


def begun(
    here: Here, who: Stands, claimed: Claimed, scan: str | None, at: dt.datetime
) -> dict[str, Any]:
    """Return a use that has just begun, as the page takes it."""
    hold = holds.begun(here, claimed, at)
    told = hold_of(here, who, claimed.claim_id, at) if hold is None else hold.told()
    return {
        **told,
        "scan": scan,
        "command": str(claimed.command_id),
        "because": offers.because(claimed.because),
    }


renew = acting(_renew)
share = acting(_share)
end_share = acting(_end_share)
check_in = acting(_check_in)
join = acting(_join)
accept = acting(_accept)
decline = acting(_decline)
