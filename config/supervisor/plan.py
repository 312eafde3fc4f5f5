"""What a demonstration consists of: the processes, as the prepared estate asks for them."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PREPARE = [sys.executable, "manage.py", "prepare_demo"]


@dataclass(frozen=True)
class ProcessSpec:
    """One process; those that need the web server start after it answers and end before it."""

    name: str
    command: list[str]
    needs_web: bool = False


@dataclass(frozen=True)
class Plan:
    """The processes, the web server first; their ports; and what to tell the person.

    ``pages`` are the ports that a person opens, ``devices`` those of boards and readers.
    """

    processes: list[ProcessSpec]
    pages: list[int]
    devices: list[int]
    table: list[list[str]]


def read(prepared: dict[str, Any], port: int) -> Plan:
    """Return the plan of what `manage.py prepare_demo` told."""
    cabinet, bridges = prepared["cabinet"], prepared["bridges"]
    page = str(cabinet["page_port"])
    processes = [
        _module("web", "uvicorn", "config.asgi:application", "--lifespan", "on", "--no-access-log",
                "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"),
        _module("cabinet", "kiosk.cabinet", "--page-port", page, "--config", cabinet["config"]),
        *(_bridge(bridge, port) for bridge in bridges),
        ProcessSpec("jobs", [sys.executable, "manage.py", "qcluster"], needs_web=True),
    ]  # fmt: skip
    banks = json.loads(Path(cabinet["config"]).read_text(encoding="utf-8"))["banks"]
    devices = [bank["modbus_port"] for bank in banks]
    devices += [reader["port"] for bank in banks for reader in bank["readers"]]
    pages = [cabinet["page_port"], *(bridge["screen_port"] for bridge in bridges)]
    return Plan(processes, pages, devices, prepared["table"])


def _module(name: str, *arguments: str, needs_web: bool = False) -> ProcessSpec:
    return ProcessSpec(name, [sys.executable, "-m", *arguments], needs_web)


def _bridge(bridge: dict[str, Any], port: int) -> ProcessSpec:
    code = bridge["enrolment_code"]
    return _module(
        f"bridge-{bridge['name']}",
        *("kiosk.bridge", "--server", f"http://127.0.0.1:{port}", "--state", bridge["state"]),
        *("--screen", f"127.0.0.1:{bridge['screen_port']}"),
        *(("--enrolment-code", code) if code else ()),
        needs_web=True,
    )
