"""urllib3, and with it what is built upon it: requests, PoolManager, bare connection pools.

A pool's `urlopen` is hooked: PoolManager's redirects, retries and requests' adapters all pass
through it. Each attempt goes to a pool of the endpoint's own, kept on the pool that the application
made: a copy with the same name, whose connections alone know the address. So urllib3 itself writes
the Host header, compares hosts and follows redirects as without us, and no two endpoints share a
connection. What urllib3 starts anew, for a redirect or a retry, comes back to the hook and is
resolved again.

A connect error leaves `urlopen` before urllib3 counts it as one of the caller's retries: first the
other endpoints are tried. When all have failed, the caller's `Retry` decides as it would have.
"""

from __future__ import annotations

import logging
import queue
import weakref
from collections.abc import Callable, Iterable
from functools import lru_cache
from http.client import RemoteDisconnected
from inspect import signature, unwrap
from traceback import walk_tb
from typing import TYPE_CHECKING, Any

from fairlead.flow.call import Call, Fault, Outcome, Unreachable
from fairlead.instruments.attempt import host_and_port, send, target
from fairlead.instruments.outbound import BAGGAGE, call_for, label_only, plan_for
from fairlead.policy.resource import CALLER
from fairlead.telemetry.names import AGENT_FAULTS

if TYPE_CHECKING:
    from fairlead.flow.engine import Plan
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "urllib3"
VERSIONS = ("1.26", "3")

MOST_ENDPOINTS = 128
"""How many endpoints' pools one pool keeps; the oldest goes first."""

_ENDPOINTS = "_fairlead_endpoints"
# urllib3's own: a retry is reported where it reports its own.
_log = logging.getLogger("urllib3.connectionpool")

UrlOpen = Callable[..., Any]


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook the pool of plain HTTP; that of HTTPS inherits the hook, and passes it untouched."""
    from urllib3.connectionpool import HTTPConnectionPool

    _check()
    patches.replace(HTTPConnectionPool, "urlopen", _Hooks(plane).urlopen)
    patches.replace(HTTPConnectionPool, "close", _closing)


class _Hooks:
    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane

    def urlopen(self, original: UrlOpen) -> UrlOpen:
        def urlopen(  # noqa: PLR0913, PLR0917 - the arguments are urllib3's
            pool: Any,
            method: str,
            url: str,
            body: Any = None,
            headers: Any = None,
            retries: Any = None,
            redirect: Any = True,  # noqa: FBT002
            *rest: Any,
            **options: Any,
        ) -> Any:
            if isinstance(pool, _EndpointPool):
                pool = pool.fairlead_parent() or pool
            while True:
                governed = self._govern(pool, method, headers)
                if governed is None:
                    labelled = self._labelled(pool, headers)
                    return original(
                        pool, method, url, body, labelled, retries, redirect, *rest, **options
                    )
                plan, call, ours = governed
                request = (method, url, body, headers, retries, redirect, *rest)
                sender = _Sender(original, pool, request, ours, options)
                try:
                    return send(self._plane, plan, call, sender)
                except Exception as error:
                    if sender.unjudged is not error:
                        raise
                    retries = _judged(pool, method, url, retries, redirect, error)

        return urlopen

    def _govern(self, pool: Any, method: str, headers: Any) -> tuple[Plan, Call, Any] | None:
        try:
            plan = plan_for(self._plane, pool.scheme, pool.host, pool.port)
            # A closed pool says so itself.
            if plan is None or pool.proxy is not None or pool.pool is None:
                return None
            if _kinds(pool.__class__, pool.ConnectionCls) is None:
                return None
            call = call_for(self._plane, plan, pool.host, method)
            if headers is None:
                headers = pool.headers
            label = plan.lanes.label(call.lane, _baggage(headers))
            return plan, call, _with(headers, ((BAGGAGE, label), (CALLER, call.caller)))
        except Exception:  # counted; the call goes on untouched
            self._plane.counters.count(AGENT_FAULTS, LIBRARY)
            return None

    def _labelled(self, pool: Any, headers: Any) -> Any:
        if not self._plane.propagation_only:
            return headers
        try:
            theirs = pool.headers if headers is None else headers
            label = label_only(self._plane, pool.scheme, _baggage(theirs))
            return headers if label is None else _with(theirs, ((BAGGAGE, label),))
        except Exception:  # counted; the call goes on untouched
            self._plane.counters.count(AGENT_FAULTS, LIBRARY)
            return headers


class _Broken(Exception):
    """A failed attempt, on its way past urllib3's retries, which know none but itself."""

    def __init__(self, error: Exception, fault: Fault) -> None:
        super().__init__(error)
        self.error = error
        self.fault = fault


