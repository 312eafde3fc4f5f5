"""One job in a process of its own, on a clock that stands still: to be killed in the middle."""

from __future__ import annotations

import datetime as dt
import sys

import django

if __name__ == "__main__":
    django.setup()

    from django.utils import timezone
    from django.utils.module_loading import import_string

    _name, _at = sys.argv[1], dt.datetime.fromisoformat(sys.argv[2])
    timezone.now = lambda: _at  # type: ignore[assignment]
    import_string(_name)()
