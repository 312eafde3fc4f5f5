"""One tenant's organisation admin asks for everything there is, and finds nothing of another.

Every address comes from the URLconf, every list, filter, action, export and field to complete
from the registry. What cannot be asked for fails the test rather than being left out.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
from collections.abc import Iterator
from html import escape
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import time_machine
from asgiref.sync import sync_to_async
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import SuspiciousOperation
from django.db import models
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from rest_framework.viewsets import GenericViewSet

from config.api.urls import router
from lockers.models import Bridge
from occupancy.live import hub
from tests.bridge_lines import BridgeLine
from tests.factories.cast import AMIRA_BADGE
from tests.permissions import admin_table, routes, table
from tests.permissions.table import PAGES
from tests.permissions.tenants import (
    OTHER_BRIDGE,
    OTHER_TERMINAL,
    OURS,
    Tenants,
    models_by_site,
)
from tests.permissions.test_admin import is_list, path
from tests.permissions.test_sockets import ORIGIN, PATIENCE_S, Socket

# Whoever has the link has the pass or the visit: nobody who looks around guesses its signature.
SECRET_LINKS = {"pass", "me-visit", "door-report", "wishes", "draw", "draw-file"}
NAMES = [OURS, "Harbour House", "Northwind", "Amira"]


@pytest.fixture
def tenants(db: None, at: dt.datetime) -> Iterator[Tenants]:
    with time_machine.travel(at, tick=False):
        yield Tenants.build(at)


def text_of(answer: Any) -> str:
    """Return all that an answer says: its body, however it is sent, and where it leads."""
    if getattr(answer, "streaming", False):
        body = b"".join(answer.streaming_content).decode("utf-8", "replace")
    else:
        body = answer.content.decode("utf-8", "replace")
    if answer.get("Content-Type", "").startswith("application/vnd.openxml"):
        body += str(answer.content)
    return f"{body} {answer.get('Location', '')}"


class Eye:
    """Looks at answers and remembers where something of ours was seen."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.looked = 0

    def look(self, what: str, answer: Any, *, typed: str = "") -> None:
        self.looked += 1
        text = text_of(answer)
        for echo in (typed, quote(typed), quote_plus(typed), escape(typed)) if typed else ():
            text = text.replace(echo, "")
        found = [name for name in NAMES if name in text]
        if found:
            where = text.index(found[0])
            self.seen.append(f"{what}: …{text[max(0, where - 60) : where + 40]}…")
        if answer.status_code >= 500:
            self.seen.append(f"{what}: {answer.status_code}")


def admin_of(model: str) -> Any:
    return next(one for kind, one in admin.site._registry.items() if kind._meta.label == model)


def test_the_mark_is_seen_by_who_may_see_it(tenants: Tenants) -> None:
    """Prove the method: the tenant's own staff meet the mark on the same pages."""
    client = tenants.world.client("rosa")
    blind = [
        model._meta.label
        for model in models_by_site()
        if f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        in {route.name for route in routes.pages()}
        and not any(name in text_of(client.get(_list_of(model))) for name in NAMES)
    ]
    assert blind == []


