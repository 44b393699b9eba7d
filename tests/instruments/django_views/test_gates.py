"""A request of a Django project holds its place until its response has ended, on both handlers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

import pytest
from django.core.exceptions import PermissionDenied
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test.utils import override_settings
from django.urls import path

from fairlead.instruments.propagate import entrance
from fairlead.telemetry.names import AGENT_FAULTS
from tests.instruments.django import site
from tests.instruments.flask.test_gates import close, start
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
from tests.instruments.limits import Answer, ask, ask_wsgi
from tests.instruments.plane import Plane, hooked

assert site.__name__


class Held:
    """What views wait for; each test has its own."""

    def __init__(self) -> None:
        self.go, self.inside = threading.Event(), threading.Event()


HELD = Held()


def slow(request: HttpRequest) -> HttpResponse:
    HELD.inside.set()
    assert HELD.go.wait(20)
    return HttpResponse("slow")


async def aslow(request: HttpRequest) -> HttpResponse:
    HELD.inside.set()
    await until(HELD.go.is_set)
    return HttpResponse("slow")


def stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter(["first", "last"]))


async def astream(request: HttpRequest) -> StreamingHttpResponse:
    async def steps() -> AsyncIterator[str]:
        yield "first"
        await until(HELD.go.is_set)
        yield "last"

    return StreamingHttpResponse(steps())


def how(request: HttpRequest, how: str) -> HttpResponse:
    if how == "raises":
        raise LookupError("unhandled")
    if how == "denied":
        raise PermissionDenied
    return HttpResponse(entrance(), status=int(how))


urlpatterns = [
    path("slow", slow),
    path("aslow", aslow),
    path("stream", stream),
    path("astream", astream),
    path("<how>", how),
]


@pytest.fixture
def plane() -> Iterator[Plane]:
    plane = Plane()
    HELD.__init__()  # type: ignore[misc]
    with (
        hooked(plane, "django", "django_views"),
        override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[]),
    ):
        yield plane
    assert plane.counted(AGENT_FAULTS) == {}


def test_a_streamed_body_holds_its_place_to_its_last_part(plane: Plane) -> None:
    """Below a WSGI server, which closes it also when the client has gone."""
    enforce(plane, cap("/stream", 1))
    app = WSGIHandler()
    body = start(app, "/stream")
    assert next(iter(body)) == b"first"
    assert ask_wsgi(app, "/stream").status == 429
    close(body)
    assert inflight(plane, "GET:/stream") == 0
    assert ask_wsgi(app, "/stream").body == "firstlast"


def test_an_asynchronous_body_holds_its_place_to_its_last_byte(plane: Plane) -> None:
    """Below an ASGI server."""
    enforce(plane, cap("/astream", 1))

    async def main() -> None:
        app = ASGIHandler()
        client = Client(app, "/astream")
        await until(lambda: client.body == b"first")
        refused = Client(app, "/astream")
        await refused.ended()
        assert refused.status == 429
        HELD.go.set()
        await client.ended()
        assert (client.body, inflight(plane, "GET:/astream")) == (b"firstlast", 0)

    running(main)


@pytest.mark.parametrize("where", ["/astream", "/aslow"])
def test_a_client_that_hangs_up_gives_its_place_back(plane: Plane, where: str) -> None:
    """Django cancels the view; nobody has failed."""
    enforce(plane, cap(where, 1), breaker(where))

    async def main() -> None:
        app = ASGIHandler()
        client = Client(app, where)
        await until(lambda: inflight(plane, f"GET:{where}") == 1)
        client.say("http.disconnect")
        await client.ended()
        assert inflight(plane, f"GET:{where}") == 0
        HELD.go.set()
        again = Client(app, where)
        await again.ended()
        assert again.status == 200

    running(main)


def test_threads_and_tasks_share_the_places_of_a_view(plane: Plane) -> None:
    """S2-17."""
    enforce(plane, cap("/slow", 1), cap("/aslow", 1))
    app, found = WSGIHandler(), []
    thread = threading.Thread(target=lambda: found.append(ask_wsgi(app, "/slow").status))
    thread.start()
    assert HELD.inside.wait(20)
    assert ask_wsgi(app, "/slow").status == 429

    async def main() -> None:
        handler = ASGIHandler()
        client = Client(handler, "/aslow")
        await until(lambda: inflight(plane, "GET:/aslow") == 1)
        for where in ("/slow", "/aslow"):
            refused = Client(handler, where)
            await refused.ended()
            assert refused.status == 429
        HELD.go.set()
        await client.ended()

    running(main)
    thread.join(20)
    assert (found, inflight(plane, "GET:/slow")) == ([200], 0)


def both(where: str) -> list[Answer]:
    """Ask on both handlers."""
    return [ask_wsgi(WSGIHandler(), where), asyncio.run(ask(ASGIHandler(), where))]


@pytest.mark.parametrize(
    ("errors", "where", "fails"),
    [
        ((), "/raises", True),
        ((), "/503", True),
        ((), "/denied", False),
        (("403",), "/denied", True),
        (("PermissionDenied",), "/denied", True),
        (("LookupError",), "/raises", True),
        (("LookupError",), "/503", False),
    ],
)
def test_what_an_error_is_goes_by_the_answer_unless_a_rule_says_it(
    plane: Plane, errors: tuple[str, ...], where: str, fails: bool
) -> None:
    """By status, or by the class of what was raised, whatever the project made of it."""
    statuses = {"/raises": 500, "/503": 503, "/denied": 403}
    enforce(plane, breaker("/{how}", errors=errors, threshold=2))
    assert [answer.status for answer in both(where)] == [statuses[where]] * 2
    answers = [answer.status for answer in both("/200")]
    assert answers == ([429, 429] if fails else [200, 200])


def test_work_of_a_request_knows_the_resource_it_came_in_by(plane: Plane) -> None:
    """Rules for calls that one entrance causes ask for it."""
    enforce(plane, rate("/other", 5))
    assert [answer.body for answer in both("/200")] == ["GET:/{how}"] * 2


def test_a_path_that_is_not_known_is_left_when_its_page_has_been_sent(plane: Plane) -> None:
    """It is a request as any other."""
    enforce(plane, cap("404", 1), rate("404", 2))
    assert [answer.status for answer in both("/no/where")] == [404, 404]
    assert [answer.status for answer in both("/no/where")] == [429, 429]
    assert inflight(plane, "404") == 0
