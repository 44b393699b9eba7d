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

import io
import logging
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import lru_cache
from inspect import signature, unwrap
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fairlead.flow.call import Call, Fault, Injected, Late, Outcome, Unreachable
from fairlead.flow.gated import leave
from fairlead.instruments.attempt import Answer, Sender, send
from fairlead.instruments.endpoint_pools import EndpointConnection, closing, endpoint
from fairlead.instruments.endpoint_pools import copy as copied
from fairlead.instruments.headers import carry, lowered, value_of, with_label, without_ours
from fairlead.instruments.mirroring import Copied
from fairlead.instruments.outbound import (
    BAGGAGE,
    call_for,
    label_only,
    outside_for,
    plan_for,
    trace_only,
)
from fairlead.instruments.socket_time import Timing, told
from fairlead.instruments.urllib3_changes import changed_answer, rewritten
from fairlead.instruments.urllib3_faults import Broken, broken_of, fault_of
from fairlead.policy.resource import CALLER
from fairlead.telemetry.names import AGENT_FAULTS

if TYPE_CHECKING:
    from fairlead.flow.rejected import Rejected
    from fairlead.flow.steps import Flow
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "urllib3"
VERSIONS = ("1.26", "3")

_OF_RESPONSES = ("preload_content", "decode_content")
# urllib3's own: a retry is reported where it reports its own.
_log = logging.getLogger("urllib3.connectionpool")

UrlOpen = Callable[..., Any]

_sending: ContextVar[Call | None] = ContextVar("fairlead_urllib3", default=None)
"""The call that is being sent, where a response comes back: what urllib3 makes of that one, a
redirect or a retry, it makes before `urlopen` returns, and it is a call of its own."""


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook the pool of plain HTTP; that of HTTPS inherits the hook, and passes it untouched."""
    from urllib3.connectionpool import HTTPConnectionPool

    _check()
    hooks = _Hooks(plane)
    patches.replace(HTTPConnectionPool, "urlopen", hooks.urlopen)
    patches.replace(HTTPConnectionPool, "_make_request", hooks.make_request)
    patches.replace(HTTPConnectionPool, "close", closing)


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
                governed = self._govern(pool, method, url, headers)
                if governed is None:
                    labelled = self._labelled(pool, headers)
                    return original(
                        pool, method, url, body, labelled, retries, redirect, *rest, **options
                    )
                flow, call, ours = governed
                request = (method, url, body, ours, retries, redirect, *rest)
                sender = _Sender(original, pool, request, headers, options)
                try:
                    return send(self._plane, flow, call, sender)
                except Exception as error:
                    if sender.unjudged is not error:
                        raise
                    retries = _judged(pool, method, url, retries, redirect, error)

        return urlopen

    def make_request(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def _make_request(pool: Any, *args: Any, **options: Any) -> Any:
            call = _sending.get()
            change = None if call is None or not isinstance(pool, _EndpointPool) else call.change
            if change is not None:
                args, options = rewritten(change, args, options)
            # What is sent again by a rule is one call: it has not ended with an attempt.
            if call is None or call.entry is None or call.attempt:
                return changed_answer(change, original(pool, *args, **options))
            try:
                response = changed_answer(change, original(pool, *args, **options))
            except Exception as error:
                if not isinstance(pool, _EndpointPool):  # which knows what else is tried
                    _ended(Outcome(error=error, fault=fault_of(error)))
                raise
            _ended(Outcome(status=response.status))
            return response

        return _make_request

    def _govern(
        self, pool: Any, method: str, url: str, headers: Any
    ) -> tuple[Flow, Call, Any] | None:
        try:
            # A closed pool says so itself.
            usable = pool.proxy is None and pool.pool is not None
            if usable and _kinds(pool.__class__, pool.ConnectionCls) is not None:
                found = call_for(self._plane, pool.scheme, pool.host, pool.port, method)
            elif plan_for(self._plane, pool.scheme, pool.host, pool.port) is not None and usable:
                return None
            else:
                found = None
            if found is None:
                host = pool.host if url.startswith("/") else urlsplit(url).hostname
                outside = outside_for(self._plane, host, method)
                return None if outside is None else (*outside, headers)
            plan, call = found
            ours, written = without_ours(pool.headers if headers is None else headers)
            label = plan.lanes.label(call.lane, written)
            if label:
                ours[BAGGAGE] = label
            if call.caller:
                ours[CALLER] = call.caller
            if call.trace is not None:
                carry(ours, call.trace)
            return plan.outbound, call, ours
        except Exception:  # counted; the call goes on untouched
            self._plane.counters.count(AGENT_FAULTS, LIBRARY)
            return None

    def _labelled(self, pool: Any, headers: Any) -> Any:
        if not self._plane.propagation_only:
            return headers
        try:
            theirs = pool.headers if headers is None else headers
            label = label_only(self._plane, pool.scheme, value_of(theirs, BAGGAGE))
            trace = trace_only(self._plane, pool.scheme)
            if label is None and trace is None:
                return headers
            return with_label(theirs, label, trace)
        except Exception:  # counted; the call goes on untouched
            self._plane.counters.count(AGENT_FAULTS, LIBRARY)
            return headers


class _Sender(Sender):
    __slots__ = ("_options", "_original", "_pool", "_request", "_theirs", "last", "unjudged")

    library = LIBRARY

    def __init__(
        self, original: UrlOpen, pool: Any, request: tuple[Any, ...], theirs: Any, options: Any
    ) -> None:
        self._original = original
        self._pool = pool
        self._request = request
        self._theirs = theirs
        self._options = options
        self.last: Outcome | None = None
        self.unjudged: Exception | None = None
        """The error that the caller's retries have not counted yet."""

    def __call__(self, call: Call) -> Outcome:
        pool = self._pool
        if call.endpoint is not None:
            pool = endpoint(pool, call.endpoint.address, _kinds)
        self.drop()
        # Where it has no entry there is none to end.
        needed = call.entry is not None or call.attempt or call.until is not None
        needed = needed or call.change is not None or _sending.get() is not None
        token = _sending.set(call) if needed else None
        request, options = self._request, self._options
        if call.until is not None or call.marks or call.connect:
            request, options = told(request, options, call, pool.timeout)
        try:
            response = self._original(pool, *request, **options)
            outcome = Outcome(response, status=response.status)
        except Broken as broken:
            self.unjudged = broken.error
            outcome = Outcome(error=broken.error, fault=broken.fault)
        except Exception as error:  # handed on in the outcome
            # What its endpoint refuses is `Broken`: this was another one, which it has led to.
            fault = fault_of(error)
            led = fault is Fault.REFUSED and call.endpoint is not None
            outcome = Outcome(error=error, fault=Fault.OTHER if led else fault)
        finally:
            if token is not None:
                _sending.reset(token)
        self.last = outcome
        return outcome

    def untouched(self) -> Any:
        method, url, body, _, *rest = self._request
        return self._original(self._pool, method, url, body, self._theirs, *rest, **self._options)

    def unreachable(self, error: Unreachable | Rejected | Injected) -> Exception:
        from urllib3.exceptions import NewConnectionError

        self.unjudged = NewConnectionError(self._pool, str(error))
        return self.unjudged

    def late(self, error: Late) -> Exception:
        from urllib3.exceptions import ReadTimeoutError

        self.unjudged = ReadTimeoutError(self._pool, self._request[1], str(error))
        return self.unjudged

    def repeatable(self) -> bool:
        return isinstance(self._request[2], bytes | str | None)

    def drop(self) -> Any:
        if self.last is not None and self.last.response is not None:
            self.last.response.close()

    def answer(self, answer: Answer) -> Any:
        from urllib3._collections import HTTPHeaderDict
        from urllib3.response import HTTPResponse

        # What `urlopen` makes a response with: whether its body is read, above all.
        options = {name: self._options[name] for name in _OF_RESPONSES if name in self._options}
        return HTTPResponse(
            io.BytesIO(answer.body),
            headers=HTTPHeaderDict(answer.headers),
            status=answer.status,
            reason=answer.reason,
            version=11,
            request_method=self._request[0],
            request_url=self._request[1],
            **options,
        )

    def target(self) -> str:
        url: str = self._request[1]
        return url if url.startswith("/") else urlsplit(url)._replace(scheme="", netloc="").geturl()

    def headers(self) -> Mapping[str, str]:
        return lowered(self._headers())

    def copied(self, call: Call) -> Copied | None:
        if not self.repeatable():
            return None
        method, _, body, *_ = self._request
        written = body.encode() if isinstance(body, str) else body or b""
        headers = self.headers()
        authority = headers.get("host") or call.host
        return Copied(method, self.target(), authority, tuple(headers.items()), written)

    def url(self) -> tuple[str, str, str]:
        url = urlsplit(self._request[1])
        return self._pool.host, url.path, url.query

    def header(self, name: str) -> str | None:
        return value_of(self._headers(), name.lower())

    def _headers(self) -> Any:
        ours = self._request[3]
        return self._pool.headers if ours is None else ours


