"""Requests of WSGI applications: which lane they are on, and what is rare of their way.

What every request comes by is `wsgi_passage`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from http.client import responses
from typing import TYPE_CHECKING, Any

from fairlead.instruments import reading, wsgi_passage
from fairlead.instruments.asgi_answer import BODILESS
from fairlead.instruments.doorkeeper import Doorkeeper
from fairlead.instruments.inbound import Door, Labels, fault, form_of
from fairlead.instruments.limiting import headers_of
from fairlead.instruments.outbound import BAGGAGE
from fairlead.instruments.reading import begun_by
from fairlead.instruments.request import WsgiRequest, environ_key
from fairlead.instruments.wsgi_passage import App, Environ, WsgiPassage
from fairlead.policy.resource import CALLER

if TYPE_CHECKING:
    from fairlead.flow.refusal import Refusal
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.passage import Pairs, Reading, Served
    from fairlead.instruments.propagate import Origin

KEY = wsgi_passage.KEY

_BAGGAGE = environ_key(BAGGAGE)


def governed(plane: DataPlane) -> Callable[[App], App]:
    """Return what wraps an application class's method."""
    around: Callable[[App], App] = Gate(plane).arrivals.around
    return around


class WsgiDoorkeeper(Doorkeeper):
    """At the door of WSGI applications."""

    __slots__ = ()

    def __init__(self, plane: DataPlane) -> None:
        super().__init__(plane, "wsgi")

    def judge(self, passage: WsgiPassage, environ: Environ) -> None:
        """Note in a request why it does not come in."""
        path = f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}"
        if self.protection.plain:
            verdict = self.ask_plainly(passage, path)
            passage.refusal = None if verdict is None else verdict.refused
            return

        def header(name: str) -> str | None:
            value: str | None = environ.get(environ_key(name))
            return value

        def socket() -> Any:
            return environ.get("gunicorn.socket") or environ.get("werkzeug.socket")

        verdict = self.ask(passage, path, header, socket)
        passage.refusal = None if verdict is None else verdict.refused

    def answer(self, app: Any, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer a request that does not come in, in the place of the application."""
        refusal: Refusal = environ[KEY].refusal
        status, body = refusal.fallback.status, refusal.body.encode()
        headers = headers_of(refusal)
        if status in BODILESS or environ.get("REQUEST_METHOD") == "HEAD":
            body = b""
        else:
            headers.append(("Content-Length", str(len(body))))
        start_response(f"{status} {responses.get(status, 'Rejected')}", headers)
        return [body]


class Gate:
    """What requests of applications of one class come in by; it reads headers by the plan."""

    __slots__ = ("_door", "_fault", "_form", "_plane", "arrivals")

    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane
        self._door = Door(plane, "wsgi")
        self._fault = partial(fault, plane, "wsgi")
        self._form = form_of(plane, wsgi_passage)
        self.arrivals = self._form.Arrivals(
            plane.engine, self._renewed, self._inside, self._fault, WsgiDoorkeeper(plane)
        )

    def admit(self, environ: Environ) -> Origin:
        """Return the request in `environ` on its lane; an entry's loses its labels."""
        origin: Origin = self.arrivals.admit(environ)
        return origin

    def _renewed(self) -> Reading:
        # The first request finds no plan here, so that none after it has to ask the door.
        self._door.open()
        compiled = Compiled(self._plane.engine.plan, self._plane, environ_key)
        reading = compiled.reading(form_of(self._plane), tuple, compiled.lane)
        reading.begun = begun_by(self._plane, lambda environ: environ["REQUEST_METHOD"], _header)
        return reading

    def _inside(self, around: Served, environ: Environ) -> Any:
        """Return the passage of a request that is part of another, which is on its lane."""
        try:
            engine = self._plane.engine
            if not engine.gates.idle:
                passage = environ[KEY] = self._form.WsgiPassage(around.lane, self._fault)
                passage.sender = environ.get(environ_key(CALLER), "")
                passage.headers = around.headers
                return passage
            if engine.measuring.shed:
                engine.measuring.drop()
        except Exception:  # counted; the request goes through
            self._fault()
        return None


class Compiled(reading.Compiled):
    """One plan, as far as it is asked of WSGI requests."""

    def lane(self, environ: Environ, asked: Pairs) -> str:
        """Return the lane of a request with these headers; it loses labels nobody believes."""
        labels, came = None, environ
        if any(name in self.labels for name, _ in asked):
            # Rules see the request as it came. But labels are taken away first: a rule that
            # fails must not let one through.
            came = dict(environ) if self.lanes.entry else environ
            labels = self._labels(environ, asked)
        if self.lanes.entry:
            return self.colour(WsgiRequest(came), self.plane.engine.dice)[0]
        if labels is None:
            return self.lanes.own
        lane = labels.inherit(self.plane)
        self.keep(asked, lane, valid=not labels.invalid)
        return lane

    def _labels(self, environ: Environ, asked: Pairs) -> Labels:
        labels, theirs = self.read({self.names[name]: value for name, value in asked})
        if not self.lanes.trusting:
            for name in self.labels:
                environ.pop(name, None)
            if theirs:
                environ[_BAGGAGE] = theirs
        return labels


def _header(environ: Environ, name: str) -> str | None:
    value: str | None = environ.get(environ_key(name))
    return value
