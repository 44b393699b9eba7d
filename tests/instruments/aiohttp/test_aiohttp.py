"""aiohttp calls apps by name on the lane of the request at hand; the application cannot tell."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp.connector import BaseConnector, TCPConnector
from multidict import CIMultiDict

from fairlead.flow.call import Unreachable
from fairlead.telemetry.names import AGENT_FAULTS
from tests.instruments.backend import Backend, closed_port, silent_port
from tests.instruments.plane import Plane, hooked, inner, serving


def ask(url: str, method: str = "GET", **options: Any) -> tuple[aiohttp.ClientResponse, str]:
    """Make one request with a session of its own; return response and text."""

    async def main() -> tuple[aiohttp.ClientResponse, str]:
        async with session() as client, client.request(method, url, **options) as response:
            return response, await response.text()

    return asyncio.run(main())


@asynccontextmanager
async def session(**settings: Any) -> AsyncIterator[aiohttp.ClientSession]:
    settings.setdefault("timeout", aiohttp.ClientTimeout(total=10))
    async with aiohttp.ClientSession(**settings) as client:
        yield client


def test_a_call_goes_to_its_lane_and_the_app_sees_its_own_name(plane: Plane, gray: Backend):
    """Contract 6: rewriting shows neither in the Host header nor in the response."""
    with serving("gray"):
        response, text = ask("http://B/x%20y?q=a%2Bb&r=")
    assert text == "b-gray"
    assert str(response.url) == "http://b/x%20y?q=a%2Bb&r="
    assert str(response.request_info.url) == "http://b/x%20y?q=a%2Bb&r="
    assert gray.last.target == "/x%20y?q=a%2Bb&r="
    assert gray.last.header("host") == "b"
    assert gray.last.header("baggage") == "x-opensergo-traffic=gray"


def test_base_traffic_stays_on_base_and_carries_no_label(plane: Plane, base: Backend):
    """Contract 12: never a lane for base traffic."""
    with serving(""):
        assert {ask("http://b/")[1] for _ in range(4)} == {"b"}
    assert base.last.header("baggage") is None


@pytest.mark.parametrize("url", ["http://b:80/", "http://b.default/"])
def test_the_ways_to_write_an_app(plane: Plane, url: str):
    """Contract 6: the port absent or 80, `app` or `app.namespace`."""
    with serving("gray"):
        assert ask(url)[1] == "b-gray"


@pytest.mark.parametrize("url", ["http://b:81/", "http://b.other/", "https://b/"])
def test_an_unknown_host_goes_on_untouched(plane: Plane, url: str):
    """It is looked up, and fails, as without us."""
    with serving("gray"), pytest.raises(aiohttp.ClientConnectorError) as raised:
        ask(url)
    assert "fairlead" not in str(raised.value)


def test_a_raw_address_carries_no_label(plane: Plane, base: Backend):
    """A label must not leave the mesh."""
    with serving("gray"):
        assert ask(f"http://{base.address}/")[1] == "b"
    assert base.last.header("baggage") is None


def test_other_members_of_the_baggage_stay(plane: Plane, gray: Backend):
    """Contract 10: replace only our member, and put it first."""
    headers = {"Baggage": "user=1;p=2,x-opensergo-traffic=stale"}
    with serving("gray"):
        ask("http://b/", headers=headers)
    assert gray.last.header("baggage") == "x-opensergo-traffic=gray,user=1;p=2"
    assert headers == {"Baggage": "user=1;p=2,x-opensergo-traffic=stale"}


def test_baggage_in_several_headers_stays(plane: Plane, gray: Backend):
    """Contract 10: two writers may add a header each; both members are theirs to keep."""
    headers = CIMultiDict([("baggage", "user=1"), ("baggage", "x-opensergo-traffic=x,tenant=2")])
    with serving("gray"):
        ask("http://b/", headers=headers)
    assert gray.last.header("baggage") == "x-opensergo-traffic=gray,user=1,tenant=2"


@pytest.mark.parametrize("target", ["http://b/there", "/there"])
def test_a_redirect_is_resolved_by_the_same_rule(plane: Plane, gray: Backend, target: str):
    """Contract 6: by name and by path, and the history names the app."""
    with serving("gray"):
        response, text = ask("http://b/redirect", params={"to": target})
    assert text == "b-gray"
    assert str(response.url) == "http://b/there"
    assert response.history[0].url.host == "b"
    assert gray.last.target == "/there"


def test_a_redirect_out_of_the_mesh_takes_no_label_along(plane: Plane, base: Backend):
    """The header belongs to the hop, not to the application's request."""
    with serving("gray"):
        ask("http://b/redirect", params={"to": f"http://{base.address}/out"})
    assert base.last.target == "/out"
    assert base.last.header("baggage") is None


