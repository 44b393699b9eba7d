"""httpx calls apps by name on the lane of the request at hand; the application cannot tell."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import copy_context
from threading import Thread
from typing import Any

import httpx
import pytest

from fairlead.flow.call import Unreachable
from fairlead.instruments.libs import httpx as instrument
from fairlead.telemetry.names import AGENT_FAULTS
from tests.instruments.backend import Backend, backend, closed_port
from tests.instruments.plane import Plane, hooked, inner, serving


class Sync:
    """The sync client."""

    def __init__(self, **settings: Any) -> None:
        self.client = httpx.Client(**settings)

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        return self.client.request(method, url, **options)

    def send(self, request: httpx.Request) -> httpx.Response:
        return self.client.send(request)

    def read(self, url: str) -> bytes:
        with self.client.stream("GET", url) as response:
            return b"".join(response.iter_bytes())

    def close(self) -> None:
        self.client.close()


class Async:
    """The async client, driven from sync code."""

    def __init__(self, **settings: Any) -> None:
        self.client = httpx.AsyncClient(**settings)
        self.runner = asyncio.Runner()

    def _run(self, work: Any) -> Any:
        return self.runner.run(work, context=copy_context())

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        response: httpx.Response = self._run(self.client.request(method, url, **options))
        return response

    def send(self, request: httpx.Request) -> httpx.Response:
        response: httpx.Response = self._run(self.client.send(request))
        return response

    def read(self, url: str) -> bytes:
        async def read() -> bytes:
            async with self.client.stream("GET", url) as response:
                return b"".join([part async for part in response.aiter_bytes()])

        body: bytes = self._run(read())
        return body

    def close(self) -> None:
        self._run(self.client.aclose())
        self.runner.close()


Client = Sync | Async
Make = Callable[..., Client]


@pytest.fixture(params=[Sync, Async], ids=["sync", "async"])
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    made: list[Client] = []

    def client(**settings: Any) -> Client:
        made.append(request.param(**settings))
        return made[-1]

    yield client
    for one in made:
        one.close()


@pytest.fixture
def base() -> Iterator[Backend]:
    with backend("b") as one:
        yield one


@pytest.fixture
def gray() -> Iterator[Backend]:
    with backend("b-gray") as one:
        yield one


@pytest.fixture
def plane(base: Backend, gray: Backend) -> Iterator[Plane]:
    plane = Plane(inner({"b": {base.address: "", gray.address: "gray"}, "empty": {}}))
    with hooked(plane, "httpx"):
        yield plane


def test_a_call_goes_to_its_lane_and_the_app_sees_its_own_name(
    make: Make, plane: Plane, gray: Backend
) -> None:
    """Contract 6: rewriting shows neither in the Host header nor in the response."""
    with serving("gray"):
        response = make().request("GET", "http://B/x%20y?q=a%2Bb&r=#part")
    assert response.text == "b-gray"
    assert str(response.url) == "http://b/x%20y?q=a%2Bb&r=#part"
    assert gray.last.target == "/x%20y?q=a%2Bb&r="
    assert gray.last.header("host") == "b"
    assert gray.last.header("baggage") == "x-opensergo-traffic=gray"


def test_base_traffic_stays_on_base_and_carries_no_label(
    make: Make, plane: Plane, base: Backend
) -> None:
    """Contract 12: never a lane for base traffic."""
    client = make()
    with serving(""):
        names = {client.request("GET", "http://b/").text for _ in range(8)}
    assert names == {"b"}
    assert base.last.header("baggage") is None


def test_port_80_is_the_apps_and_any_other_is_not(make: Make, plane: Plane) -> None:
    """Contract 6: the port absent or 80."""
    client = make()
    with serving("gray"):
        assert client.request("GET", "http://b:80/").text == "b-gray"
        with pytest.raises(httpx.ConnectError):
            client.request("GET", "http://b.invalid:81/", timeout=5)


def test_a_full_name_is_the_same_app(make: Make, plane: Plane, gray: Backend) -> None:
    """Contract 6: `app.namespace` resolves, and stays the Host."""
    with serving("gray"):
        assert make().request("GET", "http://b.default/").text == "b-gray"
    assert gray.last.header("host") == "b.default"


def test_an_unknown_host_goes_on_untouched(make: Make, plane: Plane, base: Backend) -> None:
    """A label must not leave the mesh."""
    with serving("gray"):
        response = make().request("GET", f"http://{base.address}/")
    assert response.text == "b"
    assert base.last.header("baggage") is None


def test_other_members_of_the_baggage_stay(make: Make, plane: Plane, gray: Backend) -> None:
    """Contract 10: replace only our member, and put it first."""
    headers = {"Baggage": "user=1;p=2,x-opensergo-traffic=stale"}
    with serving("gray"):
        make().request("GET", "http://b/", headers=headers)
    assert gray.last.header("baggage") == "x-opensergo-traffic=gray,user=1;p=2"
    assert headers == {"Baggage": "user=1;p=2,x-opensergo-traffic=stale"}


def test_the_applications_request_is_not_changed(make: Make, plane: Plane) -> None:
    """It may be sent again, to somewhere else."""
    client = make()
    request = client.client.build_request("GET", "http://b/p?q=1", headers={"a": "b"})
    before = (str(request.url), list(request.headers.raw))
    with serving("gray"):
        assert client.send(request).request is request
    assert (str(request.url), list(request.headers.raw)) == before


def test_a_redirect_is_resolved_by_the_same_rule(
    make: Make, plane: Plane, base: Backend, gray: Backend
) -> None:
    """Contract 6: both by name and by path, and the history names the app."""
    client = make(follow_redirects=True)
    with serving("gray"):
        response = client.request("GET", "http://b/redirect?to=http%3A%2F%2Fb%2Fthere")
        relative = client.request("GET", "http://b/redirect?to=/here")
    assert (response.text, str(response.url)) == ("b-gray", "http://b/there")
    assert (relative.text, str(relative.url)) == ("b-gray", "http://b/here")
    assert [str(one.url.host) for one in response.history] == ["b"]
    assert base.seen == []


def test_a_cookie_belongs_to_the_app_not_to_the_instance(
    make: Make, plane: Plane, gray: Backend
) -> None:
    """Or a session would be lost with every other instance."""
    client = make()
    with serving("gray"):
        client.request("GET", "http://b/cookie")
        client.request("GET", "http://b/")
    assert gray.last.header("cookie") == "c=1"
    assert [cookie.domain for cookie in client.client.cookies.jar] == ["b.local"]


def test_a_streamed_answer_is_whole(make: Make, plane: Plane) -> None:
    """The pool's stream is handed on as it is."""
    with serving("gray"):
        assert make().read("http://b/stream") == b"".join(b"b-gray-%d;" % i for i in range(5))


