"""Staff of one site, or of one area, use everything there and see nothing beyond.

Built from the registry of the administration: a model, filter, action or field that is new is
walked without being named here, and a model that is in no table of its kind fails.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import openpyxl
import pytest
import time_machine
from django.contrib import admin
from django.contrib.admin import FieldListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, models, transaction
from django.forms import ModelChoiceField
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from access.models import Person
from audit.models import Event
from config.api.urls import router
from lockers.models import Bank, Bridge, Compartment
from lockers.scoping import SiteScopedAdmin
from occupancy.models import Claim, CompartmentGroup, Policy, Reservation
from tests import factories
from tests.permissions import routes
from tests.permissions.halves import KINDS, Halves, listed
from tests.permissions.tenants import OURS
from tests.permissions.test_admin import is_list, path
from tests.permissions.test_tenants import text_of

FINE = {200, 302}
# What lists of the interface for programs hold, where the fields of their rows do not say it.
BY_HAND = {
    "assignments": Claim,
    "door-groups": CompartmentGroup,
    "policies": Policy,
    "reservations": Reservation,
}


@pytest.fixture(params=list(KINDS))
def halves(request: Any, db: None, at: dt.datetime) -> Iterator[Halves]:
    with time_machine.travel(at, tick=False):
        yield Halves.build(request.param, at)


def address(model: type[models.Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def lists(halves: Halves) -> list[type[models.Model]]:
    """Return the models whose lists the staff have."""
    return [model for model in listed() if model._meta.label not in halves.kind.hidden]


def own(halves: Halves) -> list[type[models.Model]]:
    """Return the models whose rows lie in one half."""
    return [model for model in listed() if model._meta.label in halves.kind.paths]


class Wrong(list[str]):
    """What was found; empty at the end."""

    def look(self, what: str, answer: Any, *allowed: int) -> str:
        """Judge an answer by its status and by what it says."""
        if answer.status_code not in (allowed or FINE):
            self.append(f"{what}: {answer.status_code}")
        return self.read(text_of(answer), what)

    def read(self, text: str, what: str = "") -> str:
        """Judge a text by what it says."""
        if OURS in text:
            where = text.index(OURS)
            self.append(f"{what}: …{text[max(0, where - 80) : where + 20]}…")
        return text


@pytest.mark.parametrize("name", KINDS)
def test_every_model_is_placed(name: str) -> None:
    kind = KINDS[name]
    registered = {model._meta.label for model in listed()}
    assert registered - kind.paths.keys() - kind.shared - kind.hidden == set()
    assert not kind.paths.keys() & (kind.shared | kind.hidden)
    others = [
        model._meta.label
        for model in listed()
        if not isinstance(admin.site._registry[model], SiteScopedAdmin) and model is not Event
    ]
    assert others == [], "one mixin for every admin"


def test_every_list_search_and_filter(halves: Halves) -> None:
    client, wrong, choices = halves.looker(), Wrong(), 0
    for model in listed():
        here, what = address(model, "changelist"), model._meta.label
        if what in halves.kind.hidden:
            wrong.look(what, client.get(here), 404)
            continue
        # One list begins with today's only.
        answer = client.get(here, {"when": "all"} if what == "access.Visit" else {})
        wrong.look(what, answer)
        page = answer.context["cl"]
        if halves.here.row(model).pk not in {row.pk for row in page.queryset}:
            wrong.append(f"{what} does not list what lies here")
        found = _asked(halves, page, {"q": OURS})
        if found.search_fields and found.result_list and what in halves.kind.paths:
            wrong.append(f"{what} finds what lies there")
        there = set(halves.there.of(model).values_list("pk", flat=True))
        for spec in page.filter_specs:
            for choice in spec.choices(page):
                choices += 1
                query = dict(parse_qsl(choice.get("query_string", "?")[1:]))
                wrong.read(f"{what} {query} {choice}")
                if there & {row.pk for row in _asked(halves, page, query).result_list}:
                    wrong.append(f"{what} {query} lists what lies there")
        for query in _typed(page.model_admin.list_filter, model, halves):
            try:
                rows = _asked(halves, page, query).result_list
            except (IncorrectLookupParameters, SuspiciousOperation):
                continue  # refused
            if rows:
                wrong.append(f"{what} {query} lists {rows}")
    assert not wrong, "\n".join(wrong)
    assert choices > 100


def _asked(halves: Halves, page: Any, query: dict[str, Any]) -> Any:
    """Return what a list answers to a query, without the page around it."""
    request = RequestFactory().get("/", query)
    request.user = halves.here.staff
    return page.model_admin.get_changelist_instance(request)


def _typed(filters: Any, model: Any, halves: Halves) -> Iterator[dict[str, Any]]:
    """Return, for every filter by something of the other half, the query that names it."""
    for one in filters:
        name = one[0] if isinstance(one, tuple) else one
        if not isinstance(name, str):
            continue
        assert not isinstance(one, tuple) or issubclass(one[1], FieldListFilter)
        kind: Any = model
        for step in name.split("__"):
            field = kind._meta.get_field(step)
            kind = field.related_model
        if kind is not None and kind._meta.label in halves.kind.paths:
            yield {f"{name}__id__exact": halves.there.row(kind).pk}


def test_every_page_of_every_object(halves: Halves) -> None:
    client, wrong, before, walked = halves.looker(), Wrong(), halves.photograph(), 0
    wrong.look("index", client.get(reverse("admin:index")))
    wrong.look("search", client.get(reverse("admin:search"), {"s": "o"}))
    known = {model._meta.label: model for model in lists(halves)}
    for route in routes.pages():
        name, page = routes.admin_page(route) or ("", "")
        if name not in known or page == "old_change":
            continue
        model = known[name]
        walked += 1
        if is_list(name, page):
            wrong.look(route.pattern, client.get(path(route, None)), 200, 302, 404, 405)
            continue
        # A page of its own may not be there for a row as it is; the usual ones always are.
        fine = FINE if page in {"change", "history"} else FINE | {404, 405}
        wrong.look(route.pattern, client.get(path(route, halves.here.row(model).pk)), *fine)
        if name in halves.kind.paths:
            beyond = path(route, halves.there.row(model).pk)
            for answer in (client.get(beyond), client.post(beyond, {"post": "yes"})):
                status = answer.status_code
                if status != 404 or OURS in text_of(answer):
                    wrong.append(f"{beyond} of the other half: {status}")
    assert not wrong, "\n".join(wrong)
    assert walked > 150
    assert halves.photograph() == before


def test_no_form_offers_or_takes_what_lies_beyond(halves: Halves) -> None:
    client, wrong, before, asked = halves.looker(), Wrong(), halves.photograph(), 0
    for model in lists(halves):
        for page in (address(model, "add"), address(model, "change", halves.here.row(model).pk)):
            answer = client.get(page)
            shown = (answer.context or {}).get("adminform") if answer.status_code == 200 else None
            if shown is None:
                continue
            form = shown.form
            for name, field in form.fields.items():
                if not isinstance(field, ModelChoiceField):
                    continue
                kind = field.queryset.model
                if kind._meta.label not in halves.kind.paths:
                    continue
                asked += 1
                beyond = halves.there.row(kind).pk
                if field.queryset.filter(pk=beyond).exists():
                    wrong.append(f"{page} offers {name}")
                posted = {key: value for key, value in form.initial.items() if value is not None}
                refused = client.post(page, {**posted, name: [beyond]})
                again = (refused.context or {}).get("adminform")
                if refused.status_code != 200 or name not in again.form.errors:
                    wrong.append(f"{page} takes {name}: {refused.status_code}")
    assert not wrong, "\n".join(wrong)
    assert asked > (20 if halves.kind.name == "site" else -1), "an area's staff have few forms"
    assert halves.photograph() == before


def test_every_bulk_action(halves: Halves) -> None:
    client, wrong, before, done = halves.looker(), Wrong(), halves.photograph(), 0
    request = RequestFactory().get("/")
    request.user = halves.here.staff
    for model in lists(halves):
        here, row = address(model, "changelist"), halves.here.row(model)
        for action in admin.site._registry[model].get_actions(request):
            posted = {"action": action, "post": "yes", "confirmed": "1"}
            what = f"{model._meta.label} {action}"
            done += 1
            with transaction.atomic():
                wrong.look(what, client.post(here, {**posted, "_selected_action": [row.pk]}))
                transaction.set_rollback(True)
            if model not in own(halves):
                continue
            beyond = {**posted, "_selected_action": [halves.there.row(model).pk]}
            wrong.look(f"{what} beyond", client.post(here, beyond))
            with transaction.atomic():
                wrong.look(f"{what} all", client.post(here, {**beyond, "select_across": "1"}))
                transaction.set_rollback(True)
    assert not wrong, "\n".join(wrong)
    assert done > 10
    assert halves.photograph() == before


def test_every_export_and_import(halves: Halves) -> None:
    client, wrong, exported = halves.looker(), Wrong(), 0
    for model in lists(halves):
        page = admin.site._registry[model]
        if not hasattr(page, "export_action"):
            continue
        form = client.get(address(model, "export")).context["form"]
        fields = {name: "on" for name in form.fields if form.fields[name].required is False}
        there = [str(halves.there.row(model).pk)]
        for number in range(len(page.formats)):
            for chosen in ({}, {"export_items": there}):
                posted = {**fields, "format": str(number), "resource": "0", **chosen}
                answer = client.post(address(model, "export"), posted)
                exported += 1
                wrong.look(f"{model._meta.label} {number} {chosen}", answer)
                if answer.content.startswith(b"PK") and OURS in _sheet(answer):
                    wrong.append(f"{model._meta.label} in a workbook")
        status = 200 if halves.kind.name == "site" else 404
        wrong.look(f"{model._meta.label} import", client.get(address(model, "import")), status)
    posted = {"action": "export_csv", "_selected_action": ["1"], "select_across": "1"}
    wrong.look("trail", client.post(address(Event, "changelist"), posted))
    assert not wrong, "\n".join(wrong)
    assert exported >= 12


def _sheet(answer: Any) -> str:
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    return " ".join(str(cell) for row in book.active.values for cell in row)


def test_a_file_cannot_name_somebody_of_another_site(db: None, at: dt.datetime) -> None:
    with time_machine.travel(at, tick=False):
        halves = Halves.build("site", at)
        client, theirs = halves.looker(), halves.there.row(Person)
        number = "7734001"
        Person.objects.filter(pk=theirs.pk).update(personal_number=number)
        text = f"personal_number,given_name\n{number},Somebody\n"
        answer = client.post(
            address(Person, "import"),
            {
                "format": "0",
                "resource": "0",
                "import_file": SimpleUploadedFile("people.csv", text.encode()),
            },
        )
    assert answer.status_code == 200
    assert "somebody of another site" in answer.content.decode()
    assert OURS not in answer.content.decode()


def test_every_field_that_completes_what_is_typed(halves: Halves) -> None:
    client, wrong, found = halves.looker(), Wrong(), 0
    for model in listed():
        completed = admin.site._registry[model].autocomplete_fields
        for one in model._meta.get_fields():
            if not isinstance(one, models.ForeignKey | models.ManyToManyField):
                continue
            asked = {
                "app_label": model._meta.app_label,
                "model_name": model._meta.model_name,
                "field_name": one.name,
            }
            for term in ("", OURS[:4]):
                answer = client.get(reverse("admin:autocomplete"), {**asked, "term": term})
                wrong.look(f"{asked} {term}", answer, 200, 403, 404)
            if one.name in completed:
                answer = client.get(reverse("admin:autocomplete"), asked)
                found += bool(answer.status_code == 200 and answer.json()["results"])
    assert not wrong, "\n".join(wrong)
    assert found >= 2


def test_the_map_and_the_interface_for_programs(halves: Halves) -> None:
    client, wrong, here = halves.looker(), Wrong(), halves.here
    wrong.look("map", client.get(reverse("map")))
    page = client.get(reverse("map-drawing", args=[here.site.pk]))
    assert here.row(Bank).name in wrong.look("map of the site", page)
    beyond = halves.there.row(Bank).pk
    wrong.look("bank beyond", client.get(reverse("map-bank", args=[beyond])), 404)
    for prefix, view, _name in router.registry:
        model = BY_HAND.get(prefix) or view.serializer_class.Meta.model  # type: ignore[attr-defined]
        shown = client.get(f"/api/v1/{prefix}/", {"page_size": 500})
        wrong.look(prefix, shown)
        if model._meta.label not in halves.kind.paths:
            continue
        numbers = {str(row["id"]) for row in shown.json()["results"]}
        if str(here.row(model).pk) not in numbers:
            wrong.append(f"{prefix} does not list what lies here")
        there = halves.there.row(model).pk
        if str(there) in numbers:
            wrong.append(f"{prefix} lists what lies beyond")
        wrong.look(f"{prefix} beyond", client.get(f"/api/v1/{prefix}/{there}/"), 404)
    assert not wrong, "\n".join(wrong)


def test_lists_take_as_many_queries_for_many_rows(halves: Halves) -> None:
    client, wrong, here = halves.looker(), Wrong(), halves.here
    kinds = [Person, Bank, Bridge, Compartment]
    before = {kind: _queries(client, kind) for kind in kinds}
    for _each in range(8):
        person = Person.objects.create(
            organisation=here.organisation, home_site=here.site, given_name="More"
        )
        bridge = factories.BridgeFactory(site=here.site)
        bank = factories.BankFactory(site=here.site, bridge=bridge, area=here.area)
        door = factories.CompartmentFactory(bank=bank, size=here.row(Compartment).size)
        person.grants.create(compartment=door, starts_at=here.at)
    for kind, count in before.items():
        if (now := _queries(client, kind)) > count:
            wrong.append(f"{kind._meta.label}: {count}, then {now}")
    assert not wrong, "\n".join(wrong)


def _queries(client: Client, kind: type[models.Model]) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address(kind, "changelist")).status_code == 200
    return len(queries)
