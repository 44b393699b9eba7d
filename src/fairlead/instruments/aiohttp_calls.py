"""Calls of aiohttp's client that rules may end early or send again: as a whole, redirects and all.

The connector's hook sees a connection, and neither an answer nor its body. So where rules about
calls are in force, a call to an app is driven around the session's own request; the connector is
only told where to connect.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from math import inf
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fairlead.flow.call import (
    NOTHING_INHERITED,
    Call,
    Fault,
    Injected,
    Late,
    Outcome,
    Unreachable,
)
from fairlead.flow.failover import IDEMPOTENT
from fairlead.instruments.aiohttp_changes import change_answer
from fairlead.instruments.attempt import Answer, Sender, send_async
from fairlead.instruments.headers import lowered
from fairlead.instruments.inherit import inherited
from fairlead.instruments.mirroring import Copied, pairs
from fairlead.instruments.outbound import BAGGAGE, call_for
from fairlead.instruments.timing import least, remaining
from fairlead.policy.resource import CALLER
from fairlead.telemetry.names import AGENT_FAULTS

if TYPE_CHECKING:
    from fairlead.flow.engine import Plan
    from fairlead.flow.lane import Lanes
    from fairlead.flow.rejected import Rejected
    from fairlead.flow.steps import Flow
    from fairlead.instruments.instrument import DataPlane

LIBRARY = "aiohttp"

Request = Callable[..., Awaitable[Any]]


class Aim:
    """Where the attempt under way is to connect to, for the connector."""

    __slots__ = ("_host", "answer", "call", "is_connected", "is_led", "url")

    def __init__(self, call: Call, url: Any, answer: Answer | None = None) -> None:
        self.call = call
        self._host = url.raw_host, url.port
        self.answer = answer
        """What is answered without a connection, None for whatever comes."""
        self.url: Any = None
        """URL that was connected for, None before that."""
        self.is_connected = False
        """Whether a connection was there: from then on something may have been sent."""
        self.is_led = False
        """Whether an answer has led to another request: what comes then is no answer to this."""

    def at(self, url: Any) -> bool:
        """Tell whether a connection for `url` is this attempt's.

        A redirect leads elsewhere, and so does what is asked before: a middleware's token.
        """
        if self.is_connected and (url != self.url or self.call.method not in IDEMPOTENT):
            self.is_led = True
        if self.url is None and (url.raw_host, url.port) == self._host:
            self.url = url
        return self.url is not None and bool(self.url == url)


aim: ContextVar[Aim | None] = ContextVar("fairlead_aiohttp_aim", default=None)


def requesting(plane: DataPlane) -> Callable[[Request], Request]:
    """Return what wraps a session's ``_request``."""

    def wrap(original: Request) -> Request:
        def _request(session: Any, method: str, str_or_url: Any, **options: Any) -> Awaitable[Any]:
            # Nothing is done where nobody rules about calls; before a snapshot, nobody knows.
            if plane.ready and not plane.engine.plan.ruled:
                return original(session, method, str_or_url, **options)
            ruled = _ruled(plane, session, method, str_or_url, options)
            if ruled is None:
                return original(session, method, str_or_url, **options)
            plan, call, url = ruled
            sender = Whole(original, session, (method, url), options)
            sender.lanes = plan.lanes
            return _sent(plane, plan.outbound, call, sender)

        return _request

    return wrap


async def _sent(plane: DataPlane, flow: Flow, call: Call, sender: Whole) -> Any:
    found = await send_async(plane, flow, call, sender)
    return await found if asyncio.iscoroutine(found) else found


def _ruled(
    plane: DataPlane, session: Any, method: str, str_or_url: Any, options: dict[str, Any]
) -> tuple[Plan, Call, Any] | None:
    """Return how to make a call as a whole, None for one that is no app's, or a web socket."""
    try:
        if not isinstance(session._connector, sys.modules["aiohttp.connector"].TCPConnector):
            return None
        if options.get("read_until_eof", True) is False:
            return None
        url = session._build_url(str_or_url)
        found = call_for(plane, url.scheme, url.raw_host, url.port, method)
        if found is None:
            return None
        plan, call = found
        # What nothing is to be done for, beside choosing an instance, is the connector's matter.
        alone = call.host not in plan.called and inherited() is NOTHING_INHERITED
        return None if alone else (plan, call, url)
    except Exception:  # counted; aiohttp says what is wrong with it
        plane.counters.count(AGENT_FAULTS, LIBRARY)
        return None


