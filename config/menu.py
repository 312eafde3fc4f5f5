"""The administration's menu: by what people come to do, only with what they may see."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from config import waiting
from lockers.scoping import MAINTAIN, places_of

# Group, then "app.Model" with the name of its Material symbol.
GROUPS: list[tuple[str, list[tuple[str, str]]]] = [
    (gettext_noop("Use"), [
        ("occupancy.Claim", "key"),
        ("occupancy.Reservation", "event"),
        ("occupancy.Series", "event_repeat"),
        ("occupancy.WaitingEntry", "hourglass_top"),
        ("occupancy.Offer", "hourglass_bottom"),
        ("occupancy.Share", "group"),
        ("occupancy.AloneUse", "cloud_off"),
        ("occupancy.Recovery", "door_back"),
        ("occupancy.LostItem", "umbrella"),
        ("occupancy.Policy", "rule"),
        ("occupancy.CompartmentGroup", "select_all"),
        ("audit.Event", "history"),
    ]),
    (gettext_noop("People"), [
        ("access.Person", "person"),
        ("access.Credential", "badge"),
        ("access.Pass", "qr_code_2"),
        ("kiosk.PhoneSession", "smartphone"),
        ("access.Grant", "lock_open"),
        ("access.Hold", "front_hand"),
        ("access.Throttle", "pin"),
        ("access.Incident", "report"),
        ("access.Group", "groups"),
        ("access.Department", "apartment"),
        ("access.Role", "work"),
    ]),
    (gettext_noop("School"), [
        ("access.Pupil", "school"),
        ("occupancy.Allotment", "casino"),
        ("occupancy.Allotted", "task_alt"),
        ("occupancy.Entry", "confirmation_number"),
        ("occupancy.Rollover", "moving"),
        ("occupancy.BookedSet", "luggage"),
        ("maintenance.Collection", "backpack"),
        ("maintenance.CollectionLine", "fact_check"),
        ("occupancy.SearchOpening", "group_add"),
        ("access.RegistrationGroup", "co_present"),
        ("access.YearGroup", "stairs"),
        ("access.House", "shield"),
        ("lockers.AcademicSession", "calendar_month"),
    ]),
    (gettext_noop("Coming and going"), [
        ("access.Visit", "emoji_people"),
        ("access.AccessRequest", "approval"),
        ("access.TemporaryAccess", "timer"),
        ("access.Run", "checklist"),
        ("access.Procedure", "fact_check"),
        ("access.VisitorRules", "rule_settings"),
        ("access.Notice", "mail"),
        ("access.NoticeRules", "bedtime"),
        ("access.ImportMapping", "view_column"),
    ]),
    (gettext_noop("Keys"), [
        ("access.Key", "vpn_key"),
        ("access.KeyHolding", "output"),
        ("access.MasterRelease", "how_to_reg"),
        ("access.KeyCount", "checklist"),
        ("access.Lock", "lock"),
        ("access.LockChangeRequest", "build"),
        ("access.KeyCharge", "payments"),
        ("access.MasterSet", "hub"),
        ("access.KeyRules", "rule_settings"),
    ]),
    (gettext_noop("Upkeep"), [
        ("maintenance.Ticket", "build"),
        ("maintenance.Round", "checklist_rtl"),
        ("maintenance.RoundPlan", "event_repeat"),
        ("maintenance.Battery", "battery_alert"),
        ("maintenance.Stock", "inventory_2"),
        ("maintenance.Part", "settings"),
        ("maintenance.Store", "warehouse"),
        ("maintenance.StockMove", "swap_vert"),
        ("maintenance.BatteryReading", "bolt"),
        ("maintenance.Asset", "inventory"),
        ("maintenance.AssetModel", "category"),
        ("maintenance.UpgradePlan", "upgrade"),
        ("maintenance.UpgradeDoor", "door_sliding"),
        ("maintenance.Decommissioning", "delete_forever"),
        ("maintenance.Checklist", "checklist"),
        ("maintenance.Team", "engineering"),
        ("maintenance.ServiceLevel", "schedule"),
        ("maintenance.CostRules", "payments"),
    ]),
    (gettext_noop("Estate"), [
        ("lockers.Organisation", "domain"),
        ("lockers.Site", "location_on"),
        ("lockers.Area", "layers"),
        ("lockers.Bank", "dresser"),
        ("lockers.Compartment", "door_front"),
        ("lockers.Size", "straighten"),
    ]),
    (gettext_noop("Devices"), [
        ("kiosk.Terminal", "tablet"),
        ("lockers.Bridge", "router"),
        ("lockers.Controller", "developer_board"),
        ("lockers.Commissioning", "cable"),
        ("lockers.Inquiry", "contact_support"),
        ("lockers.Reader", "contactless"),
        ("lockers.ReaderProfile", "badge"),
        ("lockers.Door", "sensor_door"),
        ("lockers.Command", "send"),
        ("lockers.LockEvent", "sensors"),
        ("lockers.BankOpening", "emergency_home"),
        ("lockers.BridgePresence", "wifi"),
    ]),
    (gettext_noop("Staff"), [
        ("access.User", "manage_accounts"),
        ("access.RoleAssignment", "shield_person"),
        ("authtoken.TokenProxy", "vpn_key"),
    ]),
    (gettext_noop("Jobs"), [
        ("django_q.Schedule", "schedule"),
        ("django_q.OrmQ", "pending_actions"),
        ("django_q.Success", "task_alt"),
        ("django_q.Failure", "error"),
    ]),
]  # fmt: skip


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the menu in the form that unfold draws; all but the first group fold away."""
    counts = waiting.counts(request)
    groups: list[dict[str, Any]] = [
        {"title": _(title), "items": _items(request, models, counts), "collapsible": place > 0}
        for place, (title, models) in enumerate(GROUPS)
    ]
    groups[0]["items"] = [
        {"title": _("Live map"), "icon": "map", "link": reverse("map")},
        *groups[0]["items"],
    ]
    devices = next(group for group in groups if group["title"] == _("Devices"))
    if devices["items"]:
        health = {
            "title": _("Health"),
            "icon": "monitor_heart",
            "link": reverse("admin:lockers_controller_health"),
        }
        devices["items"] = [health, *devices["items"]]
    if places_of(request.user, MAINTAIN).exists():
        upkeep = next(group for group in groups if group["title"] == _("Upkeep"))
        walk = {"title": _("On the phone"), "icon": "smartphone", "link": reverse("upkeep")}
        upkeep["items"] = [walk, *upkeep["items"]]
    for group in groups:
        # Seen while the group is folded, too.
        if work := sum(int(item.get("badge", 0)) for item in group["items"]):
            group["badge"] = str(work)
    return [group for group in groups if group["items"]]


def _items(
    request: HttpRequest, models: list[tuple[str, str]], counts: dict[str, int]
) -> list[dict[str, Any]]:
    items = []
    for label, icon in models:
        model = apps.get_model(label)
        if admin.site._registry[model].has_module_permission(request):
            address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
            name = str(model._meta.verbose_name_plural)
            item: dict[str, Any] = {
                "title": name[:1].upper() + name[1:],
                "icon": icon,
                "link": address,
            }
            if count := counts.get(label):
                item["badge"] = str(count)
            items.append(item)
    return items
