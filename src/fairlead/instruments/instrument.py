"""What an instrument is, and what it is given.

An instrument is a module in `instruments/libs/` with three names: ``LIBRARY`` (the distribution on
PyPI, with a part of it after a dot where that is hooked by itself), ``VERSIONS`` (the first version
that works and the first that is not known to, as text) and ``install(plane, patches)``. Outside its
versions it is skipped and reported; a fault while it installs undoes what it had replaced. Which
module's import triggers it stands in `catalog.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from types import FrameType

    from fairlead.flow.engine import Engine
    from fairlead.instruments.interfaces import Interfaces
    from fairlead.instruments.leftovers import Leftovers
    from fairlead.instruments.observing import Observing
    from fairlead.instruments.patch import Patches
    from fairlead.telemetry.counters import Counters
    from fairlead.telemetry.refusals import Refusals

Sockets = Callable[[], "Iterable[Any]"]
"""Asks a server object for the sockets it listens on, when somebody wants to know.

A server that has none to show gives their ports.
"""

Handler = Callable[[int, "FrameType | None"], None]
"""What Python calls for a signal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriting:
    """What the operator says of rewriting SQL in this process."""

    off: bool = False
    tables: frozenset[str] | None = None
    """Tables that may be rewritten, as their names are written; None for all."""
    functions: frozenset[str] = frozenset()
    """Functions, beside those the server has built in, that statements on a lane may call."""


class DataPlane(Protocol):
    """The agent, as far as a hook may see it."""

    engine: Engine
    counters: Counters
    ready: bool
    """True once the first snapshot, or what stands in for it, is in force."""
    propagation_only: bool
    """True in a process that has no place in the registry: it passes labels on, and no more."""

    rewriting: Rewriting
    interfaces: Interfaces
    observing: Observing

    endings: list[Callable[[float], object]]
    """What servers do, in so many seconds, where SIGTERM is told to nobody: they serve nobody new,
    and let go of connections when the calls on them have ended. It raises nothing."""

    replaced: Callable[[], bool]
    """Asks whether what is told to stop in this process is succeeded by others, at its address."""
    insistent: bool
    """Whether who stops this process says SIGTERM several times in a row as a matter of course: the
    second is no haste then."""
    refusals: Refusals
    leftovers: Leftovers

    def ensure_ready(self) -> None:
        """Start what was put off until first use, and wait as long as contract 20 allows."""

    def serving(self, server: str, sockets: Sockets | None, *, worker: bool = False) -> None:
        """Hear that a server object exists in this process, and how to ask for its sockets.

        A `worker` has a socket of its own, and the process it stems from has none.
        """

    def leaving(self) -> None:
        """Deregister now: the server is about to stop. Returns when it is done or has failed."""

    def handing_over(self) -> None:
        """End with no goodbye: the socket stays open in the parent, for the next worker."""

    def hearing(self, handler: Handler, *numbers: int) -> Handler:
        """Return a handler of these signals that is called soon, whichever thread takes them.

        For a main thread that waits for nothing else: Python wakes it for what it takes itself.
        """

    def departing(
        self, then: Callable[[], object], *, heir: bool = False, queue: float = 0.5
    ) -> None:
        """Leave, or hand over to an heir, on a thread of its own; then call `then`, there.

        There is an heir if `heir` says so, or `replaced` does.

        The server goes on meanwhile, and has `queue` seconds, once it has left, to accept whoever
        stands in line.
        """


class Instrument(Protocol):
    """The module of one library."""

    LIBRARY: str
    VERSIONS: tuple[str, str]

    def install(self, plane: DataPlane, patches: Patches) -> None:
        """Hook the library, which has just been imported."""


class State(Enum):
    """What became of an instrument."""

    HOOKED = "hooked"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One library that the application imported, and whether it is hooked."""

    library: str
    version: str
    state: State
    reason: str = ""