class Whole(Sender):
    """Sends one request of a session's, as often as it is asked to."""

    __slots__ = (
        "_aimed",
        "_options",
        "_original",
        "_session",
        "_what",
        "_written",
        "lanes",
        "last",
    )

    library = LIBRARY

    def __init__(
        self, original: Request, session: Any, what: tuple[str, Any], options: dict[str, Any]
    ) -> None:
        """`what` are the method and the URL."""
        self._original, self._session = original, session
        self._what, self._options = what, options
        self.last: Outcome | None = None
        self._aimed: Aim | None = None
        self._written: Any = None
        self.lanes: Lanes | None = None
        """What writes the label of a copy: the connector writes that of the call."""

    async def __call__(self, call: Call) -> Outcome:
        """Send it."""
        await self.drop()
        aimed = self._aimed = Aim(call, self._what[1])
        token = aim.set(aimed)
        try:
            response = await self._original(self._session, *self._what, **self._timed(call))
            if not aimed.is_led:
                change_answer(response, call)
            if call.deadline < inf:
                _told(response, str(Late(call.host, call.limit)))
            outcome = Outcome(response, status=response.status)
        except Exception as error:  # handed on in the outcome
            status = getattr(error, "status", None)
            answered = status if isinstance(status, int) else None
            fault = fault_of(error)
            if fault is Fault.REFUSED and aimed.is_connected:
                fault = Fault.OTHER  # by whoever a redirect leads to
            outcome = Outcome(error=error, fault=fault, status=answered)
        finally:
            aim.reset(token)
        self.last = outcome
        return outcome

    async def drop(self) -> None:
        """Let go of the last answer."""
        if self.last is not None and self.last.response is not None:
            self.last.response.close()

    def _timed(self, call: Call) -> dict[str, Any]:
        """Return the options of the request, with the time that is left for it and its body."""
        if call.deadline == inf and not call.connect:
            return self._options
        ClientTimeout = sys.modules["aiohttp.client"].ClientTimeout  # noqa: N806 - a class
        theirs = self._options.get("timeout", self._session._timeout)
        if isinstance(theirs, int | float):
            theirs = ClientTimeout(total=theirs)
        elif not isinstance(theirs, ClientTimeout):
            theirs = self._session._timeout
        limit = None if call.deadline == inf else remaining(call.deadline)
        timeout = ClientTimeout(
            total=theirs.total if limit is None else least(theirs.total or None, limit),
            connect=theirs.connect,
            sock_read=theirs.sock_read,
            sock_connect=least(theirs.sock_connect or None, call.connect)
            if call.connect
            else theirs.sock_connect,
            ceil_threshold=theirs.ceil_threshold,
        )
        return {**self._options, "timeout": timeout}

    def untouched(self) -> Awaitable[Any]:
        """Send the request as the application made it."""
        return self._original(self._session, *self._what, **self._options)

    def unreachable(self, error: Unreachable | Rejected | Injected) -> Exception:
        """Return aiohttp's own connect error."""
        made: Exception = _errors().ClientConnectionError(str(error))
        return made

    def late(self, error: Late) -> Exception:
        """Return aiohttp's own timeout."""
        made: Exception = _errors().ServerTimeoutError(str(error))
        return made

    def repeatable(self) -> bool:
        """Tell whether the body is still there, and no redirect led elsewhere."""
        body = self._options.get("data")
        held = isinstance(body, bytes | bytearray | str | None) or is_form(body)
        return held and not (self._aimed is not None and self._aimed.is_led)

    def answer(self, answer: Answer) -> Any:
        """Return what is awaited for the answer: it takes the way of a server's."""
        return self._answered(answer)

    async def _answered(self, answer: Answer) -> Any:
        token = aim.set(Aim(Call("", "", ""), self._what[1], answer))
        try:
            return await self._original(self._session, *self._what, **self._options)
        finally:
            aim.reset(token)

    def target(self) -> str:
        """Return the path and the query, as they are sent."""
        params = self._options.get("params")
        url = self._what[1].update_query(params) if params else self._what[1]
        target: str = url.raw_path_qs
        return target

    def headers(self) -> Mapping[str, str]:
        """Return all headers."""
        return lowered(self._prepared())

    def _prepared(self) -> Any:
        """Return the headers that the session is to send: made once, as it copies all."""
        if self._written is None:
            self._written = self._session._prepare_headers(self._options.get("headers"))
        return self._written

    def copied(self, call: Call) -> Copied | None:
        """Return the request to be sent once more."""
        found = self._body()
        if found is None:
            return None
        held, kind = found
        headers = {"accept": "*/*", **({"content-type": kind} if kind else {}), **self.headers()}
        lanes, written = self.lanes, headers.get(BAGGAGE)
        label = lanes.label(call.lane, written) if lanes is not None else written
        ours = ((BAGGAGE, label or ""), (CALLER, call.caller))
        authority = headers.get("host") or call.host
        method = self._what[0].upper()
        return Copied(method, self.target(), authority, pairs(headers, *ours), held)

    def _body(self) -> tuple[bytes, str] | None:
        """Return the body and what aiohttp calls it, None where it is not held in memory."""
        body: Any = self._options.get("data")
        written = self._options.get("json")
        if written is not None:
            return self._session._json_serialize(written).encode(), "application/json"
        if isinstance(body, str):
            return body.encode(), "text/plain; charset=utf-8"
        if is_form(body):
            return urlencode(body, doseq=True).encode(), "application/x-www-form-urlencoded"
        if isinstance(body, bytes | bytearray | None):
            return bytes(body or b""), "application/octet-stream" if body else ""
        return None

    def url(self) -> tuple[str, str, str]:
        """Return the host, the path and the query that are called."""
        url = self._what[1]
        return url.host or "", url.path, url.raw_query_string

    def header(self, name: str) -> str | None:
        """Return a header of the request, repeated ones joined."""
        values = self._prepared().getall(name, None)
        return None if values is None else ",".join(values)

    def value(self, source: str, name: str) -> Any:
        """Return a part of the request; its parameters may be given beside the URL."""
        params = self._options.get("params")
        if source == "query" and params:
            return self._what[1].update_query(params).query.get(name)
        return super().value(source, name)


