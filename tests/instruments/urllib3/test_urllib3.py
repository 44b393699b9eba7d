"""urllib3 calls apps by name on the lane of the request at hand; the application cannot tell."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import urllib3
from urllib3._collections import HTTPHeaderDict
from urllib3.connection import HTTPConnection
from urllib3.exceptions import (
    HostChangedError,
    MaxRetryError,
    NewConnectionError,
)

from fairlead.instruments.libs import urllib3 as instrument
from fairlead.telemetry.names import AGENT_FAULTS
from tests.instruments.backend import Backend, closed_port
from tests.instruments.plane import Plane, hooked, inner, serving


@pytest.fixture
def manager() -> Iterator[urllib3.PoolManager]:
    with urllib3.PoolManager() as manager:
        yield manager


def test_a_call_goes_to_its_lane_and_the_app_sees_its_own_name(
    manager: urllib3.PoolManager, plane: Plane, gray: Backend
) -> None:
    """Contract 6: rewriting shows neither in the Host header nor in the response."""
    with serving("gray"):
        response = manager.request("GET", "http://B/x%20y?q=a%2Bb&r=#part")
    assert response.data == b"b-gray"
    # urllib3 1.26 keeps the URL as it was written.
    assert response.geturl() in {"/x%20y?q=a%2Bb&r=", "http://B/x%20y?q=a%2Bb&r=#part"}
    assert gray.last.target == "/x%20y?q=a%2Bb&r="
    assert gray.last.header("host") == "b"
    assert gray.last.header("baggage") == "x-opensergo-traffic=gray"


def test_base_traffic_stays_on_base_and_carries_no_label(
    manager: urllib3.PoolManager, plane: Plane, base: Backend
) -> None:
    """Contract 12: never a lane for base traffic."""
    stale = {"baggage": "x-opensergo-traffic=gray"}
    with serving(""):
        names = {manager.request("GET", "http://b/", headers=stale).data for _ in range(8)}
    assert names == {b"b"}
    assert base.last.header("baggage") is None


def test_port_80_is_the_apps_and_any_other_is_not(
    manager: urllib3.PoolManager, plane: Plane, gray: Backend
) -> None:
    """Contract 6: the port absent or 80, and the Host header as urllib3 writes it."""
    with serving("gray"):
        assert manager.request("GET", "http://b:80/").data == b"b-gray"
        with pytest.raises(MaxRetryError):
            manager.request("GET", "http://b.invalid:81/", retries=0)
    assert gray.last.header("host") == "b"


def test_the_host_header_that_the_caller_gave_stays(
    manager: urllib3.PoolManager, plane: Plane, gray: Backend
) -> None:
    """It is the application's, once and as it was."""
    with serving("gray"):
        manager.request("GET", "http://b/", headers={"host": "Other:8"})
    assert gray.last.header("host") == "Other:8"


def test_what_reaches_the_app_is_what_would_have_without_us(
    manager: urllib3.PoolManager, plane: Plane, base: Backend
) -> None:
    """All headers, and their order; only the host differs, and who calls is told."""
    headers = {"a": "1", "User-Agent": "mine"}
    with serving(""):
        manager.request("POST", "http://b/p?q", body=b"x", headers=headers)
        manager.request("POST", f"http://{base.address}/p?q", body=b"x", headers=headers)
    ours, plain = base.seen
    expected = [(name, "b" if name.lower() == "host" else value) for name, value in plain.headers]
    expected.append(("fairlead-caller", "a"))
    assert (ours.headers, ours.target, ours.body) == (expected, plain.target, plain.body)


def test_a_full_name_is_the_same_app(
    manager: urllib3.PoolManager, plane: Plane, gray: Backend
) -> None:
    """Contract 6: `app.namespace` resolves, and stays the Host."""
    with serving("gray"):
        assert manager.request("GET", "http://b.default/").data == b"b-gray"
    assert gray.last.header("host") == "b.default"


