"""A voltage as a small line, drawn without any library."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString

WIDTH, HEIGHT, MARGIN = 320, 80, 6


def voltage_line(
    points: Sequence[tuple[dt.datetime, int]], low_mv: int | None, *, title: str
) -> SafeString:
    """Draw readings from the first to the last, and where low begins as a dashed line."""
    levels = [level for _at, level in points] + ([low_mv] if low_mv is not None else [])
    bottom, top = min(levels), max(levels)
    begin, end = points[0][0].timestamp(), points[-1][0].timestamp()

    def x(at: dt.datetime) -> float:
        share = (at.timestamp() - begin) / (end - begin) if end > begin else 0.5
        return round(MARGIN + share * (WIDTH - 2 * MARGIN), 1)

    def y(level: int) -> float:
        share = (level - bottom) / (top - bottom) if top > bottom else 0.5
        return round(HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN), 1)

    line = " ".join(f"{x(at)},{y(level)}" for at, level in points)
    last_at, last = points[-1]
    low = SafeString("")
    if low_mv is not None:
        low = format_html(
            '<line x1="0" x2="{}" y1="{}" y2="{}" stroke="currentColor" stroke-dasharray="4 4"'
            ' opacity=".6"/>',
            WIDTH, y(low_mv), y(low_mv),
        )  # fmt: skip
    return format_html(
        '<svg viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">{}'
        '<polyline points="{}" fill="none" stroke="currentColor" stroke-width="2"/>'
        '<circle cx="{}" cy="{}" r="3" fill="currentColor"/></svg>',
        WIDTH, HEIGHT, WIDTH, HEIGHT, title, low, line, x(last_at), y(last),
    )  # fmt: skip
