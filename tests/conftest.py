"""What every test may use: the database, a frozen morning, and the cast of people."""

from __future__ import annotations

import datetime as dt
import errno
import ipaddress
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from tests import emptying

# A Tuesday morning in winter time: London is UTC.
MORNING = dt.datetime(2026, 11, 17, 9, 0, tzinfo=dt.UTC)


def stay_here(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse what a test sends beyond this machine, as a network without a route would.

    What answers at an address of another network is not the test's to know: some networks
    answer for every address.
    """
    if event not in {"socket.connect", "socket.sendto"}:
        return
    address = arguments[1]
    if not isinstance(address, tuple) or address[0] == "localhost":
        return
    try:
        is_here = ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback
    except ValueError:
        is_here = False
    if not is_here:
        raise OSError(errno.ENETUNREACH, f"a test stays on this machine, and asked for {address}")


sys.addaudithook(stay_here)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Let the test database empty the audit table between two transactional tests.

    Only TRUNCATE, for who may not put triggers aside, and only here: UPDATE and DELETE stay
    refused, and a test puts this trigger back to prove it.
    """
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER IF EXISTS audit_event_is_not_truncated ON audit_event")
    with emptying.by_delete():
        yield
    # Threads of asynchronous tests keep their connection, and a database in use is not dropped.
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that touches the database, so that CI can repeat those on PostgreSQL 15."""
    database = {"db", "transactional_db", "django_db_setup", "live_server"}
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if fixtures & database or item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.database)
            # A test whose fixtures open the database by themselves gets a test database too.
            if not fixtures & {"db", "transactional_db"}:
                item.add_marker(pytest.mark.django_db)


@pytest.fixture
def at() -> dt.datetime:
    """The instant at which a test happens."""
    return MORNING


@pytest.fixture
def estate(db: None) -> Iterator[Any]:
    """An office with one bank of three doors, its bridge connected, and the cast."""
    from tests.factories.cast import Estate

    return Estate.build(at=MORNING)
