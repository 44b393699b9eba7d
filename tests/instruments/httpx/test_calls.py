"""httpx calls apps by name on the lane of the request at hand; the application cannot tell."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from threading import Thread
from typing import Any

import httpx
import pytest

from tests.instruments.backend import Backend, closed_port
from tests.instruments.httpx.clients import Make
from tests.instruments.plane import Plane, hooked, serving


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


def test_restoring_leaves_no_trace() -> None:
    """A guest that leaves takes everything along."""
    owners = (httpx.HTTPTransport, httpx.AsyncHTTPTransport, httpx.Client, httpx.AsyncClient)
    before = [dict(vars(owner)) for owner in owners]
    with hooked(Plane(), "httpx"):
        assert [dict(vars(owner)) for owner in owners] != before
    assert [dict(vars(owner)) for owner in owners] == before
