# cython: language_level=3, annotation_typing=False
"""One request of a WSGI application: onto its lane, through gates, to the end of its body.

A request ends when the server closes the body (PEP 3333), so that a generator's last line, and what
`close` does, still run on the lane. It leaves its gates with the body's last part.

What every request comes by is here, in Cython's pure Python mode: compiled with `wsgi_passage.pxd`
where there is a compiler, else interpreted (ADR 10).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, MutableMapping
from typing import TYPE_CHECKING, Any

try:
    import cython
except ImportError:  # what stands for it
    from fairlead.flow.gate import cython  # type: ignore[attr-defined]

from fairlead.instruments.facts import CALLER_LENGTH
from fairlead.instruments.propagate import back, current, resume
from fairlead.instruments.request import environ_key
from fairlead.policy.resource import CALLER
from fairlead.policy.trace import PARENT, STATE

if not cython.compiled:
    from fairlead.instruments.passage import Passage, Reading, Served, Ways

if TYPE_CHECKING:
    from fairlead.flow.engine import Engine
    from fairlead.flow.gate import Entry, Gate
    from fairlead.flow.refusal import Refusal
    from fairlead.instruments.limiting import Turnstile
    from fairlead.instruments.propagate import Origin

Environ = MutableMapping[str, Any]
App = Callable[[Any, Environ, Any], Iterable[bytes]]
"""A method of an application's class that is called as a WSGI application."""
StartResponse = Callable[..., Any]

KEY = "fairlead.request"
"""In an environ: the request is on its lane already; an inner application leaves it alone.

It is the request's `WsgiPassage` where rules about the flow of calls are in force.
"""

_CALLER = environ_key(CALLER)
_PARENT, _STATE = environ_key(PARENT), environ_key(STATE)
_CODES = {str(code): code for code in range(100, 1000)}
_END: Any = object()


class WsgiPassage(Passage):
    """A request of a WSGI application, which starts its response by calling it."""

    __slots__ = ("out", "refusal", "sender")

    def __init__(self, lane: str, count_fault: Callable[[], None]) -> None:
        self.begin(lane, count_fault)
        self.out: Any = None
        """The server's ``start_response``."""
        self.refusal: Refusal | None = None
        """Why the process has not the strength for it."""
        self.sender = ""
        """What it says of who sent it, where that is believed."""

    def caller(self) -> str:
        """Return the app that sent it, as far as that is believed; ``""`` for none."""
        return self.sender if len(self.sender) <= CALLER_LENGTH else ""

    def __call__(self, status: str, headers: Any, error: Any = None) -> Any:
        """Start the response, and note its status."""
        self.status = _CODES.get(status[:3])
        return self.out(status, headers) if error is None else self.out(status, headers, error)

    def kept_by(self, file: Any) -> bool:
        """Leave when a server has sent `file`, its own wrapper of one, and closes it.

        False where there is nothing to leave, or the wrapper takes no ``close`` but its own.
        """
        if not self.entries and self.door is None:
            return False
        close = getattr(file, "close", None)

        def closed() -> None:
            try:
                if close is not None:
                    close()
            finally:
                self.end()

        try:
            file.close = closed
        except (AttributeError, TypeError):
            return False
        return True


class Arrivals:
    """Puts requests on their lane; one that it fails on goes through as one without a label."""

    __slots__ = ("count_fault", "engine", "inside", "keeper", "protection", "reading", "renew")

    def __init__(
        self,
        engine: Engine,
        renew: Callable[[], Reading],
        inside: Callable[[Served, Environ], Origin],
        count_fault: Callable[[], None],
        keeper: Any,
    ) -> None:
        """`renew` returns what is to be read by the plan in force.

        `inside` returns the passage of a request that is part of another, None where there is
        nothing to do for it. `keeper` stands at the door (wsgi.py).
        """
        self.engine = engine
        self.renew = renew
        self.inside = inside
        self.count_fault = count_fault
        self.keeper, self.protection = keeper, engine.overload
        self.reading = Reading(None, (), {})

    def around(self, original: App) -> App:
        """Return what stands for `original`, by which an application answers a request."""

        # Every request comes by here, some twice.
        def application(app: Any, environ: Environ, start_response: Any) -> Iterable[bytes]:
            if KEY in environ:
                return original(app, environ, start_response)
            served = current()
            if served is None or served.ended:
                # A server's own thread works for nobody between two requests, so that nothing of
                # the last one can be taken for it.
                served = self.admit(environ)
            else:  # in an app mounted in an ASGI app
                served = self.inside(served, environ)
                if served is None:
                    return original(app, environ, start_response)
            answer, passage = original, None
            if type(served) is WsgiPassage:
                passage = served
                passage.out, start_response = start_response, passage
                answer = original if passage.refusal is None else self.keeper.answer
            token = resume(served)
            try:
                body = answer(app, environ, start_response)
            except BaseException as error:
                if passage is not None:
                    passage.broke(error)
                finish(served, environ)
                suspended(token)
                raise
            if runs_code(body, environ):
                body = Body(body, served, passage)
            elif passage is None or not passage.kept_by(body):
                finish(served, environ)
            suspended(token)
            return body

        return application

    def admit(self, environ: Environ) -> Origin:
        """Return the request in `environ` on its lane; an entry's loses its labels."""
        # Every request comes by here: nothing is done for one that it does not need.
        try:
            reading = self.reading
            if reading.plan is not self.engine.plan:
                reading = self.reading = self.renew()
            asked = _asked(environ, reading.names)
            lane = reading.known.get(asked)
            if lane is None:
                lane = reading.ask(environ, asked)
            if reading.coloured is not None:
                reading.coloured[lane].raise_by_one()
            if not reading.governed:
                served = Served(lane)
                environ[KEY] = True
            else:
                passage = WsgiPassage.__new__(WsgiPassage)
                passage.begin(lane, self.count_fault)
                passage.refusal = None
                passage.sender = environ.get(_CALLER, "")
                served = environ[KEY] = passage
            if _PARENT in environ:
                served.headers = _traced(environ)
            if reading.begun is not None:
                reading.begun(served, environ)
            if reading.governed and self.protection.on:
                self.keeper.judge(passage, environ)
            return served
        except Exception:  # counted; the request goes through
            environ[KEY] = True
            self.count_fault()
            return None