class _Sender:
    __slots__ = ("_headers", "_options", "_original", "_pool", "_request", "last", "unjudged")

    library = LIBRARY

    def __init__(
        self, original: UrlOpen, pool: Any, request: tuple[Any, ...], headers: Any, options: Any
    ) -> None:
        self._original = original
        self._pool = pool
        self._request = request
        self._headers = headers
        self._options = options
        self.last: Outcome | None = None
        self.unjudged: Exception | None = None
        """The error that the caller's retries have not counted yet."""

    def __call__(self, call: Call) -> Outcome:
        target(call)
        endpoint = _endpoint(self._pool, call.endpoint.address)  # type: ignore[union-attr]
        method, url, body, _, *rest = self._request
        try:
            response = self._original(
                endpoint, method, url, body, self._headers, *rest, **self._options
            )
            outcome = Outcome(response)
        except _Broken as broken:
            self.unjudged = broken.error
            outcome = Outcome(error=broken.error, fault=broken.fault)
        except Exception as error:  # handed on in the outcome
            outcome = Outcome(error=error)
        self.last = outcome
        return outcome

    def untouched(self) -> Any:
        return self._original(self._pool, *self._request, **self._options)

    def unreachable(self, error: Unreachable) -> Exception:
        from urllib3.exceptions import NewConnectionError

        self.unjudged = NewConnectionError(self._pool, str(error))
        return self.unjudged


def _judged(pool: Any, method: str, url: str, retries: Any, redirect: Any, error: Exception) -> Any:
    """Return what is left of the caller's retries after `error`, or raise as urllib3 does."""
    from urllib3.util.retry import Retry

    if not isinstance(retries, Retry):
        retries = Retry.from_int(retries, redirect=redirect, default=pool.retries)
    retries = retries.increment(
        method, url, error=error, _pool=pool, _stacktrace=error.__traceback__
    )
    retries.sleep()
    _log.warning("Retrying (%r) after connection broken by '%r': %s", retries, error, url)
    return retries


class _EndpointPool:
    """What one endpoint's pool does otherwise than the application's, of whose class it is too."""

    fairlead_parent: Callable[[], Any]
    fairlead_address: tuple[str, int]

    def _new_conn(self) -> Any:
        connection = super()._new_conn()  # type: ignore[misc]
        connection.fairlead_address = self.fairlead_address
        return connection

    def _make_request(self, conn: Any, *rest: Any, **options: Any) -> Any:
        served_before = conn.sock is not None
        try:
            return super()._make_request(conn, *rest, **options)  # type: ignore[misc]
        except Exception as error:
            broken = _broken(error, served_before, options.get("body"))
            if broken is None:
                raise
            raise broken from error


def _broken(error: Exception, served_before: bool, body: Any) -> _Broken | None:  # noqa: FBT001
    """Return what the flow hears of `error`, or None where it is for the caller's retries only."""
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProtocolError

    if isinstance(error, NewConnectionError | ConnectTimeoutError):
        return _Broken(error, Fault.REFUSED)
    dropped = served_before and isinstance(error, ConnectionError) and _silent(error)
    # Any other body urllib3 itself must wind back.
    if dropped and isinstance(body, bytes | str | None):
        return _Broken(ProtocolError("Connection aborted.", error), Fault.DROPPED)
    return None


class _EndpointConnection:
    """A connection that has the app's name for a host, and goes to an address."""

    fairlead_address: tuple[str, int]
    _dns_host: str
    port: int | None

    def _new_conn(self) -> Any:
        name = self._dns_host, self.port
        self._dns_host, self.port = self.fairlead_address
        try:
            return super()._new_conn()  # type: ignore[misc]
        finally:
            self._dns_host, self.port = name


@lru_cache(maxsize=64)
def _kinds(pool: Any, connection: Any) -> tuple[type, type] | None:
    """Return the classes of an endpoint's pool and connections, or None where these go their way.

    A class that connects by itself, to a Unix socket or a recording, looks up no name.
    """
    from urllib3.connection import HTTPConnection
    from urllib3.connectionpool import HTTPConnectionPool

    if not isinstance(connection, type) or not issubclass(connection, HTTPConnection):
        return None
    known = (
        pool._new_conn is HTTPConnectionPool._new_conn
        and connection._new_conn is HTTPConnection._new_conn
        and connection.connect is HTTPConnection.connect
    )
    if not known:
        return None
    # Under their names: errors and logs print them.
    return (
        type(pool.__name__, (_EndpointPool, pool), {}),
        type(connection.__name__, (_EndpointConnection, connection), {}),
    )


