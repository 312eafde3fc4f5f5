from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine

from tests.factories.cast import Estate
from tests.factories.school_year import SchoolYear, school_year


@pytest.fixture
def year(estate: Estate, at: dt.datetime) -> Iterator[SchoolYear]:
    """A school in November, with the clock stopped."""
    with time_machine.travel(at, tick=False):
        yield school_year(estate, at)
