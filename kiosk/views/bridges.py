"""Where a new bridge exchanges its one-time code for a token."""

from __future__ import annotations

import json

from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from audit.errors import Refusal
from audit.services import idempotency
from audit.services.events import Actor
from lockers.models import Bridge
from lockers.services import enrolment


@csrf_exempt  # no cookie is looked at: the code in the body is the whole authority
@require_POST
def enrol(request: HttpRequest) -> JsonResponse:
    """Exchange ``{"code": ...}`` for ``{"bridge_id": ..., "token": ...}``."""
    at = timezone.now()
    try:
        code = str(json.loads(request.body)["code"])
        code.encode()
    except (ValueError, KeyError, TypeError, RecursionError):
        return JsonResponse(
            {"code": "malformed", "message": 'Send a JSON object with a "code".', "facts": {}},
            status=400,
        )
    try:
        with transaction.atomic():
            bridge, token = enrolment.redeem(model=Bridge, code=code, at=at)
            enrolment.record_enrolled(
                subject=f"bridge:{bridge.pk}",
                site=bridge.site,
                actor=Actor.bridge(bridge.pk),
                at=at,
            )
    except Refusal as refusal:
        idempotency.settle(refusal)
        return JsonResponse(refusal.body(), status=refusal.http_status)
    return JsonResponse({"bridge_id": bridge.pk, "token": token})
