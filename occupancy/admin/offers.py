"""Doors that are, or were, held for whoever is next on a waiting list."""

from __future__ import annotations

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from lockers.scoping import ScopedRelatedFilter, SiteScopedAdmin
from occupancy.models import Offer


@admin.register(Offer)
class OfferAdmin(SiteScopedAdmin):
    """Made and ended by the waiting list itself; nobody is moved up here."""

    is_history = True
    site_path = "claim__compartment__bank__site"
    bank_path = "claim__compartment__bank"
    list_display = ["person", "door", "made_at", "held_until", "state"]
    list_filter = [
        ("closed_at", admin.EmptyFieldListFilter), "closed_how", "made_at",
        ("claim__compartment__bank__site", ScopedRelatedFilter),
    ]  # fmt: skip
    search_fields = ["entry__person__family_name", "entry__person__given_name",
                     "claim__compartment__number"]  # fmt: skip
    list_select_related = ["entry__person", "claim__compartment__bank"]
    fields = ["person", "door", "made_at", "held_until", "state", "closed_at"]
    readonly_fields = ["person", "door", "held_until", "state"]
    show_full_result_count = False

    @admin.display(description=_("person"), ordering="entry__person__family_name")
    def person(self, offer: Offer) -> str:
        return str(offer.entry.person)

    @admin.display(description=_("door"), ordering="claim__compartment__number")
    def door(self, offer: Offer) -> str:
        return f"{offer.claim.compartment.bank.name} {offer.claim.compartment.number}"

    @admin.display(description=_("held until"), ordering="claim__ends_at")
    def held_until(self, offer: Offer) -> object:
        return offer.claim.ends_at

    @admin.display(description=_("state"))
    def state(self, offer: Offer) -> str:
        """Say what became of it; one whose time is over has lapsed, tidied up or not."""
        if offer.closed_at is not None:
            return str(offer.get_closed_how_display())
        at = timezone.now()
        ends_at, starts_at = offer.claim.ends_at, offer.claim.starts_at
        if ends_at is not None and ends_at <= at:
            return _now("lapsed")
        return _now("waits for an answer") if starts_at <= at else _now("not told yet")
