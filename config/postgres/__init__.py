"""The embedded PostgreSQL: binaries from a package, run as an unprivileged foreground child."""

from __future__ import annotations

from config.postgres.place import PostgresError
from config.postgres.server import EmbeddedPostgres

__all__ = ["EmbeddedPostgres", "PostgresError"]
