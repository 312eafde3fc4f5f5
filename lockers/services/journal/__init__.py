"""Taking in what a bridge wrote in its journal: stored once, in order, and applied."""

from __future__ import annotations

from lockers.services.journal.doors import read_doors, set_board_state
from lockers.services.journal.lines import Line, LinesMissing
from lockers.services.journal.receiving import heed, receive

__all__ = ["Line", "LinesMissing", "heed", "read_doors", "receive", "set_board_state"]
