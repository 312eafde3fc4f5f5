"""Assets, upgrades and banks that go, for the tables of who may what."""

from __future__ import annotations

from tests.permissions.rules import May, Rule, bank, door

BY_SITE = {
    "maintenance.Asset": "site",
    "maintenance.AssetModel": "organisation__sites",
    "maintenance.CostRules": "organisation__sites",
    "maintenance.Decommissioning": "bank__site",
    "maintenance.UpgradeDoor": "plan__site",
    "maintenance.UpgradePlan": "site",
}
MORE_LISTS = {
    "maintenance.Asset of_bank",
    "maintenance.Asset replacements",
    "maintenance.Asset replacements_csv",
    "maintenance.Decommissioning begin",
}
MORE_OBJECTS = {
    *(
        f"maintenance.Asset {verb}"
        for verb in ("deliver", "dispose", "install", "move", "note", "order", "remove", "replace")
    ),
    "maintenance.Decommissioning call_off",
    "maintenance.Decommissioning step",
    "maintenance.UpgradeDoor done",
    "maintenance.UpgradePlan add_doors",
    "maintenance.UpgradePlan close",
    "maintenance.UpgradePlan progress",
}
PAGES = {
    "door-history": Rule(May.SITE_VIEW, there=door),
    "door-labels": Rule(May.SITE_MANAGE, there=bank),
}
# Makes are shared by an organisation; what work costs is read by the staff of its sites.
VOCABULARY = {"maintenance.AssetModel"}
OF_ORGANISATION = {"maintenance.CostRules"}
BY_AREA = {
    "maintenance.Asset": "bank__area",
    "maintenance.Decommissioning": "bank__area",
    "maintenance.UpgradeDoor": "compartment__bank__area",
}
NOT_IN_AREAS = {"maintenance.CostRules", "maintenance.UpgradePlan"}
TYPED = {"certificate", "installed_by", "maker", "order_number", "supplier"}
