"""Who may import whom. Read from the source, so an import hidden in a function counts too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ["audit", "lockers", "access", "occupancy", "maintenance", "kiosk", "config"]
# The rooms of an app from left to right: each knows only what stands to its left.
ROOMS = ["models", "services", "views"]
EDGE = [
    "kiosk/bridge",
    "lockers/drivers",
    "lockers/authority.py",
    "lockers/introduction.py",
    "access/access_list",
    "access/back_off.py",
    "access/decisions.py",
    "access/hashing.py",
    "access/badges",
    "access/passes.py",
]
NOT_ON_THE_EDGE = {
    "django",
    "channels",
    "rest_framework",
    "guardian",
    "psycopg",
    "audit",
    "occupancy",
    "maintenance",
    "config",
}
SOURCES = sorted(
    path.relative_to(ROOT)
    for app in APPS
    for path in (ROOT / app).rglob("*.py")
    if "migrations" not in path.parts
)


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of everything a file imports, wherever it does so."""
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, name.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            for name in node.names:
                yield node.lineno, f"{node.module}.{name.name}"


@pytest.mark.parametrize("app", APPS)
def test_an_app_imports_only_apps_to_its_left(app: str) -> None:
    forbidden = set(APPS[APPS.index(app) + 1 :]) | {"tests"}
    wrong = [
        f"{path}:{line} imports {name}"
        for path in SOURCES
        if path.parts[0] == app
        for line, name in imported(path)
        if name.split(".")[0] in forbidden
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("room", ROOMS[:-1])
def test_models_know_no_services_and_services_no_views(room: str) -> None:
    forbidden = set(ROOMS[ROOMS.index(room) + 1 :]) | {"forms", "admin", "consumers"}
    wrong = [
        f"{path}:{line} imports {name}"
        for path in SOURCES
        if path.with_suffix("").parts[1:2] == (room,)
        for line, name in imported(path)
        if name.split(".")[0] in APPS and name.split(".")[1:2] and name.split(".")[1] in forbidden
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("place", EDGE)
def test_the_edge_runs_without_the_server(place: str) -> None:
    files = [path for path in SOURCES if place in path.as_posix()]
    assert files
    edge = {name.removesuffix(".py").replace("/", ".") for name in EDGE}
    wrong = []
    for path in files:
        for line, name in imported(path):
            top = name.split(".")[0]
            inside = any(name == one or name.startswith(f"{one}.") for one in edge)
            if top in NOT_ON_THE_EDGE or (top in APPS and not inside):
                wrong.append(f"{path}:{line} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_the_virtual_cabinet_shares_no_code_with_the_driver_it_is_driven_by() -> None:
    wrong = [
        f"{path}:{line} imports {name}"
        for path in SOURCES
        if path.parts[:2] == ("kiosk", "cabinet")
        for line, name in imported(path)
        if name.split(".")[0] in {*APPS, "django"} and not name.startswith("kiosk.cabinet")
    ]
    assert not wrong, "\n".join(wrong)


def test_the_services_take_no_request_and_look_at_no_clock() -> None:
    wrong = [
        f"{path}:{line} imports {name}"
        for path in SOURCES
        if path.with_suffix("").parts[1:2] == ("services",)
        for line, name in imported(path)
        if name in {"django.utils.timezone", "django.http.HttpRequest"}
    ]
    assert not wrong, "\n".join(wrong)


def test_the_imports_of_a_file_are_seen_in_functions_and_for_type_checkers(
    tmp_path: Path,
) -> None:
    source = tmp_path / "source.py"
    source.write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from kiosk.models import Terminal\n"
        "def f():\n    import occupancy.models\n"
    )
    names = {name for _line, name in imported(source)}
    assert {"kiosk.models.Terminal", "occupancy.models"} <= names
