"""Master keys: what they open, their release by two people, and the counting of the cabinet."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action

from access.admin.desk import OPERATE, Desk, local, staff, user_id
from access.admin.locks import KeysInline
from access.choices import CountResult, ReleaseStatus
from access.key_forms import CutForm, SignedForm
from access.models import KeyCount, KeyCountLine, KeyHolding, KeyRules, MasterRelease, MasterSet
from access.services import keys, master_keys
from audit.errors import Refusal
from lockers.models import Bank
from lockers.scoping import MANAGE, ScopedRelatedFilter, SiteScopedAdmin, sites_of


@admin.register(KeyRules)
class KeyRulesAdmin(SiteScopedAdmin):
    site_path = "site"
    list_display = ["site", "count_every_days", "master_out_hours", "charge_minor", "currency"]
    list_select_related = ["site"]


@admin.register(MasterSet)
class MasterSetAdmin(Desk):
    site_path = "site"
    list_display = ["name", "site"]
    list_filter = [("site", ScopedRelatedFilter)]
    search_fields = ["name"]
    list_select_related = ["site"]
    filter_horizontal = ["banks"]
    inlines = [KeysInline]
    actions_detail = ["cut"]
    verb_rights = {"cut": MANAGE}

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "banks":
            kwargs["queryset"] = Bank.objects.filter(
                site__in=sites_of(request.user, MANAGE)
            ).select_related("site")
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["site"] if obj is not None else []  # its keys hang in that site's cabinet

    @action(description=_("Add keys"), url_path="cut", icon="vpn_key")  # type: ignore[untyped-decorator]  # unfold brings no types
    def cut(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Register new copies of the master key."""
        master_set = self.reachable(request, object_id, MANAGE)
        return self.form_page(
            request, master_set, title=_now("Add keys"), form=CutForm(request.POST or None),
            do=lambda form: keys.cut(
                opens=master_set, actor=staff(request), at=timezone.now(), **form.cleaned_data
            ),
        )  # fmt: skip


