"""When prepare_demo refuses, and that it never leaves a half-built demonstration."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import transaction
from pytest_django import Settings

from access.models import Person, User
from config.demo import classes, estate, people, seed, tables
from config.demo.school import pupils
from lockers.models import Compartment, Organisation
from tests.conftest import MORNING


@pytest.fixture
def demo_settings(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    settings.DEMO = True
    settings.VAR_DIR = tmp_path
    monkeypatch.setenv("PORT", "18000")
    return settings


def test_outside_the_demonstration_it_makes_no_log_in(db: None, demo_settings: Settings) -> None:
    demo_settings.DEMO = False

    with pytest.raises(CommandError, match="LOCKWRIGHT_DEMO is not 1"):
        call_command("prepare_demo")
    assert not User.objects.exists()


@pytest.mark.parametrize("port", ["", "http", "0", "65500", "-1"])
def test_a_port_that_cannot_be_is_named(
    demo_settings: Settings, monkeypatch: pytest.MonkeyPatch, port: str
) -> None:
    monkeypatch.setenv("PORT", port)

    with pytest.raises(CommandError, match=f"PORT is '{port}'"):
        call_command("prepare_demo")


def test_it_does_not_move_into_somebody_elses_database(db: None, demo_settings: Settings) -> None:
    Organisation.objects.create(name="Real customer")

    with pytest.raises(CommandError, match="already belongs to Real customer"):
        call_command("prepare_demo")
    assert not User.objects.exists()


def test_an_old_postgresql_is_refused_with_a_sentence(
    db: None, demo_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "OLDEST_POSTGRESQL", 99)

    with pytest.raises(CommandError, match="needs PostgreSQL 99 or newer; .* version 1"):
        call_command("prepare_demo")


def test_tables_that_are_up_to_date_are_left_alone(db: None) -> None:
    assert tables.migrate() is False


def test_tables_without_their_permissions_are_finished(db: None) -> None:
    # Killed after the last migration: Django makes the permissions when all are applied.
    Permission.objects.filter(codename="operate_site").delete()

    assert tables.migrate() is True
    assert Permission.objects.filter(codename="operate_site").exists()


def test_a_build_that_stops_half_way_leaves_nothing(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_args: object, **_named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(people, "build", stop)

    with pytest.raises(KeyboardInterrupt):
        seed.build(at=MORNING)
    assert not Organisation.objects.exists()
    assert seed.organisation_id() is None


def _structure() -> list[tuple[object, ...]]:
    with transaction.atomic():
        built = estate.build(at=MORNING)
        registered = classes.build(built, at=MORNING)
        people.build(built, registered, at=MORNING)
        pupils.build(built, registered, at=MORNING)
        doors = Compartment.objects.order_by("pk").values_list(
            "bank__name", "number", "size__name", "x_mm", "y_mm", "channel", "service_note"
        )
        someone = Person.objects.order_by("pk").values_list(
            "given_name", "family_name", "kind", "status", "department__name", "email",
            "registration_group__name", "house__name",
        )  # fmt: skip
        rows = [*doors, *someone]
        transaction.set_rollback(True)
    return rows


def test_the_same_estate_and_people_come_every_time(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "PINS", {})

    assert _structure() == _structure()
