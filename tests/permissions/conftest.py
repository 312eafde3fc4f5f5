"""What the walks over every page leave out."""

from __future__ import annotations

import pytest

from config import waiting


@pytest.fixture(autouse=True)
def nothing_counted_beside_the_menu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the numbers beside the menu out: they are counted on every page.

    They are the numbers of rows of lists that are walked themselves; tests/config has them.
    """
    monkeypatch.setattr(waiting, "counts", lambda _request: {})
