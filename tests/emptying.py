"""Emptying the database between two transactional tests: by DELETE from what a test filled.

TRUNCATE of every table makes new files for all of them and their indexes, and takes longer than
most tests; it would also wait for whatever a server that tests share is still reading.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations

# As they were made by the migrations; the same in every test.
_STAYS = {"django_content_type", "auth_permission"}


@contextlib.contextmanager
def by_delete() -> Iterator[None]:
    """Empty the database so while the block lasts, where we may put its triggers aside."""
    # Of the class: while a browser's loop runs, this thread has another connection than before.
    operations = type(connection.ops)
    usual = operations.sql_flush

    def sql_flush(
        self: DatabaseOperations, style: Any, tables: Sequence[str], **options: Any
    ) -> list[str]:
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            if cursor.fetchone() != (True,):
                statements: list[str] = usual(self, style, tables, **options)
                return statements
            quoted = {name: self.quote_name(name) for name in set(tables) - _STAYS}
            cursor.execute(
                " UNION ALL ".join(
                    f"SELECT '{name}' WHERE EXISTS (SELECT FROM {table})"
                    for name, table in quoted.items()
                )
            )
            filled = [name for (name,) in cursor.fetchall()]
        # Neither the triggers that refuse a DELETE nor those that look after foreign keys.
        aside = "SET LOCAL session_replication_role = replica"
        return [aside, *(f"DELETE FROM {quoted[name]}" for name in filled)]

    operations.sql_flush = sql_flush  # type: ignore[method-assign]
    yield
    operations.sql_flush = usual  # type: ignore[method-assign]
