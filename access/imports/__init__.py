"""People from and into files."""

from __future__ import annotations

from access.imports.people import PersonRows

__all__ = ["PersonRows"]
