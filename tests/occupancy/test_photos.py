"""Photos are decoded and written anew; what is no photo is refused by its content."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from occupancy import photos
from occupancy.errors.recovery import BadPhoto
from tests.pictures import picture


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path / "lost_property"


def kept(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(photos.read(photos.save(data))))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_kept_as_a_jpeg_that_only_the_server_reads(kind: str, folder: Path) -> None:
    name = photos.save(picture(kind))
    assert Image.open(io.BytesIO(photos.read(name))).format == "JPEG"
    assert (folder / name).stat().st_mode & 0o077 == 0
    photos.remove(name)
    photos.remove(name)
    with pytest.raises(FileNotFoundError):
        photos.read(name)


def test_where_it_was_taken_is_gone_and_it_stands_upright() -> None:
    uploaded = picture(turned=True, somewhere=True)
    assert 0x8825 in Image.open(io.BytesIO(uploaded)).getexif()
    shown = kept(uploaded)
    assert not shown.getexif() and "exif" not in shown.info
    assert shown.size == (30, 40)
    assert shown.getpixel((15, 2))[0] > 200, "what was left is at the top"  # type: ignore[index]


def test_it_is_no_larger_than_a_screen() -> None:
    assert kept(picture(size=(4000, 3000))).size == (1600, 1200)


def test_what_is_clear_is_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(out, "PNG")
    assert kept(out.getvalue()).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8\xff\xe0 begins like a photo",
        b"<svg onload=alert(1)>",
        b"GIF89a" + bytes(40),
        picture()[:200],
        b"%PDF-1.7",
    ],
    ids=["nothing", "a_jpeg_by_name", "svg", "gif", "half_a_photo", "pdf"],
)
def test_what_is_no_photo_is_refused(data: bytes, folder: Path) -> None:
    with pytest.raises(BadPhoto):
        photos.save(data)
    assert not folder.exists()


def test_a_photo_of_50_mb_is_refused(folder: Path) -> None:
    with pytest.raises(BadPhoto):
        photos.save(picture() + bytes(50 * 1024 * 1024))
    assert not folder.exists()


def test_a_small_file_that_fills_the_memory_is_refused() -> None:
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    assert len(out.getvalue()) < 100_000
    with pytest.raises(BadPhoto):
        photos.save(out.getvalue())


def test_no_other_file_is_read(folder: Path) -> None:
    (folder.parent / "secret.jpg").write_bytes(b"x")
    for name in ("../secret.jpg", "secret.jpg", "", "a/b.jpg"):
        with pytest.raises(FileNotFoundError):
            photos.read(name)
        photos.remove(name)
    assert (folder.parent / "secret.jpg").exists()


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_one_that_stands_in_memory_whole_is_no_larger_than_a_camera_makes_it(
    kind: str, folder: Path
) -> None:
    with pytest.raises(BadPhoto):
        photos.save(picture(kind, (4100, 4100)))
    photos.save(picture("JPEG", (4100, 4100)))
    assert len(list(folder.iterdir())) == 1


_MEASURED = """
import resource, sys
from pathlib import Path
from occupancy import photos

data = Path(sys.argv[1]).read_bytes()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
photos._written_anew(data)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize(
    ("kind", "mode", "side"),
    [("PNG", "RGBA", 3990), ("WEBP", "RGBA", 3990), ("JPEG", "RGB", 9400)],
)
def test_the_largest_that_is_taken_does_not_fill_the_memory(
    kind: str, mode: str, side: int, tmp_path: Path
) -> None:
    file = tmp_path / "large"
    Image.new(mode, (side, side)).save(file, kind)
    told = subprocess.run(
        [sys.executable, "-c", _MEASURED, str(file)], capture_output=True, text=True,
        timeout=60, check=True,
    )  # fmt: skip
    assert int(told.stdout) < 350  # megabytes
