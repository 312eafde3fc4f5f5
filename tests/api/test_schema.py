from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture
def document(db: None) -> Any:
    """The OpenAPI document as a tool gets it."""
    answer = Client().get("/api/v1/schema/", headers={"Accept": "application/json"})
    assert answer.status_code == 200
    return answer.json()


def test_the_schema_is_valid_and_has_no_warnings(tmp_path: Any) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema"))


def test_every_change_documents_its_key_and_every_answer_its_error(document: Any) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            error = operation["responses"]["default"]["content"]["application/json"]["schema"]
            assert error == {"$ref": "#/components/schemas/Error"}, (method, path)
            headers = {p["name"] for p in operation.get("parameters", []) if p["in"] == "header"}
            assert headers == ({"Idempotency-Key"} if method == "post" else set()), (method, path)
            assert operation.get("description"), (method, path)


def test_the_schema_names_what_the_product_offers(document: Any) -> None:
    assert {path.removeprefix("/api/v1/") for path in document["paths"]} >= {
        "assignments/",
        "assignments/{id}/",
        "assignments/{id}/open/",
        "assignments/{id}/release/",
        "assignments/{id}/renew/",
        "assignments/{id}/share/",
        "assignments/{id}/end-share/",
        "assignments/{id}/delegate/",
        "assignments/{id}/transfer/",
        "assignments/{id}/move/",
        "assignments/{id}/recover/",
        "assignments/give/",
        "assignments/give-many/",
        "assignments/swap/",
        "reservations/",
        "reservations/{id}/change/",
        "reservations/{id}/cancel/",
        "reservations/{id}/check_in/",
        "series/",
        "series/{id}/end/",
        "desk-bookings/",
        "desk-bookings/{external_id}/",
        "waiting/",
        "waiting/{id}/leave/",
        "waiting/{id}/accept/",
        "waiting/{id}/decline/",
        "recoveries/",
        "recoveries/{id}/confirm/",
        "recoveries/{id}/open/",
        "recoveries/{id}/opened-by-key/",
        "recoveries/{id}/nothing-found/",
        "recoveries/{id}/store/",
        "recoveries/{id}/close/",
        "recoveries/{id}/call-off/",
        "tickets/",
        "tickets/{id}/note/",
        "tickets/{id}/close/",
        "tickets/{id}/reference/",
        "lost-property/",
        "lost-property/{id}/hand-out/",
        "lost-property/{id}/dispose/",
        "policies/",
        "policies/{id}/change/",
        "policies/{id}/preview/",
        "policies/preview/",
        "policies/explain/",
        "door-groups/",
        "banks/",
        "commands/",
        "commands/{id}/",
        "compartments/",
        "compartments/{id}/",
        "compartments/{id}/open/",
        "compartments/{id}/service_status/",
        "events/",
        "events/{id}/",
        "sites/",
    }


@pytest.mark.parametrize("path", ["/api/v1/schema/", "/api/v1/docs/"])
def test_a_browser_gets_a_page_that_loads_nothing_from_elsewhere(db: None, path: str) -> None:
    page = Client().get(path, headers={"Accept": BROWSER})
    assert page["Content-Type"].startswith("text/html")
    text = page.content.decode()
    assert "swagger-ui-bundle.js" in text
    assert "http://" not in text and "https://" not in text
    script = Client().get(path, {"script": ""}, headers={"Accept": "*/*"})
    assert script["Content-Type"].startswith("application/javascript")


def test_the_root_leads_to_the_page(db: None) -> None:
    assert Client().get("/api/v1/")["Location"] == "/api/v1/docs/"
