"""What stands on the pages of a PDF of ours: read as a reader of PDFs would."""

from __future__ import annotations

import re
import zlib

_OBJECT = re.compile(rb"\d+ 0 obj\n(.*?)\nendobj", re.S)
_STREAM = re.compile(rb"stream\n(.*)\nendstream", re.S)
_SHOWN = re.compile(rb"(BT )|/(F\d+) [\d.]+ Tf|\(((?:[^\\)]|\\.)*)\) Tj", re.S)
_ESCAPED = re.compile(rb"\\(.)", re.S)
_NAMES = {b"n": b"\n", b"r": b"\r"}


def texts(pdf: bytes) -> list[list[str]]:
    """Return the texts of every page, in the order in which they are drawn."""
    assert pdf.startswith(b"%PDF-")
    maps: list[dict[int, str]] = []
    pages: list[bytes] = []
    for one in _OBJECT.findall(pdf):
        stream = _STREAM.search(one)
        if stream is None:
            continue
        content = stream.group(1)
        if b"/FlateDecode" in one[: stream.start()]:
            content = zlib.decompress(content)
        if b"beginbfchar" in content:
            pairs = re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]+)>\n", content)
            maps.append(
                {int(a, 16): bytes.fromhex(b.decode()).decode("utf-16-be") for a, b in pairs}
            )
        elif b"BT /F" in content:
            pages.append(content)
    return [_page(content, maps) for content in pages]


def text(pdf: bytes) -> str:
    """Return all that stands on the pages, one text a line."""
    return "\n".join(line for page in texts(pdf) for line in page)


def _page(content: bytes, maps: list[dict[int, str]]) -> list[str]:
    said, font = [""], 0
    for begins, name, shown in _SHOWN.findall(content):
        if begins:
            said.append("")
            continue
        if name:
            font = int(name[1:]) - 1
            continue
        raw = _ESCAPED.sub(lambda m: _NAMES.get(m[1], m[1]), shown)
        codes = [int.from_bytes(raw[n : n + 2]) for n in range(0, len(raw), 2)]
        said[-1] += "".join(maps[font].get(code, "\ufffd") for code in codes)
    return [line for line in said if line]
