"""What every endpoint's documentation has in common: the key of a POST and the error shape."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework import serializers

_KEY = OpenApiParameter(
    name="Idempotency-Key",
    type=str,
    location=OpenApiParameter.HEADER,
    required=True,
    description="8 to 80 characters of your choice. A repeat with the same key and the same"
    " request gets the first answer and does nothing again; keys are kept for 48 hours.",
)


class ErrorSerializer(serializers.Serializer[Any]):
    """Every answer that is not a success."""

    code = serializers.CharField(help_text="Stable; programs decide by it.")
    message = serializers.CharField(help_text="A sentence for a person.")
    facts = serializers.DictField(help_text="What it rests on; for `invalid`, messages by field.")


class Schema(AutoSchema):
    """Adds to each operation what ``config.api.base`` and the error handler do to all."""

    def get_override_parameters(self) -> list[Any]:
        """Document the key that every change needs."""
        return [_KEY] if self.method == "POST" else []

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        error = OpenApiResponse(ErrorSerializer, description="It was not done.")
        describe: Any = self._get_response_for_code
        bodies["default"] = describe(error, "default", direction=direction)
        return bodies


class _Page(SpectacularSwaggerSplitView):
    url_name = "api-schema"


page = _Page.as_view()
_document = SpectacularAPIView.as_view()


def schema(request: HttpRequest) -> HttpResponseBase:
    """Serve the OpenAPI document to tools and the page that shows it to browsers."""
    is_browser = "text/html" in request.headers.get("Accept", "") and "format" not in request.GET
    # The page asks for its own script at the address that it stands at.
    wants_page = is_browser or "script" in request.GET
    response: HttpResponseBase = (page if wants_page else _document)(request)
    response.headers["Vary"] = "Accept, Cookie"
    return response
