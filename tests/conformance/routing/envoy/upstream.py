"""The servers behind Envoy: one port for each cluster, and a note of who asked what."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import uvicorn

SCRIPT = "x-judge-script"
"""Header that tells an upstream what to do, as JSON: id, fails, takes, answers."""
PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as an upstream saw it."""

    cluster: str
    path: str
    headers: tuple[tuple[str, str], ...]

    def values(self, name: str) -> tuple[str, ...]:
        """Return the values of a header."""
        return tuple(value for key, value in self.headers if key == name)


class Upstream:
    """Listens for clusters, each on a port of its own, from a thread."""

    def __init__(self, clusters: Iterable[str]) -> None:
        self._sockets = {name: _listening() for name in sorted(clusters)}
        self.ports = {name: each.getsockname()[1] for name, each in self._sockets.items()}
        self._names = {port: name for name, port in self.ports.items()}
        self._seen: dict[str, list[Seen]] = defaultdict(list)
        self._changed = threading.Condition()
        config = uvicorn.Config(
            self._serve,
            interface="asgi3",
            lifespan="off",
            log_level="error",
            proxy_headers=False,
            server_header=False,
        )
        self._server = uvicorn.Server(config)
        sockets = list(self._sockets.values())
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": sockets}, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(PATIENCE)
        for each in self._sockets.values():
            each.close()

    def seen(self, case: str, least: int = 0) -> list[Seen]:
        """Return what was asked for a case, once it is `least` requests: copies come later."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._seen[case]) >= least, PATIENCE)
            return list(self._seen[case])

    async def _serve(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in scope["headers"])
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        cluster = self._names[scope["server"][1]]
        seen = Seen(cluster, (scope["raw_path"] + query).decode("latin-1"), headers)
        script = json.loads("".join(seen.values(SCRIPT)) or "{}")
        status = self._note(script, seen)
        if script.get("takes"):
            await asyncio.sleep(script["takes"])
        answers = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in script.get("answers", ())]
        await send({"type": "http.response.start", "status": status, "headers": answers})
        await send({"type": "http.response.body", "body": b"hello"})

    def _note(self, script: dict[str, Any], seen: Seen) -> int:
        with self._changed:
            mine = self._seen[script.get("id", "")]
            before = sum(each.cluster == seen.cluster for each in mine)
            mine.append(seen)
            self._changed.notify_all()
        fails = script.get("fails", ())
        return fails[before] if before < len(fails) else 200


def _listening() -> socket.socket:
    opened = socket.create_server(("127.0.0.1", 0), backlog=128)
    opened.setblocking(False)
    return opened
