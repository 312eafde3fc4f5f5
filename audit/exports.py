"""Rows as CSV, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import islice
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase

# What a spreadsheet would take for a formula: after blanks too, and in the wide letters of East
# Asian keyboards, which some turn into narrow ones.
FORMULA = r"(?:\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|[\t\r\n])"
_FORMULA = re.compile(FORMULA)


def neutral(value: Any) -> str:
    """Return a cell that no spreadsheet runs: an apostrophe goes before a formula's beginning."""
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    text = "" if value is None else str(value)
    return f"'{text}" if _FORMULA.match(text) else text


class _Echo:
    def write(self, line: str) -> str:
        return line


def lines(rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Return the lines of a CSV file one by one, so that millions need no memory."""
    writer = csv.writer(_Echo())
    for row in rows:
        yield writer.writerow([neutral(cell) for cell in row])


def response(request: HttpRequest, rows: Iterable[Iterable[Any]], name: str) -> HttpResponseBase:
    """Return rows as a CSV file to download, sent while they are read."""
    # Django would first gather all of a plain iterator in memory for an asynchronous server.
    text = lines(rows)
    content = _in_turn(text) if isinstance(request, ASGIRequest) else text
    answer = StreamingHttpResponse(content, content_type="text/csv")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


async def _in_turn(text: Iterator[str]) -> AsyncIterator[str]:
    take = sync_to_async(lambda: "".join(islice(text, 500)))
    while part := await take():
        yield part
