"""One run: people come and go, the faults happen on time, then it grows calm and is judged."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async

from config.postgres.server import EmbeddedPostgres
from tests.chaos import faults, gathering, naming, proofs, reception, stories
from tests.chaos.evidence import Evidence
from tests.chaos.faults import Fault
from tests.chaos.people import Crowd
from tests.chaos.stage import NAMES, Stage

READY_WITHIN_S = 60.0
SETTLES_WITHIN_S = 60.0
JOBS_EVERY_S = 5.0


def say(text: str) -> None:
    """Tell whoever watches; the counts alone go to standard output."""
    print(text, file=sys.stderr, flush=True)


async def run(
    *, seconds: float, seed: int, folder: Path, database: EmbeddedPostgres
) -> dict[str, Any]:
    """Run for some seconds; return the counts, with the violations under that name."""
    stage = Stage(folder, database, seed)
    plan = faults.schedule(seconds, seed)
    await stage.start()
    try:
        left = await _until_settled(stage, READY_WITHIN_S)
        assert not left, left
        stage.watch()
        crowd = Crowd(stage.urls, random.Random(f"people {seed}"))
        begun = time.monotonic()
        living = [asyncio.create_task(_live(stage, crowd)), asyncio.create_task(_jobs(crowd))]
        suffering = [asyncio.create_task(_suffer(stage, fault, begun)) for fault in plan]
        await asyncio.gather(*suffering)
        for cable in (*stage.lines, *stage.buses):
            cable.mend()
        await asyncio.sleep(max(0.0, begun + seconds - time.monotonic()))
        crowd.is_over = True
        await asyncio.gather(*living)
        # What was asked for last may still open.
        await asyncio.sleep(3)
        left = await _until_settled(stage, SETTLES_WITHIN_S)
        evidence = await sync_to_async(_gather)(stage, crowd, left)
        found = proofs.violations(evidence)
        told = await sync_to_async(gathering.counts)()
    finally:
        await stage.stop()
    return {
        "seconds": seconds,
        "seed": seed,
        "faults": dict(Counter(f"{fault.whom}: {fault.what}" for fault in plan)),
        "people": dict(sorted(crowd.counts.items())),
        "answers": len(crowd.told),
        "pulses": len(evidence.pulses),
        **told,
        "violations": found,
        "stories": stories.of(found, evidence),
    }


async def _live(stage: Stage, crowd: Crowd) -> None:
    north, south, *doors = stage.readers
    screen = f"http://127.0.0.1:{stage.screen_port}", stage.estate.south.pk
    await crowd.run(stage.estate.people, north, [south, *doors], screen)


async def _suffer(stage: Stage, fault: Fault, begun: float) -> None:
    await asyncio.sleep(max(0.0, begun + fault.at_s - time.monotonic()))
    say(str(fault))
    await stage.suffer(fault)


async def _jobs(crowd: Crowd) -> None:
    """Run what runs by itself, as often as that can matter here."""
    while not crowd.is_over:
        await asyncio.sleep(JOBS_EVERY_S)
        with contextlib.suppress(*reception.AWAY):
            await sync_to_async(reception.run_jobs, thread_sensitive=False)()


async def _until_settled(stage: Stage, within_s: float) -> list[str]:
    """Wait until nothing is under way any more; return what still is."""
    until = time.monotonic() + within_s
    while True:
        left = await sync_to_async(_unsettled)(stage)
        if not left or time.monotonic() > until:
            return left
        await asyncio.sleep(0.5)


def _unsettled(stage: Stage) -> list[str]:
    found = []
    for name, identity in zip(NAMES, stage.estate.bridges, strict=True):
        try:
            found += gathering.unsettled(identity.bridge_id, name, stage.state(name))
        except Exception as error:  # a bridge that has not begun yet has no files
            found.append(f"bridge {name}: {error!r}")
    return found


def _gather(stage: Stage, crowd: Crowd, left: list[str]) -> Evidence:
    seen, alone, written = stage.journals.seen, gathering.Alone(), []
    for name, identity in zip(NAMES, stage.estate.bridges, strict=True):
        # The last look: what was written until now.
        stage.journals.newest(identity.bridge_id)
        written += gathering.written(identity.bridge_id, stage.state(name), seen)
        alone.read(identity.bridge_id, stage.state(name), seen)
    claims, commands = gathering.claims(alone), gathering.commands()
    gave_up = [naming.of_given_up(given, claims) for given in crowd.gave_up]
    return Evidence(
        pulses=list(stage.cabinets.pulses),
        told=[naming.of_told(told, claims, commands, gave_up) for told in crowd.told],
        gave_up=gave_up,
        claims=claims,
        commands=commands,
        audited=gathering.audited(),
        written=written,
        stored=gathering.stored(seen),
        unsettled=left,
        clashes=gathering.clashes(),
        broken=gathering.broken(server.log for server in stage.servers),
    )
