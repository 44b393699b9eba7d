"""Requests of WSGI applications: which lane they are on, and that it ends with their body.

A request ends when the server closes the body (PEP 3333), so that a generator's last line, and what
`close` does, still run on the lane.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, MutableMapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from fairlead.instruments.inbound import Colour, Door, Labels, colour_of, fault, finish
from fairlead.instruments.passage import Served
from fairlead.instruments.propagate import Origin, current, resume, suspend
from fairlead.instruments.request import WsgiRequest, environ_key
from fairlead.instruments.wsgi_passage import WsgiPassage
from fairlead.policy.resource import CALLER
from fairlead.policy.trace import PARENT, STATE
from fairlead.telemetry.names import COLOURED

if TYPE_CHECKING:
    from fairlead.flow.lane import Lanes
    from fairlead.instruments.instrument import DataPlane

Environ = MutableMapping[str, Any]
App = Callable[[Any, Environ, Any], Iterable[bytes]]
"""A method of an application's class that is called as a WSGI application."""

_CALLER = environ_key(CALLER)
_PARENT, _STATE = environ_key(PARENT), environ_key(STATE)

KEY = "fairlead.request"
"""In an environ: the request is on its lane already; an inner application leaves it alone.

It is the request's `WsgiPassage` where rules about the flow of calls are in force.
"""


def governed(plane: DataPlane) -> Callable[[App], App]:
    """Return what wraps an application class's method."""
    gate = Gate(plane)

    def wrap(original: App) -> App:
        def application(self: Any, environ: Environ, start_response: Any) -> Iterable[bytes]:
            if KEY in environ:
                return original(self, environ, start_response)
            around = _around()
            served = gate.admit(environ) if around is None else around
            passage = gate.passage(served, environ, fresh=around is None)
            if passage is not None:
                return _through(passage, original, self, environ, start_response)
            if around is not None:
                return original(self, environ, start_response)
            token = resume(served)
            try:
                body = original(self, environ, start_response)
            except BaseException:
                finish(served, token)
                raise
            if runs_code(body, environ):
                suspend(token)
                return Body(body, served)
            finish(served, token)
            return body

        return application

    return wrap


def _through(
    passage: WsgiPassage, original: App, application: Any, environ: Environ, start_response: Any
) -> Iterable[bytes]:
    """Have `application` answer a request that may enter gates, and leaves them with its body."""
    token = resume(passage)
    try:
        body = original(application, environ, passage.starting(start_response))
    except BaseException as error:
        passage.broke(error)
        finish(passage, token)
        raise
    if runs_code(body, environ):
        suspend(token)
        return PassingBody(body, passage)
    if passage.kept_by(body):
        suspend(token)
    else:
        finish(passage, token)
    return body


def _around() -> Origin:
    """Return the request that this one is part of: of an app mounted in an ASGI app, None for most.

    A server's own thread works for nobody between two requests, so that nothing of the last one
    can be taken for it.
    """
    origin = current()
    return None if origin is None or origin.ended else origin


def runs_code(body: Iterable[bytes], environ: Environ) -> bool:
    """Tell whether iterating over `body` can run the application's code.

    A list cannot, and servers ask for its length. A file wrapper cannot either, and servers send it
    in a faster way as long as it is what they gave out.
    """
    if isinstance(body, (list, tuple)):
        return False
    wrapper = environ.get("wsgi.file_wrapper")
    return not (isinstance(wrapper, type) and isinstance(body, wrapper))


class Body:
    """A response body whose every step runs on the lane of its request."""

    __slots__ = ("_body", "_served", "_steps")

    def __init__(self, body: Iterable[bytes], served: Origin) -> None:
        self._body = body
        self._served = served
        self._steps: Iterator[bytes] | None = None

    def __iter__(self) -> Body:
        return self

    def __next__(self) -> bytes:
        token = resume(self._served)
        try:
            if self._steps is None:
                self._steps = iter(self._body)
            return next(self._steps)
        finally:
            suspend(token)

    def close(self) -> None:
        """Close the body on the lane, and end the request."""
        token = resume(self._served)
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            finish(self._served, token)


