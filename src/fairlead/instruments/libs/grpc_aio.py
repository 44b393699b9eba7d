"""grpc.aio's channels without certificates: calls by an app's name go to instances of their lane.

A call to an instance that is connected is the library's own. Where one has to be connected to
first, or the application has interceptors, an interceptor of ours is the innermost of the call: it
waits, and makes the call on the channel of the endpoint.
"""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from fairlead.flow.call import Call, Injected, Late, Outcome, Unreachable
from fairlead.flow.rejected import Rejected
from fairlead.flow.steps import Send
from fairlead.instruments.attempt import count
from fairlead.instruments.drive import Journey, begin_async, run_async
from fairlead.instruments.measure import measured
from fairlead.instruments.rpc import WAYS
from fairlead.instruments.rpc_client import (
    FAILED,
    READY,
    SHUTDOWN,
    UNAVAILABLE,
    Asked,
    Reach,
    RpcSender,
    ended,
    is_plain,
    left,
    outcome_of,
    taken,
)
from fairlead.instruments.rpc_connectivity import LOOK, Connectivity, known

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "grpcio"
VERSIONS = ("1.60", "2")


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook channels: how they are made, what they make, and how they close."""
    from grpc.aio._channel import Channel

    hooks = _Hooks(plane, Channel)
    error_of(UNAVAILABLE, "")  # raises where this version's errors are not made of what we know
    patches.replace(Channel, "__init__", hooks.opening)
    for way in WAYS:
        patches.replace(Channel, way, partial(hooks.making, way))
    patches.replace(Channel, "_close", hooks.closing)
    patches.replace(Channel, "get_state", hooks.telling)
    patches.replace(Channel, "wait_for_state_change", hooks.waiting)


class _Hooks:
    def __init__(self, plane: DataPlane, channel: Any) -> None:
        self._plane = plane
        self._class = channel
        self._reaches: WeakKeyDictionary[Any, Reach] = WeakKeyDictionary()

    def opening(self, original: Callable[..., None]) -> Callable[..., None]:
        def init(
            channel: Any,
            target: str,
            options: Any,
            credentials: Any,
            compression: Any,
            interceptors: Any,
        ) -> None:
            original(channel, target, options, credentials, compression, interceptors)
            if not is_plain(credentials):
                return

            def make(target: str, options: Any) -> Any:
                made = self._class.__new__(self._class)
                original(made, target, options, credentials, compression, None)
                return made

            self._reaches[channel] = Reach(self._plane, target, options, make)

        return init

    def making(self, way: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def multi_callable(channel: Any, method: str, *args: Any, **kwargs: Any) -> Any:
            plain = original(channel, method, *args, **kwargs)
            reach = self._reaches.get(channel)
            if reach is None:
                return plain
            kwargs.pop("_registered_method", None)  # a handle of the other channel

            def make(channel: Any, method: str) -> Any:
                return original(channel, method, *args[:2], **kwargs)

            return Calls(reach, method, plain, make)

        return multi_callable

    def closing(self, original: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def close(channel: Any, *args: Any, **kwargs: Any) -> None:
            reach = self._reaches.get(channel)
            channels = [channel, *(reach.close() if reach else ())]
            await asyncio.gather(*(original(one, *args, **kwargs) for one in channels))

        return close

    def telling(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def get_state(channel: Any, try_to_connect: bool = False) -> Any:  # noqa: FBT001, FBT002
            reach = self._reaches.get(channel)
            if reach is None or reach.closed or not known(reach):
                return original(channel, try_to_connect)
            reach.wanted |= try_to_connect
            return _named(Connectivity(reach).look(connect=try_to_connect)[0])

        return get_state

    def waiting(self, original: Callable[..., Any]) -> Callable[..., Any]:
        async def wait_for_state_change(channel: Any, last_observed_state: Any) -> None:
            reach = self._reaches.get(channel)
            if reach is None or not known(reach):
                await original(channel, last_observed_state)
                return
            connectivity = Connectivity(reach)
            while not reach.closed:
                state, one = connectivity.look(connect=reach.wanted)
                if _named(state) is not last_observed_state:
                    return
                if one is None:
                    await asyncio.sleep(LOOK)
                else:
                    await one._channel.watch_connectivity_state(state, time.time() + LOOK)

        return wait_for_state_change


def _named(state: int) -> Any:
    from grpc import _common

    return _common.CYGRPC_CONNECTIVITY_STATE_TO_CHANNEL_CONNECTIVITY[state]


class Calls:
    """What calls one method; the library's own is `plain`, and `make` makes one for a channel."""

    def __init__(
        self, reach: Reach, method: str, plain: Any, make: Callable[[Any, str], Any]
    ) -> None:
        self.reach, self.method, self.make = reach, method, make
        self.plain = plain

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the call."""
        request, asked = taken(args or (kwargs.pop("request_iterator", None),), kwargs)
        until = asked.until()
        governed = self.reach.govern(self.method, asked, until)
        if governed is None:
            asked = asked._replace(metadata=self.reach.labelled(asked.metadata))
            return self.plain(request, **asked._asdict())
        opening = None
        # One that may be sent again is awaited before it is anybody's.
        repeated = governed.repeated and _is_single(self.plain)
        if not self.plain._interceptors and not repeated:
            opening = Opening(self, self.method, request, asked, governed, until)
            try:
                call = opening.at_once()
            except Exception as error:
                if error is opening.raised:
                    raise
                self.reach.fault()
                return self.plain(request, **asked._asdict())
            if call is not None:
                return call
        innermost = copy.copy(self.plain)
        innermost._interceptors = [
            *(self.plain._interceptors or ()),
            Innermost(self, opening),
        ]
        call = innermost(request, **asked._asdict())
        if opening is not None and hasattr(call, "read"):
            call.read = partial(_read, call.read)
        return call


async def _read(read: Callable[[], Awaitable[Any]]) -> Any:
    """Read as a call without interceptors does: older versions raise at the end of the stream."""
    from grpc._cython import cygrpc

    try:
        return await read()
    except StopAsyncIteration:
        return cygrpc.EOF


class Innermost:
    """Makes one call, on whatever channel is right, after what interceptors have made of it."""

    def __init__(self, calls: Calls, opening: Opening | None) -> None:
        """`opening` is on its way already."""
        self._calls, self._opening = calls, opening

    async def intercept(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        """Return the call when it is under way. Raises the library's error where it cannot be."""
        opening = self._opening or self._opened(details, request)
        if opening is None:
            return await continuation(details, request)
        try:
            if opening.repeats:
                return await opening.repeated(request)
            return await opening.in_time(request)
        except (Unreachable, Rejected, Injected) as error:
            raise opening.unreachable(error) from error
        except Late as error:
            raise opening.late(error) from error
        except Exception as error:
            if error is opening.raised or is_error(error):
                raise
            self._calls.reach.fault()
            return await continuation(details, request)

    def _opened(self, details: Any, request: Any) -> Opening | None:
        method = details.method
        method = method.decode() if isinstance(method, bytes) else method
        asked = Asked(
            details.timeout, details.metadata, details.credentials, details.wait_for_ready
        )
        until = asked.until()
        governed = self._calls.reach.govern(method, asked, until)
        if governed is None:
            return None
        return Opening(self._calls, method, request, asked, governed, until)

    intercept_unary_unary = intercept_unary_stream = intercept
    intercept_stream_unary = intercept_stream_stream = intercept


