"""httpx, sync and async.

The transport is hooked: redirects and authentication pass through it as calls of their own. It
gets a copy of the request that is aimed at an endpoint; the application's request keeps its URL,
and with it response, history and cookies. httpcore pools connections by origin, so that no two
endpoints share one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any

from fairlead.flow.call import Call, Fault, Injected, Late, Outcome, Unreachable
from fairlead.instruments.attempt import Answer, Sender, send, send_async, target
from fairlead.instruments.httpx_changes import (
    carry,
    change_answer,
    change_headers,
    mark,
    with_path,
)
from fairlead.instruments.httpx_time import Limits, in_time_async
from fairlead.instruments.mirroring import Copied, pairs
from fairlead.instruments.outbound import (
    BAGGAGE,
    call_for,
    label_only,
    outside_for,
    plan_for,
    trace_only,
)
from fairlead.instruments.timing import least, shorter
from fairlead.policy.resource import CALLER
from fairlead.telemetry.names import AGENT_FAULTS

if TYPE_CHECKING:
    import httpx

    from fairlead.flow.rejected import Rejected
    from fairlead.flow.steps import Flow
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches
    from fairlead.policy.trace import Trace

LIBRARY = "httpx"
VERSIONS = ("0.25", "0.29")

_NAME = BAGGAGE.encode()
_CALLER = CALLER.encode()
_PHASES = ("connect", "read", "write", "pool")
_REFUSED_STREAM = 7
"""Code of HTTP/2: the server has not looked at it (RFC 9113, 8.7)."""

Handle = Callable[[Any, "httpx.Request"], "httpx.Response"]
HandleAsync = Callable[[Any, "httpx.Request"], Awaitable["httpx.Response"]]


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook both transports, and the choice of one for a URL."""
    import httpx

    _check(httpx.Request("GET", "http://app/p%20a?q=1#f", headers={"a": "b"}))
    hooks = _Hooks(plane, Limits(patches))
    patches.replace(httpx.HTTPTransport, "handle_request", hooks.handle)
    patches.replace(httpx.AsyncHTTPTransport, "handle_async_request", hooks.handle_async)
    patches.replace(httpx.Client, "_transport_for_url", hooks.choose)
    patches.replace(httpx.AsyncClient, "_transport_for_url", hooks.choose)


