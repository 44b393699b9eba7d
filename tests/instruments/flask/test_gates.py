"""A request of a WSGI application holds its place until its server closes the body."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.util import FileWrapper, setup_testing_defaults

import pytest
from flask import Flask, Response, abort, send_file, stream_with_context
from starlette.applications import Starlette
from starlette.routing import Mount

from fairlead.instruments.propagate import current_lane, entrance
from fairlead.telemetry.names import AGENT_FAULTS
from tests.instruments.gates import (
    Client,
    breaker,
    cap,
    enforce,
    inflight,
    rate,
    running,
    until,
)
from tests.instruments.limits import ask_wsgi
from tests.instruments.plane import Plane, hooked


@pytest.fixture
def plane() -> Iterator[Plane]:
    plane = Plane()
    with hooked(plane, "flask", "starlette"):
        yield plane
    assert plane.counted(AGENT_FAULTS) == {}


class App(Flask):
    """An application with bodies of all kinds."""

    def __init__(self, folder: Path) -> None:
        super().__init__(__name__)
        self.go, self.inside = threading.Event(), threading.Event()
        self.file = folder / "file.txt"
        self.file.write_text("text")
        self.get("/stream")(self.stream)
        self.get("/broken")(self.broken)
        self.get("/file")(lambda: send_file(self.file))
        self.get("/slow")(self.slow)
        self.get("/<int:code>")(abort)
        self.get("/entrance")(entrance)
        self.get("/raises")(self.raises)
        self.get("/unhandled")(self.unhandled)
        self.errorhandler(ValueError)(lambda error: ("bad", 400))

    def stream(self) -> Response:
        def steps() -> Iterator[str]:
            yield "first"
            yield "last"

        return Response(stream_with_context(steps()))

    def broken(self) -> Response:
        def steps() -> Iterator[str]:
            yield "first"
            raise LookupError("in the middle")

        return Response(steps())

    def slow(self) -> str:
        self.inside.set()
        assert self.go.wait(20)
        return "slow"

    def unhandled(self) -> str:
        raise KeyError("unhandled")

    def raises(self) -> str:
        raise ValueError("handled")


def start(app: Any, path: str, **environ: Any) -> Iterable[bytes]:
    """Call a WSGI application as a server does, up to its body."""
    full: dict[str, Any] = {"PATH_INFO": path, **environ}
    setup_testing_defaults(full)
    body: Iterable[bytes] = app(full, lambda status, headers, error=None: None)
    return body


def close(body: Any) -> None:
    body.close()


def test_a_streamed_body_holds_its_place_to_its_last_part(plane: Plane, tmp_path: Path) -> None:
    """The view has returned long before, and the last part may be asked for much later."""
    enforce(plane, cap("/stream", 1))
    app = App(tmp_path)
    body = start(app, "/stream")
    parts = iter(body)
    assert next(parts) == b"first"
    refused = ask_wsgi(app, "/stream")
    assert (refused.status, refused.body) == (429, "overloaded: GET:/stream")
    assert list(parts) == [b"last"]
    assert inflight(plane, "GET:/stream") == 0
    close(body)
    assert ask_wsgi(app, "/stream").status == 200
    assert inflight(plane, "GET:/stream") == 0


@pytest.mark.parametrize("read", [0, 1])
def test_a_client_that_hangs_up_gives_its_place_back(
    plane: Plane, tmp_path: Path, read: int
) -> None:
    """Its server closes the body, wherever it is; nobody has failed."""
    enforce(plane, cap("/stream", 1), breaker("/stream"))
    app = App(tmp_path)
    body = start(app, "/stream")
    for _ in range(read):
        next(iter(body))
    assert inflight(plane, "GET:/stream") == 1
    close(body)
    assert inflight(plane, "GET:/stream") == 0
    assert ask_wsgi(app, "/stream").status == 200


def test_an_error_in_the_middle_of_a_body_ends_it(plane: Plane, tmp_path: Path) -> None:
    """And is a failure, though its status was 200."""
    enforce(plane, breaker("/broken"))
    app = App(tmp_path)
    with pytest.raises(LookupError):
        list(start(app, "/broken"))
    assert inflight(plane, "GET:/broken") == 0
    assert ask_wsgi(app, "/broken").status == 429


def test_a_file_that_the_server_sends_holds_its_place_until_it_is_closed(
    plane: Plane, tmp_path: Path
) -> None:
    """The server still gets what it gave out, and sends it in its own way."""
    enforce(plane, cap("/file", 1))
    app = App(tmp_path)
    body: Any = start(app, "/file", **{"wsgi.file_wrapper": FileWrapper})
    assert type(body) is FileWrapper
    assert inflight(plane, "GET:/file") == 1
    assert ask_wsgi(app, "/file").status == 429
    file = body.filelike
    body.close()
    assert file.closed
    assert inflight(plane, "GET:/file") == 0


def test_a_head_has_no_body_and_ends_all_the_same(plane: Plane, tmp_path: Path) -> None:
    """Servers close what they do not send."""
    enforce(plane, cap("/stream", 1))
    for _ in range(2):
        assert ask_wsgi(App(tmp_path), "/stream", "HEAD").status == 200


def test_threads_share_the_places_of_a_view(plane: Plane, tmp_path: Path) -> None:
    """S2-17."""
    enforce(plane, cap("/slow", 1))
    app, found = App(tmp_path), []
    thread = threading.Thread(target=lambda: found.append(ask_wsgi(app, "/slow").status))
    thread.start()
    assert app.inside.wait(20)
    assert ask_wsgi(app, "/slow").status == 429
    app.go.set()
    thread.join(20)
    assert (found, inflight(plane, "GET:/slow")) == ([200], 0)


@pytest.mark.parametrize(
    ("errors", "path", "fails"),
    [
        ((), "/503", True),
        ((), "/404", False),
        ((), "/raises", False),
        (("404",), "/404", True),
        (("ValueError",), "/raises", True),
        (("NotFound",), "/404", True),
        (("5xx",), "/404", False),
    ],
)
def test_what_an_error_is_goes_by_the_answer_unless_a_rule_says_it(
    plane: Plane, tmp_path: Path, errors: tuple[str, ...], path: str, fails: bool
) -> None:
    """By status, or by the class of what was raised, whatever the application made of it."""
    resource = "/raises" if path == "/raises" else "/{code}"
    enforce(plane, breaker(resource, errors=errors))
    app = App(tmp_path)
    first = ask_wsgi(app, path).status
    assert first in (int(path[1:]) if path != "/raises" else 400, 400)
    assert ask_wsgi(app, path).status == (429 if fails else first)


def test_an_error_that_the_server_is_told_is_a_failure(plane: Plane, tmp_path: Path) -> None:
    """As with a debugger around the application."""
    enforce(plane, breaker("/unhandled"))
    app = App(tmp_path)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(KeyError):
        start(app, "/unhandled")
    assert inflight(plane, "GET:/unhandled") == 0
    assert ask_wsgi(app, "/unhandled").status == 429


def test_an_application_in_an_application_has_gates_of_its_own(
    plane: Plane, tmp_path: Path
) -> None:
    """Both resources are entered, and each is left when the response has ended."""
    enforce(plane, cap("/flask/{path}", 1), cap("/slow", 1), cap("/stream", 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Starlette wants another one to be used, which is as this
        from starlette.middleware.wsgi import WSGIMiddleware
    app = App(tmp_path)
    outer = Starlette(routes=[Mount("/flask", WSGIMiddleware(app))])

    async def main() -> None:
        client = Client(outer, "/flask/slow")
        await until(app.inside.is_set)
        assert inflight(plane, "GET:/flask/{path}") == inflight(plane, "GET:/slow") == 1
        refused = Client(outer, "/flask/stream")
        await refused.ended()
        assert refused.body == b"overloaded: GET:/flask/{path}"
        app.go.set()
        await client.ended()
        assert (client.status, client.body) == (200, b"slow")
        assert inflight(plane, "GET:/flask/{path}") == inflight(plane, "GET:/slow") == 0

    running(main)


def test_a_request_within_a_request_is_left_before_it(plane: Plane, tmp_path: Path) -> None:
    """An application may ask itself; lanes stay as they were."""
    enforce(plane, cap("/stream", 1), cap("/outer", 1))
    app = App(tmp_path)

    @app.get("/outer")
    def outer() -> str:
        inside = [ask_wsgi(app, "/stream").body for _ in range(2)]
        return f"{inside} {entrance()} {current_lane(plane)}"

    answer = ask_wsgi(app, "/outer", headers=[("baggage", "x-opensergo-traffic=gray")])
    assert answer.body == "['firstlast', 'firstlast'] GET:/outer gray"


def test_work_of_a_request_knows_the_resource_it_came_in_by(plane: Plane, tmp_path: Path) -> None:
    """Rules for calls that one entrance causes ask for it."""
    enforce(plane, rate("/other", 5))
    assert ask_wsgi(App(tmp_path), "/entrance").body == "GET:/entrance"
    assert entrance() == ""


def test_an_application_that_is_called_without_a_server_is_counted(
    plane: Plane, tmp_path: Path
) -> None:
    """Nobody would say when its response has ended: it holds no place."""
    enforce(plane, rate("/stream", 1), cap("/stream", 1))
    app = App(tmp_path)
    with app.test_request_context("/stream"):
        assert app.preprocess_request() is None
        assert inflight(plane, "GET:/stream") == 0
        answer = app.preprocess_request()
        assert isinstance(answer, Response)
        assert answer.status_code == 429