def test_a_cookie_belongs_to_the_app_not_to_the_instance(plane: Plane, base: Backend):
    """Or a session would be lost with every other instance."""

    async def main() -> None:
        async with session() as client:
            with serving("gray"):
                await (await client.get("http://b/cookie")).read()
            with serving(""):
                await (await client.get("http://b/")).read()

    asyncio.run(main())
    assert base.last.header("cookie") == "c=1"


def test_bodies_pass_whole(plane: Plane, gray: Backend):
    """Both ways, streamed."""

    async def parts() -> AsyncIterator[bytes]:
        for index in range(3):
            yield b"part-%d;" % index

    with serving("gray"):
        assert ask("http://b/stream")[1] == "".join(f"b-gray-{i};" for i in range(5))
        ask("http://b/", "POST", data=parts())
    assert gray.last.body == b"part-0;part-1;part-2;"


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
def test_every_method_is_passed_on(plane: Plane, gray: Backend, method: str):
    """HEAD has no body to wait for; OPTIONS is what browsers ask first."""
    with serving("gray"):
        assert ask("http://b/x", method)[0].status == 200
    assert gray.last.method == method


def test_a_refused_connection_is_tried_elsewhere(base: Backend):
    """Contract 13: the lane first, then base; the caller notices nothing."""
    with closed_port() as dead:
        plane = Plane(inner({"b": {dead: "gray", base.address: ""}}))
        with hooked(plane, "aiohttp"), serving("gray"):
            assert ask("http://b/")[1] == "b"
    assert base.last.header("baggage") == "x-opensergo-traffic=gray"


def test_a_connection_that_is_not_made_in_time_is_tried_elsewhere(base: Backend):
    """Contract 13: nothing was sent. The machine of the only gray instance may be gone."""
    timeout = aiohttp.ClientTimeout(total=10, sock_connect=0.2)
    with silent_port() as lost:
        plane = Plane(inner({"b": {lost: "gray", base.address: ""}}))
        with hooked(plane, "aiohttp"), serving("gray"):
            assert ask("http://b/", "POST", timeout=timeout)[1] == "b"
    assert base.last.header("baggage") == "x-opensergo-traffic=gray"


def test_the_callers_own_time_is_not_spent_elsewhere(base: Backend):
    """It ends the whole call, wherever the call is at the time."""
    with silent_port() as lost:
        plane = Plane(inner({"b": {lost: "gray", base.address: ""}}))
        with hooked(plane, "aiohttp"), serving("gray"), pytest.raises(TimeoutError):
            ask("http://b/", timeout=aiohttp.ClientTimeout(total=0.2))
    assert not base.seen


def test_when_all_refuse_the_librarys_error_is_raised():
    """`except aiohttp.ClientConnectorError` in the application still works."""
    with closed_port() as dead:
        plane = Plane(inner({"b": {dead: ""}}))
        with hooked(plane, "aiohttp"), pytest.raises(aiohttp.ClientConnectorError):
            ask("http://b/")


