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
from collections.abc import Awaitable, Callable
from functools import cache
from inspect import signature
from typing import TYPE_CHECKING, Any

from fairlead.flow.call import Call, Fault, Outcome, Unreachable
from fairlead.instruments.attempt import Answer, Sender, ended, send_async, target
from fairlead.instruments.canned import Canned, response
from fairlead.instruments.outbound import (
    BAGGAGE,
    call_for,
    label_only,
    outside_for,
    plan_for,
)
from fairlead.policy.resource import CALLER
from fairlead.telemetry.names import AGENT_FAULTS

if TYPE_CHECKING:
    from aiohttp.client_reqrep import ClientRequest

    from fairlead.flow.gate import Entry
    from fairlead.flow.rejected import Rejected
    from fairlead.flow.steps import Flow
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "aiohttp"
VERSIONS = ("3.10", "3.15")

MOST_ORIGINS = 4096
_origins: dict[str, Any] = {}
"""The URL that stands for each endpoint's address: made once, for thousands of calls."""

_ENTRY = "_fairlead_entry"
"""Where a connection keeps the call that it was made for, until the response is there."""

Connect = Callable[..., Awaitable[Any]]


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook the connector for TCP; one for a Unix socket has its one endpoint."""
    from aiohttp.client_reqrep import ClientResponse
    from aiohttp.connector import TCPConnector

    _check(TCPConnector, ClientResponse)

    def connecting(original: Connect) -> Connect:
        async def connect(self: TCPConnector, req: ClientRequest, traces: Any, timeout: Any) -> Any:
            governed = _govern(plane, req)
            if governed is None:
                return await original(self, req, traces, timeout)
            flow, call = governed
            call.open_ended = True
            sender = _Sender(original, self, req, traces, timeout)
            connection = await send_async(plane, flow, call, sender)
            if call.entry is not None:
                _hold(plane, connection, call.entry)
            return connection

        return connect

    def starting(original: Connect) -> Connect:
        async def start(self: ClientResponse, connection: Any) -> Any:
            entry = vars(connection).pop(_ENTRY, None)
            if entry is None:
                return await original(self, connection)
            try:
                found = await original(self, connection)
            except BaseException as error:
                ended(plane, LIBRARY, entry, Outcome(error=error, fault=_fault_behind(error)))
                raise
            ended(plane, LIBRARY, entry, Outcome(status=self.status))
            return found

        return start

    patches.replace(TCPConnector, "connect", connecting)
    patches.replace(ClientResponse, "start", starting)


def _hold(plane: DataPlane, connection: Any, entry: Entry) -> None:
    def given_up() -> None:
        if vars(connection).pop(_ENTRY, None) is not None:
            error = sys.exc_info()[1]
            outcome = Outcome(error=error, fault=_fault_behind(error)) if error else None
            ended(plane, LIBRARY, entry, outcome)

    vars(connection)[_ENTRY] = entry
    connection.add_callback(given_up)


class _Sender(Sender):
    """Connects to the endpoint of a call; what is sent over the connection is aiohttp's matter."""

    __slots__ = ("_arguments", "_original", "_request", "_url", "last")

    library = LIBRARY

    def __init__(self, original: Connect, *arguments: Any) -> None:
        self._original = original
        self._arguments = arguments
        self._request: ClientRequest = arguments[1]
        self._url = self._request.url
        self.last: Outcome | None = None

    async def __call__(self, call: Call) -> Outcome:
        if call.endpoint is not None:
            self._request.url = self._origin(call)
        try:
            outcome = Outcome(await self._original(*self._arguments))
        except Exception as error:  # handed on in the outcome
            outcome = Outcome(error=error, fault=_fault(error))
        finally:
            self._request.url = self._url
        self.last = outcome
        return outcome

    def _origin(self, call: Call) -> Any:
        address = call.endpoint.address if call.endpoint else ""
        url = _origins.get(address)
        if url is None:
            host, port = target(call)
            if len(_origins) >= MOST_ORIGINS:
                _origins.clear()
            url = _origins[address] = self._url.build(scheme="http", host=host, port=port)
        return url

    def untouched(self) -> Awaitable[Any]:
        """Connect as the application asked."""
        return self._original(*self._arguments)

    def unreachable(self, error: Unreachable | Rejected) -> Exception:
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
        plan = plan_for(plane, url.scheme, url.raw_host, url.port)
        if plan is None:
            label = label_only(plane, url.scheme, _written(request))
            if label is not None:
                request.headers[BAGGAGE] = label
            return outside_for(plane, url.raw_host, request.method)
        call = call_for(plane, plan, url.raw_host or "", request.method)
        label = plan.lanes.label(call.lane, _written(request))
    except Exception:  # counted; the call goes on untouched
        plane.counters.count(AGENT_FAULTS, LIBRARY)
        return None
    # The request object is aiohttp's own, made anew for each hop from what the application gave.
    if label is not None:
        request.headers[BAGGAGE] = label
    else:
        request.headers.popall(BAGGAGE, None)
    if call.caller:
        request.headers[CALLER] = call.caller
    # An app's name means nothing to a proxy.
    request.proxy = request.proxy_auth = request.proxy_headers = None
    return plan.outbound, call


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
