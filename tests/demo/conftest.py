"""The demonstration, built once for a module; each test's own changes are taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import override_settings

from config.demo import start
from tests.conftest import MORNING

PORT = 18000


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demonstration keeps its files."""
    return tmp_path_factory.mktemp("var")


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any, var: Path) -> Iterator[dict[str, Any]]:
    """What the first start at a Tuesday morning told."""
    with django_db_blocker.unblock():
        try:
            with override_settings(VAR_DIR=var), transaction.atomic():
                yield start.prepare(var=var, port=PORT, at=MORNING)
                transaction.set_rollback(True)
        finally:
            connection.close()


@pytest.fixture
def demo(built: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The same, with whatever the test changes taken back."""
    with transaction.atomic():
        yield built
        transaction.set_rollback(True)