class WaitingFilter(admin.SimpleListFilter):
    title = _("waiting")
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("me", _("for a second person: you")), ("any", _("for a second person"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() is None:
            return queryset
        waiting = queryset.filter(master_keys.waiting(timezone.now()))
        return waiting.exclude(requested_by=request.user.pk) if self.value() == "me" else waiting


@admin.register(MasterRelease)
class MasterReleaseAdmin(Desk):
    """Who asked for a master key, who handed it out, who had it and when it came back."""

    is_history = True
    site_path = "key__site"
    list_display = ["key", "person", "state", "requested_by", "confirmed_by", "requested_at",
                    "came_back"]  # fmt: skip
    list_filter = [WaitingFilter, "status", ("key__site", ScopedRelatedFilter)]
    search_fields = ["key__master_set__name", "person__given_name", "person__family_name",
                     "reason"]  # fmt: skip
    list_select_related = ["key__master_set", "key__site", "person", "requested_by",
                           "confirmed_by", "holding"]  # fmt: skip
    actions_detail = ["confirm", "cancel"]
    verb_rights = {"confirm": OPERATE, "cancel": OPERATE}

    def verbs_for(self, release: MasterRelease) -> set[str]:
        return {"confirm", "cancel"} if _is_waiting(release) else set()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Say first what waits for whoever looks."""
        for release in (
            self.get_queryset(request)
            .filter(master_keys.waiting(timezone.now()))
            .filter(self.rows(request.user, OPERATE))
            .exclude(requested_by=request.user.pk)
            .select_related("key__master_set", "person", "requested_by")
        ):
            messages.info(
                request,
                format_html(
                    '{} <a class="underline" href="{}">{}</a>',
                    _now("%(who)s asks for %(key)s, for %(person)s: %(reason)s.")
                    % {"who": release.requested_by, "key": release.key,
                       "person": release.person, "reason": release.reason},
                    reverse("admin:access_masterrelease_confirm", args=[release.pk]),
                    _now("Hand it out"),
                ),
            )  # fmt: skip
        answer: HttpResponse = super().changelist_view(request, extra_context)
        return answer

    @admin.display(description=_("state"))
    def state(self, release: MasterRelease) -> str:
        """Say where it stands; a request that nobody confirmed in time is over."""
        if release.status == ReleaseStatus.REQUESTED and not _is_waiting(release):
            return _now("nobody confirmed it in time")
        return release.get_status_display()

    @admin.display(description=_("key is back"))
    def came_back(self, release: MasterRelease) -> str:
        holding = release.holding
        if holding is None:
            return "-"
        if holding.returned_at is None:
            is_late = holding.due_at is not None and holding.due_at <= timezone.now()
            return _now("overdue") if is_late else _now("out")
        return local(holding.returned_at, release.key.site)

    @action(description=_("Hand it out"), url_path="confirm", icon="how_to_reg")  # type: ignore[untyped-decorator]  # unfold brings no types
    def confirm(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Hand the master key out, as the second person, for a signature."""
        release = self.reachable(request, object_id)
        return self.form_page(
            request, release, title=_now("Hand out a master key"), button=_now("Hand out"),
            form=SignedForm(request.POST or None),
            note=_now("%(who)s asked for it, for %(person)s: %(reason)s. %(person)s signs.")
            % {"who": release.requested_by, "person": release.person, "reason": release.reason},
            do=lambda form: master_keys.confirm_release(
                release_id=release.pk, signature=form.cleaned_data["signature"],
                user_id=user_id(request), at=timezone.now(),
            ),
            done=lambda holding: _now("%s has the master key now.") % holding.person,
        )  # fmt: skip

    @action(description=_("Cancel the request"), url_path="cancel", icon="cancel")  # type: ignore[untyped-decorator]  # unfold brings no types
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Withdraw or refuse a request."""
        release = self.reachable(request, object_id)
        if request.method == "POST":
            try:
                master_keys.cancel_release(
                    release_id=release.pk, user_id=user_id(request), at=timezone.now()
                )
            except Refusal as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(request, _now("The request is cancelled."))
            return HttpResponseRedirect(self.page_of(release))
        return self.show_page(
            request, "admin/access/key_form.html", title=_now("Cancel the request"),
            subtitle=str(release), button=_now("Cancel the request"), back=self.page_of(release),
            note=release.reason,
        )  # fmt: skip


def _is_waiting(release: MasterRelease) -> bool:
    return (
        release.status == ReleaseStatus.REQUESTED
        and timezone.now() - release.requested_at < master_keys.CONFIRM_WITHIN
    )


class CountLineInline(TabularInline):
    model = KeyCountLine
    extra = 0
    can_delete = False
    fields = ["key", "result"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super()
            .get_queryset(request)
            .select_related("key__lock__compartment__bank", "key__master_set")
            .order_by("-result", "pk")
        )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(KeyCount)
class KeyCountAdmin(Desk):
    """Counts of the key cabinet, and the page on which it is counted."""

    is_history = True
    site_path = "site"
    list_display = ["site", "counted_at", "counted_by", "only_masters", "note"]
    list_filter = [("site", ScopedRelatedFilter), "only_masters"]
    list_select_related = ["site", "counted_by"]
    inlines = [CountLineInline]
    actions_list = ["count"]

    def get_actions_list(self, request: HttpRequest) -> list[Any]:
        offered: list[Any] = super().get_actions_list(request)
        return offered if self._holds(request, OPERATE, None) else []

    @action(description=_("Count keys"), url_path="count", icon="checklist")  # type: ignore[untyped-decorator]  # unfold brings no types
    def count(self, request: HttpRequest) -> HttpResponse:
        """Go through the cabinet of a site, key by key."""
        sites = sites_of(request.user, OPERATE).order_by("name")
        if not sites.exists():
            raise Http404
        number = request.POST.get("site") or request.GET.get("site") or ""
        site = sites.filter(pk=number).first() if number.isascii() and number.isdigit() else None
        if site is None and number:
            raise Http404
        only_masters = (request.POST.get("only") or request.GET.get("only")) == "masters"
        context: dict[str, Any] = {
            "title": _now("Count keys"), "back": reverse("admin:access_keycount_changelist"),
        }  # fmt: skip
        if site is None:
            due = dict(master_keys.counts_due(sites=sites, at=timezone.now()))
            context["sites"] = [(one, one in due, due.get(one)) for one in sites]
            return self.show_page(request, "admin/access/key_count_sites.html", **context)
        if request.method == "POST":
            try:
                count = master_keys.count_keys(
                    site=site, results=_results(request), user_id=user_id(request),
                    at=timezone.now(), only_masters=only_masters,
                    note=request.POST.get("note", "")[:200],
                )  # fmt: skip
            except Refusal as refusal:
                context["problem"] = str(refusal)
            else:
                missing = count.lines.filter(result=CountResult.MISSING).count()
                messages.success(request, _now("Counted. Keys missing: %d.") % missing)
                return HttpResponseRedirect(self.page_of(count))
        held = {
            holding.key_id: holding
            for holding in KeyHolding.objects.filter(keys.OPEN, key__site=site).select_related(
                "person"
            )
        }
        chosen = _results(request)
        context["lines"] = [
            (key, held.get(key.pk), _offered(held.get(key.pk), chosen.get(key.pk)))
            for key in master_keys.to_count(site=site, only_masters=only_masters)
        ]
        return self.show_page(
            request, "admin/access/key_count.html", site=site, only_masters=only_masters, **context
        )


def _offered(
    holding: KeyHolding | None, chosen: CountResult | None
) -> list[tuple[CountResult, bool]]:
    """Return what can be said of a key, and whether it is ticked."""
    if holding is None:
        return [(one, one == chosen) for one in (CountResult.SEEN, CountResult.MISSING)]
    usual = chosen or CountResult.OUT
    return [
        (one, one == usual) for one in (CountResult.OUT, CountResult.SHOWN, CountResult.MISSING)
    ]


def _results(request: HttpRequest) -> dict[int, CountResult]:
    """Read the ticks of the page; what is not one is left out, and then missed."""
    found = {}
    for name, value in request.POST.items():
        number = name.removeprefix("key-")
        if number != name and number.isdigit() and value in CountResult.values:
            found[int(number)] = CountResult(value)
    return found
