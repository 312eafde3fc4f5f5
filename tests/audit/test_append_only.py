"""Going around every service: the database itself refuses to change what happened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader

from audit.actions import Action
from audit.models import Event
from audit.services import events
from audit.services.events import Actor

pytestmark = pytest.mark.django_db

MIGRATION = ("audit", "0002_events_are_append_only")
BEFORE_IT = ("audit", "0001_the_first_tables")
INSERT = (
    "INSERT INTO audit_event (id, occurred_at, action, actor_kind, actor_id, subject, reason, data)"
    " OVERRIDING SYSTEM VALUE VALUES (%s, now(), 'door.opened', 'job', '', '', '', '{}')"
)


@pytest.fixture
def event(at: dt.datetime) -> Event:
    events.record(action=Action.OPENED, actor=Actor.job("tests"), at=at, reason="as it was")
    return Event.objects.latest("pk")


@pytest.fixture
def fresh_triggers(db: None) -> Iterator[None]:
    """Take the migration back and run it again, as a new installation does.

    Everything is rolled back with the test: the test database lives without the TRUNCATE trigger.
    """
    loader = MigrationLoader(connection)
    migration: Migration = loader.get_migration(*MIGRATION)
    with connection.schema_editor() as editor:
        migration.unapply(loader.project_state(BEFORE_IT), editor)
    assert triggers() == {}, "the migration taken back leaves a trigger behind"
    with connection.schema_editor() as editor:
        migration.apply(loader.project_state(BEFORE_IT), editor)
    yield


def triggers() -> dict[str, str]:
    """Return the triggers of the table, each with its definition, that are switched on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger"
            " WHERE tgrelid = 'audit_event'::regclass AND NOT tgisinternal AND tgenabled = 'O'"
        )
        return {
            name: definition
            for name, definition in cursor.fetchall()
            if name.startswith("audit_event_is_")
        }


def refused(sql: str, *values: object) -> str:
    """Run SQL that must be refused; return the database's message."""
    with (
        pytest.raises(IntegrityError) as caught,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql, values)
    return str(caught.value)


def test_sql_may_add_an_event() -> None:
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [987_654_321])
    assert Event.objects.filter(pk=987_654_321).exists()


def test_sql_may_not_change_an_event(event: Event) -> None:
    message = refused("UPDATE audit_event SET reason = 'other' WHERE id = %s", event.pk)
    assert "append-only: UPDATE refused" in message
    event.refresh_from_db()
    assert event.reason == "as it was"


def test_sql_may_not_delete_an_event(event: Event) -> None:
    assert "append-only: DELETE refused" in refused(
        "DELETE FROM audit_event WHERE id = %s", event.pk
    )
    assert Event.objects.filter(pk=event.pk).exists()


def test_a_change_that_would_touch_no_row_is_refused_as_well(event: Event) -> None:
    refused("UPDATE audit_event SET reason = '' WHERE false")
    refused("DELETE FROM audit_event WHERE false")


def test_an_insert_that_turns_into_a_change_is_refused(event: Event) -> None:
    message = refused(f"{INSERT} ON CONFLICT (id) DO UPDATE SET reason = 'other'", event.pk)
    assert "UPDATE refused" in message
    event.refresh_from_db()
    assert event.reason == "as it was"


def test_the_model_itself_cannot_change_or_delete_an_event(event: Event) -> None:
    event.reason = "other"
    with pytest.raises(IntegrityError), transaction.atomic():
        event.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        event.delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        Event.objects.all().delete()
    assert Event.objects.get(pk=event.pk).reason == "as it was"


def test_the_test_database_refuses_change_by_the_trigger_that_migrate_made() -> None:
    definition = triggers()["audit_event_is_append_only"]
    assert "BEFORE DELETE OR UPDATE ON" in definition


@pytest.mark.usefixtures("fresh_triggers")
def test_migrate_alone_makes_both_triggers() -> None:
    found = triggers()
    assert set(found) == {"audit_event_is_append_only", "audit_event_is_not_truncated"}
    assert "BEFORE TRUNCATE ON" in found["audit_event_is_not_truncated"]


@pytest.mark.usefixtures("fresh_triggers")
def test_after_migrate_the_table_cannot_be_emptied(event: Event) -> None:
    assert "append-only: TRUNCATE refused" in refused("TRUNCATE audit_event")
    assert "append-only: TRUNCATE refused" in refused("TRUNCATE audit_answer, audit_event CASCADE")
    assert Event.objects.filter(pk=event.pk).exists()
