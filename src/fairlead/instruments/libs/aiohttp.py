"""aiohttp's client.

The connector is hooked: each hop of a redirect and each repetition asks it for a connection. It is
shown an endpoint instead of the app's name, and pools connections by what it is shown, so that no
two endpoints share one; request, response, history and cookies keep the app's name. aiohttp itself
repeats an idempotent request once on a kept connection that died.

What comes after the connection is aiohttp's matter, so that a call is told to have ended where its
response begins, or where its connection is given up before.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from inspect import signature
from typing import TYPE_CHECKING, Any

from fairlead.flow.call import Call, Fault, Injected, Outcome, Unreachable
from fairlead.instruments.aiohttp_calls import Aim, aim, requesting
from fairlead.instruments.aiohttp_changes import change_answer, change_headers, with_target
from fairlead.instruments.attempt import Answer, Sender, ended, send_async, target
from fairlead.instruments.canned import Canned, response
from fairlead.instruments.headers import lowered
from fairlead.instruments.measure import answered
from fairlead.instruments.outbound import (
    BAGGAGE,
    call_for,
    label_only,
    outside_for,
    trace_only,
)
from fairlead.policy.resource import CALLER
from fairlead.policy.trace import PARENT, STATE
from fairlead.telemetry.names import AGENT_FAULTS

if TYPE_CHECKING:
    from aiohttp.client_reqrep import ClientRequest

    from fairlead.flow.engine import Plan
    from fairlead.flow.rejected import Rejected
    from fairlead.flow.steps import Flow
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches
    from fairlead.policy.trace import Trace

LIBRARY = "aiohttp"
VERSIONS = ("3.10", "3.15")

MOST_ORIGINS = 4096
_origins: dict[str, Any] = {}
"""The URL that stands for each endpoint's address: made once, for thousands of calls."""

_CALL = "_fairlead_call"
"""Where a connection keeps the call that it was made for, until the response is there."""

Connect = Callable[..., Awaitable[Any]]


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook the connector for TCP; one for a Unix socket has its one endpoint."""
    from aiohttp.client import ClientSession
    from aiohttp.client_reqrep import ClientResponse
    from aiohttp.connector import TCPConnector

    _check(TCPConnector, ClientResponse)

    def connecting(original: Connect) -> Connect:
        def connect(
            self: TCPConnector, req: ClientRequest, traces: Any, timeout: Any
        ) -> Awaitable[Any]:
            if plane.engine.plan.ruled:
                whole = aim.get()
                if whole is not None and whole.at(req.url):
                    return _aimed(plane, original, (self, req, traces, timeout), whole)
            governed = _govern(plane, req)
            if governed is None:
                return original(self, req, traces, timeout)
            flow, call = governed
            call.open_ended = True
            sender = _Sender(plane, original, (self, req, traces, timeout))
            return send_async(plane, flow, call, sender)

        return connect

    def starting(original: Connect) -> Connect:
        def start(self: ClientResponse, connection: Any) -> Awaitable[Any]:
            call = getattr(connection, _CALL, None)
            if call is None:
                return original(self, connection)
            setattr(connection, _CALL, None)
            return _until_started(plane, call, self, original(self, connection))

        return start

    patches.replace(TCPConnector, "connect", connecting)
    patches.replace(ClientResponse, "start", starting)
    patches.replace(ClientSession, "_request", requesting(plane))


async def _aimed(
    plane: DataPlane, original: Connect, arguments: tuple[Any, ...], whole: Aim
) -> Any:
    """Connect for a call that is driven as a whole."""
    sender = _Sender(plane, original, arguments)
    if whole.answer is not None:
        return sender.answer(whole.answer)
    call, request = whole.call, arguments[1]
    try:
        if call.change is not None:
            change_headers(request.headers, call.change)
        _write(request, plane.engine.plan, call)
        for name, value in call.marks:
            request.headers[name] = value
    except Exception:  # counted; the call goes on untouched
        plane.counters.count(AGENT_FAULTS, LIBRARY)
    outcome = await sender.connected(call)
    if outcome.error is not None:
        raise outcome.error
    whole.is_connected = True
    return outcome.response


async def _until_started(
    plane: DataPlane, call: Call, response: Any, starting: Awaitable[Any]
) -> Any:
    try:
        found = await starting
    except BaseException as error:
        ended(plane, LIBRARY, call, Outcome(error=error, fault=_fault_behind(error)))
        raise
    change_answer(response, call)
    if call.entry is None:
        answered(plane, call, response.status)
    else:
        ended(plane, LIBRARY, call, Outcome(status=response.status))
    return found


def _watch(plane: DataPlane, connection: Any, call: Call) -> None:
    """End `call` where its connection is given up before the response is there."""

    def given_up() -> None:
        if getattr(connection, _CALL) is not None:
            setattr(connection, _CALL, None)
            error = sys.exc_info()[1]
            outcome = Outcome(error=error, fault=_fault_behind(error)) if error else None
            ended(plane, LIBRARY, call, outcome)

    connection.add_callback(given_up)


class _Sender(Sender):
    """Connects to the endpoint of a call; what is sent over the connection is aiohttp's matter."""

    __slots__ = ("_arguments", "_original", "_plane", "_request", "_url", "last")

    library = LIBRARY

    def __init__(self, plane: DataPlane, original: Connect, arguments: tuple[Any, ...]) -> None:
        self._plane = plane
        self._original = original
        self._arguments = arguments
        self._request: ClientRequest = arguments[1]
        self._url = self._request.url
        self.last: Outcome | None = None

    async def __call__(self, call: Call) -> Outcome:
        if call.change is not None:
            change_headers(self._request.headers, call.change)
        outcome = await self.connected(call)
        if outcome.error is None:
            setattr(outcome.response, _CALL, call)
            if call.entry is not None:
                _watch(self._plane, outcome.response, call)
        return outcome

    async def connected(self, call: Call) -> Outcome:
        """Connect to the endpoint of `call`."""
        endpoint = call.endpoint
        if endpoint is not None:
            url = _origins.get(endpoint.address)
            self._request.url = self._origin(call) if url is None else url
        try:
            outcome = Outcome(await self._original(*self._arguments))
        except Exception as error:  # handed on in the outcome
            outcome = Outcome(error=error, fault=_fault(error))
        finally:
            self._request.url = self._url
        if call.change is not None and call.change.path is not None:
            # The response keeps the URL that the application called: redirects go on from there.
            self._request.url = with_target(self._url, call.change.path)
        self.last = outcome
        return outcome

    def _origin(self, call: Call) -> Any:
        host, port = target(call)
        if len(_origins) >= MOST_ORIGINS:
            _origins.clear()
        url = self._url.build(scheme="http", host=host, port=port)
        return _origins.setdefault(call.endpoint.address if call.endpoint else "", url)

    def untouched(self) -> Awaitable[Any]:
        """Connect as the application asked."""
        return self._original(*self._arguments)

    def unreachable(self, error: Unreachable | Rejected | Injected) -> Exception:
        """Return aiohttp's own connect error."""
        from aiohttp.client_exceptions import ClientConnectorError

        cause = OSError(errno.EHOSTUNREACH, str(error))
        return ClientConnectorError(self._request.connection_key, cause)

    def answer(self, answer: Answer) -> Any:
        """Return a connection on which the response is there already."""
        from aiohttp.client_proto import ResponseHandler

        connector = self._arguments[0]
        protocol = ResponseHandler(connector._loop)
        protocol.connection_made(Canned())
        protocol.data_received(response(answer))
        return _canned()(connector, self._request.connection_key, protocol, connector._loop)

    def target(self) -> str:
        """Return the path and the query, as they are sent."""
        target: str = self._url.raw_path_qs
        return target

    def headers(self) -> Mapping[str, str]:
        """Return all headers."""
        return lowered(self._request.headers)

    def url(self) -> tuple[str, str, str]:
        """Return the host, the path and the query that are called."""
        url = self._url
        return url.host or "", url.path, url.raw_query_string

    def header(self, name: str) -> str | None:
        """Return a header of the request, repeated ones joined."""
        values = self._request.headers.getall(name, None)
        return None if values is None else ",".join(values)


