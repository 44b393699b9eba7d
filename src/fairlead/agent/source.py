"""Where snapshots come from, and what stands in for them while they are awaited.

A source runs on one thread and applies what it gets in one assignment. The first snapshot is
awaited for a bounded time; after that the last known good is used, and after that nothing: an app
without a snapshot knows no lane and no other app, and works as it would without us.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any, Protocol

from fairlead.agent import native
from fairlead.agent.last_good import LastGood, Rejected
from fairlead.agent.notice import warn
from fairlead.flow.engine import Engine
from fairlead.policy.encode import read_snapshot
from fairlead.policy.snapshot import InvalidSnapshot, Snapshot
from fairlead.protocols.watch.client import Door, Watch
from fairlead.protocols.watch.codec import Subscription, Telemetry
from fairlead.protocols.watch.session import Session

LATE = 0.25
"""Seconds that a first snapshot is awaited at least, however late it is asked for."""

LOOK_AGAIN = 1.0
"""Seconds between two looks at a file."""

Apply = Callable[[Snapshot, dict[str, Any]], None]


class Source(Protocol):
    """Brings snapshots, on the thread that runs it."""

    @property
    def connected(self) -> bool:
        """Whether the source can be reached."""

    @property
    def problem(self) -> str:
        """Why it cannot."""

    @property
    def live(self) -> bool:
        """Whether what is in force is what the source says, as far as it has said anything."""

    @property
    def refusal(self) -> str:
        """What was refused last, and why."""

    @property
    def telemetry(self) -> Telemetry:
        """How much is to be measured."""

    def run(self) -> None:
        """Bring snapshots until `stop`."""

    def stop(self) -> None:
        """Make `run` return soon."""

    def abandon(self) -> None:
        """Let go of everything that a forked parent still uses."""

    def adopt(self, snapshot: Snapshot) -> None:
        """Take note of what was put in force from elsewhere."""


MakeSource = Callable[[Apply], Source]


class WatchSource:
    """The control plane, over the watch wire."""

    def __init__(
        self,
        apply: Apply,
        door: Door,
        subscription: Subscription,
        dice: Callable[[], float],
        between: Callable[[], None] = lambda: None,
    ) -> None:
        """Do what is done `between` lines on the thread that waits for them."""
        self._session = Session(apply, tell=_refused)
        self._bell = native.Bell()
        self._watch = Watch(
            door,
            subscription,
            self._session,
            dice=dice,
            pause=self._bell.sleep,
            tell=_turned_away,
            between=between,
        )
        self._where = str(door.address)

    @property
    def connected(self) -> bool:
        """Whether the stream stands."""
        return self._watch.connected

    @property
    def problem(self) -> str:
        """Why it does not stand."""
        return self._watch.problem

    @property
    def live(self) -> bool:
        """Whether the server has sent, or confirmed, what is in force."""
        return self._session.live

    @property
    def refusal(self) -> str:
        """What was refused last, and why."""
        return self._session.refusal

    @property
    def telemetry(self) -> Telemetry:
        """What the server has said last."""
        return self._session.telemetry

    def run(self) -> None:
        """Follow until `stop`."""
        self._watch.run()

    def stop(self) -> None:
        """Make `run` return soon."""
        self._watch.stop()
        self._bell.ring()

    def abandon(self) -> None:
        """Close this process's side of the connections."""
        self._watch.abandon()

    def adopt(self, snapshot: Snapshot) -> None:
        """Tell the server, when connecting, that it need not send this one."""
        self._session.adopt(snapshot)