def _asked(environ: Environ, names: Iterable[str]) -> Any:
    """Return those of some headers that a request has, and their values."""
    asked: Any = ()
    for name in names:
        if name in environ:
            asked = (*asked, (name, environ[name]))
    return asked


def finish(served: Origin, environ: Environ) -> None:
    """End a request, of whose response nothing runs any more."""
    if served is not None:
        served.end()
    # A server keeps an environ with what starts responses for it: it would hold itself.
    environ[KEY] = True


def suspended(token: Any) -> None:
    """Do what `suspend` does, in this form."""
    try:
        back(token)
    except ValueError:
        return


def runs_code(body: Iterable[bytes], environ: Environ) -> bool:
    """Tell whether iterating over `body` can run the application's code.

    A list cannot, and servers ask for its length. A file wrapper cannot either, and servers send it
    in a faster way as long as it is what they gave out.
    """
    if isinstance(body, (list, tuple)):
        return False
    wrapper = environ.get("wsgi.file_wrapper")
    return not (isinstance(wrapper, type) and isinstance(body, wrapper))


def _traced(environ: Environ) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers that a trace is looked for in, as they are in a scope."""
    found = ((PARENT, environ[_PARENT]), (STATE, environ.get(_STATE, "")))
    return tuple([(name.encode(), value.encode("latin-1", "replace")) for name, value in found])


class Body:
    """A response body whose every step runs on the lane of its request.

    After its last part the request leaves the gates that it has entered.
    """

    __slots__ = ("body", "passage", "served", "steps")

    def __init__(self, body: Iterable[bytes], served: Origin, passage: WsgiPassage | None) -> None:
        """`passage` is the request, where it may have entered gates."""
        self.body, self.served, self.passage = body, served, passage
        self.steps: Iterator[bytes] | None = None

    def __iter__(self) -> Body:
        return self

    def __next__(self) -> bytes:
        token = resume(self.served)
        try:
            if self.steps is None:
                self.steps = iter(self.body)
            # Its end is told by a value: an exception that is looked at costs more.
            part: bytes = next(self.steps, _END)
            if part is _END and self.passage is not None:
                self.passage.leave()
        except BaseException as error:
            if self.passage is not None:
                self.passage.broke(error)
                self.passage.leave()
            raise
        finally:
            suspended(token)
        if part is _END:
            raise StopIteration
        return part

    def close(self) -> None:
        """Close the body on the lane, and end the request."""
        token = resume(self.served)
        try:
            close = getattr(self.body, "close", None)
            if close is not None:
                close()
        finally:
            if self.served is not None:
                self.served.end()
            if self.passage is not None:
                self.passage.out = None  # which may hold this
            suspended(token)


class Entrance:
    """Where requests enter the gates of their routes."""

    __slots__ = ("choose", "fault", "gates", "hold", "measuring", "ways")

    def __init__(
        self,
        turnstile: Turnstile,
        choose: Callable[[Any], Gate | None],
        hold: Callable[[Gate, Entry | None, Any], Entry | None],
    ) -> None:
        """`choose` returns the gate of a request whose route is not known.

        What does not simply pass is `hold`'s, which returns the entry that says so, None where it
        passes after all.
        """
        self.gates = turnstile.engine.gates
        self.measuring = turnstile.engine.measuring
        self.ways = Ways()
        self.fault, self.choose, self.hold = turnstile.fault, choose, hold

    def enter(self, request: Any, route: Any, method: str, environ: Environ) -> Entry | None:
        """Enter the gate of a request; None where it passes. `route` is None where it has none."""
        # Every request comes by here: nothing is done for one that it does not need.
        try:
            gate = None if route is None else self.ways.gate(route, method)
            if gate is None:
                gate = self.choose(request)
                if gate is None:
                    return None
                if route is not None:
                    self.ways.keep(route, method, gate)
            mine = environ[KEY] if KEY in environ else None  # noqa: SIM401  a call more
            if type(mine) is not WsgiPassage or gate.curious:
                return self.hold(gate, None, request)
            passage: WsgiPassage = mine
            entry = passage.come(gate, self.measuring)
            return None if entry is None else self.hold(gate, entry, request)
        except Exception:  # counted; the request goes through
            self.fault()
            return None
