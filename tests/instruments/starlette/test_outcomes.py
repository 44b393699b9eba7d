"""What counts as an error of a request, for breakers and for the figures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from fairlead.telemetry.names import AGENT_FAULTS
from tests.instruments.gates import Client, breaker, enforce, running
from tests.instruments.plane import Plane, hooked


@pytest.fixture
def plane() -> Iterator[Plane]:
    plane = Plane()
    with hooked(plane, "starlette"):
        yield plane
    assert plane.counted(AGENT_FAULTS) == {}


def failing(middleware: list[Middleware] | None = None) -> Starlette:
    """Return an application that fails in all ways."""

    async def fail(request: Request) -> Response:
        match request.path_params["how"]:
            case "raise":
                raise LookupError("unhandled")
            case "unavailable":
                return PlainTextResponse("down", 503)
            case "http":
                raise HTTPException(502)
            case "missing":
                raise HTTPException(404)
            case "handled":
                raise ValueError("the client's")
        return PlainTextResponse("fine")

    async def sorry(request: Request, error: Exception) -> Response:
        return PlainTextResponse("bad", 400)

    return Starlette(
        routes=[Route("/{how}", fail)],
        exception_handlers={ValueError: sorry},
        middleware=middleware or [],
    )


@pytest.mark.parametrize(
    ("how", "fails"),
    [
        ("raise", True),
        ("unavailable", True),
        ("http", True),
        ("missing", False),
        ("handled", False),
        ("fine", False),
    ],
)
def test_what_an_error_is_goes_by_the_answer(plane: Plane, how: str, fails: bool) -> None:
    """S2-19: an exception that nobody handles, or a status of 5xx; a 404 is the client's."""
    enforce(plane, breaker("/{how}"))

    async def main() -> None:
        app = failing()
        first = Client(app, f"/{how}")
        await first.ended()
        second = Client(app, "/fine")
        await second.ended()
        assert second.status == (429 if fails else 200)

    running(main)


@pytest.mark.parametrize(
    ("errors", "how", "fails"),
    [
        (("503",), "unavailable", True),
        (("503",), "raise", False),
        (("5xx",), "raise", True),
        (("404",), "missing", True),
        (("LookupError",), "raise", True),
        (("LookupError",), "unavailable", False),
        (("ValueError",), "handled", True),
        (("HTTPException",), "http", True),
    ],
)
def test_a_rule_may_say_what_an_error_is(
    plane: Plane, errors: tuple[str, ...], how: str, fails: bool
) -> None:
    """By status, or by the class of what was raised, whatever the application made of it."""
    enforce(plane, breaker("/{how}", errors=errors))

    async def main() -> None:
        app = failing()
        first = Client(app, f"/{how}")
        await first.ended()
        second = Client(app, "/fine")
        await second.ended()
        assert second.status == (429 if fails else 200)

    running(main)
