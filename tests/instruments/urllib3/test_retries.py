"""What urllib3's callers asked for when a call fails is still what happens, after our own tries."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3
from urllib3.exceptions import (
    MaxRetryError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    ResponseError,
)
from urllib3.util.retry import Retry

from fairlead.flow.call import Unreachable
from tests.instruments.backend import Backend, backend, closed_port
from tests.instruments.plane import Plane, eventually, inner, serving


@pytest.fixture
def pool() -> Iterator[urllib3.HTTPConnectionPool]:
    with urllib3.HTTPConnectionPool("b") as pool:
        yield pool


@pytest.fixture
def dead() -> Iterator[str]:
    with closed_port() as address:
        yield address


class Arriving(Retry):
    """Retries between which an instance comes up."""

    plane: Plane
    services: dict[str, dict[str, str]]

    def sleep(self, response: Any = None) -> None:
        self.plane.engine.apply(inner(self.services))


@pytest.mark.parametrize("retries", [False, 0, None, Retry(connect=0)])
@pytest.mark.parametrize("body", [b"body", "body", io.BytesIO(b"body")])
def test_a_refused_connection_is_tried_elsewhere(
    plane: Plane,
    pool: urllib3.HTTPConnectionPool,
    base: Backend,
    dead: str,
    retries: Any,
    body: Any,
) -> None:
    """Contract 13: the lane first, then base; it costs the caller no retry."""
    plane.engine.apply(inner({"b": {dead: "gray", base.address: ""}}))
    if isinstance(body, io.BytesIO):
        body.seek(0)
    with serving("gray"):
        assert pool.urlopen("POST", "/", body=body, retries=retries).data == b"b"
    assert base.last.body == b"body"
    assert base.last.header("baggage") == "x-opensergo-traffic=gray"


def test_an_upload_that_was_refused_is_still_whole(
    plane: Plane, pool: urllib3.HTTPConnectionPool, base: Backend, dead: str
) -> None:
    """Nothing of it had been read."""
    plane.engine.apply(inner({"b": {dead: "gray", base.address: ""}}))
    with serving("gray"):
        pool.urlopen("POST", "/", body=(b"part%d" % i for i in range(3)), chunked=True)
    assert base.last.body == b"part0part1part2"


def test_when_all_refuse_the_librarys_error_is_raised(
    plane: Plane, pool: urllib3.HTTPConnectionPool, dead: str
) -> None:
    """Bare without retries, and else as the reason why retries ended."""
    plane.engine.apply(inner({"b": {dead: ""}}))
    with serving(""):
        with pytest.raises(NewConnectionError, match="refused"):
            pool.request("GET", "/", retries=False)
        with pytest.raises(MaxRetryError, match="host='b', port=") as raised:
            pool.request("GET", "/x", retries=1)
    assert isinstance(raised.value.reason, NewConnectionError)
    assert raised.value.url == "/x"
    assert raised.value.pool is pool


def test_an_app_without_an_endpoint_is_a_connect_error_that_names_it(plane: Plane) -> None:
    """Contract 6: the library's own error, naming app and lane, with ours as its cause."""
    names = "'empty' for lane 'gray'"
    with urllib3.HTTPConnectionPool("empty") as pool, serving("gray"):
        with pytest.raises(NewConnectionError, match=names) as bare:
            pool.request("GET", "/", retries=False)
        with pytest.raises(MaxRetryError, match=names) as raised:
            pool.request("GET", "/")
    assert isinstance(bare.value.__cause__, Unreachable)
    assert isinstance(raised.value.reason, NewConnectionError)
    assert isinstance(raised.value.reason.__cause__, Unreachable)


