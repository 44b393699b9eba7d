"""Routes with real clients: what the callee gets, what the caller gets, and who else is called."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from fairlead.policy.calls import CalleeRules, Calls
from fairlead.policy.resilience import Retry
from fairlead.policy.resource import CALLER
from fairlead.policy.routing.action import (
    APPEND,
    Forward,
    HeaderChanges,
    HeaderValue,
    HostRewrite,
    Mirror,
    PathRewrite,
    Redirect,
    Weighted,
)
from fairlead.policy.routing.match import (
    Fraction,
    HeaderMatch,
    PathMatch,
    QueryMatch,
    RouteMatch,
    TextMatch,
)
from fairlead.policy.routing.table import Route
from tests.agent.wire import until
from tests.flow.routes import HOST, cluster
from tests.instruments.callers import CALLERS, Caller
from tests.instruments.plane import Plane, hooked, inner, serving
from tests.instruments.rude import OK, Rude, always, rude

RULE = "VirtualService/b http[0]"
API = RouteMatch(path=PathMatch(value="/api"))
C = "outbound|80||c.default.svc.cluster.local"


def plane_of(server: Rude, *routes: Route, other: Rude | None = None) -> Plane:
    """Return the plane of app `a`: calls of `b` go by routes, and `c` is another app."""
    rules = CalleeRules(namespace="default", app="b", host=HOST, routes=routes)
    there = (other or server).address
    snapshot = inner({"b": {server.address: ""}, "c": {there: ""}})
    return Plane(replace(snapshot, calls=Calls(callees=(rules,))))


def sent(match: RouteMatch = RouteMatch(), changes: Any = HeaderChanges(), **forward: Any) -> Route:  # noqa: B008
    forward.setdefault("clusters", (Weighted(cluster=cluster()),))
    return Route(name=RULE, match=match, action=Forward(**forward), changes=changes, timeout=0.0)


def line(server: Rude, of: int = -1) -> str:
    return server.requests[of].split(b"\r\n")[0].decode()


@pytest.fixture(params=CALLERS, ids=str)
def caller(request: pytest.FixtureRequest) -> Caller:
    one: Caller = request.param
    return one


def test_a_path_is_rewritten_and_the_application_does_not_see_it(caller):
    """The query goes along; a redirect is followed from where the application called."""
    moved = b"HTTP/1.1 302 Found\r\nLocation: next\r\nContent-Length: 0\r\n\r\n"
    answers = iter((moved, OK))
    route = sent(API, path=PathRewrite(prefix="/v2"))
    with (
        rude(lambda one, peer: peer.sendall(next(answers))) as server,
        hooked(plane_of(server, route), *caller.hooks),
    ):
        assert caller.get("http://b/api/x?q=1").status == 200
    assert [line(server, of) for of in (0, 1)] == [
        "GET /v2/x?q=1 HTTP/1.1",
        "GET /v2/next HTTP/1.1",
    ]
    assert server.header("x-envoy-original-path", 0) == "/api/x?q=1"
    assert server.header("host") == "b"


def test_headers_of_the_request_and_of_the_answer_are_changed(caller):
    """Removed, set and appended; the label of a lane is nobody's to change."""
    changes = HeaderChanges(
        request_set=(
            HeaderValue(name="x-set", value="of %REQ(x-user)%"),
            HeaderValue(name="x-more", value="2", how=APPEND),
            HeaderValue(name="baggage", value="lane=other"),
        ),
        request_removed=("x-secret",),
        response_set=(HeaderValue(name="x-back", value="1"),),
        response_removed=("server",),
    )
    answer = b"HTTP/1.1 200 OK\r\nServer: s\r\nX-Back: 0\r\nContent-Length: 2\r\n\r\nok"
    headers = {"x-user": "7", "x-secret": "s", "X-More": "1"}
    with (
        rude(always(answer)) as server,
        hooked(plane_of(server, sent(changes=changes)), *caller.hooks),
    ):
        reply = caller.get("http://b/x", headers=headers)
    assert server.header("x-set") == "of 7"
    assert server.header("x-secret") is None
    assert server.header("baggage") is None
    raw = server.requests[-1].lower()
    assert b"x-more: 1, 2" in raw or (b"x-more: 1\r\n" in raw and b"x-more: 2\r\n" in raw)
    assert (reply.headers.get("server"), reply.headers["x-back"]) == (None, "1")


def test_a_host_is_rewritten(caller):
    route = sent(host=HostRewrite(literal="b.example"))
    with rude() as server, hooked(plane_of(server, route), *caller.hooks):
        caller.get("http://b/x")
    assert server.header("host") == "b.example"


def test_a_redirect_leads_the_client(caller):
    """It follows it as any other: the place it leads to is called by its routes."""
    away = Route(name=RULE, match=API, action=Redirect(code=307, path="/new"))
    with rude() as server, hooked(plane_of(server, away, sent()), *caller.hooks):
        assert caller.get("http://b/api/x?q=1").status == 200
    assert [line(server, of) for of in range(len(server.requests))] == ["GET /new?q=1 HTTP/1.1"]


def test_another_app_is_called_in_its_place(caller):
    """With a part of the calls; who called says `b`, as its host header does."""
    route = sent(API, clusters=(Weighted(cluster=C),))
    with rude() as server, rude() as other:
        with hooked(plane_of(server, route, sent(), other=other), *caller.hooks):
            caller.get("http://b/api")
            caller.get("http://b/x")
        assert (len(server.requests), len(other.requests)) == (1, 1)
        assert other.header("host") == "b"


def test_a_call_that_no_route_is_for_is_answered_with_404(caller):
    """As a proxy would: the list of routes is all that there is."""
    with rude() as server, hooked(plane_of(server, sent(API)), *caller.hooks):
        assert caller.get("http://b/x").status == 404
        assert caller.get("http://b/api").status == 200
    assert len(server.requests) == 1