def test_an_app_without_an_endpoint_is_a_connect_error_that_names_it(plane: Plane):
    """Contract 6: the library's own error, naming app and lane, with ours as its cause."""
    pattern = "'empty' for lane 'gray'"
    with serving("gray"), pytest.raises(aiohttp.ClientConnectorError, match=pattern) as raised:
        ask("http://empty/")
    assert isinstance(raised.value.__cause__, Unreachable)


def test_an_idempotent_call_is_repeated_when_its_kept_connection_died(plane: Plane, gray: Backend):
    """Contract 13, which aiohttp keeps by itself."""
    assert asyncio.run(_twice(gray, "GET")) == "b-gray"


def test_a_post_is_not_repeated(plane: Plane, gray: Backend):
    """The other side may have begun to serve it."""
    with pytest.raises(aiohttp.ServerDisconnectedError):
        asyncio.run(_twice(gray, "POST"))


async def _twice(gray: Backend, method: str) -> str:
    async with session() as client:
        with serving("gray"):
            await (await client.get("http://b/")).read()
            gray.drop_next = 1
            return await (await client.request(method, "http://b/")).text()


def test_lanes_share_no_connection(plane: Plane, base: Backend, gray: Backend):
    """And a lane's own calls do share theirs."""

    async def main() -> None:
        async with session() as client:
            for lane in ("gray", "", "gray", ""):
                with serving(lane):
                    await (await client.get("http://b/")).read()

    asyncio.run(main())
    assert (base.connections, gray.connections) == (1, 1)


def test_the_apps_name_wins_over_a_proxy_variable(plane: Plane, monkeypatch: pytest.MonkeyPatch):
    """Contract 6: a proxy cannot resolve it."""

    async def main() -> str:
        async with session(trust_env=True) as client:
            return await (await client.get("http://b/x")).text()

    with closed_port() as proxy, serving("gray"):
        monkeypatch.setenv("http_proxy", f"http://{proxy}")
        assert asyncio.run(main()) == "b-gray"


def test_calls_at_the_same_time_keep_their_lanes(plane: Plane):
    """One session serves many requests at once."""

    async def call(client: aiohttp.ClientSession, lane: str) -> bool:
        with serving(lane):
            await asyncio.sleep(0)
            text = await (await client.get("http://b/")).text()
        return text == ("b-gray" if lane else "b")

    async def main() -> list[bool]:
        async with session() as client:
            return await asyncio.gather(*(call(client, lane) for lane in ["gray", ""] * 40))

    assert all(asyncio.run(main()))


def test_a_cancelled_call_leaves_the_pool_usable(plane: Plane, gray: Backend):
    """Cancelling is how asyncio programs time out."""

    async def main() -> str:
        async with session(connector=aiohttp.TCPConnector(limit=1)) as client:
            with serving("gray"):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await client.get("http://b/wait")
                return await (await client.get("http://b/")).text()

    assert asyncio.run(main()) == "b-gray"


def test_a_process_that_only_passes_labels_on_labels_any_http_call(base: Backend):
    """It knows no app; without the label the chain would end in it."""
    plane = Plane()
    plane.propagation_only = True
    with hooked(plane, "aiohttp"), serving("gray"):
        ask(f"http://{base.address}/")
    assert base.last.header("baggage") == "x-opensergo-traffic=gray"


def test_a_fault_of_ours_lets_the_call_through(
    plane: Plane, base: Backend, monkeypatch: pytest.MonkeyPatch
):
    """F43: swallowed, counted, and the call goes on as if we were not there."""
    monkeypatch.setattr("fairlead.instruments.libs.aiohttp.call_for", None)
    assert ask(f"http://{base.address}/")[1] == "b"
    assert plane.counted(AGENT_FAULTS) == {"aiohttp": 1}


def test_restoring_leaves_no_trace():
    """A guest that leaves takes everything along."""
    before = [dict(vars(owner)) for owner in (TCPConnector, BaseConnector)]
    with hooked(Plane(), "aiohttp"):
        assert "connect" in vars(TCPConnector)
    assert [dict(vars(owner)) for owner in (TCPConnector, BaseConnector)] == before
