"""A request that is too large is refused before a byte of it is read or stored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

# A file of MAX_BYTES (lockers.importing.files) with what a form puts around it.
LIMIT = 11 * 1024 * 1024
_SENTENCE = (
    "This upload is too large: files may have up to 10 MB. Go back, and choose a smaller photo, or"
    " split the list and upload the parts. Nothing was changed.\n"
)
_HEADERS = [("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close")]


class _TooLarge(Exception):
    """More came than was allowed, and nobody had announced it."""


def asgi(app: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Put the limit before an ASGI application, which would store a whole body first."""

    async def limited(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        if _announced(dict(scope["headers"]).get(b"content-length", b"").decode()) > LIMIT:
            await _refuse(send)
            return
        seen, has_begun = 0, False

        async def counted() -> Any:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > LIMIT:  # sent in chunks of no announced length
                raise _TooLarge
            return message

        async def noticed(message: Any) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await app(scope, counted, noticed)
        except _TooLarge:
            if not has_begun:
                await _refuse(send)

    return limited


def wsgi(app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Put the limit before a WSGI application; without a length Django reads nothing there."""

    def limited(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if _announced(environ.get("CONTENT_LENGTH") or "") > LIMIT:
            start_response("413 Content Too Large", _HEADERS)
            return [_SENTENCE.encode()]
        return app(environ, start_response)

    return limited


def _announced(length: str) -> int:
    return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else 0


async def _refuse(send: Any) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in _HEADERS]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": _SENTENCE.encode()})
