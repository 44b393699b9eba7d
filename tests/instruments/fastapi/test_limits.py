"""FastAPI's routes have the same names as Starlette's, through every router that includes them."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Iterator

import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Response, WebSocket
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.staticfiles import StaticFiles

from fairlead.telemetry.names import AGENT_FAULTS, RATE_LIMITED
from tests.instruments.limits import ask, limit, limited
from tests.instruments.plane import Plane, hooked

pytestmark = pytest.mark.usefixtures("form")


@pytest.fixture
def plane(form: str) -> Iterator[Plane]:
    plane = limited("/greet1a")
    with hooked(plane, "starlette", "fastapi"):
        yield plane


def guard() -> None:
    """Stand for what costs something before an endpoint runs."""
    raise HTTPException(401)


def app() -> FastAPI:
    """Return an application with routers in routers and an application in an application."""
    items, shop, outer = APIRouter(prefix="/items"), APIRouter(prefix="/shops/{shop}"), FastAPI()

    @items.websocket("/{item}/feed")
    async def feed(socket: WebSocket, item: int) -> None:
        await socket.accept()
        await socket.close()

    items.mount("/files", StaticFiles(directory="."))

    @items.get("/{item}")
    @items.post("/{item}")
    def item(item: int) -> int:
        return item

    @outer.get("/greet1a", dependencies=[Depends(guard)])
    def greet() -> str:
        return "hello"

    @outer.exception_handler(404)
    async def lost(request: Request, error: Exception) -> Response:
        return Response("lost", 404)

    shop.include_router(items)
    outer.include_router(shop, prefix="/api")
    outer.include_router(items, prefix="/plain")
    below = FastAPI()
    below.include_router(items)
    outer.mount("/v2", below)
    outer.mount("/v3", CORSMiddleware(below, allow_origins=["*"]))
    return outer


def test_a_limited_route_is_answered_before_its_dependencies(plane: Plane) -> None:
    """S2-23. What is turned away must cost nothing."""
    answer = asyncio.run(ask(app(), "/greet1a"))
    assert (answer.status, answer.body) == (429, "you are in the queue")
    assert plane.counted(RATE_LIMITED) == {"GET:/greet1a": 1}
    limit(plane, "/other")
    assert asyncio.run(ask(app(), "/greet1a")).status == 401


@pytest.mark.parametrize(
    ("resource", "path"),
    [
        ("GET:/api/shops/{shop}/items/{item}", "/api/shops/1/items/2"),
        ("GET:/plain/items/{item}", "/plain/items/2"),
        ("GET:/v2/items/{item}", "/v2/items/2"),
        ("GET:/v3/items/{item}", "/v3/items/2"),
    ],
)
def test_a_template_has_the_prefixes_of_all_routers_and_mounts(
    plane: Plane, resource: str, path: str
) -> None:
    """The same router is included several times: each time it is another resource."""
    limit(plane, resource)
    served = app()
    assert asyncio.run(ask(served, path)).status == 429
    assert plane.counted(RATE_LIMITED) == {resource: 1}
    all_of_them = {"/api/shops/1/items/2", "/plain/items/2", "/v2/items/2", "/v3/items/2"}
    others = all_of_them - {path}
    assert {asyncio.run(ask(served, other)).status for other in others} == {200}
    assert asyncio.run(ask(served, path, "POST")).status == 200
    assert plane.counted(AGENT_FAULTS) == {}


def test_unknown_paths_keep_the_applications_own_page_until_they_are_limited(plane: Plane) -> None:
    """The handler of the application's 404 runs as before."""
    assert asyncio.run(ask(app(), "/nowhere")).body == "lost"
    limit(plane, "404")
    assert asyncio.run(ask(app(), "/nowhere")).status == 429
    assert asyncio.run(ask(app(), "/v2/nowhere")).status == 429
    assert asyncio.run(ask(app(), "/v3/nowhere")).status == 429


def test_an_application_is_known_before_it_is_called(plane: Plane) -> None:
    """Of two in one process the second may wait for its first request for days."""
    limit(plane, "/greet1a", "/nowhere/at/all")
    served = app()
    assert plane.interfaces.unmatched(plane.engine.plan.snapshot.flow.rate_limits) == {
        "/nowhere/at/all": ""
    }
    del served


def test_every_route_of_every_router_is_known(plane: Plane) -> None:
    """A rule that names one of them is never called misspelt."""
    named = [
        "GET:/api/shops/{shop}/items/{item}",
        "POST:/plain/items/{item}",
        "GET:/v2/items/{item}",
        "GET:/v3/items/{item}",
        "/api/shops/{shop}/items/{item}/feed",
        "/greet1a",
    ]
    limit(plane, *named, "GET:/items/{item}/x", threshold=5)
    served = app()
    assert asyncio.run(ask(served, "/plain/items/1")).status == 200
    limits = plane.engine.plan.snapshot.flow.rate_limits
    assert set(plane.interfaces.unmatched(limits) or ()) == {"GET:/items/{item}/x"}


def test_what_warns_of_how_an_application_is_made_names_who_made_it(plane: Plane) -> None:
    """A hook around ``__init__`` would be named instead, and the warning be shown to nobody."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        FastAPI(root_path="/x")
    assert "__wrapped__" not in vars(FastAPI.__init__)
    assert {warning.filename for warning in told} <= {__file__}
    assert plane.counted(AGENT_FAULTS) == {}
