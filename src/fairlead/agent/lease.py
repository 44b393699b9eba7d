"""Keep this process's instance registered, from a thread of its own (contract 3 and 4).

The thread starts when a server object exists; it finds the address, registers, and renews every
three seconds, however long the application's own threads or event loop are blocked. It says goodbye
once: from whatever stops the server, or from `atexit`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fairlead.agent import native
from fairlead.agent.address import Choice, Listener, choose, listeners, queued
from fairlead.agent.notice import warn
from fairlead.policy.endpoint import GRPC, HTTP
from fairlead.protocols.watch.client import Door, RefusedRequest, Registry
from fairlead.protocols.watch.codec import LONGEST, InvalidReply, Lease, Registration
from fairlead.protocols.watch.connection import ControlUnreachable

if TYPE_CHECKING:
    from fairlead.instruments.instrument import Sockets

FIRST_LOOK, LONGEST_LOOK = 0.05, 1.0
"""Seconds until the first look for a listening socket, and between two at most."""

RENEW = 3.0
LINGER = 0.05
"""Seconds between the goodbye and the end of the socket.

The control plane answers when every caller has the news; what a caller had chosen a moment before
is on its way until then.
"""

GOODBYE = 1.0
"""Seconds that leaving waits for a renewal that is under way."""

QUEUE = 0.5
"""Seconds that a server has, after the goodbye, to accept whoever stands in line."""

_LOOK = 0.02

Describe = Callable[[str], Registration]
"""Says who is at an address, with what there is to report."""

Heard = Callable[[Registration, Lease | RefusedRequest], None]
"""Hears what came of a registration."""

Refusal = Callable[[Iterable[int]], str]
"""Says why a process that serves these sockets may not register, or ``""``."""


class Tenancy:
    """One process's place in the registry."""

    _means_rpc = False
    """Whether the operator's address is that of gRPC, where HTTP is served too."""

    def __init__(
        self,
        door: Door,
        describe: Describe,
        refusal: Refusal,
        *,
        dice: Callable[[], float],
        fixed: str = "",
    ) -> None:
        """Register at `door` what `describe` says; `fixed` is the operator's address."""
        self._registry = Registry(door)
        self._door = door
        self._describe = describe
        self._refusal = refusal
        self._dice = dice
        self._fixed = fixed
        self._servers: dict[str, Sockets | None] = {}
        self._bell = native.Bell()
        self._busy = native.Lock()
        """Held during a request that registers or deregisters."""
        self._switch = native.Lock()
        """Held for a moment, to start or end the thread."""
        self._registration: Registration | None = None
        self._running = False
        self._left = False
        self.choice = Choice()
        self.ports: frozenset[int] = frozenset()
        """Every port that this process has been seen to listen at."""
        self.lease: Lease | None = None
        self.refused = ""
        """Why this process may not register."""
        self.problem = ""
        """Why it has not registered, or not renewed."""
        self.renewed: float | None = None
        """When the lease was last renewed, on the monotonic clock."""
        self.heard: Heard = lambda registration, lease: None
        """Hears what came of each registration; raises nothing."""
        self.between: Callable[[], float] = lambda: LONGEST
        """Called whenever the thread goes to sleep, and says for how long at most; raises
        nothing."""

    @property
    def servers(self) -> tuple[str, ...]:
        """The server objects that this process is known to have."""
        return tuple(self._servers)

    @property
    def running(self) -> bool:
        """Whether its thread is there."""
        return self._running

    @property
    def registered(self) -> bool:
        """Whether the control plane knows this process, as far as we know."""
        return self._registration is not None

    def serve(self, server: str, sockets: Sockets | None, before: Callable[[], None]) -> None:
        """Note a server object and start the thread, which runs `before` first."""
        self._servers[server] = sockets or self._servers.get(server)
        with self._switch:
            self._left = False
            if self._running:
                self._bell.ring()
                return
            self._running = True
        native.spawn(lambda: self._run(before))

    def leave(self, queue: float = QUEUE) -> None:
        """Deregister, in at most two seconds; what goes wrong leaves the lease to end by itself.

        Then wait, at most `queue` seconds, until the server has accepted every connection that was
        made before callers knew.
        """
        self._left = True
        self._bell.ring()
        # A renewal that overtook the goodbye would bring the instance back for a whole lease.
        held = self._busy.acquire(GOODBYE)
        registration, self._registration, self.lease = self._registration, None, None
        try:
            if registration is not None:
                self._registry.deregister(registration)
                native.Bell().sleep(LINGER)
        except (ControlUnreachable, RefusedRequest) as error:
            self.problem = str(error)
        finally:
            if held:
                self._busy.release()
        if registration is not None:
            self._await_queue(queue)

    def _await_queue(self, seconds: float) -> None:
        until, bell = time.monotonic() + seconds, native.Bell()
        while queued(self.choice.inodes) and time.monotonic() < until:
            bell.sleep(_LOOK)

    def hand_over(self) -> None:
        """Stop renewing, and say why: the instance stays, this process is none of it any more.

        Of the last process the lease, which has seven seconds left, covers the successor's start.
        Until it serves, callers wait at the socket. Without an endpoint they would be turned away.
        """
        self._left = True
        self._bell.ring()
        held = self._busy.acquire(GOODBYE)
        registration, self._registration, self.lease = self._registration, None, None
        try:
            if registration is not None:
                self._registry.hand_over(registration)
        except (ControlUnreachable, RefusedRequest) as error:
            self.problem = str(error)
        finally:
            if held:
                self._busy.release()

    def wake(self) -> None:
        """Renew now: something has changed."""
        self._bell.ring()

    def abandon(self) -> None:
        """Close this process's side of the connection: the lease is a forked parent's."""
        self._registry.abandon()

    def _run(self, before: Callable[[], None]) -> None:
        try:
            before()
            pause = FIRST_LOOK
            self._bell.sleep(pause)
            while self._goes_on():
                due = self._turn()
                pause = RENEW if due else min(LONGEST_LOOK, pause * 2)
                self._rest(self._until_next(pause, due=due))
        except Exception as error:
            self._running = False
            self.problem = f"{type(error).__name__}: {error}"
            warn(f"this process is no longer registered: {self.problem}")

    def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._bell.sleep(min(left, self.between())):
                return

    def _goes_on(self) -> bool:
        with self._switch:
            self._running = not self._left
            return self._running

    def _until_next(self, pause: float, *, due: bool) -> float:
        if due:
            return self.lease.renew if self.lease else pause
        return pause * (0.5 + self._dice() / 2)  # not all instances at once

    def _turn(self) -> bool:
        """Look, and register or renew; return whether it is done until a renewal is due."""
        found = listeners()
        # Those of a server that has closed its sockets still have requests under way.
        self.ports = frozenset(one.port for one in found if one.port) or self.ports
        found, servers = self._asked(found)
        self.choice = choose(found, _named(servers, found), self._fixed, self._door.address)
        if not self.choice.address:
            self.problem = self.choice.reason
            return self._gone()
        self.refused = self._refusal(self.choice.inodes)
        if self.refused:
            warn(f"{self.choice.address} is not registered: {self.refused}")
            return True
        described = self._describe(self.choice.address)
        return self._register(replace(described, protocol=self._protocol()))

    def _register(self, registration: Registration) -> bool:
        with self._busy:
            if self._left:
                return True
            self._forget_other_than(registration)
            try:
                self.lease = self._registry.register(registration)
            except (ControlUnreachable, InvalidReply) as error:
                self.problem = str(error)
                return False
            except RefusedRequest as error:
                self.problem = str(error)
                warn(f"{registration.address} is not registered: {error}")
                self.heard(registration, error)
                return False
            self._registration = registration
            self.problem = ""
            self.renewed = time.monotonic()
        self.heard(registration, self.lease)
        if self.lease.conflict:
            warn(f"{registration.address} serves nobody: {self.lease.conflict}")
        return True

    def _forget_other_than(self, registration: Registration) -> None:
        old = self._registration
        if old is not None and old.address != registration.address:
            self._registration = None
            self._try_to_deregister(old)

    def _gone(self) -> bool:
        """The socket is gone, or not there yet: an instance that nobody can reach leaves."""
        with self._busy:
            old, self._registration, self.lease = self._registration, None, None
            if old is not None:
                self._try_to_deregister(old)
        return False

    def _try_to_deregister(self, registration: Registration) -> None:
        try:
            self._registry.deregister(registration)
        except (ControlUnreachable, RefusedRequest) as error:
            self.problem = str(error)

    def _protocol(self) -> str:
        """Return what is spoken at the address, as far as servers have said who they are."""
        if self._means_rpc or set(self._servers) == {GRPC}:
            return GRPC
        return HTTP if self._servers else ""

    def _asked(self, found: list[Listener]) -> tuple[list[Listener], list[Sockets | None]]:
        """Return the sockets to choose from, and the servers that may say which.

        Where a process serves HTTP and gRPC, it is called by the address of the first, unless the
        operator's is that of the other.
        """
        servers = dict(self._servers)
        self._means_rpc = False
        rpc = servers.pop(GRPC, None) if len(servers) > 1 else None
        if rpc is None:
            return found, list(servers.values())
        named = _named([rpc], found) or set()
        apart = [one for one in found if one.descriptor in named]
        port = self._fixed.rpartition(":")[2]
        if port in {str(one.port) for one in apart}:
            self._means_rpc = True
            return apart, [rpc]
        return [one for one in found if one not in apart] or found, list(servers.values())


def _named(servers: Iterable[Sockets | None], listening: list[Listener]) -> set[int] | None:
    """Return the descriptors of the sockets that the servers name, None where none can say."""
    named: set[int] | None = None
    for sockets in servers:
        try:
            found = _descriptors(sockets(), listening) if sockets else None
        except Exception:
            found = None  # a server that is being taken apart, or of a version we do not know
        if found is not None:
            named = (named or set()) | found
    return named


def _descriptors(shown: Iterable[Any], listening: list[Listener]) -> set[int]:
    """Return the descriptors of sockets, and of those that listen at a port."""
    found: set[int] = set()
    for one in shown:
        if isinstance(one, int):
            found.update(listener.descriptor for listener in listening if listener.port == one)
        else:
            found.add(one.fileno())
    return found
