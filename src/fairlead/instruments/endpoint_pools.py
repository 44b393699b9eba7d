"""A pool's copies, one for each endpoint that stands for the host of the pool.

No library is imported here: what a pool and a connection are, its hook says. They are urllib3's,
and those of whoever inherits from them.
"""

from __future__ import annotations

import queue
import time
import weakref
from collections.abc import Callable
from math import inf
from typing import Any

from fairlead.instruments.attempt import host_and_port
from fairlead.instruments.socket_time import limited

MOST_ENDPOINTS = 128
"""How many endpoints' pools one pool keeps; the oldest goes first."""

ENDPOINTS = "_fairlead_endpoints"

Kinds = tuple[type, type]
"""Classes of an endpoint's pool and of its connections."""

KindsOf = Callable[[Any, Any], Kinds | None]
"""Tells the kinds for the classes of a pool and of its connections, None where it connects in a way
of its own."""


def endpoint(pool: Any, address: str, kinds_of: KindsOf) -> Any:
    """Return the pool of the endpoint at `address`, made on first use.

    Safe between threads.
    """
    endpoints = pool.__dict__.get(ENDPOINTS)
    if endpoints is None:
        endpoints = vars(pool).setdefault(ENDPOINTS, {})
    found = endpoints.get(address)
    if found is None:
        kinds = kinds_of(pool.__class__, pool.ConnectionCls)
        found = endpoints.setdefault(address, copy(pool, address, kinds))
        # Not closed: another thread may be about to use it. Its connections end with it.
        for oldest in list(endpoints)[:-MOST_ENDPOINTS]:
            endpoints.pop(oldest, None)
    found.timeout = pool.timeout
    return found


def copy(pool: Any, address: str, kinds: Kinds | None) -> Any:
    """Return a pool like `pool`, whose connections go to `address`."""
    if kinds is None:
        raise TypeError(f"{pool} connects in a way of its own")
    one: Any = object.__new__(kinds[0])
    vars(one).update(vars(pool))
    vars(one).pop(ENDPOINTS, None)
    one.ConnectionCls = kinds[1]
    # Weak, or neither would be gone, and its connections closed, before the next collection.
    one.fairlead_parent = weakref.ref(pool)
    one.fairlead_address = host_and_port(address)
    one.num_connections = one.num_requests = 0
    if pool.pool is not None:
        one.pool = slots_like(pool.pool)
        weakref.finalize(one, drain, one.pool)
    return one


def closing(original: Callable[[Any], None]) -> Callable[[Any], None]:
    """Hook ``close``: what stands for the pool's endpoints ends with it."""

    def close(pool: Any) -> None:
        original(pool)
        for endpoint in list(vars(pool).pop(ENDPOINTS, {}).values()):
            original(endpoint)

    return close


class EndpointConnection:
    """A connection that has the app's name for a host, and goes to an address."""

    fairlead_address: tuple[str, int]
    fairlead_until = inf
    """When what is sent on it now is to be given up, on the monotonic clock."""
    _dns_host: str
    port: int | None
    sock: Any

    def send(self, data: Any) -> None:
        """Send, as long as there is time: a body goes in parts, each with a timeout of its own."""
        if self.fairlead_until == inf or self.sock is None:
            super().send(data)  # type: ignore[misc]
            return
        if time.monotonic() >= self.fairlead_until:
            raise TimeoutError("timed out")
        with limited(self.sock, self.fairlead_until):
            super().send(data)  # type: ignore[misc]

    def _new_conn(self) -> Any:
        name = self._dns_host, self.port
        self._dns_host, self.port = self.fairlead_address
        try:
            return super()._new_conn()  # type: ignore[misc]
        finally:
            self._dns_host, self.port = name


def slots_like(theirs: Any) -> Any:
    """Return a queue like `theirs`, with room for as many connections and none in it."""
    slots = type(theirs)(theirs.maxsize)
    for _ in range(theirs.maxsize):
        slots.put(None)
    return slots


def drain(connections: Any) -> None:
    """Close all connections in a queue."""
    try:
        while True:
            connection = connections.get(block=False)
            if connection:
                connection.close()
    except queue.Empty:
        return
