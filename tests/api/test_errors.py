from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from config.api import base
from tests.api.conftest import Api, codes, key
from tests.factories.cast import Estate

HUGE = 10**30


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("get", "nothing/", None, (404, "not_found")),
        ("post", "nothing/", {}, (404, "not_found")),
        ("get", f"sites/{HUGE}/", None, (404, "not_found")),
        ("get", "sites/abc/", None, (404, "not_found")),
        ("get", "commands/7/", None, (404, "not_found")),
        ("delete", "sites/", None, (405, "method_not_allowed")),
        ("put", "compartments/", {}, (405, "method_not_allowed")),
        ("get", f"banks/?site={HUGE}", None, (400, "invalid")),
        ("get", "compartments/?state=purple", None, (400, "invalid")),
        ("get", "compartments/?cursor=nonsense", None, (404, "not_found")),
        ("get", "events/?since=yesterday", None, (400, "invalid")),
        ("post", "assignments/", {}, (400, "invalid")),
        ("post", "assignments/", [], (400, "invalid")),
        ("post", "assignments/", {"person": "x", "bank": HUGE}, (400, "invalid")),
        (
            "post",
            "assignments/",
            {"person": 1, "bank": 1, "size": 1, "compartment": 1},
            (400, "invalid"),
        ),
        ("post", "assignments/", {"person": 1, "bank": 99_999_999}, (404, "not_found")),
    ],
)
def test_every_error_has_one_shape(
    estate: Estate,
    api: Api,
    method: str,
    path: str,
    body: Any,
    expected: tuple[int, str],
) -> None:
    answer = getattr(api("olga"), method)(f"/api/v1/{path}", body, headers=key())
    assert codes(answer) == expected


def test_a_wrong_field_is_named_with_what_is_wrong(estate: Estate, api: Api) -> None:
    answer = api("olga").post("/api/v1/assignments/", {"person": "x"}, headers=key())
    assert set(answer.json()["facts"]) == {"person", "bank"}


def test_what_is_not_json_is_refused(estate: Estate, api: Api) -> None:
    client = api("olga")
    broken = client.post(
        "/api/v1/assignments/", "{", content_type="application/json", headers=key()
    )
    assert codes(broken) == (400, "malformed")
    form = client.post(
        "/api/v1/assignments/", "a=b", content_type="application/x-www-form-urlencoded"
    )
    assert codes(form) == (415, "unsupported_media_type")
    html = client.get("/api/v1/sites/", headers={"Accept": "text/html"})
    assert codes(html) == (406, "not_acceptable")


def test_nobody_and_a_wrong_token_are_told_how_to_log_in(db: None) -> None:
    nobody = APIClient().get("/api/v1/sites/")
    assert codes(nobody) == (401, "not_authenticated")
    assert nobody["WWW-Authenticate"] == "Token"
    wrong = APIClient().get("/api/v1/sites/", headers={"Authorization": "Token nonsense"})
    assert codes(wrong) == (401, "authentication_failed")
    assert codes(APIClient().get("/api/v1/nothing/")) == (401, "not_authenticated")


def test_a_log_in_that_was_ended_does_not_open_the_api(estate: Estate, api: Api) -> None:
    client = api("olga")
    type(estate.olga).objects.filter(pk=estate.olga.pk).update(is_active=False)
    assert codes(client.get("/api/v1/sites/")) == (401, "authentication_failed")


def test_a_session_reads_and_needs_the_csrf_token_to_act(estate: Estate) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(estate.olga)
    assert client.get("/api/v1/sites/").status_code == 200
    answer = client.post("/api/v1/assignments/", {}, headers=key())
    assert codes(answer) == (403, "forbidden")


def test_a_failure_inside_says_nothing_of_the_inside(
    estate: Estate, api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError("the secret is 42")

    monkeypatch.setattr(base.View, "show_list", fail)
    answer = api("olga").get("/api/v1/sites/")
    assert codes(answer) == (500, "server_error")
    assert b"42" not in answer.content
    assert "the secret is 42" in caplog.text
