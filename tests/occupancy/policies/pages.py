"""What a browser does with the page of a policy: read its form and rows, look, and save."""

from __future__ import annotations

from typing import Any

from django.test import Client

ADD = "/admin/occupancy/policy/add/"
CONFIRMED = {"_confirmed": "1", "_save": ""}


def change_of(policy: Any) -> str:
    return f"/admin/occupancy/policy/{policy.pk}/change/"


def posted(form: Any) -> dict[str, Any]:
    """Return what a browser would send of a form as it stands."""
    body: dict[str, Any] = {}
    for bound in form:
        value = bound.value()
        if hasattr(bound.field.widget, "widgets"):
            for place, one in enumerate(bound.field.widget.decompress(value)):
                body[f"{bound.html_name}_{place}"] = one
        elif value is not None and value is not False and value != "":
            if hasattr(bound.field, "prepare_value"):
                value = bound.field.prepare_value(value)
            body[bound.html_name] = getattr(value, "pk", value)
            if isinstance(value, list):
                body[bound.html_name] = [getattr(one, "pk", one) for one in value]
    return body


def opened(client: Client, address: str, **changes: Any) -> dict[str, Any]:
    """Return what a browser would send of a page, with some fields typed over."""
    context = client.get(address).context
    body = posted(context["adminform"].form)
    for inline in context.get("inline_admin_formsets") or ():
        body |= posted(inline.formset.management_form)
        for form in inline.formset.initial_forms:
            body |= posted(form)
    return body | changes


def said(answer: Any) -> list[str]:
    """Return the sentences of the step before saving."""
    return [line.text for line in answer.context["lines"]]


def save(client: Client, address: str, body: dict[str, Any]) -> None:
    answer = client.post(address, body | CONFIRMED)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