class PassingBody(Body):
    """A body after whose last part its request leaves the gates that it has entered."""

    __slots__ = ("_passage",)

    def __init__(self, body: Iterable[bytes], passage: WsgiPassage) -> None:
        super().__init__(body, passage)
        self._passage = passage

    def __next__(self) -> bytes:
        # What the class above does, once more: a call of it for each part costs as much again.
        token = resume(self._served)
        try:
            if self._steps is None:
                self._steps = iter(self._body)
            return next(self._steps)
        except StopIteration:
            self._passage.leave()
            raise
        except BaseException as error:
            self._passage.broke(error)
            self._passage.leave()
            raise
        finally:
            suspend(token)


class Compiled(NamedTuple):
    """One plan's lanes, as far as they are asked of WSGI requests."""

    lanes: Lanes
    names: dict[str, str]
    """Label or baggage by its key in an environ."""
    colour: Colour


class Gate:
    """Puts requests on their lane; a request it fails on goes through as one without a label."""

    __slots__ = ("_compiled", "_door", "_fault", "_plane")

    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane
        self._fault = partial(fault, plane, "wsgi")
        self._door = Door(plane, "wsgi")
        self._compiled: Compiled | None = None

    def admit(self, environ: Environ) -> Origin:
        """Return the request in `environ` on its lane; an entry's loses its labels."""
        try:
            environ[KEY] = True
            self._door.open()
            lanes = self._plane.engine.plan.lanes
            compiled = self._compiled
            if compiled is None or compiled.lanes is not lanes:
                compiled = self._compile(lanes)
            names = compiled.names
            labels, came = None, environ
            if any(key in environ for key in names):
                # Rules see the request as it came. But labels are taken away first: a rule that
                # fails must not let one through.
                came = dict(environ) if lanes.entry else environ
                labels = _labels(environ, lanes, names)
            if lanes.entry:
                lane, _ = compiled.colour(WsgiRequest(came), self._plane.engine.dice)
                self._plane.counters.count(COLOURED, lane)
            else:
                lane = lanes.own if labels is None else labels.inherit(self._plane)
            served = Served(lane)
            served.headers = _traced(environ)
            return served
        except Exception:  # counted; the request goes through
            fault(self._plane, "wsgi")
            return None

    def passage(self, served: Origin, environ: Environ, *, fresh: bool) -> WsgiPassage | None:
        """Return the request as one that may enter gates, None where no rule is in force.

        One that is not `fresh` is part of another, which is the one that is told of.
        """
        try:
            engine, observing = self._plane.engine, self._plane.observing
            passage = None
            if not engine.gates.idle:
                lane = engine.plan.lanes.own if served is None else served.lane
                passage = environ[KEY] = WsgiPassage(lane, self._fault)
                passage.sender = environ.get(_CALLER, "")
                passage.headers = () if served is None else served.headers
            elif engine.measuring.shed:
                engine.measuring.drop()
            if fresh and observing.wants_requests and served is not None:
                observing.begun(passage or served, environ["REQUEST_METHOD"])
            return passage
        except Exception:  # counted; the request goes through
            self._fault()
            return None

    def _compile(self, lanes: Lanes) -> Compiled:
        names = {environ_key(name): name for name in lanes.key_names}
        if not lanes.trusting:
            names[environ_key(CALLER)] = CALLER
        names["HTTP_BAGGAGE"] = "baggage"
        self._compiled = Compiled(lanes, names, colour_of(lanes, self._plane))
        return self._compiled


def _traced(environ: Environ) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers that a trace is looked for in, as they are in a scope."""
    if _PARENT not in environ:
        return ()
    found = ((PARENT, environ[_PARENT]), (STATE, environ.get(_STATE, "")))
    return tuple((name.encode(), value.encode("latin-1", "replace")) for name, value in found)


def _labels(environ: Environ, lanes: Lanes, names: dict[str, str]) -> Labels:
    labels = Labels(lanes)
    theirs = labels.baggage(environ.get("HTTP_BAGGAGE", ""))
    for key, name in names.items():
        if key in environ and key != "HTTP_BAGGAGE":
            labels.plain(name, environ[key])
    if not lanes.trusting:
        for key in names:
            environ.pop(key, None)
        if theirs:
            environ["HTTP_BAGGAGE"] = theirs
    return labels
