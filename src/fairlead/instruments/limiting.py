"""What every framework's hook does at a route: enter the gate of its resource, or say why not.

The hook is at the route and not at the door: what the application has put around its routes, CORS
headers and access logs among it, sees the rejection as it sees any answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlead.instruments.drive import pause, pause_async
from fairlead.instruments.facts import InboundFacts
from fairlead.instruments.inbound import fault, form_of
from fairlead.instruments.rejections import told
from fairlead.policy.limit import NOT_FOUND
from fairlead.policy.resource import METHODS, template

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeVar

    from fairlead.flow.gate import Entry, Gate
    from fairlead.flow.refusal import Refusal
    from fairlead.instruments.facts import Raw
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.passage import Passage

    T = TypeVar("T")

TEXT = ("Content-Type", "text/plain; charset=utf-8")

PREFLIGHT = "access-control-request-method"
"""The header that tells a browser's question about a request from the request (Fetch, CORS).

A refusal of the question would never be seen: the browser only says that CORS has failed.
"""

MOST_KNOWN = 10_000
"""Routes, times their methods, whose gates a turnstile has at hand."""


class Turnstile:
    """Lets requests into the gates of one process. A fault of ours lets the request pass."""

    __slots__ = ("_where", "engine", "form", "known", "plane")

    def __init__(self, plane: DataPlane, where: str) -> None:
        """Count faults as `where`."""
        self.plane, self.engine = plane, plane.engine
        self._where = where
        self.form = form_of(plane)
        self.known: dict[tuple[str, str], Gate] = {}

    def open(self) -> bool:
        """Say whether nobody needs to know of a request in this process."""
        try:
            return self.engine.gates.idle
        except Exception:  # counted; the request goes through
            self.fault()
            return True

    def fault(self) -> None:
        """Count a fault of ours."""
        fault(self.plane, self._where)

    def ask(self, decide: Callable[[], T | None]) -> T | None:
        """Return what `decide` does, or None where it fails."""
        try:
            return decide()
        except Exception:  # counted; the request goes through
            self.fault()
            return None

    def gate(self, method: str, path: str) -> Gate:
        """Return the gate of the route `path`, prefixes included."""
        try:
            return self.known[method, path]
        except KeyError:
            return self._resolved(method, path)

    def _resolved(self, method: str, path: str) -> Gate:
        gates = self.engine.gates
        route, upper = template(path), method.upper()  # frameworks differ in whether get is GET
        # What HEAD asks for is what GET would answer, or a limit could be gone around.
        meant = "GET" if upper == "HEAD" else upper
        if meant not in METHODS:
            # What a stranger makes up is no name of a counter, nor a word of an answer.
            return gates.unusual(meant, route)
        gate = gates.gate(f"{meant}:{route}")
        if method == upper:  # a stranger's way to write it is not kept
            if len(self.known) >= MOST_KNOWN:
                self.known.clear()
            self.known[method, path] = gate
        return gate

    def unknown(self) -> Gate:
        """Return the gate of the paths that the application does not know."""
        return self.engine.gates.gate(NOT_FOUND)

    def facts(self, raw: Raw, parameters: Mapping[str, Any]) -> InboundFacts:
        """Return what the rules of a curious gate may ask about a request."""
        return InboundFacts(self.plane, raw, parameters)

    def enter(self, gate: Gate, passage: Passage | None, facts: InboundFacts | None) -> Entry:
        """Enter `gate`; what is let in is the passage's to leave.

        Without a passage nobody will say when the response has ended: the request is counted, and
        holds no place.
        """
        entry = gate.enter(1, facts)
        self.entered(entry, gate, passage)
        return entry

    def entered(self, entry: Entry, gate: Gate, passage: Passage | None) -> None:
        """Keep what was let in, and count what was not, or would not have been."""
        measuring = self.engine.measuring
        if entry.refused is None and passage is not None:
            passage.take(entry, gate.resource)
            if measuring.on and passage.lane:
                passage.entries += (measuring.meter(gate.resource, passage.lane).enter(),)
            if entry.simulated is None:
                return
        told(self.plane, entry)
        if passage is not None:
            measuring.reject(gate.resource, passage.lane, simulated=entry.refused is None)
            if passage.note is not None:
                passage.note.hear(entry)
        if passage is None and not entry.wait:
            entry.exit()

    def wait(self, entry: Entry, passage: Passage | None) -> None:
        """Wait in this thread until the call of `entry`, which has to, may begin."""
        pause(entry)
        if passage is None:
            entry.exit()

    async def wait_async(self, entry: Entry, passage: Passage | None) -> None:
        """Do the same in this task."""
        await pause_async(entry)
        if passage is None:
            entry.exit()


def headers_of(refusal: Refusal) -> list[tuple[str, str]]:
    """Return the headers of the answer; a text unless the author says what else it is."""
    headers = list(refusal.headers)
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(TEXT)
    return headers
