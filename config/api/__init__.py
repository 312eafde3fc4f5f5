"""The API under /api/v1/: each view checks, calls one service and shows the result."""

from __future__ import annotations

from config.api.urls import urlpatterns

__all__ = ["urlpatterns"]
