"""Bring the tables up to date, and take no time when they are."""

from __future__ import annotations

from django.apps import apps
from django.contrib.auth import get_permission_codename
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import NotSupportedError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

OLDEST_POSTGRESQL = 15


class Unusable(Exception):
    """This database cannot carry Lockwright; the message is for the person at the keyboard."""


def check_server() -> None:
    """Raise Unusable when PostgreSQL does not answer or is too old."""
    try:
        connection.ensure_connection()
        version = connection.cursor().connection.info.server_version
    except NotSupportedError as error:
        raise Unusable(_too_old("an older one")) from error
    except OperationalError as error:
        where = connection.settings_dict
        raise Unusable(
            f"PostgreSQL does not answer at {where['HOST'] or 'its socket'}"
            f" port {where['PORT'] or 5432}: {str(error).strip()}"
        ) from error
    if version < OLDEST_POSTGRESQL * 10_000:
        raise Unusable(_too_old(f"version {version // 10_000}"))


def migrate() -> bool:
    """Apply the migrations that are missing; say whether there were any.

    A start that was killed after the last migration, and before the permissions that Django makes
    then, is finished too.
    """
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()) and _has_permissions():
        return False
    call_command("migrate", interactive=False, verbosity=0)
    return True


def _has_permissions() -> bool:
    """Say whether every model's permissions are there."""
    wanted = {
        (model._meta.app_label, codename)
        for model in apps.get_models()
        for codename in (
            *(get_permission_codename(do, model._meta) for do in model._meta.default_permissions),
            *(codename for codename, _name in model._meta.permissions),
        )
    }
    return wanted <= set(Permission.objects.values_list("content_type__app_label", "codename"))


def _too_old(found: str) -> str:
    return (
        f"Lockwright needs PostgreSQL {OLDEST_POSTGRESQL} or newer; DATABASE_URL points to {found}."
    )
