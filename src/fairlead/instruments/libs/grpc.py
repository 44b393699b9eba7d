"""grpc's channels without certificates: each call by an app's name goes to an instance of its lane.

What a channel makes for a method is ours, and below the application's interceptors. It hands each
call to the library's own on the channel of an endpoint that accepts connections. Where one has to
be connected to first, whoever must not wait is given a `Pending`, and a thread waits.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

from fairlead.flow.call import Call, Injected, Late, Outcome, Unreachable
from fairlead.flow.rejected import Rejected
from fairlead.flow.steps import Send
from fairlead.instruments.attempt import send
from fairlead.instruments.drive import Journey, begin
from fairlead.instruments.pending import Pending
from fairlead.instruments.rpc import WAYS
from fairlead.instruments.rpc_client import (
    CANCELLED,
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
from fairlead.instruments.rpc_connectivity import Watch, known
from fairlead.instruments.threads import call_back, step_through

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

_LOGGER = logging.getLogger("grpc._channel")

LIBRARY = "grpcio"
VERSIONS = ("1.60", "2")

LOOK = 0.2
"""Seconds between two looks at a connection that is being made; its change is heard at once."""


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook channels, and the threads that step through requests and call back."""
    from grpc import _channel

    channel = _channel.Channel
    hooks = _Hooks(plane, channel)
    error_of(UNAVAILABLE, "")  # raises where this version's errors are not made of what we know
    patches.replace(channel, "__init__", hooks.opening)
    for way in WAYS:
        patches.replace(channel, way, partial(hooks.making, way))
    patches.replace(channel, "_close", hooks.closing)
    patches.replace(channel, "subscribe", hooks.subscribing)
    patches.replace(channel, "unsubscribe", hooks.unsubscribing)
    patches.replace(_channel, "_consume_request_iterator", step_through)
    for name in ("add_done_callback", "add_callback"):
        patches.replace(_channel._MultiThreadedRendezvous, name, call_back)


class _Hooks:
    def __init__(self, plane: DataPlane, channel: Any) -> None:
        self._plane = plane
        self._class = channel
        self._reaches: WeakKeyDictionary[Any, Reach] = WeakKeyDictionary()
        self._watches: WeakKeyDictionary[Reach, Watch] = WeakKeyDictionary()

    def opening(self, original: Callable[..., None]) -> Callable[..., None]:
        def init(
            channel: Any, target: str, options: Any, credentials: Any, compression: Any
        ) -> None:
            original(channel, target, options, credentials, compression)
            if not is_plain(credentials):
                return

            def make(target: str, options: Any) -> Any:
                made = self._class.__new__(self._class)
                original(made, target, options, credentials, compression)
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
            make = partial(_made, original, method, args[:2], kwargs)
            kind = StreamAnswer if way.endswith("stream") else OneAnswer
            return kind(reach, method, plain, make)

        return multi_callable

    def closing(self, original: Callable[[Any], None]) -> Callable[[Any], None]:
        def close(channel: Any) -> None:
            original(channel)
            reach = self._reaches.get(channel)
            for one in reach.close() if reach else ():
                original(one)

        return close

    def subscribing(self, original: Callable[..., None]) -> Callable[..., None]:
        def subscribe(channel: Any, callback: Any, try_to_connect: Any = None) -> None:
            reach = self._reaches.get(channel)
            if reach is None or reach.closed or not known(reach):
                original(channel, callback, try_to_connect)
                return
            watch = self._watches.setdefault(reach, Watch(reach, _deliver))
            watch.add(callback, connect=bool(try_to_connect))

        return subscribe

    def unsubscribing(self, original: Callable[..., None]) -> Callable[..., None]:
        def unsubscribe(channel: Any, callback: Any) -> None:
            reach = self._reaches.get(channel)
            watch = self._watches.get(reach) if reach else None
            if watch is None or not watch.remove(callback):
                original(channel, callback)

        return unsubscribe


def _made(original: Callable[..., Any], method: str, args: Any, kwargs: Any, channel: Any) -> Any:
    return original(channel, method, *args, **kwargs)


