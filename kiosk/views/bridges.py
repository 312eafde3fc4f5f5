"""Where a new bridge shows that it knows its one-time code, and gives its public key."""

from __future__ import annotations

import msgspec
from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from audit.errors import Refusal
from audit.services import idempotency
from kiosk.bridge import protocol
from lockers.services import bridge_keys

_decoder = msgspec.json.Decoder(protocol.Enrol)


@csrf_exempt  # no cookie is looked at: the signature under the code is the whole authority
@require_POST
def enrol(request: HttpRequest) -> JsonResponse:
    """Exchange an Enrol for an Enrolled; see lockers/introduction.py."""
    try:
        asked = _decoder.decode(request.body)
    except (msgspec.DecodeError, RecursionError) as error:
        return JsonResponse(
            {"code": "malformed", "message": f"This is not an enrolment: {error}", "facts": {}},
            status=400,
        )
    try:
        with transaction.atomic():
            bridge, mac = bridge_keys.enrol(
                public_key=asked.public_key,
                by_code=asked.by_code,
                by_itself=asked.by_itself,
                at=timezone.now(),
            )
            keys = bridge_keys.server_keys()
    except Refusal as refusal:
        idempotency.settle(refusal)
        return JsonResponse(refusal.body(), status=refusal.http_status)
    return JsonResponse(
        msgspec.to_builtins(protocol.Enrolled(bridge_id=bridge.pk, server_keys=keys, mac=mac))
    )
