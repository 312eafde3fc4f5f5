"""What `manage.py check` says of a wrong installation."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import override_settings

from config import checks

STRONG = {
    "SECRET_KEY": "q0Zt8sVb3nXyJr5wLk7uHd2fGm9pCa4eTj6vYx1zQw0",
    "BADGE_KEY": b"Pa8Xo2Nz6Kd4Vt1Ys9Hw3Mg7Jf5Lb0Rq2Uc8Ei6Tx4D",
    "DEBUG": False,
    "DEMO": False,
    "ALLOWED_HOSTS": ["lockers.example.org"],
    "SESSION_COOKIE_SECURE": True,
}


def ours(**settings: Any) -> list[str]:
    with override_settings(**{**STRONG, **settings}):
        found = run_checks(include_deployment_checks=True)
    for message in found:
        assert message.id is not None
        if message.id.startswith("lockwright."):
            assert message.hint, f"{message.id} says nothing to do"
    return [m.id for m in found if m.id and m.id.startswith("lockwright.")]


def test_a_good_installation_is_left_in_peace() -> None:
    assert ours() == []


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"BADGE_KEY": STRONG["SECRET_KEY"].encode()}, ["lockwright.E005"]),  # type: ignore[attr-defined]  # a str
        ({"SECRET_KEY": "ab" * 30}, ["lockwright.W001"]),
        ({"BADGE_KEY": b"short but not repeated"}, ["lockwright.W001"]),
        ({"DEBUG": True}, ["lockwright.E006"]),
        ({"DEMO": True}, ["lockwright.E007"]),
        ({"COMBINATION_KEYS": []}, ["lockwright.W010"]),
        ({"BRIDGE_KEYS": []}, ["lockwright.W011"]),
        ({"ALLOWED_HOSTS": ["*"]}, ["lockwright.E008"]),
        ({"ALLOWED_HOSTS": ["localhost", "127.0.0.1"]}, ["lockwright.W002"]),
        ({"SESSION_COOKIE_SECURE": False}, ["lockwright.W003"]),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, Any], expected: list[str]) -> None:
    assert ours(**settings) == expected


def test_the_database_of_the_tests_is_good_enough(db: None) -> None:
    assert checks.database(None, databases=["default"]) == []


@pytest.mark.parametrize(
    ("version", "encoding", "expected"),
    [
        (150000, "UTF8", []),
        (140011, "UTF8", ["lockwright.E003"]),
        (180000, "SQL_ASCII", ["lockwright.E004"]),
        (130004, "LATIN1", ["lockwright.E003", "lockwright.E004"]),
    ],
)
def test_an_old_or_oddly_encoded_database_is_refused(
    version: int, encoding: str, expected: list[str]
) -> None:
    assert [message.id for message in checks._judge("default", version, encoding)] == expected


class _Elsewhere:
    def __init__(self, vendor: str) -> None:
        self.vendor = vendor

    def cursor(self) -> Any:
        from django.db import OperationalError

        raise OperationalError("connection refused")


@pytest.mark.parametrize(
    ("vendor", "expected"), [("sqlite", "lockwright.E001"), ("postgresql", "lockwright.E002")]
)
def test_another_or_a_silent_database_is_named(
    monkeypatch: pytest.MonkeyPatch, vendor: str, expected: str
) -> None:
    monkeypatch.setattr(checks, "connections", {"default": _Elsewhere(vendor)})
    assert [message.id for message in checks.database(None, ["default"])] == [expected]