def _list_of(model: type[models.Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def test_every_page_that_belongs_to_no_model(tenants: Tenants) -> None:
    there = {key: rule.there(tenants.world) if rule.there else {} for key, rule in PAGES.items()}
    client, eye, before = tenants.looker(), Eye(), tenants.photograph()
    for number, (key, rule) in enumerate(PAGES.items()):
        if key in {"account_logout", "admin:logout"}:
            continue
        client.defaults["HTTP_IDEMPOTENCY_KEY"] = f"tenants-{number:08}"
        kwargs = there[key]
        data = rule.data(tenants.world) if rule.data else {}
        address = table.CATCH_ALLS.get(key) or reverse(key.split(" ")[0], kwargs=kwargs)
        # Whoever has such a link may do what it is for: it signs in, too.
        if key in SECRET_LINKS:
            continue
        eye.look(f"get {key}", client.get(address))
        kind = "application/json" if address.startswith(("/api/", "/kiosk/", "/bridge/")) else None
        posted = {"reason": "because", "claim": tenants.world.ids["assignment"], **data}
        sent = {"content_type": kind} if kind else {}
        eye.look(f"post {key}", client.post(address, posted, **sent))
    assert eye.seen == []
    assert tenants.photograph() == before
    assert {route.key for route in routes.pages() if routes.admin_page(route) is None} <= set(PAGES)


def test_every_page_of_the_administration(tenants: Tenants) -> None:
    client, eye, before = tenants.looker(), Eye(), tenants.photograph()
    unfilled = []
    for route in routes.pages():
        found = routes.admin_page(route)
        if found is None:
            continue
        model, kind = found
        if model not in admin_table.BY_SITE and model not in admin_table.SUPERUSER_ONLY:
            unfilled.append(route.pattern)
            continue
        if is_list(model, kind):
            eye.look(route.pattern, client.get(path(route, None)))
            eye.look(f"post {route.pattern}", client.post(path(route, None), {}))
            continue
        rows = [1] if model in admin_table.SUPERUSER_ONLY else [
            tenants.ours.row(admin_of(model).model).pk,
            tenants.theirs.row(admin_of(model).model).pk,
        ]  # fmt: skip
        for pk in rows:
            typed = str(pk) if OURS in str(pk) else ""
            eye.look(f"{route.pattern} {pk}", client.get(path(route, pk)), typed=typed)
        typed = str(rows[0]) if OURS in str(rows[0]) else ""
        answer = client.post(path(route, rows[0]), {"post": "yes"})
        eye.look(f"post {route.pattern}", answer, typed=typed)
    assert unfilled == []
    assert eye.seen == []
    assert tenants.photograph() == before
    assert eye.looked > 200


def test_every_search_order_and_filter_of_every_list(tenants: Tenants) -> None:
    client, eye, asked = tenants.looker(), Eye(), 0
    for model in models_by_site():
        page = admin.site._registry[model]
        address = _list_of(model)
        ours = tenants.ours.row(model)
        queries: list[dict[str, Any]] = [{"q": str(ours.pk)}, {"all": ""}]
        queries += [{"o": str(n)} for n in range(1, len(page.list_display) + 1)]
        for one in model._meta.concrete_fields:
            if isinstance(one, models.ForeignKey):
                theirs = getattr(ours, one.attname)
                queries += [{one.name: theirs}, {f"{one.name}__id__exact": theirs}]
                for inner in one.related_model._meta.concrete_fields:
                    if isinstance(inner, models.CharField):
                        queries.append({f"{one.name}__{inner.name}__startswith": OURS[:3]})
            else:
                queries.append({f"{one.name}__exact": getattr(ours, one.attname)})
        # The page is looked at once. What was typed comes back in it: the search box, links to
        # other orders.
        eye.look(address, client.get(address, {"q": OURS}), typed=OURS)
        kept = set(tenants.ours.of(model).values_list("pk", flat=True))
        for query in queries:
            if None not in query.values():
                asked += 1
                if _listed(tenants, page, query) & kept and model._meta.label != "audit.Event":
                    eye.seen.append(f"{address} {query} lists rows of ours")
    assert eye.seen == []
    assert asked > 300


def _listed(tenants: Tenants, page: Any, query: dict[str, Any]) -> set[Any]:
    """Return the rows that a list shows for a query; none where the query is refused."""
    request = RequestFactory().get("/", query)
    request.user = tenants.theirs.staff
    with contextlib.suppress(IncorrectLookupParameters, SuspiciousOperation):
        return {row.pk for row in page.get_changelist_instance(request).result_list}
    return set()


def test_every_action_on_every_list(tenants: Tenants) -> None:
    client, eye, before = tenants.looker(), Eye(), tenants.photograph()
    request = RequestFactory().get("/")
    request.user = tenants.theirs.staff
    for model in models_by_site():
        ours = tenants.ours.row(model)
        actions = admin.site._registry[model].get_actions(request)
        for action in actions:
            for more in ({}, {"select_across": "1"}):
                posted = {"action": action, "_selected_action": [ours.pk], "post": "yes", **more}
                eye.look(f"{model._meta.label} {action}", client.post(_list_of(model), posted))
    assert eye.seen == []
    assert tenants.photograph() == before


def test_every_export(tenants: Tenants) -> None:
    client, eye = tenants.looker(), Eye()
    exported = 0
    for model, page in admin.site._registry.items():
        if not hasattr(page, "export_action"):
            continue
        exported += 1
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_export")
        pks = list(tenants.ours.of(model).values_list("pk", flat=True))
        form = client.get(address).context["form"]
        fields = {name: "on" for name in form.fields if form.fields[name].required is False}
        for number in range(len(page.formats)):
            for chosen in ({}, {"export_items": [str(pk) for pk in pks]}):
                posted = {**fields, "format": str(number), "resource": "0", **chosen}
                eye.look(f"{address} {number}", client.post(address, posted))
    event = tenants.world.ids["event"]
    posted = {"action": "export_csv", "_selected_action": [event], "select_across": "1"}
    told = client.post(reverse("admin:audit_event_changelist"), posted)
    eye.look("trail", told)
    assert exported
    assert eye.seen == []


def test_every_field_that_completes_what_is_typed(tenants: Tenants) -> None:
    client, eye = tenants.looker(), Eye()
    for model in admin.site._registry:
        for one in model._meta.get_fields():
            if not isinstance(one, models.ForeignKey | models.ManyToManyField):
                continue
            asked = {
                "app_label": model._meta.app_label,
                "model_name": model._meta.model_name,
                "field_name": one.name,
            }
            for term in ("", OURS[:4], "a", "1"):
                answer = client.get(reverse("admin:autocomplete"), {**asked, "term": term})
                eye.look(f"{asked} {term}", answer)
    for words in (OURS, "Harbour", "Amira", "A"):
        eye.look(f"search {words}", client.get(reverse("admin:search"), {"s": words}), typed=words)
    assert eye.seen == []


def test_every_list_and_filter_of_the_api(tenants: Tenants) -> None:
    client, eye = tenants.looker(), Eye()
    world = tenants.world
    numbers = {"person": world.estate.amira.pk, "size": world.estate.small.pk, **world.ids}
    for prefix, view, _name in router.registry:
        assert issubclass(view, GenericViewSet)
        address = f"/api/v1/{prefix}/"
        filters = view.filter_serializer
        names = list(filters().fields) if filters is not None else []
        queries: list[dict[str, Any]] = [{}, {"page_size": 500}]
        queries += [{name: numbers[name]} for name in names if name in numbers]
        pairs = itertools.combinations([name for name in names if name in numbers], 2)
        queries += [{a: numbers[a], b: numbers[b]} for a, b in pairs]
        for query in queries:
            answer = client.get(address, query)
            assert answer.status_code == 200, f"{address} {query}"
            eye.look(f"{address} {query}", answer)
            if query and "page_size" not in query:
                assert answer.json()["results"] == [], f"{address} {query}"
    assert eye.seen == []


def test_a_kiosk_of_another_tenant(tenants: Tenants) -> None:
    eye, before = Eye(), tenants.photograph()
    ids = tenants.world.ids
    for route in routes.pages():
        if not route.name.startswith("kiosk"):
            continue
        client = Client(
            headers={
                "Authorization": f"Terminal {OTHER_TERMINAL}",
                "Idempotency-Key": f"kiosk-{route.name}",
            }
        )
        address = reverse(route.name)
        eye.look(address, client.get(address))
        posted = {
            "badge": AMIRA_BADGE, "text": AMIRA_BADGE, "code": AMIRA_BADGE, "scan": 1,
            "claim": ids["assignment"], "assignment": ids["assignment"],
            "compartment": ids["compartment"], "person": tenants.world.estate.amira.pk,
        }  # fmt: skip
        eye.look(f"post {address}", client.post(address, posted, content_type="application/json"))
    assert eye.seen == []
    assert tenants.photograph() == before


# Websockets.


@pytest.fixture
async def live() -> Any:
    """Run the map's hub as the server does."""
    hub.start()
    yield
    await hub.stop()


async def _heard(address: str, sent: list[tuple[bytes, bytes]], bridge: BridgeLine) -> list[Any]:
    """Open a websocket, say what a bridge and a map would say, and return all that is told."""
    socket = Socket(address, sent)
    told = [await socket.opened()]
    if told[0]["type"] == "websocket.accept":
        told.append(await socket.inner.receive_output(PATIENCE_S))
        if '"challenge"' in told[-1].get("text", ""):
            bridge.challenged(told[-1]["text"])
            text = bridge.seal(bridge.hello())
            await socket.inner.send_input({"type": "websocket.receive", "text": text})
        while len(told) < 20 and not await socket.inner.receive_nothing(0.3):
            told.append(await socket.inner.receive_output(PATIENCE_S))
    await socket.close()
    return told


async def test_every_websocket(transactional_db: None, live: None) -> None:
    tenants = await sync_to_async(Tenants.build)(timezone.now())
    client = await sync_to_async(tenants.looker)()
    cookie = (b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode())
    terminal = (b"authorization", f"Terminal {OTHER_TERMINAL}".encode())
    knocks = {"ws/map/": [cookie], "ws/kiosk/": [terminal], "ws/bridge/": []}
    theirs = await Bridge.objects.exclude(public_key="").aget(site=tenants.theirs.site)
    ours = await Bridge.objects.exclude(public_key="").aget(site=tenants.ours.site)
    assert set(routes.websockets()) == set(knocks), "a websocket that this test does not open"
    for pattern, sent in knocks.items():
        for site in (tenants.theirs.site.pk, tenants.ours.site.pk):
            # Their bridge, as itself and under the number of one of ours.
            number = theirs.pk if site == tenants.theirs.site.pk else ours.pk
            bridge = BridgeLine(number, OTHER_BRIDGE)
            told = await _heard(f"/{pattern}?site={site}", [ORIGIN, *sent], bridge)
            assert not [name for name in NAMES if name in str(told)], pattern
            if pattern == "ws/map/" and site == tenants.ours.site.pk:
                assert told[0]["type"] == "websocket.close"
