"""Pictures as people upload them."""

from __future__ import annotations

import io

from PIL import Image

# Tags of Exif: which way is up, and the block with the place.
_ORIENTATION, _GPS, _LATITUDE = 0x0112, 0x8825, 2


def picture(
    kind: str = "JPEG",
    size: tuple[int, int] = (40, 30),
    *,
    turned: bool = False,
    somewhere: bool = False,
) -> bytes:
    """Return a picture: red on the left, blue on the right; as a phone held upright writes it."""
    drawn = Image.new("RGB", size, "blue")
    drawn.paste("red", (0, 0, size[0] // 2, size[1]))
    exif = Image.Exif()
    if turned:
        exif[_ORIENTATION] = 6
    if somewhere:
        exif.get_ifd(_GPS)[_LATITUDE] = (51.0, 30.0, 26.0)
    out = io.BytesIO()
    drawn.save(out, kind, exif=exif)
    return out.getvalue()
