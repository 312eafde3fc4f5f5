"""What the views that change something share: whose it is, and each change exactly once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from access.models import User
from audit.errors import Refusal
from audit.services import idempotency
from audit.services.events import Actor
from audit.services.idempotency import Reply
from lockers.models import Compartment
from lockers.scoping import MAINTAIN, within
from maintenance.forms.phone import digest
from maintenance.models import Ticket
from maintenance.selectors import walking

T = TypeVar("T")
LARGEST_ID = 2**63 - 1
_NOT_ASKED = {"key", "csrfmiddlewaretoken"}


def user_of(request: HttpRequest) -> User:
    """Return the log-in behind a request that ``login_required`` let through."""
    assert isinstance(request.user, User)
    return request.user


def actor_of(request: HttpRequest) -> Actor:
    """Return who acts, for the trail."""
    return Actor.staff(user_of(request).pk)


def ticket_for(user: User, ticket_id: int) -> Ticket:
    """Return a ticket about what the user may maintain; the rest does not exist."""
    return _one(
        walking.maintained(user).filter(pk=min(ticket_id, LARGEST_ID)).select_related(
            "site", "bank", "compartment__bank__site", "controller", "bridge", "assignee", "team"
        )
    )  # fmt: skip


def door_for(user: User, compartment_id: int, right: str = MAINTAIN) -> Compartment:
    """Return a door on which the user has a right; the rest does not exist."""
    return _one(
        Compartment.objects.select_related("bank__site").filter(
            within(user, right, "bank"), pk=min(compartment_id, LARGEST_ID)
        )
    )


def once(request: HttpRequest, scope: str, work: Callable[[], dict[str, Any]]) -> Reply:
    """Do a change and answer, or repeat the first answer to this form; a refusal is an answer."""
    posted = sorted((name, text) for name, text in request.POST.items() if name not in _NOT_ASKED)
    files = [(name, digest(file)) for name, file in sorted(request.FILES.items())]
    try:
        return idempotency.once(
            scope=scope,
            key=str(request.POST.get("key", "")),
            request=idempotency.fingerprint(request.method, request.path, posted, files),
            work=lambda: Reply(200, work()),
        )
    except Refusal as refusal:
        idempotency.settle(refusal)
        return Reply(refusal.http_status, refusal.body())


def _one(rows: QuerySet[T]) -> T:  # type: ignore[type-var]  # of models only
    row = rows.first()
    if row is None:
        raise Http404
    return row