def _ended(outcome: Outcome) -> None:
    """End the call that is being sent: what urllib3 makes of the outcome is another one."""
    call = _sending.get()
    if call is not None and call.entry is not None and not call.attempt:
        call.fault = leave(call.entry, outcome)


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
        call = _sending.get()
        timing = None
        if call is not None and call.until is not None:
            timing = Timing(call.until, str(call.late()))
        try:
            if call is None or timing is None:
                return super()._make_request(conn, *rest, **options)  # type: ignore[misc]
            conn.response_class, conn.fairlead_until = timing, call.until
            response = super()._make_request(conn, *rest, **options)  # type: ignore[misc]
            timing.end(call.deadline, str(Late(call.host, call.limit)))
            return response
        except Exception as error:
            ruled = call is not None and call.attempt > 0
            broken = broken_of(error, options.get("body"), served_before=served_before, ruled=ruled)
            if broken is None:
                _ended(Outcome(error=error, fault=fault_of(error)))
                raise
            raise broken from error
        finally:
            if timing is not None:
                vars(conn).pop("response_class", None)
                vars(conn).pop("fairlead_until", None)


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
        type(connection.__name__, (EndpointConnection, connection), {}),
    )


def _check() -> None:
    """Raise where this version's pools and connections are not made as this instrument knows."""
    from urllib3.connection import HTTPConnection
    from urllib3.connectionpool import HTTPConnectionPool

    asked = ("self", "method", "url", "body", "headers", "retries", "redirect")
    made = ("self", "conn", "method", "url")
    pool: Any = HTTPConnectionPool("app", maxsize=1)
    copy = copied(pool, "127.0.0.1:8001", _kinds(pool.__class__, pool.ConnectionCls))
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