def _deliver(callback: Callable[..., None], state: int) -> None:
    from grpc import _common

    try:
        callback(_common.CYGRPC_CONNECTIVITY_STATE_TO_CHANNEL_CONNECTIVITY[state])
    except Exception:
        _LOGGER.exception("Exception calling channel subscription callback!")  # as the library


class Calls:
    """What calls one method; the library's own is `plain`, and `make` makes one for a channel."""

    def __init__(self, reach: Reach, method: str, plain: Any, make: Callable[[Any], Any]) -> None:
        self.reach, self.method, self._plain, self._make = reach, method, plain, make
        self._made: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()

    def at(self, channel: Any) -> Any:
        """Return the library's own for the channel of an endpoint."""
        made = self._made.get(channel)
        if made is None:
            made = self._made[channel] = self._make(channel)
        return made

    def untouched(self, how: str, request: Any, asked: Asked) -> Any:
        """Make the call as the application asked for it."""
        asked = asked._replace(metadata=self.reach.labelled(asked.metadata))
        return getattr(self._plain, how)(request, *asked)

    def awaited(self, how: str, request: Any, asked: Asked) -> Any:
        """Make a call whose answer the caller waits for, in its own thread."""
        until = asked.until()
        governed = self.reach.govern(self.method, asked, until)
        if governed is None:
            return self.untouched(how, request, asked)
        attempt = Attempt(self, how, request, asked, governed, until)
        return send(self.reach.plane, governed.flow, governed.call, attempt)

    def opened(self, how: str, request: Any, asked: Asked) -> Any:
        """Make a call whose caller does not wait."""
        until = asked.until()
        governed = self.reach.govern(self.method, asked, until)
        if governed is None:
            return self.untouched(how, request, asked)
        opening = Opening(self, how, request, asked, governed, until)
        try:
            return opening.open()
        except Exception as error:
            if error is opening.raised:
                raise
            self.reach.fault()
            return self.untouched(how, request, asked)


class OneAnswer(Calls):
    """Calls whose answer is one message."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the answer."""
        return self.awaited("__call__", *taken(args, kwargs))

    def with_call(self, *args: Any, **kwargs: Any) -> Any:
        """Return the answer and the call."""
        return self.awaited("with_call", *taken(args, kwargs))

    def future(self, *args: Any, **kwargs: Any) -> Any:
        """Return a future of the answer."""
        return self.opened("future", *taken(args, kwargs))


class StreamAnswer(Calls):
    """Calls whose answer is a stream of messages."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the call, which is an iterator."""
        return self.opened("__call__", *taken(args, kwargs))


class Attempt(RpcSender):
    """One call of the application's, sent to one endpoint or another."""

    __slots__ = ("_calls", "_how")

    def __init__(self, calls: Calls, how: str, request: Any, *rest: Any) -> None:
        super().__init__(calls.reach.name, calls.method, request, *rest)
        self._calls, self._how = calls, how

    def __call__(self, call: Call) -> Outcome:
        """Send the call to its endpoint."""
        channel = self.connected(call)
        outcome = channel if isinstance(channel, Outcome) else self._outcome(channel)
        self.last = outcome
        return outcome

    def _outcome(self, channel: Any) -> Outcome:
        try:
            return outcome_of(self.sent(channel), None, 0)
        except Exception as error:  # handed on in the outcome
            code: Any = getattr(error, "code", None)
            return outcome_of(None, error, code().value[0] if is_error(error) else None)

    def sent(self, channel: Any) -> Any:
        """Make the call on the channel of an endpoint."""
        credentials, compression = self._asked.credentials, self._asked.compression
        # Not to wait until this one endpoint is ready: there are others.
        asked = Asked(left(self.end()), self.told(), credentials, None, compression)
        return getattr(self._calls.at(channel), self._how)(self._request, *asked)

    def connected(self, call: Call) -> Any:
        """Return the channel of the endpoint, connected; an Outcome where it cannot be."""
        reach = self._calls.reach
        if reach.closed:
            return self.closed()
        channel = reach.channel(call)
        state = channel._channel.check_connectivity_state(True)
        patience = self.patience()
        while state not in (READY, FAILED, SHUTDOWN):
            seconds = patience - time.monotonic()
            channel._channel.watch_connectivity_state(state, time.time() + min(seconds, LOOK))
            state = channel._channel.check_connectivity_state(True)
            if seconds <= 0:
                break
        if state == READY:
            return channel
        if state in (FAILED, SHUTDOWN):
            reach.drop(channel)
        return self.refused(call)

    def untouched(self) -> Any:
        """Make the call as the application asked for it."""
        return self._calls.untouched(self._how, self._request, self._asked)

    def error_of(self, code: int, text: str) -> Exception:
        """Return an error of the library's, as it makes one for a call that it never sent."""
        return error_of(code, text)