def test_an_unknown_host_goes_on_untouched(
    manager: urllib3.PoolManager, plane: Plane, base: Backend
) -> None:
    """A label must not leave the mesh."""
    with serving("gray"):
        response = manager.request("GET", f"http://{base.address}/")
    assert response.data == b"b"
    assert base.last.header("baggage") is None


@pytest.mark.parametrize("kind", [dict, HTTPHeaderDict])
def test_other_members_of_the_baggage_stay(
    manager: urllib3.PoolManager, plane: Plane, gray: Backend, kind: Callable[[Any], Any]
) -> None:
    """Contract 10: replace only our member, put it first, and leave the caller's headers alone."""
    written = {"Baggage": "user=1;p=2,x-opensergo-traffic=stale"}
    headers = kind(written)
    with serving("gray"):
        manager.request("GET", "http://b/", headers=headers)
    assert gray.last.header("baggage") == "x-opensergo-traffic=gray,user=1;p=2"
    assert headers == kind(written)


def test_headers_of_the_manager_are_sent_too(plane: Plane, gray: Backend) -> None:
    """They are used where a call brings none."""
    with urllib3.PoolManager(headers={"a": "1", "baggage": "user=1"}) as manager:
        with serving("gray"):
            manager.request("GET", "http://b/")
        assert manager.headers == {"a": "1", "baggage": "user=1"}
    assert gray.last.header("a") == "1"
    assert gray.last.header("baggage") == "x-opensergo-traffic=gray,user=1"


def test_a_redirect_is_resolved_by_the_same_rule(
    manager: urllib3.PoolManager, plane: Plane, base: Backend, gray: Backend
) -> None:
    """Contract 6: by name, by path and to elsewhere."""
    away = f"http://{base.address}/away"
    with serving("gray"):
        absolute = manager.request("GET", "http://b/redirect?to=http%3A%2F%2Fb%2Fthere")
        relative = manager.request("GET", "http://b/redirect?to=/here")
        assert base.seen == []
        other = manager.request("GET", "http://b/redirect", fields={"to": away})
    assert (absolute.data, absolute.geturl()) == (b"b-gray", "http://b/there")
    assert (relative.data, relative.geturl()) == (b"b-gray", "/here")
    assert (other.data, other.geturl()) == (b"b", away)
    assert base.last.header("baggage") is None


def test_a_bare_pool_follows_redirects_of_its_own_host_only(plane: Plane, base: Backend) -> None:
    """As without us: it compares the app's name."""
    with urllib3.HTTPConnectionPool("b") as pool, serving("gray"):
        assert pool.request("GET", "/redirect?to=http%3A%2F%2Fb%2Fthere").data == b"b-gray"
        assert pool.request("GET", "/redirect?to=/here").data == b"b-gray"
        with pytest.raises(HostChangedError):
            pool.request("GET", f"/redirect?to=http://{base.address}/")


def test_a_redirect_is_resolved_anew(plane: Plane, base: Backend) -> None:
    """It finds another instance when the first is gone since."""
    with closed_port() as dead, urllib3.HTTPConnectionPool("b") as pool:
        plane.engine.apply(inner({"b": {base.address: "", dead: "gray"}}))
        with serving("gray"):
            assert pool.request("GET", "/redirect?to=/here").data == b"b"
    assert [seen.target for seen in base.seen] == ["/redirect?to=/here", "/here"]


def test_a_streamed_answer_is_whole_and_gives_its_connection_back(
    manager: urllib3.PoolManager, plane: Plane, gray: Backend
) -> None:
    """It is read after the call; the connection goes where it came from."""
    with serving("gray"):
        for _ in range(2):
            response = manager.request("GET", "http://b/stream", preload_content=False)
            assert b"".join(response.stream(7)) == b"".join(b"b-gray-%d;" % i for i in range(5))
            response.release_conn()
    assert {seen.connection for seen in gray.seen} == {1}


