"""What conditions see of a request is the same on both gateways, and bounded."""

from __future__ import annotations

from typing import Any

import pytest

from fairlead.instruments.request import AsgiRequest, WsgiRequest
from fairlead.policy.match import RequestView
from fairlead.policy.parts import FIELDS

TRACE = "0af7651916cd43dd8448eb211c80319c"


def asgi(
    headers: list[tuple[str, str]], *, query: str = "", path: str = "/", **rest: Any
) -> RequestView:
    request = AsgiRequest()
    request.scope = {"query_string": query.encode(), "path": path, **rest}
    for name, value in headers:
        request.add(name, value.encode("latin-1"))
    return request


def wsgi(
    headers: list[tuple[str, str]], *, query: str = "", path: str = "/", **rest: Any
) -> RequestView:
    environ: dict[str, Any] = {"QUERY_STRING": query}
    environ["SCRIPT_NAME"], environ["PATH_INFO"] = "", path.encode().decode("latin-1")
    if "method" in rest:
        environ["REQUEST_METHOD"] = rest["method"]
    if "client" in rest:
        environ["REMOTE_ADDR"] = rest["client"][0]
    for name, value in headers:
        key = f"HTTP_{name.upper().replace('-', '_')}"
        separator = ";" if name == "cookie" else ","
        environ[key] = f"{environ[key]}{separator}{value}" if key in environ else value
    return WsgiRequest(environ)


both = pytest.mark.parametrize("view", [asgi, wsgi])


@both
def test_headers_are_found_by_lower_case_and_joined(view: Any) -> None:
    """Contract 11: repeated headers are joined by a comma."""
    request = view([("x-a", "1"), ("x-b", "2"), ("x-a", "3")])
    assert (request.header("x-a"), request.header("x-c")) == ("1,3", None)


@both
def test_a_name_no_header_can_have_is_absent(view: Any) -> None:
    """A rule may name anything; asking must not raise."""
    assert view([("x-a", "1")]).header("x-名") is None


@both
@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("name=xiaoming", "xiaoming"),
        ("a=b&name=x+y&name=z", "x y"),
        ("n%61me=%E5%B0%8F", "小"),
        ("name", ""),
        ("name=%ff", "\ufffd"),
        ("other=1", None),
        ("", None),
    ],
)
def test_the_first_query_parameter_counts_decoded(view: Any, query: str, value: str | None) -> None:
    """As frameworks read it, so that a rule and the application agree."""
    assert view([], query=query).query("name") == value


@both
@pytest.mark.parametrize(
    ("cookies", "value"),
    [
        (["user=1; other=2"], "1"),
        (["other=2", "user=1"], "1"),
        (['user="a b"'], "a b"),
        (["user=a=b"], "a=b"),
        (["other=2"], None),
        ([], None),
    ],
)
def test_the_first_cookie_counts(view: Any, cookies: list[str], value: str | None) -> None:
    """HTTP/2 sends cookies one by one."""
    assert view([("cookie", one) for one in cookies]).cookie("user") == value


@both
def test_path_method_and_peer(view: Any) -> None:
    """The path is decoded once, by the server."""
    request = view([], path="/a b/小", method="post", client=("10.0.0.1", 5))
    assert (request.path(), request.method(), request.source_ip()) == (
        "/a b/小",
        "POST",
        "10.0.0.1",
    )


def test_a_peer_may_have_no_address() -> None:
    """A Unix socket's has none."""
    assert asgi([], client=None).source_ip() is None
    assert wsgi([], client=("", 0)).source_ip() is None


def test_a_mounted_application_shows_the_whole_path() -> None:
    """A rule is written for the URL that the client used."""
    assert WsgiRequest({"SCRIPT_NAME": "/api", "PATH_INFO": "/users"}).path() == "/api/users"


@both
@pytest.mark.parametrize(
    ("headers", "value"),
    [
        ([("traceparent", f"00-{TRACE}-b7ad6b7169203331-01")], TRACE),
        ([("traceparent", "garbage"), ("b3", f"{TRACE}-b7ad6b7169203331-1")], TRACE),
        ([("b3", "0")], None),
        ([("x-b3-traceid", TRACE)], TRACE),
        ([], None),
    ],
)
def test_the_trace_id_is_w3cs_or_b3s(
    view: Any, headers: list[tuple[str, str]], value: str | None
) -> None:
    """A percentage without a key must hold along the whole trace."""
    assert view(headers).trace() == value


@both
def test_a_query_of_a_million_fields_is_not_searched_to_its_end(view: Any) -> None:
    """A stranger writes it."""
    assert view([], query="a&" * FIELDS + "name=1").query("name") is None
