"""requests calls apps by name on the lane of the request at hand; the application cannot tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.sessions import SessionRedirectMixin
from urllib3.util.retry import Retry

from fairlead.instruments.libs import requests as instrument
from fairlead.telemetry.names import AGENT_FAULTS
from tests.instruments.backend import Backend, closed_port
from tests.instruments.plane import Plane, hooked, inner, serving


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def test_a_call_goes_to_its_lane_and_the_app_sees_its_own_name(
    session: requests.Session, plane: Plane, gray: Backend
) -> None:
    """Contract 6: rewriting shows neither in the Host header nor in request and response."""
    with serving("gray"):
        response = session.get("http://b/x%20y?q=a%2Bb&r=#part")
    assert response.text == "b-gray"
    assert response.url == response.request.url == "http://b/x%20y?q=a%2Bb&r=#part"
    assert "baggage" not in response.request.headers
    assert gray.last.target == "/x%20y?q=a%2Bb&r="
    assert gray.last.header("host") == "b"
    assert gray.last.header("baggage") == "x-opensergo-traffic=gray"


def test_names_ignore_case_and_port_80_is_the_apps(
    session: requests.Session, plane: Plane, gray: Backend
) -> None:
    """Contract 6: and the Host header stays as requests writes it."""
    with serving("gray"):
        assert session.get("http://B/").text == "b-gray"
        assert session.get("http://b:80/").text == "b-gray"
    assert [seen.header("host") for seen in gray.seen] == ["b", "b"]


def test_other_members_of_the_baggage_stay(
    session: requests.Session, plane: Plane, gray: Backend
) -> None:
    """Contract 10: replace only our member; the session's headers are sent again elsewhere."""
    session.headers["Baggage"] = "user=1;p=2,x-opensergo-traffic=stale"
    with serving("gray"):
        response = session.get("http://b/")
    assert gray.last.header("baggage") == "x-opensergo-traffic=gray,user=1;p=2"
    assert response.request.headers["baggage"] == "user=1;p=2,x-opensergo-traffic=stale"


def test_a_redirect_is_resolved_by_the_same_rule(
    session: requests.Session, plane: Plane, base: Backend
) -> None:
    """Contract 6: both by name and by path, and the history names the app."""
    with serving("gray"):
        response = session.get("http://b/redirect?to=http%3A%2F%2Fb%2Fthere")
        relative = session.get("http://b/redirect?to=/here")
    assert (response.text, response.url) == ("b-gray", "http://b/there")
    assert (relative.text, relative.url) == ("b-gray", "http://b/here")
    assert [one.url for one in relative.history] == ["http://b/redirect?to=/here"]
    assert base.seen == []


def test_a_cookie_belongs_to_the_app_not_to_the_instance(
    session: requests.Session, plane: Plane, gray: Backend
) -> None:
    """Or a session would be lost with every other instance."""
    with serving("gray"):
        session.get("http://b/cookie")
        session.get("http://b/")
    assert gray.last.header("cookie") == "c=1"
    assert [cookie.domain for cookie in session.cookies] == ["b.local"]


def test_streams_are_whole_both_ways(
    session: requests.Session, plane: Plane, gray: Backend
) -> None:
    """A body that can be read once is read once."""
    parts = (b"part%d" % index for index in range(3))
    with serving("gray"):
        assert session.post("http://b/", data=parts).text == "b-gray"
        with session.get("http://b/stream", stream=True) as response:
            answer = b"".join(response.iter_content(7))
    assert gray.seen[0].body == b"part0part1part2"
    assert answer == b"".join(b"b-gray-%d;" % index for index in range(5))
    assert {seen.connection for seen in gray.seen} == {1}


def test_lanes_share_no_connection(
    session: requests.Session, plane: Plane, base: Backend, gray: Backend
) -> None:
    """And a lane's own calls do share theirs."""
    for lane in ("gray", "", "gray", ""):
        with serving(lane):
            session.get("http://b/")
    assert {seen.connection for seen in gray.seen} == {1}
    assert {seen.connection for seen in base.seen} == {1}


def test_a_refused_connection_is_tried_elsewhere(session: requests.Session, base: Backend) -> None:
    """Contract 13: the lane first, then base; requests itself would not try again."""
    with closed_port() as dead:
        plane = Plane(inner({"b": {dead: "gray", base.address: ""}}))
        with hooked(plane, "urllib3", "requests"), serving("gray"):
            assert session.post("http://b/", data=b"body").text == "b"
    assert base.last.body == b"body"