def test_a_streamed_upload_arrives_whole(
    manager: urllib3.PoolManager, plane: Plane, gray: Backend
) -> None:
    """A body that can be read once is read once."""
    parts = (b"part%d" % index for index in range(3))
    with serving("gray"):
        manager.urlopen("POST", "http://b/", body=parts, chunked=True)
        manager.urlopen("POST", "http://b/", body=io.BytesIO(b"file"))
    assert [seen.body for seen in gray.seen] == [b"part0part1part2", b"file"]


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "DELETE", "PUT"])
def test_every_method_is_passed_on(
    manager: urllib3.PoolManager, plane: Plane, gray: Backend, method: str
) -> None:
    """HEAD has no body to wait for; OPTIONS is what browsers ask first."""
    with serving("gray"):
        assert manager.request(method, "http://b/x").status == 200
    assert gray.last.method == method


def test_a_connection_that_finds_its_own_way_is_left_alone(plane: Plane) -> None:
    """To a Unix socket or a recording: it says where it goes, and no name is looked up."""
    ours, theirs = socket.socketpair()
    with ours, theirs, urllib3.HTTPConnectionPool("b", retries=False) as pool:

        class Connection(HTTPConnection):
            def connect(self) -> None:
                self.sock = ours

        pool.ConnectionCls = Connection
        theirs.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nunix")
        with serving("gray"):
            assert pool.request("GET", "/").data == b"unix"


def test_a_proxy_of_urllib3s_own_is_the_applications_choice(plane: Plane, base: Backend) -> None:
    """It was asked for by name: no variable makes one."""
    with urllib3.ProxyManager(f"http://{base.address}") as proxy, serving("gray"):
        assert proxy.request("GET", "http://b/x").data == b"b"
    assert base.last.target == "http://b/x"


def test_a_process_that_only_passes_labels_on_labels_any_http_call(
    manager: urllib3.PoolManager, base: Backend
) -> None:
    """It knows no app; without the label the chain would end in it."""
    plane = Plane()
    plane.propagation_only = True
    headers = {"Baggage": "user=1"}
    with hooked(plane, "urllib3"), serving("gray"):
        manager.request("GET", f"http://{base.address}/x", headers=headers)
    assert base.last.header("baggage") == "x-opensergo-traffic=gray,user=1"
    assert headers == {"Baggage": "user=1"}


def test_the_first_call_waits_for_the_first_snapshot(
    manager: urllib3.PoolManager, plane: Plane
) -> None:
    """Contract 20: or the first calls would go to DNS."""
    plane.ready = False
    with serving("gray"):
        assert manager.request("GET", "http://b/").data == b"b-gray"
    assert plane.waited == 1


@pytest.mark.parametrize("name", ["_kinds", "call_for"])
def test_a_fault_of_ours_lets_the_call_through(
    manager: urllib3.PoolManager, plane: Plane, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Swallowed, counted, and the call goes on as if we were not there."""

    def broken(*_: object) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr(instrument, name, broken)
    with serving("gray"), pytest.raises(NewConnectionError):
        manager.request("GET", "http://b/", retries=False)
    assert plane.counted(AGENT_FAULTS) == {"urllib3": 1}


def test_a_fault_while_aiming_lets_the_call_through(
    manager: urllib3.PoolManager, plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also a fault inside the flow: the name is looked up as if we were not there."""

    def broken(*_: object) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr(instrument, "endpoint", broken)
    with serving("gray"), pytest.raises(NewConnectionError):
        manager.request("GET", "http://b/", retries=False)
    assert plane.counted(AGENT_FAULTS) == {"urllib3": 1}


def test_a_version_that_is_made_otherwise_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it is reported as failed, and nothing is hooked."""
    monkeypatch.setattr(HTTPConnection, "_new_conn", lambda self: None)
    before = dict(vars(urllib3.HTTPConnectionPool))
    with pytest.raises(TypeError, match="urllib3"), hooked(Plane(), "urllib3"):
        pass
    assert dict(vars(urllib3.HTTPConnectionPool)) == before


def test_restoring_leaves_no_trace() -> None:
    """A guest that leaves takes everything along."""
    before = dict(vars(urllib3.HTTPConnectionPool))
    with hooked(Plane(), "urllib3"):
        assert dict(vars(urllib3.HTTPConnectionPool)) != before
    assert dict(vars(urllib3.HTTPConnectionPool)) == before
