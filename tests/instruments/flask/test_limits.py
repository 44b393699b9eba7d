"""Flask's views ask the limits of their resource; the rejection is finished as any answer is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Blueprint, Flask, Response, request

from fairlead.policy.fallback import Fallback
from fairlead.telemetry.names import AGENT_FAULTS, RATE_LIMITED
from tests.instruments.limits import ask_wsgi, limit, limited
from tests.instruments.plane import Plane, hooked


@pytest.fixture
def plane() -> Iterator[Plane]:
    plane = limited("/greet1a")
    with hooked(plane, "flask"):
        yield plane


def app() -> Flask:
    """Return an application with a blueprint, and with what real ones put around their views."""
    flask, orders = Flask(__name__), Blueprint("orders", __name__, url_prefix="/shops/<shop>")

    @orders.route("/orders/<int:number>", methods=["GET", "POST"])
    def order(shop: str, number: int) -> str:
        return f"{shop} {number}"

    @flask.get("/greet1a")
    def greet() -> str:
        return "hello"

    @flask.get("/slash/")
    def slash() -> str:
        return "slash"

    @flask.before_request
    def expensive() -> None:
        flask.extensions.setdefault("ran", []).append(request.path)

    @flask.after_request
    def cors(response: Response) -> Response:
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    flask.register_blueprint(orders, url_prefix="/api/shops/<shop>")
    return flask


def test_a_limited_view_answers_what_is_configured(plane: Plane) -> None:
    """S0-24. What is turned away costs nothing, and a browser may read it."""
    served = app()
    answer = ask_wsgi(served, "/greet1a")
    assert (answer.status, answer.body) == (429, "you are in the queue")
    assert answer.headers["retry-after"] == "3"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "ran" not in served.extensions
    assert plane.counted(RATE_LIMITED) == {"GET:/greet1a": 1}


def test_without_an_answer_of_its_own_it_says_which_resource_is_limited(plane: Plane) -> None:
    """Contract 23; and HEAD, which is GET, has no body."""
    limit(plane, "/greet1a", fallback=Fallback())
    answer = ask_wsgi(app(), "/greet1a")
    assert (answer.body, answer.headers["retry-after"]) == ("rate limited: GET:/greet1a", "1")
    head = ask_wsgi(app(), "/greet1a", "HEAD")
    assert (head.status, head.body) == (429, "")
    assert head.headers["content-length"] == str(len(answer.body))


def test_a_resource_is_called_by_its_template_with_its_blueprints_prefix(plane: Plane) -> None:
    """However the framework spells the variables."""
    limit(plane, "GET:/api/shops/{shop}/orders/{number}")
    assert ask_wsgi(app(), "/api/shops/a/orders/1").status == 429
    assert ask_wsgi(app(), "/api/shops/a/orders/1", "POST").status == 200
    assert plane.counted(AGENT_FAULTS) == {}


def test_unknown_paths_are_one_resource_and_other_routing_answers_are_none(plane: Plane) -> None:
    """A redirect and a wrong method are answers already."""
    limit(plane, "404", "/greet1a", "/slash/")
    assert ask_wsgi(app(), "/admin.php").status == 429
    assert ask_wsgi(app(), "/greet1a", "DELETE").status == 405
    assert ask_wsgi(app(), "/slash").status == 308


def test_a_browsers_question_is_no_request(plane: Plane) -> None:
    """Flask answers it by itself."""
    question = [("Origin", "https://a"), ("Access-Control-Request-Method", "GET")]
    assert ask_wsgi(app(), "/greet1a", "OPTIONS", question).status == 200
    assert ask_wsgi(app(), "/greet1a", "OPTIONS").status == 429


def test_an_answer_that_cannot_be_made_is_a_fault_of_ours(plane: Plane) -> None:
    """The class of responses is the application's, and may want other things than text."""

    class Picky(Response):
        def __init__(self, response: object = None, *given: object, **named: object) -> None:
            if isinstance(response, str) and given:
                raise TypeError("text alone")
            super().__init__(response)  # type: ignore[arg-type]

    served = app()
    served.response_class = Picky
    assert ask_wsgi(served, "/greet1a").status == 200
    assert plane.counted(AGENT_FAULTS) == {"flask": 1}


def test_every_route_is_known(plane: Plane) -> None:
    """A rule that names one of them is never called misspelt."""
    limit(plane, "/greet1a", "POST:/api/shops/{shop}/orders/{number}", "GET:/greet1b")
    served = app()
    assert plane.interfaces.unmatched(plane.engine.plan.snapshot.flow.rate_limits) == {
        "GET:/greet1b": "GET:/greet1a"
    }
    del served
