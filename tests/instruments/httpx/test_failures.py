"""What httpx callers see when instances refuse, die, or when our own code fails."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from fairlead.flow.call import Unreachable
from fairlead.instruments.libs import httpx as instrument
from fairlead.telemetry.names import AGENT_FAULTS
from tests.instruments.backend import Backend, closed_port, silent_port
from tests.instruments.httpx.clients import Make
from tests.instruments.plane import Plane, hooked, inner, serving


def test_a_refused_connection_is_tried_elsewhere(make: Make, base: Backend) -> None:
    """Contract 13: the lane first, then base; the caller notices nothing."""
    with closed_port() as dead:
        plane = Plane(inner({"b": {dead: "gray", base.address: ""}}))
        with hooked(plane, "httpx"), serving("gray"):
            assert make().request("POST", "http://b/", content=b"body").text == "b"
    assert base.last.body == b"body"
    assert base.last.header("baggage") == "x-opensergo-traffic=gray"


def test_a_connection_that_is_not_made_in_time_is_tried_elsewhere(
    make: Make, base: Backend
) -> None:
    """Contract 13: nothing was sent. The machine of the only gray instance may be gone."""
    with silent_port() as lost:
        plane = Plane(inner({"b": {lost: "gray", base.address: ""}}))
        timeout = httpx.Timeout(5.0, connect=0.2)
        with hooked(plane, "httpx"), serving("gray"):
            assert make(timeout=timeout).request("POST", "http://b/").text == "b"
    assert base.last.header("baggage") == "x-opensergo-traffic=gray"


def test_when_all_refuse_the_librarys_error_is_raised(make: Make) -> None:
    """`except httpx.ConnectError` in the application still works."""
    with closed_port() as dead:
        plane = Plane(inner({"b": {dead: ""}}))
        with hooked(plane, "httpx"), serving(""), pytest.raises(httpx.ConnectError) as raised:
            make().request("GET", "http://b/")
    assert raised.value.request.url.host == "b"


def test_an_app_without_an_endpoint_is_a_connect_error_that_names_it(
    make: Make, plane: Plane
) -> None:
    """Contract 6: the library's own error, naming app and lane, with ours as its cause."""
    with serving("gray"), pytest.raises(httpx.ConnectError, match="'empty' for lane 'gray'") as got:
        make().request("GET", "http://empty/")
    assert isinstance(got.value.__cause__, Unreachable)
    assert got.value.request.url.host == "empty"


def test_an_idempotent_call_is_repeated_when_its_pooled_connection_died(
    make: Make, plane: Plane, gray: Backend
) -> None:
    """Contract 13: once, and only where the connection had worked before."""
    client = make()
    with serving("gray"):
        client.request("GET", "http://b/first")
        gray.drop_next = 1
        assert client.request("PUT", "http://b/second", content=b"x").text == "b-gray"
    assert [seen.target for seen in gray.seen] == ["/first", "/second", "/second"]
    assert gray.last.body == b"x"


def test_a_post_is_not_repeated_when_its_pooled_connection_died(
    make: Make, plane: Plane, gray: Backend
) -> None:
    """The other side may have begun to serve it."""
    client = make()
    with serving("gray"):
        client.request("GET", "http://b/first")
        gray.drop_next = 1
        with pytest.raises(httpx.RemoteProtocolError):
            client.request("POST", "http://b/second", content=b"x")
    assert len(gray.seen) == 2


def test_a_fresh_connection_that_dies_is_the_callers_to_judge(
    make: Make, plane: Plane, gray: Backend
) -> None:
    """Nothing says that it was idle when it died."""
    gray.drop_next = 1
    with serving("gray"), pytest.raises(httpx.RemoteProtocolError):
        make().request("GET", "http://b/")
    assert len(gray.seen) == 1


def test_a_timeout_is_raised_and_not_repeated(make: Make, plane: Plane, gray: Backend) -> None:
    """Trying again would double the wait that the caller bounded."""
    with serving("gray"), pytest.raises(httpx.ReadTimeout):
        make().request("GET", "http://b/wait", timeout=0.1)
    assert len(gray.seen) == 1


def test_a_cancelled_call_leaves_the_pool_usable(plane: Plane, gray: Backend) -> None:
    """Cancelling is how asyncio programs time out."""

    async def work() -> str:
        async with httpx.AsyncClient(limits=httpx.Limits(max_connections=1)) as client:
            task = asyncio.create_task(client.get("http://b/wait"))
            while not gray.seen:  # noqa: ASYNC110 - the server is a thread
                await asyncio.sleep(0.005)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return (await client.get("http://b/")).text

    with serving("gray"):
        assert asyncio.run(work()) == "b-gray"


def test_a_fault_of_ours_lets_the_call_through(
    make: Make, plane: Plane, base: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F43: swallowed, counted, and the call goes on as if we were not there."""

    def broken(*_: object) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr(instrument, "call_for", broken)
    with serving("gray"):
        assert make().request("GET", f"http://{base.address}/").status_code == 200
    assert plane.counted(AGENT_FAULTS) == {"httpx": 1}


def test_a_fault_while_aiming_lets_the_call_through(
    make: Make, plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also a fault inside the flow: the name is looked up as if we were not there."""

    def broken(*_: object) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr(instrument, "_at", broken)
    with serving("gray"), pytest.raises(httpx.ConnectError):
        make().request("GET", "http://b/")
    assert plane.counted(AGENT_FAULTS) == {"httpx": 1}