class Opening(RpcSender):
    """One call of the application's, on its way to an endpoint."""

    __slots__ = ("_calls", "_journey")

    def __init__(self, calls: Calls, *rest: Any) -> None:
        super().__init__(calls.reach.name, *rest)
        self._calls = calls
        self._journey: Journey | None = None

    def at_once(self) -> Any:
        """Return the call where its endpoint is connected, None where that takes time."""
        journey = self._journey = self.begin(self._calls.reach.plane)
        effect = journey.effect
        if type(effect) is Send:
            channel = self._calls.reach.channel(effect.call)
            if channel._channel.check_connectivity_state(False) == READY:
                return self._started(journey, channel)
        return None

    async def in_time(self, request: Any) -> Any:
        """Return the call when it is under way; its `request` may be what stands for messages."""
        self._request = request
        journey = self._journey or self.begin(self._calls.reach.plane)

        async def start(call: Call) -> Any:
            channel = await self._connected(call)
            return channel if isinstance(channel, Outcome) else self._started(journey, channel)

        try:
            return await begin_async(journey, start)
        except asyncio.CancelledError:
            journey.abandon()
            raise

    async def repeated(self, request: Any) -> Any:
        """Return the call when it has ended, the last one of several."""
        self._request = request
        flow, call, *_ = self._governed
        plane = self._calls.reach.plane
        call.began = time.monotonic_ns()
        outcome = Outcome()
        try:
            outcome = await run_async(flow(call), self._attempt)
        finally:
            count(plane, call, self)
            measured(plane, call, None, outcome)
        if outcome.response is not None:
            return outcome.response
        if outcome.error is not None:
            self.raised = outcome.error
            raise outcome.error
        return outcome.response

    async def _attempt(self, call: Call) -> Outcome:
        channel = await self._connected(call)
        if isinstance(channel, Outcome):
            return channel
        sent = self._made(channel)
        sent._fairlead = channel  # which closes when it is let go of, and its calls with it
        code = (await sent.code()).value[0]  # cancelled, it cancels the call
        error = error_of(code, await sent.details()) if code else None
        return outcome_of(sent, error, code)

    def repeatable(self) -> bool:
        """Tell whether it is awaited, and its message still there."""
        return self.repeats and super().repeatable()

    @property
    def repeats(self) -> bool:
        """Whether a rule may send it again: not what streams."""
        return self._governed.repeated and _is_single(self._calls.plain)

    def error_of(self, code: int, text: str) -> Exception:
        """Return an error of the library's."""
        return error_of(code, text)

    async def _connected(self, call: Call) -> Any:
        """Return the channel of the endpoint, connected; an Outcome where it cannot be."""
        reach = self._calls.reach
        if reach.closed:
            return self.closed()
        channel = reach.channel(call)
        state = channel._channel.check_connectivity_state(True)
        patience = self.patience()
        while state not in (READY, FAILED, SHUTDOWN):
            seconds = patience - time.monotonic()
            if seconds <= 0:
                break
            await channel._channel.watch_connectivity_state(state, time.time() + seconds)
            state = channel._channel.check_connectivity_state(True)
        if state == READY:
            return channel
        if state in (FAILED, SHUTDOWN):
            reach.drop(channel)
        return self.refused(call)

    def _made(self, channel: Any) -> Any:
        # Not to wait until this one endpoint is ready: there are others.
        asked = self._asked._replace(
            timeout=left(self.end()), metadata=self.told(), wait_for_ready=None
        )
        return self._calls.make(channel, self._method)(self._request, **asked._asdict())

    def _started(self, journey: Journey, channel: Any) -> Any:
        try:
            call = self._made(channel)
        except Exception as error:
            self.raised = error
            ended(self._calls.reach, journey, self._governed.call, outcome_of(None, error, None))
            raise
        call._fairlead = channel  # which closes when it is let go of, and its calls with it
        call.add_done_callback(partial(_over, self._calls.reach, journey, self._governed.call))
        return call


def _is_single(plain: Any) -> bool:
    """Tell whether one message goes each way."""
    return type(plain).__name__ == "UnaryUnaryMultiCallable"


def _over(reach: Reach, journey: Journey, call: Call, sent: Any) -> None:
    code, error = None, None
    try:
        code, details = _now(sent.code()).value[0], _now(sent.details())
        error = error_of(code, details) if code else None
    except Exception:  # counted; the call has ended all the same
        reach.fault()
    ended(reach, journey, call, outcome_of(sent, error, code))


def _now(coroutine: Any) -> Any:
    """Return what a coroutine returns that has nothing to wait for."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    coroutine.close()
    raise RuntimeError("a call that has ended does not know how")


def error_of(code: int, text: str) -> Exception:
    """Return an error of the library's."""
    from grpc import _common
    from grpc.aio._call import AioRpcError
    from grpc.aio._metadata import Metadata

    status = _common.CYGRPC_STATUS_CODE_TO_STATUS_CODE[code]
    error: Exception = AioRpcError(status, Metadata(), Metadata(), details=text)
    return error


def is_error(error: BaseException) -> bool:
    """Tell whether `error` is the library's."""
    from grpc import RpcError

    return isinstance(error, RpcError)
