"""What happened here, on disk before it is told: SQLite, numbered, kept until acknowledged."""

from __future__ import annotations

from kiosk.bridge.journal.journal import Journal, JournalFull

__all__ = ["Journal", "JournalFull"]
