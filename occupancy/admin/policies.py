"""Policies: from a usual purpose, by groups of questions, with a look before saving."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q
from django.forms.models import model_to_dict
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action

from audit.services.events import Actor
from lockers.scoping import VIEW, ScopedRelatedFilter
from occupancy import attaching, durations, presets
from occupancy.admin.effects import Line, lines
from occupancy.admin.explain import ExplainPage
from occupancy.admin.policy_asking import BOOKING, shown_for
from occupancy.admin.policy_effects import effect_of_form
from occupancy.admin.policy_form import RELATED, PolicyForm, place_name
from occupancy.admin.policy_warnings import WarningFormSet, WarningInline, formset_of
from occupancy.admin.previewing import Previewed
from occupancy.allocation.rules import MODELS, Ends
from occupancy.choices import UseModel
from occupancy.models import Policy
from occupancy.services.policies import policies, previews, rulebooks


@admin.register(Policy)
class PolicyAdmin(Previewed, ExplainPage):
    form = PolicyForm
    organisation_path = "organisation"
    change_form_outer_before_template = "admin/occupancy/policy_start.html"
    list_display = ["name", "place", "model", "how_long", "at_end", "limit_per_person",
                    "is_active"]  # fmt: skip
    list_filter = ["is_active", "model", ("site", ScopedRelatedFilter)]
    search_fields = ["name"]
    list_select_related = ["organisation", "site", "area__site", "bank__site", "group"]
    actions_detail = ["duplicate"]
    fieldsets = [
        (_("What and where"), {"fields": ["name", "where", "doors", "is_active"]}),
        (_("For whom"), {
            "fields": ["person_kinds", "departments", "groups", "roles", "needs", "is_exclusive"],
        }),
        (_("How long"), {
            "fields": ["model", "ends_at_time", "lasts", "days", "months", "shifts", "handover",
                       "renewals"],
        }),
        (_("Which doors, and how many"), {"fields": ["sizes", "limit_per_person"]}),
        (_("At the end"), {
            "fields": ["at_end", "grace", "recovers_after", "recovery_takes_two"],
        }),
        (_("Quiet hours"), {"classes": ["collapse"], "fields": ["quiet_from", "quiet_until"]}),
        (_("Ahead of time"), {"fields": ["books_ahead", *BOOKING]}),
        (_("More"), {"fields": ["credentials", "ranking", "opens_by_phone", "may_share",
                                "follows"]}),
    ]  # fmt: skip

    inlines = [WarningInline]

    class Media:
        js = ("js/policy_form.js",)

    def rows(self, user: Any, right: str) -> Q:
        """Return the condition for policies of the places on which somebody holds a right."""
        return attaching.policies_of(user, right)

    @property
    def _reaches_areas(self) -> bool:
        return True

    @admin.display(description=_("where it holds"))
    def place(self, policy: Policy) -> str:
        """Name the place that a policy is attached to."""
        closest = policy.group or policy.bank or policy.area or policy.site
        return place_name(closest) if closest is not None else _now("everywhere")

    @admin.display(description=_("how long"), empty_value="")
    def how_long(self, policy: Policy) -> str | None:
        """Say what its model asks of time, and nothing that it does not."""
        match MODELS[UseModel(policy.model)].ends:
            case Ends.LOCAL_TIME:
                return _now("until %s") % policy.ends_at_time.strftime("%H:%M")
            case Ends.AFTER if policy.lasts is not None:
                return durations.write(policy.lasts)
            case Ends.SHIFT:
                return ", ".join(one.strftime("%H:%M") for one in policy.shifts)
            case Ends.PERIOD:
                days = ngettext("%d day", "%d days", policy.days) % policy.days
                months = ngettext("%d month", "%d months", policy.months) % policy.months
                told = [days] * bool(policy.days) + [months] * bool(policy.months)
                return _now(" and ").join(told)
        return None

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Give the form whose it is, and what they may choose of."""
        form = super().get_form(request, obj, **kwargs)
        offered = {name: self._offered_of(name, request) for name in RELATED}
        return type(form.__name__, (form,), {"user": request.user, "offered": offered})

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        """Show the warnings once there are any: the database gives a new policy the usual ones."""
        return super().get_inlines(request, obj) if obj is not None else []

    # From a purpose, or from another policy

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin with a purpose (``start``) or another policy (``copy``), and where the last was."""
        initial: dict[str, Any] = {}
        if copied := self._copied(request):
            initial = model_to_dict(copied)
            initial["where"] = attaching.key_of(copied)
            initial["name"] = _now("Copy of %s")[:80] % copied.name[:60]
        elif preset := presets.PRESETS.get(request.GET.get("start", "")):
            initial = {
                name: str(value) if name == "name" else value
                for name, value in preset.values.items()
            }
            if preset.is_small:
                initial["sizes"] = self._smallest(request)
        if where := request.GET.get("where"):
            initial["where"] = where
        return initial

    def _copied(self, request: HttpRequest) -> Policy | None:
        pk = request.GET.get("copy", "")
        if not pk.isdecimal() or len(pk) > 18:
            return None
        return self.get_queryset(request).filter(pk=pk).first()  # type: ignore[no-any-return]  # of an untyped base

    def _offered_of(self, name: str, request: HttpRequest) -> Any:
        related: Any = Policy._meta.get_field(name).related_model
        return self.seen_of(related, request, VIEW)

    def _smallest(self, request: HttpRequest) -> list[int]:
        """Return the smallest size of each organisation."""
        sizes = self._offered_of("sizes", request)
        smallest: dict[int, int] = {}
        for pk, organisation in sizes.order_by("-rank").values_list("pk", "organisation"):
            smallest[organisation] = pk
        return list(smallest.values())

    @action(description=_("Duplicate"), url_path="duplicate")  # type: ignore[untyped-decorator]  # unfold brings no types
    def duplicate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Open a new policy that says the same."""
        if self.get_object(request, object_id) is None or not self.has_add_permission(request):
            raise Http404
        add = reverse("admin:occupancy_policy_add")
        return HttpResponseRedirect(f"{add}?copy={object_id}")

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        """Keep the place when another policy is added."""
        answer = super().response_add(request, obj, post_url_continue)
        if "_addanother" in request.POST:
            add = reverse("admin:occupancy_policy_add")
            return HttpResponseRedirect(f"{add}?where={request.POST.get('where', '')}")
        return answer

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kw: Any) -> Any:
        """Add the purposes to start from, and what the page's script hides."""
        is_new = kw.get("obj") is None and request.method == "GET"
        where = request.GET.get("where", "")
        context["starts"] = [
            (key, one, f"?start={key}&where={where}") for key, one in presets.PRESETS.items()
        ] if is_new else []  # fmt: skip
        chosen = presets.PRESETS.get(request.GET.get("start", ""))
        context["chosen_start"] = request.GET["start"] if chosen else ""
        context["chosen_title"] = chosen.title if chosen else ""
        context["policy_fields"] = {"models": shown_for(), "booking": list(BOOKING)}
        return super().render_change_form(request, context, *args, **kw)

    # The look before, and the saving

    def effect_lines(self, request: HttpRequest, form: Any, before: Any) -> list[Line]:
        """Ask the engine and the warnings what the form would do."""
        return lines(
            effect_of_form(form, before, timezone.now()), request.user,
            follows=bool(form.cleaned_data.get("follows")),
        )  # fmt: skip

    def deletion_lines(self, request: HttpRequest, obj: Any) -> list[Line]:
        """Ask the engine what it would be like without the policy."""
        effect = previews.effect_of(
            organisation_id=obj.organisation_id,
            before=rulebooks.attached_from(obj) if obj.is_active else None,
            after=None,
            at=timezone.now(),
        )
        return lines(effect, request.user, follows=False)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Make the group of the doors that were typed, and save."""
        form.make_group()
        super().save_model(request, obj, form, change)

    def look_at(self, form: Any, formsets: Any) -> None:
        """Take the warnings along to the step."""
        if (rows := formset_of(formsets)) is not None:
            form.warnings = rows.wanted()

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the warnings as a whole: one that is changed is another one."""
        if not isinstance(formset, WarningFormSet):
            super().save_formset(request, form, formset, change)
            return
        formset.save(commit=False)  # says what changed, for the trail
        policies.set_warnings(policy_id=form.instance.pk, wanted=formset.wanted())

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Let what runs follow the new rules, if that was asked for."""
        super().save_related(request, form, formsets, change)
        if change and form.cleaned_data.get("follows") and form.instance.is_active:
            count = policies.follow(
                policy_id=form.instance.pk, actor=Actor.staff(request.user.pk or 0),
                at=timezone.now(),
            )  # fmt: skip
            said = ngettext("%d use follows the new rules.", "%d uses follow the new rules.", count)
            messages.success(request, said % count)