def test_a_streamed_upload_arrives_whole(plane: Plane, gray: Backend) -> None:
    """A body that can be read once is read once."""

    async def parts() -> AsyncIterator[bytes]:
        for index in range(3):
            yield b"part%d" % index

    async def upload() -> str:
        async with httpx.AsyncClient() as client:
            return (await client.post("http://b/", content=parts())).text

    with serving("gray"):
        assert asyncio.run(upload(), debug=False) == "b-gray"
        sync = httpx.post("http://b/", content=(b"part%d" % index for index in range(3)))
    assert sync.text == "b-gray"
    assert [seen.body for seen in gray.seen] == [b"part0part1part2"] * 2


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "DELETE", "PUT"])
def test_every_method_is_passed_on(make: Make, plane: Plane, gray: Backend, method: str) -> None:
    """HEAD has no body to wait for; OPTIONS is what browsers ask first."""
    with serving("gray"):
        assert make().request(method, "http://b/x").status_code == 200
    assert gray.last.method == method


def test_credentials_in_the_url_are_sent(make: Make, plane: Plane, gray: Backend) -> None:
    """They are the application's, whoever answers."""
    with serving("gray"):
        make().request("GET", "http://user:secret@b/x")
    assert gray.last.header("authorization") == "Basic dXNlcjpzZWNyZXQ="