@pytest.mark.parametrize("retries", [0, Retry(1), Retry(connect=0)])
def test_an_app_without_an_endpoint_is_a_connect_error_that_names_it(
    session: requests.Session, plane: Plane, retries: Any
) -> None:
    """Contract 6: whatever the adapter does about retries."""
    session.mount("http://", HTTPAdapter(max_retries=retries))
    with (
        serving("gray"),
        pytest.raises(requests.ConnectionError, match="'empty' for lane 'gray'") as got,
    ):
        session.get("http://empty/")
    assert got.value.request is not None
    assert got.value.request.url == "http://empty/"


def test_when_all_refuse_the_librarys_error_is_raised(session: requests.Session) -> None:
    """`except requests.ConnectionError` in the application still works."""
    with closed_port() as dead:
        plane = Plane(inner({"b": {dead: ""}}))
        with (
            hooked(plane, "urllib3", "requests"),
            serving(""),
            pytest.raises(requests.ConnectionError, match=r"host='b'.*refused"),
        ):
            session.get("http://b/")


def test_a_pooled_connection_that_died_is_repeated_for_idempotent_methods_only(
    session: requests.Session, plane: Plane, gray: Backend
) -> None:
    """Contract 13; requests itself would not try again."""
    with serving("gray"):
        session.get("http://b/first")
        gray.drop_next = 1
        assert session.put("http://b/put", data=b"x").text == "b-gray"
        gray.drop_next = 1
        with pytest.raises(requests.ConnectionError):
            session.post("http://b/post", data=b"x")
    assert [seen.target for seen in gray.seen] == ["/first", "/put", "/put", "/post"]


def test_a_timeout_is_raised_and_not_repeated(
    session: requests.Session, plane: Plane, gray: Backend
) -> None:
    """Trying again would double the wait that the caller bounded."""
    with serving("gray"), pytest.raises(requests.ReadTimeout):
        session.get("http://b/wait", timeout=(1, 0.1))
    assert len(gray.seen) == 1


def test_the_apps_name_wins_over_every_proxy(
    session: requests.Session, plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contract 6: a proxy cannot resolve it, whether a variable, a session or a call names it."""
    with closed_port() as address:
        proxies = {"http": f"http://{address}"}
        with serving("gray"):
            assert session.get("http://b/", proxies=proxies).text == "b-gray"
            monkeypatch.setenv("HTTP_PROXY", proxies["http"])
            monkeypatch.setenv("ALL_PROXY", proxies["http"])
            assert session.get("http://b/").text == "b-gray"
            session.proxies.update(proxies)
            assert session.get("http://b/redirect?to=/x").text == "b-gray"
            with pytest.raises(requests.exceptions.ProxyError):
                session.get("http://elsewhere.invalid/")


def test_the_proxys_password_is_not_sent_to_the_app(
    session: requests.Session, plane: Plane, gray: Backend
) -> None:
    """A session adds it to the request when it follows a redirect."""
    proxies = {"http": "http://user:secret@proxy.invalid:3128"}
    with serving("gray"):
        assert session.get("http://b/redirect?to=/x", proxies=proxies).text == "b-gray"
    assert [seen.header("proxy-authorization") for seen in gray.seen] == [None, None]


def test_a_mounted_adapter_is_the_applications_choice(
    session: requests.Session, plane: Plane
) -> None:
    """Somebody put it there for this host."""

    class Stub(BaseAdapter):
        def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> Any:
            response = requests.Response()
            response.status_code = 299
            response.request = request
            return response

        def close(self) -> None:
            """Nothing is open."""

    session.mount("http://b", Stub())
    with serving("gray"):
        assert session.get("http://b/").status_code == 299


def test_a_fault_of_ours_leaves_the_proxy_to_requests(
    session: requests.Session, plane: Plane, base: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Swallowed, counted, and the call goes on as if we were not there."""

    def broken(*_: object) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr(instrument, "plan_for", broken)
    with serving("gray"):
        response = session.get("http://b/x", proxies={"http": f"http://{base.address}"})
    assert response.text == "b"
    assert base.last.target == "http://b/x"
    assert plane.counted(AGENT_FAULTS) == {"requests": 1}


def test_a_version_with_other_arguments_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it is reported as failed, and nothing is hooked."""
    monkeypatch.setattr(HTTPAdapter, "send", lambda self, request, **options: None)
    with pytest.raises(TypeError, match="requests"), hooked(Plane(), "requests"):
        pass


def test_restoring_leaves_no_trace() -> None:
    """A guest that leaves takes everything along."""
    owners = (HTTPAdapter, SessionRedirectMixin)
    before = [dict(vars(owner)) for owner in owners]
    with hooked(Plane(), "requests"):
        assert [dict(vars(owner)) for owner in owners] != before
    assert [dict(vars(owner)) for owner in owners] == before
