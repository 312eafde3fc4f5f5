"""What is wrong with an installation, said before it hurts: ``manage.py check``.

``--database default`` adds the questions to the database, ``--deploy`` those to a server that
strangers can reach. The hint of each says what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, connections

OLDEST_POSTGRESQL = 150000


@register(Tags.database)
def database(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Ask the database for its kind and version."""
    found: list[CheckMessage] = []
    for alias in databases or []:
        connection = connections[alias]
        if connection.vendor != "postgresql":
            found.append(
                Error(
                    f"The database {alias} is {connection.vendor}.",
                    hint="Point DATABASE_URL at a PostgreSQL 15 or newer; there is no other.",
                    id="lockwright.E001",
                )
            )
            continue
        try:
            with connection.cursor() as cursor:
                cursor.execute("SHOW server_version_num")
                version = int(cursor.fetchone()[0])
                cursor.execute("SHOW server_encoding")
                encoding = str(cursor.fetchone()[0])
        except DatabaseError as error:
            found.append(
                Error(
                    f"The database {alias} does not answer: {str(error).strip()}",
                    hint="Check DATABASE_URL, and that PostgreSQL runs.",
                    id="lockwright.E002",
                )
            )
            continue
        found += _judge(alias, version, encoding)
    return found


def _judge(alias: str, version: int, encoding: str) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if version < OLDEST_POSTGRESQL:
        found.append(
            Error(
                f"The database {alias} is PostgreSQL {version // 10000}.",
                hint="Lockwright needs PostgreSQL 15 or newer.",
                id="lockwright.E003",
            )
        )
    if encoding != "UTF8":
        found.append(
            Error(
                f"The database {alias} stores text as {encoding}.",
                hint="Create the database with ENCODING 'UTF8'.",
                id="lockwright.E004",
            )
        )
    return found


@register(Tags.security)
def secrets(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Refuse secrets that are one word for two purposes, or that anybody would guess."""
    found: list[CheckMessage] = []
    keys = {
        "LOCKWRIGHT_SECRET_KEY": str(settings.SECRET_KEY),
        "LOCKWRIGHT_BADGE_KEY": bytes(settings.BADGE_KEY).decode(errors="replace"),
    }
    if len(set(keys.values())) < len(keys):
        found.append(
            Error(
                "LOCKWRIGHT_SECRET_KEY and LOCKWRIGHT_BADGE_KEY are the same.",
                hint="Give each its own value: python -c 'import secrets;"
                " print(secrets.token_urlsafe(48))'.",
                id="lockwright.E005",
            )
        )
    return found


@register(Tags.security, deploy=True)
def strength(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn of secrets that were typed rather than drawn."""
    found: list[CheckMessage] = []
    for name, value in (
        ("LOCKWRIGHT_SECRET_KEY", str(settings.SECRET_KEY)),
        ("LOCKWRIGHT_BADGE_KEY", bytes(settings.BADGE_KEY).decode(errors="replace")),
    ):
        if len(value) < 43 or len(set(value)) < 16:
            found.append(
                Warning(
                    f"{name} is weak.",
                    hint="Draw 256 bits: python -c 'import secrets;"
                    " print(secrets.token_urlsafe(48))'.",
                    id="lockwright.W001",
                )
            )
    return found


@register(Tags.security, deploy=True)
def exposure(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn of settings that are only right on a desk."""
    found: list[CheckMessage] = []
    if settings.DEBUG:
        found.append(
            Error(
                "DEBUG is on: strangers would read settings and code.",
                hint="Start with config.settings.base.",
                id="lockwright.E006",
            )
        )
    if settings.DEMO:
        found.append(
            Error(
                "LOCKWRIGHT_DEMO is on: its log-ins are printed in the documentation.",
                hint="Unset LOCKWRIGHT_DEMO and begin with an empty database.",
                id="lockwright.E007",
            )
        )
    if "*" in settings.ALLOWED_HOSTS:
        found.append(
            Error(
                "LOCKWRIGHT_ALLOWED_HOSTS allows every name.",
                hint="Name the hosts that browsers use, separated by commas.",
                id="lockwright.E008",
            )
        )
    if not settings.COMBINATION_KEYS:
        found.append(
            Warning(
                "LOCKWRIGHT_COMBINATION_KEYS is not set: combinations and the keys of OSDP readers"
                " can be neither stored nor used.",
                hint="Draw a key: python -c 'from cryptography.fernet import Fernet;"
                " print(Fernet.generate_key().decode())'. Without either, silence this.",
                id="lockwright.W010",
            )
        )
    if not settings.BRIDGE_KEYS:
        found.append(
            Warning(
                "LOCKWRIGHT_BRIDGE_KEYS is not set: no bridge is greeted, so no door opens.",
                hint="Draw a key: python -c 'from cryptography.fernet import Fernet;"
                " print(Fernet.generate_key().decode())'. Without electronic locks, silence this.",
                id="lockwright.W011",
            )
        )
    if not set(settings.ALLOWED_HOSTS) - {"127.0.0.1", "localhost", "[::1]", "testserver"}:
        found.append(
            Warning(
                "Only this machine is allowed: other browsers will be refused.",
                hint="Put the host's name into LOCKWRIGHT_ALLOWED_HOSTS.",
                id="lockwright.W002",
            )
        )
    if not settings.SESSION_COOKIE_SECURE:
        found.append(
            Warning(
                "Log-ins travel over plain HTTP.",
                hint="Serve over HTTPS and set LOCKWRIGHT_HTTPS=1.",
                id="lockwright.W003",
            )
        )
    return found