class Opening(Attempt):
    """One whose caller does not wait for its answer, and may not wait for a connection."""

    __slots__ = ()

    def repeatable(self) -> bool:
        """Return that it is sent once: it is the application's when it is under way."""
        return False

    def open(self) -> Any:
        """Return what stands for the call: the library's own where nothing is to be waited for."""
        journey = self.begin(self._calls.reach.plane)
        effect = journey.effect
        if effect is None:
            return self._settled(Pending(), journey)
        if type(effect) is Send:
            channel = self._calls.reach.channel(effect.call)
            if channel._channel.check_connectivity_state(False) == READY:
                return self._started(journey, channel)
        pending = Pending()
        Thread(target=self._settled, args=(pending, journey), daemon=True).start()
        return pending

    def _settled(self, pending: Pending, journey: Journey) -> Pending:
        """Drive the call until it is under way, or cannot be."""

        def start(call: Call) -> Any:
            channel = self.connected(call)
            if pending.is_cancelled:
                return Outcome(error=error_of(CANCELLED, "Locally cancelled by application!"))
            return channel if isinstance(channel, Outcome) else self._started(journey, channel)

        call, waits = self._governed.call, self._governed.call.waits
        if waits is not None:
            call.waits = lambda: 0.0 if pending.is_cancelled else waits()
        try:
            pending.settle(begin(journey, start))
        except (Unreachable, Rejected, Injected) as error:
            pending.settle(_caused(self.unreachable(error), error))
        except Late as error:
            pending.settle(_caused(self.late(error), error))
        except Exception as error:
            pending.settle(error if error is self.raised or is_error(error) else self._spare())
        return pending

    def _spare(self) -> Any:
        """Return the call as it would be without us, which have failed."""
        self._calls.reach.fault()
        try:
            return self.untouched()
        except Exception as error:  # the application's to hear
            return error

    def _started(self, journey: Journey, channel: Any) -> Any:
        try:
            call = self.sent(channel)
        except Exception as error:
            self.raised = error
            ended(self._calls.reach, journey, self._governed.call, outcome_of(None, error, None))
            raise
        over: Callable[..., None]
        reference = ref(call, lambda _: over())
        over = partial(_over, self._calls.reach, journey, self._governed.call, reference)
        if not call.add_callback(over):
            over()
        elif "SingleThreaded" in type(call).__name__:
            # It calls nobody back where it is cancelled.
            call.cancel = partial(_cancelled, type(call).cancel, reference, over)
        return call


def _cancelled(cancel: Callable[[Any], bool], reference: Any, over: Callable[[], None]) -> bool:
    result = cancel(reference())
    over()
    return result


def _over(reach: Reach, journey: Journey, call: Call, reference: Callable[[], Any]) -> None:
    sent = reference()
    # Let go of before it had ended, which cancels it.
    code = CANCELLED if sent is None else sent.code().value[0]
    ended(reach, journey, call, outcome_of(sent, sent if code else None, code))


def error_of(code: int, text: str) -> Exception:
    """Return an error of the library's, as it makes one for a call that it never sent."""
    from grpc import _channel, _common

    status = _common.CYGRPC_STATUS_CODE_TO_STATUS_CODE[code]
    error: Exception = _channel._InactiveRpcError(_channel._RPCState((), (), (), status, text))
    return error


def is_error(error: BaseException) -> bool:
    """Tell whether `error` is the library's."""
    from grpc import RpcError

    return isinstance(error, RpcError)


def _caused(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error