class _Hooks:
    def __init__(self, plane: DataPlane, limits: Limits) -> None:
        self._plane, self._limits = plane, limits

    def handle(self, original: Handle) -> Handle:
        def handle_request(transport: httpx.HTTPTransport, request: httpx.Request) -> Any:
            governed = self._govern(transport, request)
            if governed is None:
                return original(transport, self._labelled(request))
            flow, call, label = governed
            sender = _Sender(original, transport, request, label, self._limits)
            return send(self._plane, flow, call, sender)

        return handle_request

    def handle_async(self, original: HandleAsync) -> HandleAsync:
        async def handle_async_request(
            transport: httpx.AsyncHTTPTransport, request: httpx.Request
        ) -> Any:
            governed = self._govern(transport, request)
            if governed is None:
                return await original(transport, self._labelled(request))
            flow, call, label = governed
            sender = _AsyncSender(original, transport, request, label, self._limits)
            return await send_async(self._plane, flow, call, sender)

        return handle_async_request

    def choose(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def _transport_for_url(client: Any, url: httpx.URL) -> Any:
            transport = original(client, url)
            # An app's name means nothing to a proxy. A transport that somebody mounted for another
            # reason stays.
            if transport is not client._transport and _is_proxy(transport) and self._ours(url):
                return client._transport
            return transport

        return _transport_for_url

    def _ours(self, url: httpx.URL) -> bool:
        try:
            return plan_for(self._plane, url.scheme, url.host, url.port) is not None
        except Exception:  # counted; the library's choice stands
            self._plane.counters.count(AGENT_FAULTS, LIBRARY)
            return False

    def _govern(
        self, transport: Any, request: httpx.Request
    ) -> tuple[Flow, Call, str | None] | None:
        try:
            url = request.url
            host, found = url.host, None
            # A transport on a Unix socket has its one endpoint; no name is looked up.
            if getattr(transport._pool, "_uds", None) is None:
                found = call_for(self._plane, url.scheme, host, url.port, request.method)
            if found is None:
                outside = outside_for(self._plane, host, request.method)
                return None if outside is None else (*outside, None)
            plan, call = found
            label = plan.lanes.label(call.lane, _baggage(request.headers))
        except Exception:  # counted; the call goes on untouched
            self._plane.counters.count(AGENT_FAULTS, LIBRARY)
            return None
        return plan.outbound, call, label

    def _labelled(self, request: httpx.Request) -> httpx.Request:
        if not self._plane.propagation_only:
            return request
        try:
            scheme = request.url.scheme
            label = label_only(self._plane, scheme, _baggage(request.headers))
            trace = trace_only(self._plane, scheme)
            if label is None and trace is None:
                return request
            return _copy(request, request.url, label, trace=trace)
        except Exception:  # counted; the call goes on untouched
            self._plane.counters.count(AGENT_FAULTS, LIBRARY)
            return request


class _Sender(Sender):
    __slots__ = ("_label", "_limits", "_original", "_request", "_transport", "last")

    library = LIBRARY

    def __init__(
        self,
        original: Any,
        transport: Any,
        request: httpx.Request,
        label: str | None,
        limits: Limits,
    ) -> None:
        self._original = original
        self._transport = transport
        self._request = request
        self._label = label
        self._limits = limits
        self.last: Outcome | None = None

    def __call__(self, call: Call) -> Any:
        aimed = self._aimed(call)
        self.drop()
        try:
            if call.until is None:
                response = self._original(self._transport, aimed)
            else:
                response = self._limits.kept(call, partial(self._original, self._transport, aimed))
            change_answer(response, call)
            outcome = Outcome(response, status=response.status_code)
        except Exception as error:  # handed on in the outcome
            outcome = self._failed(error)
        self.last = outcome
        return outcome

    def untouched(self) -> Any:
        return self._original(self._transport, self._request)

    def unreachable(self, error: Unreachable | Rejected | Injected) -> Exception:
        import httpx

        return httpx.ConnectError(str(error), request=self._request)

    def late(self, error: Late) -> Exception:
        import httpx

        # As it was: one that waits for a connection of the pool is told from one for an answer.
        own = error.__cause__
        kind = type(own) if isinstance(own, httpx.TimeoutException) else httpx.ReadTimeout
        return kind(str(error), request=self._request)

    def repeatable(self) -> bool:
        return _is_held(self._request)

    def drop(self) -> Any:
        if self.last is not None and self.last.response is not None:
            self.last.response.close()

    def answer(self, answer: Answer) -> httpx.Response:
        import httpx

        return httpx.Response(
            answer.status, headers=answer.headers, content=answer.body, request=self._request
        )

    def target(self) -> str:
        return self._request.url.raw_path.decode("ascii")

    def headers(self) -> Mapping[str, str]:
        return dict(self._request.headers.items())

    def copied(self, call: Call) -> Copied | None:
        if not _is_held(self._request):
            return None
        request, ours = self._request, ((BAGGAGE, self._label or ""), (CALLER, call.caller))
        return Copied(
            request.method,
            self.target(),
            request.headers.get("host") or call.host,
            pairs(self.headers(), *ours),
            request.content,
        )

    def url(self) -> tuple[str, str, str]:
        url = self._request.url
        return url.host, url.path, url.query.decode("latin-1")

    def header(self, name: str) -> str | None:
        value: str | None = self._request.headers.get(name)
        return value

    def _aimed(self, call: Call) -> httpx.Request:
        if call.endpoint is None:
            return self._request
        host, port = target(call)
        url = _at(self._request.url, host, port)
        if call.change is not None and call.change.path is not None:
            url = with_path(url, call.change.path)
        aimed = _copy(self._request, url, self._label, call.caller, call.trace)
        if call.change is not None:
            change_headers(aimed.headers._list, call.change)
        if call.marks:
            mark(aimed.headers._list, call.marks)
        if call.until is not None or call.connect:
            theirs = aimed.extensions.get("timeout") or dict.fromkeys(_PHASES)
            end = inf if call.until is None else call.until
            limits = {phase: shorter(limit, end) for phase, limit in theirs.items()}
            if call.connect:
                limits["connect"] = least(limits.get("connect"), call.connect)
            aimed.extensions = {**aimed.extensions, "timeout": limits}
        return aimed

    def _failed(self, error: Exception) -> Outcome:
        return Outcome(error=error, fault=_fault(error, self._request))


class _AsyncSender(_Sender):
    __slots__ = ()

    async def __call__(self, call: Call) -> Outcome:
        aimed = self._aimed(call)
        await self.drop()
        try:
            response = await self._original(self._transport, aimed)
            if call.deadline < inf:
                response.stream = in_time_async(response.stream, call)
            change_answer(response, call)
            outcome = Outcome(response, status=response.status_code)
        except Exception as error:  # handed on in the outcome
            outcome = self._failed(error)
        self.last = outcome
        return outcome

    async def drop(self) -> None:
        if self.last is not None and self.last.response is not None:
            await self.last.response.aclose()


def _at(url: httpx.URL, host: str, port: int) -> httpx.URL:
    """Return `url` on another host and port, the rest byte for byte.

    `copy_with` would parse and quote it anew, at twice the cost of everything else done here.
    """
    parts = url._uri_reference
    aimed = url.__class__.__new__(url.__class__)
    aimed._uri_reference = type(parts)(
        parts.scheme, parts.userinfo, host, port, parts.path, parts.query, parts.fragment
    )
    return aimed


def _baggage(headers: httpx.Headers) -> str | None:
    values = [value for _, key, value in headers._list if key == _NAME]
    return b",".join(values).decode("latin-1") if values else None


def _copy(
    request: httpx.Request,
    url: httpx.URL,
    label: str | None,
    caller: str = "",
    trace: Trace | None = None,
) -> httpx.Request:
    """Return `request` with another URL, baggage and caller, and a trace if it has none.

    Body and extensions are shared.
    """
    theirs = request.headers
    # Its own `copy` decodes every header first, to find out in which encoding.
    headers = theirs.__class__.__new__(theirs.__class__)
    headers._encoding = theirs._encoding
    headers._list = [item for item in theirs._list if item[1] not in (_NAME, _CALLER)]
    if label is not None:
        headers._list.append((_NAME, _NAME, label.encode("latin-1")))
    if caller:
        headers._list.append((_CALLER, _CALLER, caller.encode()))
    if trace is not None:
        carry(headers._list, trace)
    copy = request.__class__.__new__(request.__class__)
    vars(copy).update(vars(request), url=url, headers=headers)
    return copy


def _check(request: httpx.Request) -> None:
    """Raise where this version's URLs are not made of the parts that `_at` knows."""
    aimed = _copy(request, _at(request.url, "127.0.0.1", 8001), "k=v", "b")
    public = request.url.copy_with(host="127.0.0.1", port=8001)
    headers = [("host", "app"), ("a", "b"), (BAGGAGE, "k=v"), (CALLER, "b")]
    if aimed.url != public or aimed.url.raw_path != public.raw_path:
        raise TypeError("httpx.URL is not made of the parts this instrument knows")
    if aimed.headers.multi_items() != headers or _baggage(aimed.headers) != "k=v":
        raise TypeError("httpx.Headers is not made of the parts this instrument knows")


def _is_proxy(transport: Any) -> bool:
    return getattr(getattr(transport, "_pool", None), "_proxy_url", None) is not None


def _fault(error: Exception, request: httpx.Request) -> Fault:
    import httpx

    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return Fault.REFUSED
    if isinstance(error, (httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError)):
        if not _is_held(request):
            return Fault.RESET  # what has been read of a body is gone, whoever has looked at it
        if _is_refused(error):
            return Fault.REFUSED
        return Fault.DROPPED if _pooled_and_silent(error) else Fault.RESET
    return Fault.TIMEOUT if isinstance(error, httpx.TimeoutException) else Fault.OTHER


def _is_refused(error: Exception) -> bool:
    """Tell whether the server has reset the stream of HTTP/2 without having looked at it."""
    event = error.__cause__.args[0] if error.__cause__ and error.__cause__.args else None
    refused = getattr(event, "error_code", None) == _REFUSED_STREAM
    return refused and bool(getattr(event, "remote_reset", False))


def _is_held(request: httpx.Request) -> bool:
    """Tell whether the body is held in memory: only that one can be sent again."""
    import httpx

    return type(request.stream) is httpx.ByteStream


def _pooled_and_silent(error: Exception) -> bool:
    """Tell whether a connection failed that had served a request before, without a byte this time.

    Asked of the failed call's own frames: nothing is kept on the way of a call that works.
    """
    trace = error.__cause__.__traceback__ if error.__cause__ else None
    while trace is not None:
        connection = trace.tb_frame.f_locals.get("self")
        protocol = getattr(connection, "_h11_state", None)
        if protocol is not None:
            silent = protocol.trailing_data[0] == b""
            return silent and getattr(connection, "_request_count", 0) > 1
        trace = trace.tb_next
    return False
