"""Every address of the product, read from the URLconf and the websocket routing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True)
class Route:
    """One pattern. Its key is its name or, without one, what it matches."""

    name: str
    pattern: str

    @property
    def key(self) -> str:
        return self.name if self.name and not self.name.endswith(":") else self.pattern


def pages() -> list[Route]:
    """Return every URL pattern, however deep it is included."""
    return list(_walk(get_resolver(), "", ""))


def _walk(resolver: URLResolver, pattern: str, namespace: str) -> Iterator[Route]:
    for part in resolver.url_patterns:
        whole = pattern + str(part.pattern)
        if isinstance(part, URLResolver):
            inner = f"{part.namespace}:" if part.namespace else ""
            yield from _walk(part, whole, namespace + inner)
        elif isinstance(part, URLPattern):
            yield Route(namespace + (part.name or ""), whole)


def websockets() -> list[str]:
    """Return the pattern of every websocket."""
    from config.routing import websockets as router

    return [str(pattern) for pattern in _sockets(router, "")]


def _sockets(application: Any, prefix: str) -> Iterator[str]:
    if hasattr(application, "routes"):
        for route in application.routes:
            yield from _sockets(route.callback, prefix + str(route.pattern))
    elif hasattr(application, "inner"):
        yield from _sockets(application.inner, prefix)
    elif hasattr(application, "application"):
        yield from _sockets(application.application, prefix)
    else:
        yield prefix


def admin_page(route: Route) -> tuple[str, str] | None:
    """Return model and kind of an admin page that belongs to a model, else None."""
    if not route.pattern.startswith("admin/"):
        return None
    for model in admin.site._registry:
        app, name = model._meta.app_label, model._meta.model_name
        label = f"{app}.{model.__name__}"
        if route.name.startswith(f"admin:{app}_{name}_"):
            return label, route.name.removeprefix(f"admin:{app}_{name}_")
        if route.pattern == f"admin/{app}/{name}/<path:object_id>/":
            return label, "old_change"  # where older links lead: it sends on to the change page
        if route.pattern.startswith(f"admin/{app}/{name}/"):
            return label, route.pattern.removeprefix(f"admin/{app}/{name}/")
    return None