def _endpoint(pool: Any, address: str) -> Any:
    """Return the pool of the endpoint at `address`, made on first use; safe between threads."""
    endpoints = vars(pool).get(_ENDPOINTS)
    if endpoints is None:
        endpoints = vars(pool).setdefault(_ENDPOINTS, {})
    endpoint = endpoints.get(address)
    if endpoint is None:
        endpoint = endpoints.setdefault(address, _copy(pool, address))
        # Not closed: another thread may be about to use it. Its connections end with it.
        for oldest in list(endpoints)[:-MOST_ENDPOINTS]:
            endpoints.pop(oldest, None)
    endpoint.timeout = pool.timeout
    return endpoint


def _copy(pool: Any, address: str) -> Any:
    kinds = _kinds(pool.__class__, pool.ConnectionCls)
    if kinds is None:
        raise TypeError(f"{pool} connects in a way of its own")
    endpoint: Any = object.__new__(kinds[0])
    vars(endpoint).update(vars(pool))
    vars(endpoint).pop(_ENDPOINTS, None)
    endpoint.ConnectionCls = kinds[1]
    # Weak, or neither would be gone, and its connections closed, before the next collection.
    endpoint.fairlead_parent = weakref.ref(pool)
    endpoint.fairlead_address = host_and_port(address)
    endpoint.num_connections = endpoint.num_requests = 0
    if pool.pool is not None:
        endpoint.pool = _slots(pool.pool)
        weakref.finalize(endpoint, _drain, endpoint.pool)
    return endpoint


def _slots(theirs: Any) -> Any:
    """Return a queue like `theirs`, with room for as many connections and none in it."""
    slots = type(theirs)(theirs.maxsize)
    for _ in range(theirs.maxsize):
        slots.put(None)
    return slots


def _drain(connections: Any) -> None:
    try:
        while True:
            connection = connections.get(block=False)
            if connection:
                connection.close()
    except queue.Empty:
        return


def _closing(original: Callable[[Any], None]) -> Callable[[Any], None]:
    def close(pool: Any) -> None:
        original(pool)
        for endpoint in list(vars(pool).pop(_ENDPOINTS, {}).values()):
            original(endpoint)

    return close


def _silent(error: Exception) -> bool:
    """Tell whether not even the status line had come; asked of the failed call's own frames."""
    if isinstance(error, RemoteDisconnected):
        return True
    frames = {frame.f_code.co_name for frame, _ in walk_tb(error.__traceback__)}
    return "begin" not in frames or "_read_status" in frames


def _named(headers: Any, wanted: str) -> list[Any]:
    # The length first: few names have it. urllib3 takes bytes as well.
    size = len(wanted)
    return [
        name for name in headers if len(name) == size and name.lower() in (wanted, wanted.encode())
    ]


def _baggage(headers: Any) -> str | None:
    """Return the baggage in `headers`, whatever kind of mapping they are."""
    names = _named(headers, BAGGAGE)
    if not names:
        return None
    values = [headers[name] for name in names]
    return ",".join(
        value.decode("latin-1") if isinstance(value, bytes) else value for value in values
    )


def _with(headers: Any, ours: Iterable[tuple[str, str | None]]) -> Any:
    """Return a copy of `headers` with `ours` for those of their names; what is empty goes.

    A plain dictionary, which urllib3 goes through many times faster than requests' own kind; only
    urllib3's, where a name may have several values, stays what it is.
    """
    copy = headers.copy() if hasattr(headers, "getlist") else dict(headers)
    for name, value in ours:
        for theirs in _named(copy, name):
            del copy[theirs]
        if value:
            copy[name] = value
    return copy


def _check() -> None:
    """Raise where this version's pools and connections are not made as this instrument knows."""
    from urllib3.connection import HTTPConnection
    from urllib3.connectionpool import HTTPConnectionPool

    asked = ("self", "method", "url", "body", "headers", "retries", "redirect")
    made = ("self", "conn", "method", "url")
    pool = HTTPConnectionPool("app", maxsize=1)
    copy = _copy(pool, "127.0.0.1:8001")
    # Not by the pool, which would log it.
    connection = copy.ConnectionCls(host=copy.host, port=copy.port)
    if (
        tuple(signature(HTTPConnectionPool.urlopen).parameters)[: len(asked)] != asked
        or tuple(signature(HTTPConnectionPool._make_request).parameters)[: len(made)] != made
        or not {"_dns_host", "port"} <= set(unwrap(HTTPConnection._new_conn).__code__.co_names)
        or vars(connection).get("_dns_host") != "app"
        or (copy.host, copy.pool.qsize(), copy.proxy) != ("app", 1, None)
    ):
        raise TypeError("urllib3's pools are not made as this instrument knows them")
