"""A server that takes messages as chat systems do: what it got, and how it answers."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Peer:
    """What was posted to it; ``answers`` is the status of the next answers."""

    address: str = ""
    answers: int = 200
    got: list[dict[str, Any]] = field(default_factory=list)
    # While it is not set, whoever posts waits for an answer.
    may_answer: threading.Event = field(default_factory=threading.Event)

    @property
    def titles(self) -> list[str]:
        return [one["title"] for one in self.got]


@contextlib.contextmanager
def listening() -> Iterator[Peer]:
    """Take messages until the block ends."""
    peer = Peer()
    peer.may_answer.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            peer.got.append({**told, "path": self.path})
            peer.may_answer.wait(10)
            self.send_response(peer.answers)
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    peer.address = f"json://127.0.0.1:{server.server_address[1]}/lockers/{{email}}"
    try:
        yield peer
    finally:
        peer.may_answer.set()
        server.shutdown()
        thread.join()
        server.server_close()
