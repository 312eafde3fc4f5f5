"""Asking processes what they are, while they come and go."""

from __future__ import annotations

import contextlib

import psutil


def command_of(process: psutil.Process) -> list[str]:
    """Return a process's name and arguments; nothing once it is gone."""
    # A start is preceded by processes that live for a moment, such as `locale -a` of initdb.
    with contextlib.suppress(psutil.NoSuchProcess):
        return [process.name(), *process.cmdline()]
    return []
