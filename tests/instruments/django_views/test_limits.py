"""Django's views ask the limits of their resource, on both of its handlers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test.utils import override_settings
from django.urls import clear_url_caches, include, path, re_path
from django.utils.translation import override
from django.views import View

from fairlead.policy.fallback import Fallback
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
    path("router/", include([re_path(r"^things/(?P<pk>[^/.]+)/$", view)])),
    path("class", View.as_view()),
    *i18n_patterns(path("welcome/", view)),
]


@pytest.fixture(params=["wsgi", "asgi"])
def client(request: Any) -> Iterator[tuple[Plane, Any]]:
    """A hooked plane, and a way to ask one of the two handlers."""
    assert site.__name__ == settings.ROOT_URLCONF
    plane = limited("/greet1a", "/async")
    around_views = [f"{__name__}.around", "django.middleware.locale.LocaleMiddleware"]
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
        ("/router/things/(?P<pk>[^/.]+)/$", "/router/things/7/"),
        ("/de/welcome/", "/de/welcome/"),
    ],
)
def test_a_resource_is_called_by_its_route(client: Any, resource: str, path: str) -> None:
    """A regular expression is its own name, written as the project writes it."""
    plane, call = client
    limit(plane, resource_name(resource))
    assert call(path).status == 429
    assert call("/greet1a").status == 200
    assert plane.counted(AGENT_FAULTS) == {}
    with override("en"):
        assert plane.interfaces.unmatched(plane.engine.plan.snapshot.flow.rate_limits) == {}


def test_unknown_paths_are_one_resource(client: tuple[Plane, Any]) -> None:
    """And Django's own page until they are limited."""
    plane, call = client
    assert call("/admin.php").status == 404
    limit(plane, "404")
    answer = call("/admin.php")
    assert (answer.status, answer.body) == (429, "you are in the queue")


def test_a_browsers_question_is_no_request(client: tuple[Plane, Any]) -> None:
    """It is the middleware's or a class's to answer; a function does what it does for GET."""
    plane, call = client
    limit(plane, "/class", "/greet1a")
    question = [("origin", "https://a"), ("access-control-request-method", "GET")]
    assert call("/class", "OPTIONS", question).status == 200
    assert call("/greet1a", "OPTIONS", question).status == 429
    assert RAN == []


def test_the_rejection_of_an_unknown_path_waits_for_nobody(client: tuple[Plane, Any]) -> None:
    """What middleware asks of views, a token or a login, is asked of views that there are."""
    plane, call = client
    limit(plane, "404")
    csrf = "django.middleware.csrf.CsrfViewMiddleware"
    with override_settings(MIDDLEWARE=[csrf]):
        again = WSGIHandler()
    assert ask_wsgi(again, "/admin.php", "POST").status == 429
    assert call("/admin.php", "POST").status == 429


def test_a_path_that_is_redirected_is_not_unknown() -> None:
    """A visitor without a slash or a language is shown the way, however many scanners there are."""
    plane = limited("404")
    around_views = [
        "django.middleware.locale.LocaleMiddleware",
        "django.middleware.common.CommonMiddleware",
    ]
    with (
        hooked(plane, "django_views"),
        override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=around_views),
        override("en-us"),
    ):
        handler = WSGIHandler()
        assert ask_wsgi(handler, "/api/orders/7").status == 301
        assert ask_wsgi(handler, "/welcome/").status == 302
        assert ask_wsgi(handler, "/welcome").status == 302
        assert ask_wsgi(handler, "/admin.php").status == 429
        assert plane.counted(AGENT_FAULTS) == {}


def test_headers_that_are_said_twice_are_sent_twice(client: tuple[Plane, Any]) -> None:
    """Two cookies are two headers, and two links one with both."""
    plane, call = client
    headers = (("Link", "<a>"), ("Link", "<b>"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))
    limit(plane, "/greet1a", fallback=Fallback(headers=headers, body=""))
    answer = call("/greet1a")
    lower = {name.lower(): value.strip() for name, value in answer.headers.items()}
    assert (answer.status, lower["link"], lower["set-cookie"]) == (429, "<a>, <b>", "b=2")


def test_routes_are_loaded_by_nobody_before_a_request_needs_them(client: Any) -> None:
    """Loading them imports the project's views, which is no work for a thread of ours."""
    plane, call = client
    limit(plane, "/greet1b")
    clear_url_caches()
    assert plane.interfaces.unmatched(plane.engine.plan.snapshot.flow.rate_limits) is None
    call("/greet1a")
    found = plane.interfaces.unmatched(plane.engine.plan.snapshot.flow.rate_limits)
    assert found == {"/greet1b": "/greet1a"}


def test_every_route_is_known(client: tuple[Plane, Any]) -> None:
    """A rule that names one of them is never called misspelt."""
    plane, call = client
    call("/greet1a")
    limit(plane, "/greet1a", "GET:/api/orders/{number}/", "/greet1b")
    found = plane.interfaces.unmatched(plane.engine.plan.snapshot.flow.rate_limits)
    assert found == {"/greet1b": "/greet1a"}
