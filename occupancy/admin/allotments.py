"""Allotments in the administration: who gets which doors, tried out, drawn and given."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import StackedInline
from unfold.decorators import action, display

from access.admin.desk import Desk, local, staff
from lockers.scoping import MANAGE, JudgedByItsPage, OfItsPage, ScopedRelatedFilter
from occupancy.admin.allotment_waiting import Sends, Waits, who_lacks
from occupancy.admin.wish_imports import ImportsWishes
from occupancy.choices import AllotmentMethod
from occupancy.forms.allotting import LettersForm, WindowForm
from occupancy.models import Allotment, AllotmentRule, AllotmentYear, Allotted, Entry
from occupancy.papers import slips
from occupancy.services.allotting import applying, drawing, entries, links, shown, trials, words

_PUBLISHED = ["published_hash", "published_digest", "published_seed"]
_VERBS = ["compare", "open_wishes", "letters", "draw", "give", "waiting",
          "send_links", "import_wishes"]  # fmt: skip


class YearInline(OfItsPage):
    """Which years take part."""

    model = AllotmentYear
    extra = 1
    hide_title = True


class RuleInline(JudgedByItsPage, StackedInline):
    """Who may have which doors."""

    model = AllotmentRule
    extra = 0
    autocomplete_fields = ["year_groups", "houses", "registration_groups", "banks", "sizes"]


@admin.register(Allotment)
class AllotmentAdmin(Sends, ImportsWishes, Waits):
    """Prepared by hand; from the seed on by verbs, each once."""

    site_path = "site"
    list_display = ["name", "session", "site", "method", "state", "pupils", "doors"]
    list_filter = [("site", ScopedRelatedFilter)]
    search_fields = ["name"]
    list_select_related = ["site", "session__parent"]
    inlines = [YearInline, RuleInline]
    fieldsets = [
        (None, {"fields": ["site", "session", "name", "policy", "banks"]}),
        (_("How"), {"fields": ["method", "held_back", "most_wishes", "metres_per_wish"]}),
        (_("The draw"), {"fields": ["state", "opens_at", "closes_at", "public_page", *_PUBLISHED]}),
    ]  # fmt: skip
    autocomplete_fields = ["banks"]
    actions_detail = _VERBS
    verb_rights = dict.fromkeys(_VERBS, MANAGE)

    class Media:
        css = {"all": ("css/school_admin.css",)}

    def get_queryset(self, request: HttpRequest) -> Any:
        return shown.with_counts(super().get_queryset(request))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep what was published: the window opens by a verb, and after that the method stands."""
        fixed = ["state", "opens_at", "closes_at", "public_page", *_PUBLISHED]
        if obj is None or obj.committed_at is None:
            return fixed
        fixed += ["site", "session", "method"]
        return fixed if obj.frozen_at is None else [*fixed, *self._prepared()]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Say nothing of the draw before there is an allotment."""
        shown = super().get_fieldsets(request, obj)
        return shown if obj is not None else shown[:-1]

    def _prepared(self) -> list[str]:
        return ["policy", "banks", "held_back", "most_wishes", "metres_per_wish"]

    def get_inline_instances(self, request: HttpRequest, obj: Any = None) -> Any:
        """Rules and years belong to the input: once it is frozen they stand in it."""
        if obj is not None and obj.frozen_at is not None:
            return []
        return super().get_inline_instances(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.code = entries.drawn_word(10)
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Allotment | None = None) -> bool:
        """What was published stays."""
        if obj is not None and obj.committed_at is not None:
            return False
        return bool(super().has_delete_permission(request, obj))

    def get_actions(self, request: HttpRequest) -> Any:
        """Nothing is thrown away by the dozen."""
        found = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    @display(description=_("state"))  # type: ignore[untyped-decorator]  # unfold brings no types
    def state(self, row: Allotment) -> str:
        """Say how far it is."""
        return str(shown.state(row, timezone.now()))

    @admin.display(description=_("pupils"))
    def pupils(self, row: Any) -> int:
        return int(row.entry_count)

    @admin.display(description=_("doors"))
    def doors(self, row: Any) -> int:
        return int(row.door_count)

    @admin.display(description=_("public page of the draw"))
    def public_page(self, row: Allotment) -> SafeString | str:
        """Link to what anybody may see."""
        if row.committed_at is None:
            return "-"
        address = reverse("draw", args=[row.code])
        return format_html('<a class="underline" href="{}">{}</a>', address, address)

    @admin.display(description=_("SHA-256 of the seed"))
    def published_hash(self, row: Allotment) -> SafeString | str:
        return _long(row.commitment)

    @admin.display(description=_("SHA-256 of the input"))
    def published_digest(self, row: Allotment) -> SafeString | str:
        return _long(row.digest)

    @admin.display(description=_("seed"))
    def published_seed(self, row: Allotment) -> SafeString | str:
        return _long(row.seed)

    def verbs_for(self, row: Allotment) -> set[str]:
        if row.forgotten_at is not None:
            return set()
        if row.committed_at is None:
            return {"compare", "open_wishes"}
        if row.frozen_at is None:
            return {"compare", "letters", "send_links", "import_wishes", "draw"}
        return {"give"} if row.applied_at is None else {"waiting", "letters", "send_links"}

    @action(description=_("Compare the methods"), url_path="compare", icon="balance")  # type: ignore[untyped-decorator]  # unfold brings no types
    def compare(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Try each method on what is known so far, side by side; nobody gets anything."""
        row = self.reachable(request, object_id, MANAGE)
        form = Form(request.POST or None)
        if request.method == "POST":
            return self.form_page(
                request, row, title=_now("Compare the methods"), form=form,
                do=lambda _form: trials.run(allotment=row, at=timezone.now()),
                done=lambda _made: _now("Tried."),
                then=lambda _made: self._compared(request, row),
            )  # fmt: skip
        return self._compared(request, row)

    def _compared(self, request: HttpRequest, row: Allotment) -> HttpResponse:
        return self.show_page(
            request, "admin/occupancy/allotment_trials.html", title=_now("Compare the methods"),
            subtitle=str(row), lines=shown.side_by_side(row), back=self.page_of(row),
            methods=AllotmentMethod.choices, allotment=row,
        )  # fmt: skip

    @action(description=_("Open for wishes"), url_path="open", icon="how_to_vote")  # type: ignore[untyped-decorator]  # unfold brings no types
    def open_wishes(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Commit to a seed and take wishes."""
        row = self.reachable(request, object_id, MANAGE)
        at = timezone.now()
        return self.form_page(
            request, row, title=_now("Open for wishes"), button=_now("Open"),
            form=WindowForm(request.POST or None, site=row.site, at=at),
            note=_now(
                "A secret number for the draw is made now and its SHA-256 published. Nobody sees"
                " it before wishes are closed, you neither. The method stands from now on."
            ),
            do=lambda form: drawing.open_for_wishes(
                allotment=row, actor=staff(request), at=at, **form.cleaned_data
            ),
            done=lambda _none: _now("It is open for wishes. Hand out the letters."),
        )  # fmt: skip

    @action(description=_("Letters"), url_path="letters", icon="mail")  # type: ignore[untyped-decorator]  # unfold brings no types
    def letters(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Print a link and a code for each pupil."""
        row = self.reachable(request, object_id, MANAGE)
        return self.form_page(
            request, row, title=_now("Letters"), button=_now("Make them"),
            form=LettersForm(request.POST or None, site=row.site),
            note=_now(
                "A page of slips with a link and a code for each pupil, form by form. Links and"
                " codes are kept nowhere: letters that were made before are no good any more."
            ),
            do=lambda form: links.hand_out(
                allotment=row, at=timezone.now(), forms=form.chosen(),
                people=who_lacks(row, form),
            ),
            done=lambda _slips: [],
            then=lambda made: _printed(row, made),
        )  # fmt: skip

    @action(description=_("Draw"), url_path="draw", icon="casino")  # type: ignore[untyped-decorator]  # unfold brings no types
    def draw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Freeze the input and reveal the seed."""
        row = self.reachable(request, object_id, MANAGE)
        return self.form_page(
            request, row, title=_now("Draw"), form=Form(request.POST or None), button=_now("Draw"),
            note=_now(
                "Doors, rules and wishes are frozen as they are now, and the secret number is"
                " revealed. This is done once. Doors are given with the next step."
            ),
            do=lambda _form: drawing.freeze(
                allotment=row, actor=staff(request), at=timezone.now()
            ),
            done=lambda _none: _now("Drawn. Look at the result, then give the doors."),
        )  # fmt: skip

    @action(description=_("Give the doors"), url_path="give", icon="key")  # type: ignore[untyped-decorator]  # unfold brings no types
    def give(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give everybody their door, all at once or none."""
        row = self.reachable(request, object_id, MANAGE)
        return self.form_page(
            request, row, title=_now("Give the doors"), form=Form(request.POST or None),
            button=_now("Give them"), note=shown.drawn_words(row) if row.frozen_input else "",
            do=lambda _form: applying.apply(
                allotment=row, actor=staff(request), at=timezone.now()
            ),
            done=lambda done: _now(
                "%(given)d got a door, %(kept)d keep theirs, %(waiting)d wait."
            ) % {"given": done.given, "kept": done.kept, "waiting": done.waiting},
        )  # fmt: skip


def _long(text: str) -> SafeString | str:
    """Return a long number that breaks where the page ends."""
    return format_html('<code class="sealed">{}</code>', text) if text else "-"


def _printed(row: Allotment, made: list[links.Slip]) -> HttpResponse:
    closes = row.closes_at
    words = slips.Words(
        title=str(row),
        until=_now("See which locker you have, or your place among who waits.")
        if row.applied_at is not None
        else _now("Say until %(until)s where you would like your locker.")
        % {"until": local(closes, row.site) if closes is not None else ""},
        scan=_now("Scan this with a phone."),
        code=_now("Your code, good once:"),
    )
    paper = slips.pdf(
        (
            slips.Slip(
                name=str(one.entry.person),
                form=str(one.entry.person.registration_group or ""),
                address=settings.PUBLIC_URL + reverse("wishes", args=[one.link]),
                code=one.code,
            )
            for one in made
        ),
        words,
    )
    name = f'attachment; filename="letters-{row.code}.pdf"'
    return HttpResponse(
        paper, content_type="application/pdf",
        headers={"Content-Disposition": name, "Cache-Control": "no-store"},
    )  # fmt: skip


@admin.register(Allotted)
class AllottedAdmin(Desk):
    """What everybody got, and why; never edited."""

    is_history = True
    site_path = "entry__allotment__site"
    list_display = ["drawn", "pupil", "registered", "door", "waits", "why"]
    list_filter = [("entry__allotment", ScopedRelatedFilter)]
    search_fields = ["entry__person__family_name", "entry__person__given_name", "entry__ticket"]
    list_select_related = ["entry__person__registration_group", "compartment__bank"]
    fields = ["pupil", "registered", "compartment", "waiting", "place", "why"]
    readonly_fields = fields

    class Media:
        css = {"all": ("css/school_admin.css",)}

    # A row has room for short headings beside its sentence.
    @admin.display(description=_("drawn"), ordering="place")
    def drawn(self, row: Allotted) -> int:
        return row.place

    @admin.display(description=_("pupil"), ordering="entry__person__family_name")
    def pupil(self, row: Allotted) -> str:
        return str(row.entry.person)

    @admin.display(description=_("form"))
    def registered(self, row: Allotted) -> str:
        return str(row.entry.person.registration_group or "-")

    @admin.display(description=_("door"), ordering="compartment__number")
    def door(self, row: Allotted) -> str:
        return str(row.compartment or "-")

    @admin.display(description=_("waits as"), ordering="waiting")
    def waits(self, row: Allotted) -> str:
        return "-" if row.waiting is None else str(row.waiting)

    @admin.display(description=_("why"))
    def why(self, row: Allotted) -> SafeString:
        """Return the sentence that the pupil sees."""
        return format_html('<span class="why">{}</span>', words.why(row))


@admin.register(Entry)
class EntryAdmin(Desk):
    """Who takes part, and what they wished for so far."""

    is_history = True
    site_path = "allotment__site"
    list_display = ["person", "ticket", "answered_at", "wants_to_keep"]
    list_filter = [("allotment", ScopedRelatedFilter)]
    search_fields = ["person__family_name", "person__given_name", "ticket"]
    list_select_related = ["person"]
    fields = ["allotment", "person", "ticket", "answered_at", "wants_to_keep"]
