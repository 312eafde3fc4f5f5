"""How long a file may be, and where its pages load from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ["access", "audit", "config", "kiosk", "lockers", "maintenance", "occupancy"]
TEMPLATES = [path for folder in ["templates", *SOURCE] for path in (ROOT / folder).rglob("*.html")]
STATIC = [
    path
    for pattern in ("*.css", "*.js", "*.mjs")
    for folder in ["static", *SOURCE]
    for path in (ROOT / folder).rglob(pattern)
    if "vendor" not in path.parts
]
LIMIT = 400
# Something that a browser would fetch from another host.
ELSEWHERE = re.compile(
    r"""(?: <(?:script|link|img|iframe|source|video|audio|embed)\b[^>]*?(?:src|href)\s*=\s*["']?
          | url\(\s*["']? | @import\s+["'] | \bimport\s*\(?\s*["'] | \bfrom\s+["']
          | \bfetch\(\s*["'`] )
        (?:https?:)?//""",
    re.VERBOSE | re.IGNORECASE,
)


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_file_is_too_long_to_read() -> None:
    files = [
        *STATIC,
        *(
            path
            for folder in [*SOURCE, "tests"]
            for path in (ROOT / folder).rglob("*.py")
            # The first tables of an app are one generated file.
            if "migrations" not in path.parts
        ),
    ]
    assert len(files) > 400
    long = [
        f"{path.relative_to(ROOT)}: {lines(path)} lines" for path in files if lines(path) > LIMIT
    ]
    assert not long, "\n".join(long)


def test_no_page_loads_anything_from_another_host() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for path in [*TEMPLATES, *STATIC]
        for found in ELSEWHERE.finditer(path.read_text(encoding="utf-8"))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ('<script defer src="https://cdn.example/x.js">', True),
        ('<link rel="stylesheet" href="//cdn.example/x.css">', True),
        ("@import 'http://cdn.example/x.css'", True),
        ("background: url(https://cdn.example/x.png)", True),
        (
            '<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns=\'http://www.w3.org/2000/svg\'">',
            False,
        ),
        ('<a href="https://example.org/">', False),
        ("<script src=\"{% static 'js/map.js' %}\">", False),
    ],
)
def test_what_counts_as_another_host(text: str, is_found: bool) -> None:
    assert bool(ELSEWHERE.search(text)) is is_found


def test_every_app_has_a_place_in_the_import_order() -> None:
    from tests.architecture.test_imports import APPS

    folders = {path.parent.name for path in ROOT.glob("*/apps.py")}
    assert folders == set(APPS)
