"""What a browser does with a page of the administration: log in, and post what the page shows."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client
from django.urls import reverse

from access.models import User


def signed_in(user: User) -> Client:
    """Return a browser in which somebody is logged in."""
    client = Client()
    client.force_login(user)
    return client


def verb(user: User, name: str, obj: Any, **posted: Any) -> Any:
    """Post to the page of a verb, or look at it when nothing is posted."""
    address = reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_{name}", args=[obj.pk])
    return signed_in(user).post(address, posted) if posted else signed_in(user).get(address)


def without_tokens(answer: Any) -> str:
    """Return a page without its random tokens, in which any short word may be spelt by chance."""
    return re.sub(r"[\w-]{30,}", "", answer.content.decode())


def filled_in(client: Client, address: str, **changes: Any) -> dict[str, Any]:
    """Return what a browser would post from a change page, with some fields typed over."""
    answer = client.get(address)
    assert answer.status_code == 200
    form = answer.context["adminform"].form
    posted = {name: form.initial[name] for name in form.fields if _is_sent(form.initial.get(name))}
    for inline in answer.context["inline_admin_formsets"]:
        rows = inline.formset
        posted |= {f"{rows.prefix}-{k}": v for k, v in rows.management_form.initial.items()}
        posted[f"{rows.prefix}-TOTAL_FORMS"] = rows.initial_form_count()
        for number, row in enumerate(rows.initial_forms):
            kept = row.initial | {"id": row.instance.pk, rows.fk.name: rows.instance.pk}
            posted |= {
                f"{rows.prefix}-{number}-{name}": kept[name]
                for name in kept
                if _is_sent(kept[name])
            }
    return posted | changes


def _is_sent(value: Any) -> bool:
    """Say whether a browser sends a field: empty ones as nothing, boxes only when ticked."""
    return value is not None and value is not False
