"""Makes of banks, controllers, locks and terminals; and what work costs."""

from __future__ import annotations

from django.contrib import admin

from lockers.scoping import ScopedRelatedFilter, SiteScopedAdmin
from maintenance.models import AssetModel, CostRules


@admin.register(AssetModel)
class AssetModelAdmin(SiteScopedAdmin):
    organisation_path = "organisation"
    is_shared = True
    list_display = ["name", "maker", "kind", "lock_kind", "life_years", "life_cycles",
                    "replacement_cost"]  # fmt: skip
    list_filter = ["kind", "lock_kind", ("organisation", ScopedRelatedFilter)]
    search_fields = ["name", "maker"]


@admin.register(CostRules)
class CostRulesAdmin(SiteScopedAdmin):
    organisation_path = "organisation"
    list_display = ["organisation", "labour_rate", "currency"]
    list_select_related = ["organisation"]
