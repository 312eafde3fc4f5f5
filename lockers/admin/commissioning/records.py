"""What was commissioned and asked, to read."""

from __future__ import annotations

from django.contrib import admin

from lockers.models import Commissioning, Inquiry
from lockers.scoping import ScopedRelatedFilter, SiteScopedAdmin


@admin.register(Commissioning)
class CommissioningAdmin(SiteScopedAdmin):
    is_history = True
    site_path = "bank__site"
    bank_path = "bank"
    list_display = ["begun_at", "bank", "door", "state", "version", "finished_at"]
    list_filter = ["state", ("bank", ScopedRelatedFilter)]
    list_select_related = ["bank", "door"]


@admin.register(Inquiry)
class InquiryAdmin(SiteScopedAdmin):
    is_history = True
    site_path = "bridge__site"
    bank_path = "bridge__banks"
    list_display = ["asked_at", "bridge", "kind", "answered_at", "error"]
    list_filter = ["kind", ("bridge", ScopedRelatedFilter), "asked_at"]
    list_select_related = ["bridge"]
    show_full_result_count = False
