"""The real supervisor and database, with small processes in place of the shipped ones.

`python -m tests.supervisor.stand_in` reads LOCKWRIGHT_VAR and PORT. Its children: a web server
that answers /healthz/, and jobs that start a worker of their own, as django-q2 does.
"""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from config.postgres import PostgresError
from config.supervisor import folder, ports
from config.supervisor.demo import Demo, Stopped
from config.supervisor.plan import Plan, ProcessSpec

# Counts its starts in the database: what is lost is seen.
PREPARE = """
import os, psycopg, sys
link = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
link.execute("CREATE TABLE IF NOT EXISTS start (n serial)")
link.execute("INSERT INTO start DEFAULT VALUES")
count = link.execute("SELECT count(*) FROM start").fetchone()[0]
print("Some line before.")
print("A warning.", file=sys.stderr)
print('{"starts": %d}' % count)
"""
WEB = """
import http.server, os
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
"""
# Nobody tells the worker that its parent is gone.
WORKER = "import time; time.sleep(600)"
JOBS = f"""
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", {WORKER!r}])
time.sleep(600)
"""


def read(prepared: dict[str, Any], port: int) -> Plan:
    """Return the plan of the stand-ins."""
    processes = [
        ProcessSpec("web", [sys.executable, "-c", WEB]),
        ProcessSpec("jobs", [sys.executable, "-c", JOBS], needs_web=True),
    ]
    devices = json.loads(os.environ.get("DEVICES", "[]"))
    return Plan(processes, [], devices, [["Starts", str(prepared["starts"])]])


class Interrupted(io.FileIO):
    """Standard output that is told to end while it writes the line that says ready."""

    def write(self, data: Any) -> int:
        written = super().write(data)
        if b"Ready in" in bytes(data):
            signal.raise_signal(signal.SIGTERM)
        return written


def main() -> int:
    """Run it as the shipped entry point does."""
    if "INTERRUPTED_LINE" in os.environ:
        raw = Interrupted(1, "wb", closefd=False)
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(raw), line_buffering=True)
    var = Path(os.environ["LOCKWRIGHT_VAR"])
    prepare = [sys.executable, "-c", os.environ.get("PREPARE", PREPARE)]
    try:
        Demo(var, ports.parse(os.environ["PORT"]), prepare=prepare, read=read).run()
    except (Stopped, folder.AlreadyRunning, ports.PortError, PostgresError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
