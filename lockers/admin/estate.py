"""Organisations, sites, areas, sizes, banks and compartments."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from lockers.admin.commissioning import CommissionPage
from lockers.admin.layout import LayoutPage, draw
from lockers.admin.panels import WithPanels
from lockers.importing.pages import ScopedImportExport
from lockers.imports import CompartmentRows
from lockers.models import (
    Area,
    Bank,
    Compartment,
    OpeningHours,
    Organisation,
    Site,
    Size,
    SpecialDay,
)
from lockers.scoping import ScopedRelatedFilter, SiteScopedAdmin


@admin.register(Organisation)
class OrganisationAdmin(SiteScopedAdmin):
    organisation_path = ""
    is_shared = True
    list_display = ["name"]
    search_fields = ["name"]


class OpeningHoursInline(TabularInline):
    model = OpeningHours
    extra = 0


class SpecialDayInline(TabularInline):
    model = SpecialDay
    extra = 0


@admin.register(Site)
class SiteAdmin(WithPanels, SiteScopedAdmin):
    site_path = ""
    is_shared = True
    list_display = ["name", "organisation", "kind", "time_zone"]
    list_filter = ["kind"]
    search_fields = ["name"]
    list_select_related = ["organisation"]
    inlines = [OpeningHoursInline, SpecialDayInline]


@admin.register(Area)
class AreaAdmin(SiteScopedAdmin):
    site_path = "site"
    area_path = ""
    list_display = ["name", "kind", "site", "parent", "position"]
    list_filter = ["kind", ("site", ScopedRelatedFilter)]
    search_fields = ["name"]
    list_select_related = ["site", "parent"]


@admin.register(Size)
class SizeAdmin(SiteScopedAdmin):
    organisation_path = "organisation"
    is_shared = True
    list_display = ["name", "rank", "fits", "organisation"]
    search_fields = ["name"]
    list_select_related = ["organisation"]


@admin.register(Bank)
class BankAdmin(WithPanels, CommissionPage, LayoutPage):
    site_path = "site"
    bank_path = ""
    list_display = ["name", "site", "area", "bridge", "directions"]
    list_filter = [("site", ScopedRelatedFilter)]
    search_fields = ["name", "directions", "nearby"]
    list_select_related = ["site", "area", "bridge"]
    readonly_fields = ["drawing"]

    @admin.display(description=_("as it stands"))
    def drawing(self, bank: Bank) -> SafeString | str:
        """Draw the doors in their true proportion."""
        doors = list(bank.compartments.all()) if bank.pk else []
        if not doors:
            return "-"
        return draw(bank.name, ((door.number, door) for door in doors))


@admin.register(Compartment)
class CompartmentAdmin(WithPanels, ScopedImportExport):
    resource_classes = [CompartmentRows]
    site_path = "bank__site"
    bank_path = "bank"
    list_display = ["number", "bank", "size", "lock_kind", "service_status", "controller",
                    "channel", "floor_mm"]  # fmt: skip
    list_filter = [
        "service_status", "lock_kind", "is_accessible", "has_charging", "is_ventilated", "is_ppe",
        ("bank", ScopedRelatedFilter), ("size", ScopedRelatedFilter),
    ]  # fmt: skip
    search_fields = ["number", "bank__name", "service_note"]
    list_select_related = ["bank", "size", "controller"]
    list_per_page = 100
    # Taking a door out of service asks who has it, on the map and in the API: one write path.
    readonly_fields = ["service_status", "service_note"]