def is_form(body: Any) -> bool:
    """Tell whether a body is a form of texts, which aiohttp writes anew each time."""
    texts = str | bytes | int | float
    return isinstance(body, dict) and all(isinstance(one, texts) for one in body.values())


class _Naming:
    """aiohttp's timer of a body, whose error says which time is over."""

    def __init__(self, timer: Any, late: str) -> None:
        self._timer, self._late = timer, late

    def __enter__(self) -> Any:
        return self._timer.__enter__()

    def __exit__(self, *raised: object) -> Any:
        try:
            return self._timer.__exit__(*raised)
        except TimeoutError as error:
            error.add_note(self._late)
            raise

    def assert_timeout(self) -> None:
        self._timer.assert_timeout()


def _told(response: Any, late: str) -> None:
    """Have a body that is not there in time say `late`, as far as aiohttp lets it."""
    timer = getattr(response.content, "_timer", None)
    if timer is not None:
        response.content._timer = _Naming(timer, late)


def fault_of(error: BaseException) -> Fault:
    """Return what an error of a request says of how far it came."""
    errors = _errors()
    if isinstance(error, errors.ClientConnectorError | errors.ConnectionTimeoutError):
        return Fault.REFUSED
    if isinstance(error, TimeoutError):
        return Fault.TIMEOUT
    broken = (errors.ServerDisconnectedError, errors.ClientOSError, errors.ClientPayloadError)
    return Fault.RESET if isinstance(error, broken) else Fault.OTHER


def _errors() -> Any:
    return sys.modules["aiohttp.client_exceptions"]
