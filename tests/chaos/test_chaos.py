"""A minute of chaos with the shipped servers and bridges; `make chaos` has ten."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import servers
from tests.chaos import faults
from tests.drivers.peers.mosquitto import needs_mosquitto

SECONDS, SEED = 60, 1
# Starting everything, and settling at the end, on a machine that is busy.
WITHIN_S = SECONDS + 360


@pytest.mark.xdist_group("chaos")
def test_whatever_is_killed_frozen_cut_and_doubled_everything_stays_true(tmp_path: Path) -> None:
    needs_mosquitto()
    run = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--seconds", str(SECONDS), "--seed", str(SEED)]
        + ["--keep", str(tmp_path / "run")],
        cwd=servers.ROOT,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    counts = json.loads(run.stdout)
    assert counts["violations"] == []
    # It proves something only where something happened.
    happened = {faults.kind(*fault.split(": ")) for fault in counts["faults"]}
    assert happened == faults.KINDS, counts
    assert counts["pulses"] > 20 and counts["answers"] > 20, counts
    assert counts["given alone"] and counts["times alone"], counts
    assert counts["handbacks"] and counts["opens alone"], counts
    assert counts["people"]["claims"] and counts["people"]["finishes"], counts