def test_a_refused_connection_is_tried_elsewhere(make: Make, base: Backend) -> None:
    """Contract 13: the lane first, then base; the caller notices nothing."""
    with closed_port() as dead:
        plane = Plane(inner({"b": {dead: "gray", base.address: ""}}))
        with hooked(plane, "httpx"), serving("gray"):
            assert make().request("POST", "http://b/", content=b"body").text == "b"
    assert base.last.body == b"body"
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


def test_lanes_share_no_connection(make: Make, plane: Plane, base: Backend, gray: Backend) -> None:
    """And a lane's own calls do share theirs."""
    client = make()
    for lane in ("gray", "", "gray", ""):
        with serving(lane):
            client.request("GET", "http://b/")
    assert {seen.connection for seen in gray.seen} == {1}
    assert {seen.connection for seen in base.seen} == {1}


def test_the_apps_name_wins_over_a_proxy_variable(
    make: Make, plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contract 6: a proxy cannot resolve it."""
    with closed_port() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://{proxy}")
        monkeypatch.setenv("ALL_PROXY", f"http://{proxy}")
        client = make()
        with serving("gray"):
            assert client.request("GET", "http://b/").text == "b-gray"
            with pytest.raises(httpx.ConnectError):
                client.request("GET", "http://elsewhere.invalid/")


def test_a_mounted_transport_is_the_applications_choice(plane: Plane) -> None:
    """It is no proxy: somebody put it there for this host."""
    stub = httpx.MockTransport(lambda request: httpx.Response(200, text="mounted"))
    with httpx.Client(mounts={"http://b": stub}) as client, serving("gray"):
        assert client.get("http://b/").text == "mounted"


def test_a_unix_socket_is_left_alone(plane: Plane, tmp_path: Any) -> None:
    """The transport says where it goes; no name is looked up."""
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nunix")

        thread = Thread(target=answer)
        thread.start()
        with httpx.Client(transport=httpx.HTTPTransport(uds=path)) as client, serving("gray"):
            assert client.get("http://b/").text == "unix"
        thread.join()


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


def test_a_process_that_only_passes_labels_on_labels_any_http_call(
    make: Make, base: Backend
) -> None:
    """It knows no app; without the label the chain would end in it."""
    plane = Plane()
    plane.propagation_only = True
    with hooked(plane, "httpx"), serving("gray"):
        response = make().request("GET", f"http://{base.address}/x")
    assert base.last.header("baggage") == "x-opensergo-traffic=gray"
    assert response.request.headers.get("baggage") is None


def test_the_first_call_waits_for_the_first_snapshot(make: Make, plane: Plane) -> None:
    """Contract 20: or the first calls would go to DNS."""
    plane.ready = False
    with serving("gray"):
        assert make().request("GET", "http://b/").text == "b-gray"
    assert plane.waited == 1


def test_a_fault_of_ours_lets_the_call_through(
    make: Make, plane: Plane, base: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F43: swallowed, counted, and the call goes on as if we were not there."""

    def broken(*_: object) -> None:
        raise RuntimeError("ours")

    for name in ("plan_for", "call_for"):
        with monkeypatch.context() as patch, serving("gray"):
            patch.setattr(instrument, name, broken)
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


def test_restoring_leaves_no_trace() -> None:
    """A guest that leaves takes everything along."""
    owners = (httpx.HTTPTransport, httpx.AsyncHTTPTransport, httpx.Client, httpx.AsyncClient)
    before = [dict(vars(owner)) for owner in owners]
    with hooked(Plane(), "httpx"):
        assert [dict(vars(owner)) for owner in owners] != before
    assert [dict(vars(owner)) for owner in owners] == before
