"""Photographs of a door, drawn: bent before, straight after."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw, ImageFilter

_SIZE = (800, 600)
_WALL, _STEEL, _EDGE, _DARK, _LOCK = "#8b918f", "#b9c3c1", "#74807d", "#2f3735", "#d6dad8"


def door(*, number: str, is_bent: bool) -> bytes:
    """Return a picture of a steel door, with or without what is wrong with it."""
    picture = Image.new("RGB", _SIZE, _WALL)
    draw = ImageDraw.Draw(picture)
    for x in (-170, 590):
        draw.rectangle((x, 40, x + 380, 640), fill=_STEEL, outline=_EDGE, width=4)
    draw.rectangle((226, 40, 574, 640), fill=_DARK)
    leaf = [(232, 46), (568, 46), (568, 640), (232, 640)]
    if is_bent:
        leaf = [(262, 46), (568, 60), (560, 640), (216, 640)]
    draw.polygon(leaf, fill=_STEEL, outline=_EDGE, width=4)
    for y in (96, 116, 136):
        draw.line((340, y, 460, y), fill=_EDGE, width=6)
    draw.text((400, 200), number, fill=_DARK, font_size=72, anchor="mm")
    draw.rounded_rectangle((268, 300, 312, 400), 12, fill=_LOCK, outline=_EDGE, width=3)
    draw.ellipse((280, 330, 300, 350), fill=_DARK)
    if is_bent:
        for r, tone in ((90, "#a4aeac"), (62, "#929c9a"), (34, "#7f8987")):
            draw.ellipse((430 - r, 440 - r // 2, 430 + r, 440 + r // 2), fill=tone)
        draw.line((352, 470, 520, 404), fill="#6a7472", width=4)
    out = io.BytesIO()
    picture.filter(ImageFilter.GaussianBlur(1.2)).save(out, "JPEG", quality=80)
    return out.getvalue()
