"""Django's views ask the limits of their resource, on both of its handlers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test.utils import override_settings
from django.urls import include, path, re_path

from fairlead.policy.resource import resource_name
from fairlead.telemetry.names import AGENT_FAULTS, RATE_LIMITED
from tests.instruments.django import site
from tests.instruments.limits import Answer, ask, ask_wsgi, limit, limited
from tests.instruments.plane import Plane, hooked

RAN: list[str] = []


def around(get_response: Any) -> Any:
    """Stand for CORS, sessions, logs: what a project puts around its views."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["Access-Control-Allow-Origin"] = "*"
        return response

    return middleware


def view(request: HttpRequest, **given: Any) -> HttpResponse:
    RAN.append(request.path)
    return HttpResponse("hello")


async def aview(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


urlpatterns = [
    path("greet1a", view),
    path("async", aview),
    path("api/", include([path("orders/<int:number>/", view)])),
    re_path(r"^old/(?P<name>[a-z]+)$", view),
]


@pytest.fixture(params=["wsgi", "asgi"])
def client(request: Any) -> Iterator[tuple[Plane, Any]]:
    """A hooked plane, and a way to ask one of the two handlers."""
    assert site.__name__ == settings.ROOT_URLCONF
    plane = limited("/greet1a", "/async")
    around_views = [f"{__name__}.around"]
    with (
        hooked(plane, "django_views"),
        override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=around_views),
    ):
        handler = WSGIHandler() if request.param == "wsgi" else ASGIHandler()

        def call(path: str, method: str = "GET", headers: Any = None) -> Answer:
            if request.param == "wsgi":
                return ask_wsgi(handler, path, method, headers)
            return asyncio.run(ask(handler, path, method, headers))

        yield plane, call
    RAN.clear()


def test_a_limited_view_answers_what_is_configured(client: tuple[Plane, Any]) -> None:
    """S0-24, within the project's middleware and before the view."""
    plane, call = client
    answer = call("/greet1a")
    assert (answer.status, answer.body) == (429, "you are in the queue")
    lower = {name.lower(): value for name, value in answer.headers.items()}
    assert lower["retry-after"] == "3"
    assert lower["content-type"] == "text/plain; charset=utf-8"
    assert lower["access-control-allow-origin"] == "*"
    assert call("/async").status == 429
    assert RAN == []
    assert plane.counted(RATE_LIMITED) == {"GET:/async": 1, "GET:/greet1a": 1}


@pytest.mark.parametrize(
    ("resource", "path"),
    [
        ("GET:/api/orders/{number}/", "/api/orders/7/"),
        ("/^old/(?P<name>[a-z]+)$", "/old/x"),
    ],
)
def test_a_resource_is_called_by_its_route(client: Any, resource: str, path: str) -> None:
    """A regular expression is its own name, written as the project writes it."""
    plane, call = client
    limit(plane, resource_name(resource))
    assert call(path).status == 429
    assert call("/greet1a").status == 200
    assert plane.counted(AGENT_FAULTS) == {}


def test_unknown_paths_are_one_resource(client: tuple[Plane, Any]) -> None:
    """And Django's own page until they are limited."""
    plane, call = client
    assert call("/admin.php").status == 404
    limit(plane, "404")
    answer = call("/admin.php")
    assert (answer.status, answer.body) == (429, "you are in the queue")


def test_a_browsers_question_is_no_request(client: tuple[Plane, Any]) -> None:
    """It is the middleware's or the view's to answer."""
    _, call = client
    question = [("origin", "https://a"), ("access-control-request-method", "GET")]
    assert call("/greet1a", "OPTIONS", question).status == 200


def test_every_route_is_known(client: tuple[Plane, Any]) -> None:
    """A rule that names one of them is never called misspelt."""
    plane, call = client
    call("/greet1a")
    limit(plane, "/greet1a", "GET:/api/orders/{number}/", "/greet1b")
    found = plane.interfaces.unmatched(plane.engine.plan.snapshot.rate_limits)
    assert found == {"/greet1b": "/greet1a"}
