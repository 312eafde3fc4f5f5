"""Keys at the desk: issue and return with a signature, release, loss."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action

from access.admin.desk import OPERATE, Desk, local, staff, user_id
from access.choices import KeyStatus
from access.key_forms import IssueForm, LostForm, ReasonForm, RequestForm, ReturnForm
from access.models import Key, KeyHolding
from access.services import keys, lost_keys, master_keys
from access.services.lost_keys import LostKey
from lockers.scoping import MANAGE, ScopedRelatedFilter


class WhereFilter(admin.SimpleListFilter):
    """Where keys are: in the cabinet, out, overdue, lost or retired."""

    title = _("where")
    parameter_name = "where"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("cabinet", _("in the cabinet")), ("out", _("out")), ("overdue", _("overdue")),
                ("lost", _("lost")), ("retired", _("retired"))]  # fmt: skip

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        held = KeyHolding.objects.filter(key=OuterRef("pk"))
        match self.value():
            case "cabinet":
                out = Exists(held.filter(keys.OPEN))
                return queryset.filter(~out, status=KeyStatus.IN_USE)
            case "out":
                return queryset.filter(Exists(held.filter(keys.OPEN)))
            case "overdue":
                return queryset.filter(Exists(held.filter(keys.overdue(timezone.now()))))
            case "lost" | "retired" as status:
                return queryset.filter(status=status)
        return queryset


class KindFilter(admin.SimpleListFilter):
    title = _("opens")
    parameter_name = "opens"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("lock", _("one lock")), ("set", _("a master set"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        return queryset.filter(master_set__isnull=self.value() == "lock")


class CustodyInline(TabularInline):
    """Everybody who had the key, the latest first."""

    model = KeyHolding
    extra = 0
    can_delete = False
    verbose_name_plural = _("who had it")
    fields = ["person", "issued_at", "issued_by", "due_at", "returned_at", "returned_to",
              "ended_how"]  # fmt: skip
    readonly_fields = fields
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Key)
class KeyAdmin(Desk):
    """Keys are cut on the page of their lock or master set, handed out and taken back here."""

    site_path = "site"
    list_display = ["__str__", "hook", "where", "due_back", "site"]
    list_filter = [WhereFilter, KindFilter, ("site", ScopedRelatedFilter)]
    search_fields = ["lock__compartment__number", "lock__compartment__bank__name",
                     "master_set__name", "hook"]  # fmt: skip
    list_select_related = ["site__organisation", "lock__compartment__bank", "master_set"]
    fields = ["lock", "master_set", "copy", "hook", "site", "where", "due_back", "meanwhile"]
    readonly_fields = ["lock", "master_set", "copy", "site", "where", "due_back", "meanwhile"]
    inlines = [CustodyInline]
    actions_detail = ["issue", "request_release", "give_back", "report_lost", "found", "retire"]
    verb_rights = {
        "issue": OPERATE, "request_release": OPERATE, "give_back": OPERATE,
        "report_lost": OPERATE, "found": MANAGE, "retire": MANAGE,
    }  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        now = KeyHolding.objects.filter(keys.OPEN).select_related("person")
        return (
            super()
            .get_queryset(request)
            .select_related(*self.list_select_related)
            .prefetch_related(Prefetch("holdings", queryset=now, to_attr="held_now"))
        )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # what it did stays told: keys are retired

    def verbs_for(self, key: Key) -> set[str]:
        if key.status == KeyStatus.LOST:
            return {"found", "retire"}
        if key.status == KeyStatus.RETIRED:
            return set()
        if _holding(key) is not None:
            return {"give_back", "report_lost"}
        return {"request_release" if key.is_master else "issue", "report_lost", "retire"}

    @admin.display(description=_("where it is"))
    def where(self, key: Key) -> str:
        """Say who has it, or why nobody can."""
        if key.status != KeyStatus.IN_USE:
            return key.get_status_display()
        holding = _holding(key)
        return str(holding.person) if holding is not None else _now("in the cabinet")

    @admin.display(description=_("due back"))
    def due_back(self, key: Key) -> str:
        holding = _holding(key)
        if holding is None or holding.due_at is None:
            return "-"
        text = local(holding.due_at, key.site)
        return _now("overdue since %s") % text if holding.due_at <= timezone.now() else text

    @admin.display(description=_("also opens it, and is here"))
    def meanwhile(self, key: Key) -> str:
        """Name the keys in the cabinet that open the same."""
        return _ways(key) or "-"

    @action(description=_("Issue"), url_path="issue", icon="output")  # type: ignore[untyped-decorator]  # unfold brings no types
    def issue(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Hand the key to somebody who signs for it."""
        key, at = self.reachable(request, object_id), timezone.now()
        return self.form_page(
            request, key, title=_now("Issue a key"), button=_now("Issue"),
            form=IssueForm(request.POST or None, key=key, at=at),
            do=lambda form: keys.issue(
                key=key, person=form.cleaned_data["person"], due_at=form.due_at, at=at,
                signature=form.cleaned_data["signature"], actor=staff(request),
            ),
            done=lambda holding: _now("%s has the key now.") % holding.person,
        )  # fmt: skip

    @action(description=_("Ask for release"), url_path="request-release", icon="how_to_reg")  # type: ignore[untyped-decorator]  # unfold brings no types
    def request_release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for a master key; a second member of staff hands it out."""
        key = self.reachable(request, object_id)
        return self.form_page(
            request, key, title=_now("Ask for a master key"), button=_now("Ask"),
            form=RequestForm(request.POST or None, key=key),
            do=lambda form: master_keys.request_release(
                key=key, person=form.cleaned_data["person"], at=timezone.now(),
                reason=form.cleaned_data["reason"], user_id=user_id(request),
            ),
            done=lambda _: _now(
                "Asked. Another member of staff has to hand it out within 15 minutes, under"
                " “Releases of master keys”."
            ),
        )  # fmt: skip

    @action(description=_("Return"), url_path="return", icon="input")  # type: ignore[untyped-decorator]  # unfold brings no types
    def give_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take the key back."""
        key = self.reachable(request, object_id)
        return self.form_page(
            request, key, title=_now("Take a key back"), button=_now("Take back"),
            form=ReturnForm(request.POST or None), note=self.where(key),
            do=lambda form: keys.return_(
                key=key, signature=form.cleaned_data["signature"], actor=staff(request),
                at=timezone.now(),
            ),
            done=lambda _: _now("The key is back. Hang it on its hook."),
        )  # fmt: skip

    @action(description=_("Report lost"), url_path="lost", icon="key_off")  # type: ignore[untyped-decorator]  # unfold brings no types
    def report_lost(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go through the lost-key procedure."""
        key = self.reachable(request, object_id)
        rules = keys.rules_of(key.site)
        return self.form_page(
            request, key, title=_now("Report a key lost"), button=_now("Report lost"),
            form=LostForm(request.POST or None, initial={"amount_minor": rules.charge_minor}),
            note=_now("Whoever has it is charged in %s, every lock it opens is asked to be"
                      " changed, and you are told what opens it meanwhile.") % rules.currency,
            do=lambda form: lost_keys.report_lost(
                key=key, reason=form.cleaned_data["reason"], actor=staff(request),
                charge_minor=form.cleaned_data["amount_minor"], at=timezone.now(),
            ),
            done=_told,
        )  # fmt: skip

    @action(description=_("Found again"), url_path="found", icon="search_check")  # type: ignore[untyped-decorator]  # unfold brings no types
    def found(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Hang a lost key back onto its hook."""
        key = self.reachable(request, object_id, MANAGE)
        return self.form_page(
            request, key, title=_now("A lost key was found"), button=_now("Found"),
            form=ReasonForm(request.POST or None),
            note=_now("The lock change stays asked for: the key may have been copied."),
            do=lambda form: keys.found(
                key=key, reason=form.cleaned_data["reason"], actor=staff(request),
                at=timezone.now(),
            ),
        )  # fmt: skip

    @action(description=_("Retire"), url_path="retire", icon="delete")  # type: ignore[untyped-decorator]  # unfold brings no types
    def retire(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take the key out of use for good."""
        key = self.reachable(request, object_id, MANAGE)
        return self.form_page(
            request, key, title=_now("Retire a key"), button=_now("Retire"),
            form=ReasonForm(request.POST or None),
            do=lambda form: keys.retire(
                key=key, reason=form.cleaned_data["reason"], actor=staff(request),
                at=timezone.now(),
            ),
        )  # fmt: skip


def _holding(key: Key) -> KeyHolding | None:
    held: list[KeyHolding] = getattr(key, "held_now", [])
    return held[0] if held else None


def _ways(key: Key) -> str:
    ways = lost_keys.ways_in(key)
    masters = [_now("%s (two people)") % one for one in ways.masters]
    return ", ".join([*map(str, ways.spares), *masters])


def _told(lost: LostKey) -> list[str]:
    """Say what a report led to, and what to do now."""
    said = [_now("The key is reported lost.")]
    if lost.charge is not None:
        said.append(
            _now("%(person)s owes %(amount)s.")
            % {"person": lost.charge.person, "amount": lost.charge}
        )
    if lost.changes:
        locks = ", ".join(str(change.lock) for change in lost.changes[:5])
        said.append(_now("A lock change was asked for: %s.") % locks)
    ways = [*lost.ways_in.spares, *lost.ways_in.masters]
    said.append(
        _now("In the cabinet and opens it meanwhile: %s.") % ", ".join(map(str, ways))
        if ways
        else _now("No other key in the cabinet opens it: have the lock opened for the holder.")
    )
    return said
