"""The access list of a bridge, made from the database."""

from __future__ import annotations

from kiosk.access_lists.listing import of_people, of_place

__all__ = ["of_people", "of_place"]
