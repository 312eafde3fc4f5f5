"""The access list on this box: kept beside the journal, proven, and asked while alone."""

from __future__ import annotations

from kiosk.bridge.access_list.kept import KeptList, ListFailing
from kiosk.bridge.access_list.syncing import Syncing

__all__ = ["KeptList", "ListFailing", "Syncing"]
