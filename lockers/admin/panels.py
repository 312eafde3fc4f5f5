"""What other apps show on a page of the administration, below its form.

An app on the right cannot be imported here. It calls ``add(Compartment, panel)`` in its own admin
modules; ``panel(request, obj)`` returns what is drawn, or "" for whoever may not see it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

Panel = Callable[[HttpRequest, Any], SafeString | str]
_panels: defaultdict[type[Model], list[Panel]] = defaultdict(list)


def add(model: type[Model], panel: Panel) -> None:
    """Show a panel on the page of every object of a model whose admin has WithPanels."""
    if panel not in _panels[model]:
        _panels[model].append(panel)


def drawn(request: HttpRequest, obj: Model) -> list[SafeString | str]:
    """Return what other apps show of an object to whoever looks."""
    return [shown for panel in _panels[type(obj)] if (shown := panel(request, obj))]


class WithPanels:
    """An admin on whose pages other apps may show something."""

    change_form_after_template = "admin/lockers/panels.html"

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        obj = kwargs.get("obj") or context.get("original")
        if obj is not None:
            context["panels"] = drawn(request, obj)
        answer: HttpResponse = super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]  # of the admin that it is mixed into
        return answer
