"""What the rejected are told, by every framework in the same way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test.utils import override_settings
from django.urls import path
from fastapi import FastAPI
from flask import Flask

from fairlead.policy.rule import Rule
from fairlead.telemetry.names import (
    AGENT_FAULTS,
    CIRCUIT_OPEN,
    HOT_LIMITED,
    NOT_ALLOWED,
    OVERLOADED,
    QUEUE_FULL,
    RATE_LIMITED,
    WOULD_LIMIT,
    WOULD_REJECT,
)
from tests.instruments.django import site
from tests.instruments.gates import (
    NEVER,
    QUEUED,
    REDIRECT,
    UNAVAILABLE,
    allow,
    breaker,
    cap,
    enforce,
    flow,
    hot,
    rate,
    throttle,
)
from tests.instruments.limits import Answer, Headers, ask, ask_wsgi
from tests.instruments.plane import Plane, entry, hooked, inner

assert site.__name__


def view(request: HttpRequest, how: str) -> HttpResponse:
    return HttpResponse(how, status=500 if how == "fails" else 200)


urlpatterns = [path("<how>", view)]


def fastapi_app() -> FastAPI:
    app = FastAPI()

    @app.get("/{how}")
    def answer(how: str) -> str:
        if how == "fails":
            raise LookupError(how)
        return how

    return app


def flask_app() -> Flask:
    app = Flask(__name__)

    @app.get("/<how>")
    def answer(how: str) -> str:
        if how == "fails":
            raise LookupError(how)
        return how

    return app


Call = Callable[..., Answer]
FRAMEWORKS = ["fastapi", "flask", "django", "django-asgi"]


@pytest.fixture(params=FRAMEWORKS)
def served(request: Any) -> Iterator[tuple[Plane, Call]]:
    """A hooked plane, and a way to ask an application of each framework."""
    plane = Plane()
    with (
        hooked(plane, "starlette", "fastapi", "flask", "django", "django_views"),
        override_settings(ROOT_URLCONF=__name__),
    ):
        yield plane, caller(request.param)
    assert plane.counted(AGENT_FAULTS) == {}


def caller(framework: str) -> Call:
    if framework == "flask":
        flask = flask_app()
        return lambda where, headers=None: ask_wsgi(flask, where, headers=headers)
    if framework == "django":
        from django.core.handlers.wsgi import WSGIHandler

        handler = WSGIHandler()
        return lambda where, headers=None: ask_wsgi(handler, where, headers=headers)
    if framework == "django-asgi":
        from django.core.handlers.asgi import ASGIHandler

        return answering(ASGIHandler())
    return answering(fastapi_app())


def answering(app: Any) -> Call:
    def call(where: str, headers: Headers | None = None) -> Answer:
        async def once() -> Answer:
            try:
                return await ask(app, where, headers=headers)
            except LookupError:  # Starlette tells the server too
                return Answer(500, {}, "")

        return asyncio.run(once())

    return call


def lower(answer: Answer) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


def test_a_rejection_may_send_elsewhere(served: tuple[Plane, Call]) -> None:
    """S2-21: a page that is there for it."""
    plane, call = served
    enforce(plane, rate("/{how}", 0, fallback=REDIRECT))
    answer = call("/a")
    assert (answer.status, answer.body) == (302, "")
    assert lower(answer)["location"] == "https://shop.example/busy"


def test_a_rejection_may_have_a_status_and_a_body_of_its_own(served: tuple[Plane, Call]) -> None:
    """S2-21: JSON for a client that reads JSON."""
    plane, call = served
    enforce(plane, rate("/{how}", 0, fallback=UNAVAILABLE))
    answer = call("/a")
    assert (answer.status, answer.body) == (503, '{"error": "busy"}')
    assert lower(answer)["content-type"] == "application/json"
    assert "retry-after" not in lower(answer)


def test_who_is_in_the_queue_is_told_when_to_come_back(served: tuple[Plane, Call]) -> None:
    """In the header that clients read and in words, in whole seconds."""
    plane, call = served
    enforce(plane, rate("/{how}", 1, fallback=QUEUED))
    assert call("/a").status == 200
    answer = call("/a")
    seconds = int(lower(answer)["retry-after"])
    assert 3000 < seconds <= 3600
    assert answer.body == f"come back in {seconds} s"


@pytest.mark.parametrize(
    ("rule", "before", "counter", "says"),
    [
        (rate("/{how}", 0), "", RATE_LIMITED, "rate limited: GET:/{how}"),
        (throttle("/{how}", NEVER, 1), "/a", QUEUE_FULL, "rate limited: GET:/{how}"),
        (cap("/{how}", 0), "", OVERLOADED, "overloaded: GET:/{how}"),
        (breaker("/{how}"), "/fails", CIRCUIT_OPEN, "circuit open: GET:/{how}"),
        (hot("/{how}", "path", "how"), "/a", HOT_LIMITED, "rate limited: GET:/{how}"),
        (allow("/{how}", "cart"), "", NOT_ALLOWED, "not allowed: GET:/{how}"),
    ],
    ids=["rate", "queue", "concurrency", "breaker", "hot", "authority"],
)
def test_every_reason_is_told_and_counted_by_itself(
    served: tuple[Plane, Call], rule: Rule, before: str, counter: str, says: str
) -> None:
    """And without an answer of its author's, as contract 23 says: however long it may take."""
    plane, call = served
    enforce(plane, rule)
    if before:
        call(before)
    answer = call("/a", [("fairlead-caller", "order")])
    assert (answer.status, answer.body) == (429, says)
    assert lower(answer)["retry-after"] == "1"
    assert lower(answer)["content-type"] == "text/plain; charset=utf-8"
    assert plane.counted(counter) == {"GET:/{how}": 1}


def test_a_breaker_opens_by_what_an_application_fails_to_do(served: tuple[Plane, Call]) -> None:
    """S2-19, by status and by exception, in every framework."""
    plane, call = served
    enforce(plane, breaker("/{how}", threshold=2))
    assert [call(where).status for where in ("/fails", "/a", "/fails")] == [500, 200, 500]
    answer = call("/a")
    assert (answer.status, answer.body) == (429, "circuit open: GET:/{how}")
    assert plane.counted(CIRCUIT_OPEN) == {"GET:/{how}": 1}


def test_a_rule_that_is_tried_out_rejects_nobody_and_is_counted(served: tuple[Plane, Call]) -> None:
    """One rule alone, beside others that reject."""
    plane, call = served
    enforce(plane, rate("/{how}", 0, mode="simulate"))
    assert call("/a").status == 200
    assert plane.counted(WOULD_LIMIT) == {"GET:/{how}": 1}
    enforce(plane, cap("/{how}", 0, mode="simulate"), rate("/{how}", 1))
    assert [call("/a").status for _ in range(2)] == [200, 429]
    assert plane.counted(WOULD_REJECT) == {"GET:/{how}": 1}
    assert plane.counted(OVERLOADED) == {}


def test_a_stranger_is_not_believed_who_it_is(served: tuple[Plane, Call]) -> None:
    """At an entry anybody could call themselves as an app that may call, or as one that may not."""
    plane, call = served
    rules = flow(allow("/{how}", "cart"))
    plane.engine.apply(replace(inner(), flow=rules))
    assert call("/a", [("fairlead-caller", "order")]).status == 429
    plane.engine.apply(replace(entry(), flow=rules))
    assert call("/a", [("fairlead-caller", "order")]).status == 200
