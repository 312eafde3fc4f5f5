"""One JSON shape for every error of the API: ``{"code", "message", "facts"}``."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from audit.errors import Refusal
from audit.services import idempotency

log = logging.getLogger(__name__)


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """Answer any exception of a view; what nobody expected is logged and tells nothing inside."""
    set_rollback()
    if isinstance(error, Refusal):
        idempotency.settle(error)
        return Response(error.body(), status=error.http_status)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        log.error("the API failed", exc_info=error)
        return _answer(500, "server_error", _("Something went wrong here. Try again later."))
    return _known(error, context)


def _known(error: exceptions.APIException, context: dict[str, Any]) -> Response:
    status = error.status_code
    match error:
        case exceptions.ValidationError():
            return _answer(
                400, "invalid", _("Something in the request is not right."), _by_field(error)
            )
        case exceptions.ParseError():
            return _answer(400, "malformed", _("The request cannot be read as JSON."))
        case exceptions.NotAuthenticated():
            answer = _answer(status, "not_authenticated", _("Log in, or send a token."))
        case exceptions.AuthenticationFailed():
            answer = _answer(status, "authentication_failed", _("This token is not valid."))
        case exceptions.PermissionDenied():
            return _answer(403, "forbidden", str(error.detail))
        case exceptions.NotFound():
            return _answer(404, "not_found", _("There is nothing here."))
        case exceptions.MethodNotAllowed():
            method = context["request"].method
            return _answer(
                405, "method_not_allowed", _("That cannot be done here."), {"method": method}
            )
        case exceptions.NotAcceptable():
            return _answer(406, "not_acceptable", _("Only JSON is served here."))
        case exceptions.UnsupportedMediaType():
            return _answer(415, "unsupported_media_type", _("Send JSON."))
        case exceptions.Throttled():
            wait = getattr(error, "wait", None)
            facts = {"wait_seconds": round(wait)} if wait else {}
            return _answer(429, "throttled", _("That was too fast. Wait a little."), facts)
        case _:
            return _answer(status, str(error.default_code), str(error.detail))
    header = getattr(error, "auth_header", None)
    if header:
        answer["WWW-Authenticate"] = header
    return answer


def _by_field(error: exceptions.ValidationError) -> dict[str, Any]:
    if isinstance(error.detail, dict):
        return dict(error.detail)
    return {"non_field_errors": error.detail}


def _answer(status: int, code: str, message: str, facts: dict[str, Any] | None = None) -> Response:
    return Response({"code": code, "message": message, "facts": facts or {}}, status=status)
