"""Policies, and who has had which compartment."""

from __future__ import annotations

from django.contrib import admin

from lockers.scoping import ScopedRelatedFilter, SiteScopedAdmin
from occupancy.models import Claim, Policy


@admin.register(Policy)
class PolicyAdmin(SiteScopedAdmin):
    site_path = "site"
    organisation_path = "organisation"
    bank_path = "bank"
    list_display = ["name", "organisation", "site", "bank", "model", "ends_at_time", "at_end",
                    "limit_per_person"]  # fmt: skip
    list_filter = ["model", ("site", ScopedRelatedFilter)]
    search_fields = ["name"]
    list_select_related = ["organisation", "site", "bank"]


@admin.register(Claim)
class ClaimAdmin(SiteScopedAdmin):
    is_history = True
    site_path = "compartment__bank__site"
    bank_path = "compartment__bank"
    list_display = ["starts_at", "compartment", "kind", "holder", "ends_at", "closed_at",
                    "closed_how"]  # fmt: skip
    list_filter = ["kind", "closed_how", "starts_at"]
    search_fields = ["compartment__number", "holder__family_name", "holder__given_name"]
    list_select_related = ["compartment", "holder"]
    show_full_result_count = False
