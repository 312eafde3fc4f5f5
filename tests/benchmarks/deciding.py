"""What one decision takes, and how soon a revocation is felt at a door."""

from __future__ import annotations

import datetime as dt
import http.client
import json
import time
import timeit
import uuid
from typing import Any

from django.utils import timezone

from access.choices import CredentialKind, CredentialStatus
from access.decisions import Facts, decide
from access.models import Credential
from access.services import credentials
from audit.services.events import Actor
from tests.benchmarks.figures import RUNS, median, percentile
from tests.benchmarks.place import Place

DECISIONS = 20_000
REVOCATIONS = 40


def measure(place: Place) -> dict[str, Any]:
    """Return microseconds of a decision, and milliseconds from a revocation to the refusal."""
    place.empty()
    return {"decide_us": _decide(), "revoke_to_refused_ms": _revoke(place)}


def _decide() -> float:
    at = timezone.now()
    hour = dt.timedelta(hours=1)
    facts = Facts(
        person_status="active",
        credential_status="active",
        credential_from=at - hour,
        credential_until=at + hour,
        assurance="plain",
        pin_rule="plain",
        has_shown_pin=True,
        needs_grant=True,
        grant_from=at - hour,
        grant_until=at + hour,
        service_status="in_service",
        curfew=((at + 6 * hour).time(), (at + 7 * hour).time()),
        time_zone="Europe/Berlin",
    )
    assert decide(facts, at).allowed
    runs = timeit.repeat(lambda: decide(facts, at), number=DECISIONS, repeat=RUNS)
    return median([run / DECISIONS * 1e6 for run in runs])


def _revoke(place: Place) -> dict[str, float]:
    """Take badges away one by one, from before the service is called until a tap is refused."""
    link = http.client.HTTPConnection("127.0.0.1", place.port, timeout=10)
    runs: list[list[float]] = []
    number = 0
    for _run in range(RUNS):
        delays = []
        for _badge in range(REVOCATIONS):
            assert _tap(link, place, number) == 200
            badge = Credential.objects.select_related("person").get(
                kind=CredentialKind.BADGE, digest=place.digests[number]
            )
            begun = time.perf_counter()
            credentials.set_status(
                credential=badge,
                status=CredentialStatus.REVOKED,
                actor=Actor.staff(1),
                at=timezone.now(),
            )
            while _tap(link, place, number) == 200:
                pass
            delays.append((time.perf_counter() - begun) * 1000)
            number += 1
        runs.append(delays)
    Credential.objects.filter(digest__in=place.digests[:number]).update(
        status=CredentialStatus.ACTIVE
    )
    every = [delay for run in runs for delay in run]
    return {
        "p50": median([percentile(run, 0.5) for run in runs]),
        "p99": round(percentile(every, 0.99), 2),
    }


def _tap(link: http.client.HTTPConnection, place: Place, number: int) -> int:
    body = json.dumps({"badge": place.badge(number)})
    headers = {
        "Authorization": f"Terminal {place.terminal_token(0)}",
        "Idempotency-Key": uuid.uuid4().hex,
        "Content-Type": "application/json",
    }
    link.request("POST", "/kiosk/scan", body, headers)
    answer = link.getresponse()
    answer.read()
    return answer.status
