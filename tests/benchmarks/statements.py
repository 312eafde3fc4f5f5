"""The claim's own SQL, taken from the services so that the comparison cannot drift from them."""

from __future__ import annotations

from typing import Any

from django.db import connection

from tests.benchmarks.place import Place

# Told apart by their beginning, as they are sent; a missing one stops the measurement.
_BEGINNINGS = {
    "terminal": "SELECT t.id, t.name, b.id",
    "badge": "SELECT c.id, c.kind, c.purpose",
    "situation": "SELECT s.organisation_id, s.id, b.id",
    "usual": "SELECT mode()",
    "doors": "SELECT c.id, c.number, c.size_id",
    "take": "WITH door AS (\n    SELECT free.id",
    "grant": "INSERT INTO access_grant",
    "command": "WITH door AS (\n    SELECT c.id, b.bridge_id",
    "event": "INSERT INTO audit_event",
    "places": 'SELECT "lockers_compartment"."id" AS "id", "lockers_compartment"."column"',
    "rounds": 'SELECT "maintenance_roundstop"."id"',
    "answer": "INSERT INTO audit_answer",
}


def of_a_claim(place: Place) -> list[tuple[str, str]]:
    """Claim once through the shipped view and return its statements by name, in order."""
    from django.test import Client

    sent: list[tuple[str, str]] = []
    unknown: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        stripped = sql.strip()
        for name, beginning in _BEGINNINGS.items():
            if stripped.startswith(beginning):
                sent.append((name, sql))
                break
        else:
            if not stripped.startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")):
                # Not raised here: the view would take it for its own failure, and go on.
                unknown.append(sql)
        return execute(sql, params, many, context)

    def claim(number: int) -> Any:
        return Client(SERVER_NAME="127.0.0.1").post(
            "/kiosk/claim",
            {"badge": place.badge(number), "choice": {"any": True}},
            content_type="application/json",
            headers={
                "Authorization": f"Terminal {place.terminal_token(0)}",
                "Idempotency-Key": f"measuring-{number}",
            },
        )

    place.empty()
    # The first one reads the policies, which are kept from then on.
    claim(1)
    with connection.execute_wrapper(note):
        answer = claim(0)
    if unknown:
        raise AssertionError(f"statements that the comparison does not know: {unknown}")
    if answer.status_code != 200 or {name for name, _ in sent} != set(_BEGINNINGS):
        raise AssertionError(f"the claim went differently: {answer.content!r} {sent}")
    return sent