class FileSource:
    """One snapshot in a file, read again when it changes: no control plane at all."""

    def __init__(self, apply: Apply, path: str) -> None:
        self._apply = apply
        self._path = path
        self._bell = native.Bell()
        self._stopped = False
        self._seen: tuple[int, int, int] | None = None
        self.connected = False
        self.live = False
        self.problem = ""
        self.refusal = ""
        self.telemetry = Telemetry()

    def run(self) -> None:
        """Read the file now and whenever it has changed, until `stop`."""
        while not self._stopped:
            self._look()
            self._bell.sleep(LOOK_AGAIN)

    def stop(self) -> None:
        """Make `run` return soon."""
        self._stopped = True
        self._bell.ring()

    def abandon(self) -> None:
        """Hold nothing."""

    def adopt(self, snapshot: Snapshot) -> None:
        """Ignore it: the file says what is in force."""

    def _look(self) -> None:
        try:
            status = os.stat(self._path)
            seen = (status.st_ino, status.st_mtime_ns, status.st_size)
            if seen != self._seen:
                self._read()
            self._seen, self.connected, self.problem = seen, True, ""
        except OSError as error:
            self.connected, self.problem = False, f"{self._path}: {error.strerror or error}"
            warn(self.problem)

    def _read(self) -> None:
        import json

        with open(self._path, "rb") as file:
            content = file.read()
        try:
            plain = json.loads(content)
            snapshot, refused = read_snapshot(plain)
            self._apply(snapshot, plain)
            self.live = True
            self.refusal = "; ".join(refused)
        except (ValueError, RecursionError, InvalidSnapshot) as error:
            self.refusal = f"{self._path}: {error}"
            warn(f"{self.refusal}; what was in force stays")


class Follower:
    """Keeps the engine at what the source says, from one thread, started on first use."""

    def __init__(self, engine: Engine, make: MakeSource, kept: LastGood) -> None:
        self._engine = engine
        self._kept = kept
        self._lock = native.Lock()
        self._first = native.Latch()
        self._since = 0.0
        self._awaited = False
        self._arrived = False
        self.source = make(self._apply)
        self.saved: float | None = None
        """When the last known good that was put in force had been saved, since the epoch."""
        self.applied: float | None = None
        """When the snapshot in force was applied, on the monotonic clock."""

    def start(self, inherited: Snapshot | None = None) -> None:
        """Start the thread, once; `inherited` is what a fork found in force."""
        with self._lock:
            if self._since:
                return
            self._since = time.monotonic()
        if inherited is not None:
            self.source.adopt(inherited)
        native.spawn(self._run)

    def await_first(self, deadline: float) -> None:
        """Wait for the first snapshot, then fall back to the last known good.

        `deadline` is on the monotonic clock; a source that was started late gets LATE seconds.
        """
        until = max(deadline, self._since + LATE)
        if self._first.wait(until - time.monotonic()):
            return
        with self._lock:
            if not self._awaited and not self._arrived:
                self._fall_back()
            self._awaited = True

    def stop(self) -> None:
        """End the thread soon."""
        self.source.stop()

    def _run(self) -> None:
        try:
            self.source.run()
        except Exception as error:
            self.source.abandon()
            warn(f"no more snapshots: {type(error).__name__}: {error}")

    def _apply(self, snapshot: Snapshot, plain: dict[str, Any]) -> None:
        with self._lock:
            self._engine.apply(snapshot)
            self._arrived, self.saved, self.applied = True, None, time.monotonic()
        self._first.open()
        self._kept.save(plain, time.time())

    def _fall_back(self) -> None:
        try:
            kept = self._kept.load()
        except Rejected as error:
            warn(f"the last known good is not used: {error}")
            return
        why = self.source.problem or "no snapshot in time"
        if kept is None:
            warn(f"no app is known by name until the control plane answers: {why}")
            return
        self._engine.apply(kept.snapshot)
        self.saved, self.applied = kept.saved, time.monotonic()
        self.source.adopt(kept.snapshot)
        age = max(0.0, time.time() - kept.saved)
        warn(f"the last known good, of {age:.0f} s ago, is in force: {why}")


def _turned_away(reason: str) -> None:
    warn(f"{reason}; the rules in force stay, and are not renewed")


def _refused(reason: str) -> None:
    warn(f"refused from the control plane: {reason}")
