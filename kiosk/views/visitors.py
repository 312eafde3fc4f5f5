"""What visitors do at the terminal, and the request of whoever has no access."""

from __future__ import annotations

import datetime as dt
from typing import Any

from access.models import Visit
from access.services import visitor_codes
from kiosk.authentication import Here
from kiosk.errors import Malformed
from kiosk.services import visitors
from kiosk.views.acting import acting, text_in, whole
from kiosk.views.acts import told

_LONGEST_NAME = 80


def _ask(here: Here, body: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """Ask for access for whoever a scan stands for."""
    asked = visitors.ask(here=here, person_id=whole(here, body, at), at=at)
    return {"request": asked.pk, "ends_at": asked.ends_at.isoformat()}


def _register(here: Here, body: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """Register somebody who agreed, and identify them."""
    name, company = text_in(body, "name").strip(), text_in(body, "company").strip()
    if not name or len(name) > _LONGEST_NAME or len(company) > _LONGEST_NAME:
        raise Malformed(problem="name must be 1 to 80 characters, company at most 80")
    if body.get("agreed") is not True:
        raise Malformed(problem="agreed must be true")
    secret = text_in(body, "secret")
    if len(secret) < 32:
        raise Malformed(problem="secret must be random and of at least 32 characters")
    arrived, scan = visitors.register(
        here=here, name=name, company=company, host=text_in(body, "host"), secret=secret, at=at
    )
    # Without the code: answers are stored.
    return {**told(here, scan, at), "visit": arrived.visit.pk}


def _code(answer: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """Make the code of a visit once more, by the secret that came with the request."""
    visit = Visit.objects.select_related("code").filter(pk=answer["visit"]).first()
    if visit is None:
        return {}
    return {"code": visitor_codes.grouped(visitor_codes.code_of(visit, body["secret"]))}


register = acting(_register, untold=_code)
ask = acting(_ask)
