"""Outlives a killed supervisor by a moment: ends every process that carries its mark.

Standard input is the reading end of a pipe whose writing end only the supervisor holds, so it
reaches its end when the supervisor is gone, however that went. (Linux ends direct children with
their parent; the job workers are grandchildren.)
"""

from __future__ import annotations

import signal
import sys

from config.supervisor import marks


def main(mark: str) -> None:
    """Wait for the supervisor's end, then clear up after it."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    sys.stdin.buffer.read()
    marks.clear(mark)


if __name__ == "__main__":
    main(sys.argv[1])
