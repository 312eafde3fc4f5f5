"""How the body of a request is read."""

from __future__ import annotations

from typing import Any

from rest_framework.parsers import BaseParser, JSONParser


class WholeBody(BaseParser):
    """JSON as large as a request may be: a photo is larger than what Django takes from a form.

    Only who is logged in comes this far, and config.body_limit stands before it. Not a kind of
    JSONParser: what is one is given the body by ``request.body``, which has the limit of a form.
    """

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return what the body says; raises ParseError."""
        return JSONParser().parse(stream, media_type, parser_context)
