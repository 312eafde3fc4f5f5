"""Badge numbers as readers deliver them, and the one key each badge is stored by. Edge code."""

from __future__ import annotations
