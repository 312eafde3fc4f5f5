"""Who may use which model in the administration; its pages follow from the model.

A model that is registered and not classed here fails the test, and so does a page of a model
that is neither one of Django's own nor of import and export.
"""

from __future__ import annotations

# Only superusers: log-ins and their groups, tokens, the job queue.
SUPERUSER_ONLY = {
    "access.User",
    "auth.Group",
    "authtoken.TokenProxy",
    "django_q.Failure",
    "django_q.OrmQ",
    "django_q.Schedule",
    "django_q.Success",
}
# Staff of a site, each row only to the staff of its own: the way from a row to its site.
# Rows of an organisation belong to the staff of any of its sites.
BY_SITE = {
    "access.Credential": "person__organisation__sites",
    "access.Department": "organisation__sites",
    "access.Grant": "compartment__bank__site",
    "access.Group": "organisation__sites",
    "access.Hold": "person__organisation__sites",
    "access.Person": "organisation__sites",
    "access.Role": "organisation__sites",
    "access.SiteUserPermission": "content_object",
    "audit.Event": "site_id",
    "kiosk.Terminal": "bank__site",
    "lockers.Area": "site",
    "lockers.Bank": "site",
    "lockers.BankOpening": "bank__site",
    "lockers.Bridge": "site",
    "lockers.BridgePresence": "bridge__site",
    "lockers.Door": "compartment__bank__site",
    "lockers.Command": "compartment__bank__site",
    "lockers.Compartment": "bank__site",
    "lockers.Controller": "bridge__site",
    "lockers.LockEvent": "bridge__site",
    "lockers.OpeningHours": "site",
    "lockers.Organisation": "sites",
    "lockers.Reader": "bank__site",
    "lockers.Site": "pk",
    "lockers.Size": "organisation__sites",
    "lockers.SpecialDay": "site",
    "occupancy.Assignment": "compartment__bank__site",
    "occupancy.Claim": "compartment__bank__site",
    "occupancy.Policy": "organisation__sites",
}
LISTS = {"changelist", "add", "import", "export", "process_import"}
OBJECTS = {"change", "delete", "history", "old_change"}
# Pages that a model adds: "app.Model page".
MORE_LISTS: set[str] = {"lockers.Bank new_from_layout"}
MORE_OBJECTS: set[str] = {
    "access.Person issue_badge",
    "access.Person place_hold",
    "access.Person set_pin",
    "access.User <id>/password/",
}
