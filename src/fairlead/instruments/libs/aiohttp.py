"""aiohttp's client.

The connector is hooked: each hop of a redirect and each repetition asks it for a connection. It is
shown an endpoint instead of the app's name, and pools connections by what it is shown, so that no
two endpoints share one; request, response, history and cookies keep the app's name. aiohttp itself
repeats an idempotent request once on a kept connection that died.
"""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from fairlead.flow.call import Call, Fault, Outcome, Unreachable
from fairlead.instruments.attempt import send_async, target
from fairlead.instruments.outbound import BAGGAGE, call_for, label_only, plan_for
from fairlead.policy.resource import CALLER
from fairlead.telemetry.names import AGENT_FAULTS

if TYPE_CHECKING:
    from aiohttp.client_reqrep import ClientRequest

    from fairlead.flow.engine import Plan
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "aiohttp"
VERSIONS = ("3.10", "3.15")

MOST_ORIGINS = 4096
_origins: dict[str, Any] = {}
"""The URL that stands for each endpoint's address: made once, for thousands of calls."""

Connect = Callable[..., Awaitable[Any]]


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook the connector for TCP; one for a Unix socket has its one endpoint."""
    from aiohttp.connector import TCPConnector

    _check(TCPConnector)

    def connecting(original: Connect) -> Connect:
        async def connect(self: TCPConnector, req: ClientRequest, traces: Any, timeout: Any) -> Any:
            governed = _govern(plane, req)
            if governed is None:
                return await original(self, req, traces, timeout)
            plan, call = governed
            return await send_async(
                plane, plan, call, _Sender(original, self, req, traces, timeout)
            )

        return connect

    patches.replace(TCPConnector, "connect", connecting)


class _Sender:
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

    def unreachable(self, error: Unreachable) -> Exception:
        """Return aiohttp's own connect error."""
        from aiohttp.client_exceptions import ClientConnectorError

        cause = OSError(errno.EHOSTUNREACH, str(error))
        return ClientConnectorError(self._request.connection_key, cause)


def _govern(plane: DataPlane, request: ClientRequest) -> tuple[Plan, Call] | None:
    """Return how to call the host of `request`, which is labelled; None where it is not ours."""
    try:
        url = request.url
        plan = plan_for(plane, url.scheme, url.raw_host, url.port)
        if plan is None:
            label = label_only(plane, url.scheme, _written(request))
            if label is not None:
                request.headers[BAGGAGE] = label
            return None
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
    return plan, call


def _written(request: ClientRequest) -> str | None:
    """Return the baggage that the application wrote, in one header or several."""
    headers = request.headers
    return ",".join(headers.getall(BAGGAGE)) if BAGGAGE in headers else None


def _fault(error: Exception) -> Fault:
    from aiohttp.client_exceptions import ClientConnectorError

    # Only the time for a socket to connect ends in here; any other cancels from outside.
    return Fault.REFUSED if isinstance(error, ClientConnectorError | TimeoutError) else Fault.OTHER


def _check(connector: Any) -> None:
    """Raise where this version's connector is not asked in the way this instrument knows."""
    from inspect import signature

    if list(signature(connector.connect).parameters) != ["self", "req", "traces", "timeout"]:
        raise TypeError("TCPConnector.connect does not take (req, traces, timeout)")
