"""What the views that change something share: whose door it is, and each change exactly once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.forms import Form
from django.http import Http404, HttpRequest

from access.models import User
from audit.errors import Refusal
from audit.services import idempotency
from audit.services.events import Actor
from audit.services.idempotency import Reply
from lockers.models import Bank, BankOpening, Compartment
from lockers.scoping import within

T = TypeVar("T")

LARGEST_ID = 2**63 - 1


def user_of(request: HttpRequest) -> User:
    """Return the log-in behind a request that ``login_required`` let through."""
    assert isinstance(request.user, User)
    return request.user


def actor_of(request: HttpRequest) -> Actor:
    """Return who acts, for the trail."""
    return Actor.staff(user_of(request).pk)


def door_for(user: User, compartment_id: int, right: str) -> Compartment:
    """Return a compartment that the user has a right on; the rest does not exist."""
    return _one(
        Compartment.objects.select_related("bank__site")
        .filter(within(user, right, "bank"), pk=min(compartment_id, LARGEST_ID))
        .first()
    )


def bank_for(user: User, bank_id: int, right: str) -> Bank:
    """Return a bank that the user has a right on; the rest does not exist."""
    return _one(
        Bank.objects.select_related("site")
        .filter(within(user, right), pk=min(bank_id, LARGEST_ID))
        .first()
    )


def opening_for(user: User, opening_id: int, right: str) -> BankOpening:
    """Return an opening of a bank where the user has a right; the rest does not exist."""
    return _one(
        BankOpening.objects.select_related("bank__site")
        .filter(within(user, right, "bank"), pk=min(opening_id, LARGEST_ID))
        .first()
    )


def once(request: HttpRequest, form: Form | None, work: Callable[[], str]) -> Reply:
    """Do a change and answer with its sentence, or repeat the first answer to this key.

    A form with mistakes is answered like a refusal, but not remembered: it may be corrected.
    """
    if form is not None and not form.is_valid():
        mistakes = [str(text) for texts in form.errors.values() for text in texts]
        return Reply(400, {"code": "invalid", "message": " ".join(mistakes), "facts": {}})
    asked = form.cleaned_data if form is not None else {}
    try:
        return idempotency.once(
            scope=f"user:{user_of(request).pk}",
            key=request.headers.get("Idempotency-Key", ""),
            request=idempotency.fingerprint(request.method, request.path, asked),
            work=lambda: Reply(200, {"code": "done", "message": work()}),
        )
    except Refusal as refusal:
        return Reply(refusal.http_status, refusal.body())


def _one(row: T | None) -> T:
    if row is None:
        raise Http404
    return row
