"""`python -m tests.chaos --seconds 600 --seed 1`: break everything, prove that nothing is wrong."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from config.postgres import place
from config.postgres.server import EmbeddedPostgres


def main() -> int:
    """Run, print the counts, and return 1 when something was not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a new folder for logs and journals, kept")
    asked = parser.parse_args()
    place.forget_other_servers()
    user = place.runner()
    home = Path(tempfile.mkdtemp(prefix="lockwright-chaos-", dir=place.temporary(user)))
    folder = asked.keep or home / "run"
    # Durable: what was acknowledged must survive that its processes are killed.
    database = EmbeddedPostgres(home / "postgres", user=user, durable=True)
    try:
        home.chmod(0o711)
        folder.mkdir(parents=True)
        (home / "postgres").mkdir(mode=0o700)
        place.own(home / "postgres", user)
        database.start()
        found = _run(asked.seconds, asked.seed, folder, database)
    finally:
        database.stop()
        shutil.rmtree(home, ignore_errors=True)
    print(json.dumps(found, indent=2))
    for violation in found["violations"]:
        print(violation, file=sys.stderr)
    return 1 if found["violations"] else 0


def _run(seconds: float, seed: int, folder: Path, database: EmbeddedPostgres) -> dict[str, object]:
    os.environ["DATABASE_URL"] = database.url()
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    # Only now: it imports models.
    from tests.chaos.run import run

    return asyncio.run(run(seconds=seconds, seed=seed, folder=folder, database=database))


if __name__ == "__main__":
    sys.exit(main())