@cache
def _canned() -> Any:
    from aiohttp.connector import Connection

    class CannedConnection(Connection):
        """One that is in no pool and goes back to none."""

        def close(self) -> None:
            self._notify_release()
            if self._protocol is not None:
                self._protocol.close()
                self._protocol = None

        release = close

        def __del__(self, _warnings: Any = None) -> None:
            """Leave without a word: nothing is open."""

    return CannedConnection


def _govern(plane: DataPlane, request: ClientRequest) -> tuple[Flow, Call] | None:
    """Return how to call the host of `request`, labelled if it is an app; None for as it is."""
    try:
        url = request.url
        found = call_for(plane, url.scheme, url.raw_host, url.port, request.method)
        if found is None:
            label = label_only(plane, url.scheme, _written(request))
            if label is not None:
                request.headers[BAGGAGE] = label
            trace = trace_only(plane, url.scheme)
            if trace is not None:
                _carry(request.headers, trace)
            return outside_for(plane, url.raw_host, request.method)
        plan, call = found
        _write(request, plan, call)
    except Exception:  # counted; the call goes on untouched
        plane.counters.count(AGENT_FAULTS, LIBRARY)
        return None
    return plan.outbound, call


def _write(request: ClientRequest, plan: Plan, call: Call) -> None:
    """Write what goes with a call to an app into its headers."""
    # The request object is aiohttp's own, made anew for each hop from what was given.
    headers = request.headers
    label = plan.lanes.label(call.lane, _written(request) if BAGGAGE in headers else None)
    if label is not None:
        headers[BAGGAGE] = label
    else:
        headers.popall(BAGGAGE, None)
    if call.caller:
        headers[CALLER] = call.caller
    if call.trace is not None:
        _carry(headers, call.trace)
    # An app's name means nothing to a proxy.
    request.proxy = request.proxy_auth = request.proxy_headers = None


def _carry(headers: Any, trace: Trace) -> None:
    """Write a trace, unless the application has."""
    if PARENT in headers:
        return
    headers[PARENT] = trace[0]
    if trace[1]:
        headers[STATE] = trace[1]


def _written(request: ClientRequest) -> str | None:
    """Return the baggage that the application wrote, in one header or several."""
    headers = request.headers
    return ",".join(headers.getall(BAGGAGE)) if BAGGAGE in headers else None


def _fault(error: Exception) -> Fault:
    from aiohttp.client_exceptions import ClientConnectorError

    # Only the time for a socket to connect ends in here; any other cancels from outside.
    return Fault.REFUSED if isinstance(error, ClientConnectorError | TimeoutError) else Fault.OTHER


def _fault_behind(error: BaseException) -> Fault:
    """Return the fault of a call whose connection there was."""
    return Fault.TIMEOUT if isinstance(error, TimeoutError) else Fault.OTHER


def _check(connector: Any, response: Any) -> None:
    """Raise where this version's connector is not asked in the way this instrument knows."""
    if list(signature(response.start).parameters) != ["self", "connection"]:
        raise TypeError("ClientResponse.start does not take (connection)")
    if list(signature(connector.connect).parameters) != ["self", "req", "traces", "timeout"]:
        raise TypeError("TCPConnector.connect does not take (req, traces, timeout)")
