"""Who may ask this machine's own pages: its own browser, from these very pages."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable

from aiohttp import web

HEADER = "X-Lockwright-Kiosk"
BODY_BYTES = 4096
_NAMES = {"127.0.0.1", "localhost", "[::1]"}
_PLAIN = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
        " img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def why_not(request: web.Request) -> str | None:
    """Return why a request is not from this machine's own browser and these pages, or None.

    A name that was made to point here is another Host; another page has another Origin.
    """
    if not _is_loopback(request.remote):
        return "not_this_machine"
    name, _, _port = request.host.rpartition(":") if ":" in request.host else (request.host, "", "")
    if name not in _NAMES:
        return "not_this_host"
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return "not_this_page"
    if request.method == "GET":
        return None
    if request.headers.get("Origin") != f"{request.scheme}://{request.host}":
        return "not_this_page"
    # No form of another page can send this header.
    return None if request.headers.get(HEADER) == "1" else "not_this_page"


@web.middleware
async def guard(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse what comes from elsewhere or is too large, and tell the browser what it may load."""
    why = why_not(request)
    answer: web.StreamResponse
    if why is not None:
        answer = web.json_response({"code": why, "facts": {}}, status=403)
    elif request.method == "POST" and request.content_length is None:
        answer = web.json_response({"code": "malformed", "facts": {}}, status=411)
    elif (request.content_length or 0) > BODY_BYTES:
        answer = web.json_response({"code": "malformed", "facts": {}}, status=413)
    else:
        answer = await handler(request)
    for name, value in _PLAIN.items():
        answer.headers.setdefault(name, value)
    return answer


def _is_loopback(remote: str | None) -> bool:
    try:
        return ipaddress.ip_address(remote or "").is_loopback
    except ValueError:
        return False
