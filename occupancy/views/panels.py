"""The panel of a door as it is drawn: its story, and what this log-in may do about it now."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from access.models import Incident, KeyHolding, User
from audit.services.idempotency import Reply
from lockers import selectors as hardware
from lockers.choices import LockKind
from lockers.models import Compartment
from lockers.scoping import OPERATE, VIEW, banks_of, sites_of
from occupancy import selectors
from occupancy.models import Recovery, SearchOpening, Share
from occupancy.selectors import Story
from occupancy.services import keeping
from occupancy.services.claims import renewals
from occupancy.services.custody import searches, sharing
from occupancy.services.policies import givable
from occupancy.views.changes import user_of


def panel(request: HttpRequest, door: Compartment, reply: Reply | None = None) -> HttpResponse:
    """Draw the panel of a door, with the answer to what was asked."""
    at = timezone.now()
    user = user_of(request)
    story = selectors.compartment_story(door.pk, at)
    recovery = (
        Recovery.objects.filter(closed_at__isnull=True, claim=story.claim).first()
        if story.claim
        else None
    )
    may_operate = selectors.may_at(user, "operate_site", door.bank_id)
    return render(
        request,
        "map/_door.html",
        {
            "story": story,
            **_incidents(user, door, story.claim.holder_id if story.claim else None),
            "site": door.bank.site,
            "may_operate": may_operate,
            "may_override": selectors.may_at(user, "override_site", door.bank_id),
            "may_recover": selectors.may_at(user, "recover_site", door.bank_id),
            "recovery": recovery,
            "faults": hardware.faults_of_door(door, at),
            "unconfirmed": _is_unconfirmed(story),
            **(_custody(user, story, recovery, at) if may_operate else {}),
            **_search(user, story, at),
            "reply": reply,
            "at": at,
        },
        status=reply.status if reply else 200,
    )


def _is_unconfirmed(story: Story) -> bool:
    """Say whether a claim is shown that its lockers do not have, because they are cut off."""
    shown = [claim.pk for claim in (story.claim, story.next_claim) if claim is not None]
    return bool(keeping.deciding_alone([story.compartment.bank_id]) and keeping.pending(shown))


def _custody(
    user: User, story: Story, recovery: Recovery | None, at: dt.datetime
) -> dict[str, Any]:
    """Return what can be done about who has the door, only what would work."""
    door, claim = story.compartment, story.claim
    told: dict[str, Any] = {"keys_out": _keys_out(door)}
    if not story.is_held or claim is None:
        is_free = story.state.allocation == "free" and not story.is_held
        is_in_use = story.compartment.service_status == "in_service"
        told["decides_alone"] = bool(keeping.deciding_alone([door.bank_id]))
        told["givable"] = givable.policies_for(door) if is_free and is_in_use else []
        return told
    told["shares"] = list(
        Share.objects.filter(sharing.in_force(at), claim=claim).select_related("person")
    )
    if recovery is not None or (claim.due_at is not None and claim.due_at <= at):
        return told
    policy = claim.policy
    is_persons = claim.holder_id is not None and policy is not None
    told["can_move"] = True
    told["can_transfer"] = is_persons
    told["can_renew"] = is_persons and renewals.has_terms_left(claim)
    told["can_share"] = is_persons and policy is not None and policy.may_share
    told["banks"] = list(
        banks_of(user, OPERATE)
        .filter(site__organisation=door.bank.site.organisation_id)
        .select_related("site")
        .order_by("site__name", "position", "name")
    )
    told["latest"] = claim.ends_at
    return told


def _search(user: User, story: Story, at: dt.datetime) -> dict[str, Any]:
    """Return what waits for a second adult, or for its outcome, for who may know of it."""
    waits = (
        SearchOpening.objects.filter(searches.to_see_to(at), compartment=story.compartment)
        .select_related("requested_by")
        .order_by("-pk")
        .first()
    )
    told: dict[str, Any] = {
        "can_search": story.is_held and story.claim is not None and bool(story.claim.holder_id)
    }
    if waits is None or not user.is_staff:
        return told
    is_theirs = user.pk in (waits.requested_by_id, waits.confirmed_by_id)
    may = selectors.may_at(user, "override_site", story.compartment.bank_id)
    if is_theirs or may:
        told |= {
            "search": waits,
            "search_url": reverse("admin:occupancy_searchopening_change", args=[waits.pk]),
            "can_confirm": waits.confirmed_at is None and may and not is_theirs,
        }
    return told


def _keys_out(door: Compartment) -> list[KeyHolding]:
    """Return who has a key to a door that is opened by one."""
    if door.lock_kind != LockKind.KEYED:
        return []
    return list(
        KeyHolding.objects.filter(returned_at__isnull=True, key__lock__compartment=door)
        .select_related("key", "person")
        .order_by("key__copy")
    )


def _incidents(user: User, door: Compartment, holder_id: int | None) -> dict[str, Any]:
    """Return how many incidents are open, and where to read and report them, for who may."""
    site_id = door.bank.site_id
    if not user.is_staff or not sites_of(user, VIEW).filter(pk=site_id).exists():
        return {}
    known = urlencode({"compartment__id__exact": door.pk, "closed_at__isempty": 1})
    told: dict[str, Any] = {
        "open_incidents": Incident.objects.filter(compartment=door, closed_at__isnull=True).count(),
        "incidents_url": f"{reverse('admin:access_incident_changelist')}?{known}",
    }
    if door.lock_kind == LockKind.KEYED:
        words = urlencode({"q": f"{door.bank.name} {door.number}"})
        told["keys_url"] = f"{reverse('admin:access_key_changelist')}?{words}"
    if sites_of(user, OPERATE).filter(pk=site_id).exists():
        about = {"site": site_id, "compartment": door.pk, "person": holder_id or ""}
        told["report_url"] = f"{reverse('admin:access_incident_add')}?{urlencode(about)}"
    return told