def test_a_cluster_that_is_nobodys_answers_with_its_status(caller):
    """A backend of the Gateway API that is not there."""
    route = sent(clusters=(Weighted(cluster="invalid-backend"),), missing=500)
    with rude() as server, hooked(plane_of(server, route), *caller.hooks):
        assert caller.get("http://b/x").status == 500
    assert server.requests == []


def test_what_is_sent_is_what_routes_see(caller):
    """Path and query as they go over the wire, header values, the host that was written."""
    match = RouteMatch(
        path=PathMatch(kind="exact", value="/a%20b"),
        headers=(
            HeaderMatch(name=":authority", text=TextMatch(kind="exact", value="b.example")),
            HeaderMatch(name=":method", text=TextMatch(kind="exact", value="POST")),
            HeaderMatch(name="x-user", text=TextMatch(kind="prefix", value="an")),
        ),
        queries=(QueryMatch(name="q", text=TextMatch(kind="exact", value="1")),),
    )
    headers = {"host": "b.example", "X-User": "anna"}
    with rude() as server, hooked(plane_of(server, sent(match)), *caller.hooks):
        asked = caller.get("http://b/a%20b?q=1", headers=headers, method="POST", body=b"x")
        assert asked.status == 200
        assert caller.get("http://b/a%20b?q=2", headers=headers, method="POST").status == 404


def test_copies_go_beside_the_call(caller):
    """With method, path, headers and body, for a host that says what they are."""
    route = sent(mirrors=(Mirror(cluster=C),))
    headers = {"x-user": "7"}
    with (
        rude() as server,
        rude() as other,
        hooked(plane_of(server, route, other=other), *caller.hooks),
    ):
        reply = caller.get("http://b/x?q=1", method="POST", body=b"order", headers=headers)
        assert reply.text == "ok"
        until(lambda: len(other.requests) == 1)
    assert line(other) == "POST /x?q=1 HTTP/1.1"
    assert (other.header("host"), other.header("x-user")) == ("b-shadow", "7")
    assert other.requests[0].endswith(b"\r\n\r\norder")
    assert len(server.requests) == 1


def test_a_copy_that_nobody_takes_is_nobodys_loss(caller):
    """The mirror refuses connections: the call knows nothing of it."""
    route = sent(mirrors=(Mirror(cluster=C),))
    with rude() as gone:
        pass
    with rude() as server, hooked(plane_of(server, route, other=gone), *caller.hooks):
        assert [caller.get("http://b/x").status for _ in range(3)] == [200, 200, 200]
    assert len(server.requests) == 3


@pytest.mark.parametrize(("percent", "copies"), [(0, 0), (100, 3)])
def test_a_part_of_the_calls_is_copied(percent, copies):
    caller = CALLERS[0]
    route = sent(mirrors=(Mirror(cluster=C, fraction=Fraction(numerator=percent)),))
    with (
        rude() as server,
        rude() as other,
        hooked(plane_of(server, route, other=other), *caller.hooks),
    ):
        for _ in range(3):
            caller.get("http://b/x")
        until(lambda: len(other.requests) == copies)


def test_a_rewrite_is_made_once_however_often_a_call_is_sent(caller):
    """Each attempt starts from what the application wrote."""
    answers = iter((b"HTTP/1.1 503 no\r\nContent-Length: 0\r\n\r\n", OK))
    route = replace(sent(path=PathRewrite(prefix="/v2/")), retry=Retry(attempts=2, on=("5xx",)))
    with (
        rude(lambda one, peer: peer.sendall(next(answers))) as server,
        hooked(plane_of(server, route), *caller.hooks),
    ):
        assert caller.get("http://b/x").status == 200
    assert [line(server, of) for of in (0, 1)] == ["GET /v2/x HTTP/1.1"] * 2


def faults(planes: Iterable[Plane]) -> list[object]:
    return [one.counters.read().get("agent_faults") for one in planes]


def test_nothing_of_it_is_a_fault_of_ours(caller):
    """All of it at once."""
    changes = HeaderChanges(
        request_set=(HeaderValue(name="x-a", value="1"),),
        response_set=(HeaderValue(name="x-b", value="1"),),
    )
    route = sent(
        changes=changes,
        path=PathRewrite(full="/z"),
        host=HostRewrite(literal="h"),
        mirrors=(Mirror(cluster=C),),
    )
    with rude() as server:
        plane = plane_of(server, route)
        with hooked(plane, *caller.hooks):
            assert caller.get("http://b/x?q=1").headers["x-b"] == "1"
    assert line(server) in ("GET /z?q=1 HTTP/1.1", "GET /x?q=1 HTTP/1.1")
    assert faults([plane]) == [None]


def test_headers_that_a_connection_depends_on_are_left_alone(caller):
    """A length that a rule makes up would break the request, or the next one."""
    changes = HeaderChanges(request_set=(HeaderValue(name="content-length", value="3"),))
    with (
        rude() as server,
        hooked(plane_of(server, sent(changes=changes)), *caller.hooks),
    ):
        assert caller.get("http://b/x", method="POST", body=b"order").status == 200
    assert server.header("content-length") == "5"


def test_a_copy_says_its_lane_and_who_calls(caller):
    """What the copy causes is on the lane, too, and rules about callers know whose it is."""
    route = sent(mirrors=(Mirror(cluster=C),))
    with (
        rude() as server,
        rude() as other,
        hooked(plane_of(server, route, other=other), *caller.hooks),
        serving("gray"),
    ):
        caller.get("http://b/x")
        until(lambda: len(other.requests) == 1)
    assert "gray" in (other.header("baggage") or "")
    assert other.header(CALLER) == "a"
