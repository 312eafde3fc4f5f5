"""A connection that the server ended is noticed without asking the server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.database.base import DatabaseWrapper, has_hung_up


@pytest.fixture
def kept(transactional_db: None) -> Iterator[DatabaseWrapper]:
    """Another connection to the same database, kept between requests as a web server does."""
    kept = connection.copy()
    assert isinstance(kept, DatabaseWrapper)
    kept.settings_dict = {
        **kept.settings_dict, "CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True,
    }  # fmt: skip
    kept.connect()
    yield kept
    kept.close()


def end(kept: DatabaseWrapper) -> None:
    assert kept.connection is not None
    pid = kept.connection.info.backend_pid
    with connection.cursor() as cursor:
        # Waits until it is gone.
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        assert cursor.fetchone() == (True,)


def number_one(kept: DatabaseWrapper) -> object:
    with kept.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone()


def test_a_living_connection_is_kept_and_not_asked(kept: DatabaseWrapper) -> None:
    number_one(kept)
    before = kept.connection
    kept.close_if_unusable_or_obsolete()  # what every request begins with
    with CaptureQueriesContext(kept) as asked:
        assert number_one(kept) == (1,)
    assert kept.connection is before
    assert len(asked) == 1


def test_a_connection_that_the_server_ended_is_replaced_before_it_is_used(
    kept: DatabaseWrapper,
) -> None:
    end(kept)
    kept.close_if_unusable_or_obsolete()
    assert number_one(kept) == (1,)


def test_the_pool_hands_out_no_connection_that_the_server_ended(kept: DatabaseWrapper) -> None:
    kept.close()
    kept.settings_dict |= {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False}
    kept.settings_dict["OPTIONS"] = {
        **kept.settings_dict["OPTIONS"], "pool": {"min_size": 1, "max_size": 1, "timeout": 5},
    }  # fmt: skip
    try:
        kept.connect()
        ended = kept.connection
        end(kept)
        kept.close()  # back into the pool, as if nothing had happened
        assert number_one(kept) == (1,)
        assert kept.connection is not ended
        assert ended is not None and has_hung_up(ended)
    finally:
        kept.close()
        kept.close_pool()
