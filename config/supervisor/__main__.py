"""`python -m config.supervisor demo` and `... reset`."""

from __future__ import annotations

import sys

from config.supervisor.demo import main

if __name__ == "__main__":
    if sys.argv[1:] not in (["demo"], ["reset"]):
        sys.exit("Say: python -m config.supervisor demo (or reset)")
    sys.exit(main(sys.argv[1]))
