"""Django's own backend asks ``SELECT 1`` before each request: a round trip of the thirteen of a
claim. Looking at the socket costs none, and serves the pool too, which otherwise hands out
connections that a restart of the database has ended.
"""

from __future__ import annotations

import select
from typing import Any

from django.db.backends.postgresql import base


def has_hung_up(connection: Any) -> bool:
    """Say whether the server ended an idle connection: only then is there something to read.

    A rare notice, such as a changed setting, looks the same and costs a new connection.
    """
    if connection.closed:
        return True
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN | select.POLLHUP)
    return bool(waiting.poll(0))


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL through psycopg."""

    def is_usable(self) -> bool:
        return self.connection is not None and not has_hung_up(self.connection)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        while self.pool and has_hung_up(connection):
            connection.close()
            self.pool.putconn(connection)
            connection = super().get_new_connection(conn_params)
        return connection