@pytest.mark.parametrize("before", ["nobody", "refusing"])
def test_the_callers_connect_retries_outlast_ours(
    plane: Plane,
    pool: urllib3.HTTPConnectionPool,
    base: Backend,
    dead: str,
    before: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An app that is just starting is waited for, as long and as often as the caller said."""
    plane.engine.apply(inner({"b": {dead: ""} if before == "refusing" else {}}))
    retries = Arriving(1)
    Arriving.plane, Arriving.services = plane, {"b": {base.address: ""}}
    with serving(""), caplog.at_level(logging.WARNING, "urllib3"):
        response = pool.request("GET", "/", retries=retries)
    assert response.data == b"b"
    assert response.retries is not None
    assert [past.url for past in response.retries.history] == ["/"]
    assert "Retrying (Arriving(total=0" in caplog.text


@pytest.mark.parametrize("retries", [False, 0, Retry(read=False)])
def test_an_idempotent_call_is_repeated_when_its_pooled_connection_died(
    plane: Plane, pool: urllib3.HTTPConnectionPool, gray: Backend, retries: Any
) -> None:
    """Contract 13: once, and only where the connection had worked before."""
    with serving("gray"):
        pool.request("GET", "/first")
        gray.drop_next = 1
        response = pool.urlopen("PUT", "/second", body=b"x", retries=retries)
        assert response.data == b"b-gray"
        gray.drop_next = 2
        with pytest.raises((ProtocolError, MaxRetryError)):
            pool.urlopen("PUT", "/third", body=b"x", retries=retries)
    expected = ["/first", "/second", "/second", "/third", "/third"]
    assert [seen.target for seen in gray.seen] == expected


def test_a_post_is_not_repeated_when_its_pooled_connection_died(
    plane: Plane, pool: urllib3.HTTPConnectionPool, gray: Backend
) -> None:
    """The other side may have begun to serve it; urllib3 thinks so too."""
    with serving("gray"):
        pool.request("GET", "/first")
        gray.drop_next = 1
        with pytest.raises(ProtocolError, match="Connection aborted") as raised:
            pool.urlopen("POST", "/second", body=b"x")
    assert len(gray.seen) == 2
    assert isinstance(raised.value.args[1], ConnectionError)


@pytest.mark.parametrize("fresh", [True, False])
def test_what_is_the_callers_to_judge_is_judged_by_the_callers_retries(
    plane: Plane, pool: urllib3.HTTPConnectionPool, gray: Backend, fresh: bool
) -> None:
    """A fresh connection that dies, and a body that must be wound back."""
    with serving("gray"):
        if not fresh:
            pool.request("GET", "/first")
        seen, body = len(gray.seen), None if fresh else io.BytesIO(b"file")
        gray.drop_next = 1
        with pytest.raises(ProtocolError):
            pool.urlopen("PUT", "/", body=body, retries=False)
        assert len(gray.seen) == seen + 1
        gray.drop_next = 1
        if body is not None:
            body.seek(0)
        assert pool.urlopen("PUT", "/", body=body, retries=1).data == b"b-gray"
    assert gray.last.body == (b"" if fresh else b"file")


def test_status_retries_are_resolved_anew(
    plane: Plane, pool: urllib3.HTTPConnectionPool, base: Backend
) -> None:
    """Each is a call of its own, counted by the caller's retries alone."""
    with backend("b2") as other, serving(""):
        plane.engine.apply(inner({"b": {base.address: "", other.address: ""}}))
        with pytest.raises(MaxRetryError) as raised:
            pool.request("GET", "/fail", retries=Retry(3, status_forcelist=[503]))
        assert (len(base.seen), len(other.seen)) == (2, 2)
    assert isinstance(raised.value.reason, ResponseError)


@pytest.mark.parametrize(("retries", "calls"), [(False, 1), (1, 2)])
def test_a_timeout_is_repeated_by_the_callers_retries_alone(
    plane: Plane, pool: urllib3.HTTPConnectionPool, gray: Backend, retries: Any, calls: int
) -> None:
    """Trying again would double the wait that the caller bounded."""
    with serving("gray"), pytest.raises((ReadTimeoutError, MaxRetryError)):
        pool.request("GET", "/wait", timeout=0.1, retries=retries)
    assert eventually(lambda: len(gray.seen) >= calls)  # on a busy machine it is read later
    assert len(gray.seen) == calls
