"""The access register in the administration."""

from __future__ import annotations

from __future__ import annotations

from access.admin import credentials, people, staff

__all__ = ["credentials", "people", "staff"]
