"""What of a VirtualService no agent carries out is said, with its path."""

from __future__ import annotations

import pytest

from fairlead.compiler.virtual_service import compile_virtual_service
from fairlead.kinds import parse


def told(http: dict[str, object]) -> tuple[str, ...]:
    spec = {"hosts": ["orders"], "http": [http]}
    plain = {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "spec": spec}
    return compile_virtual_service(parse(plain | {"metadata": {"name": "orders"}})).not_honoured


def to(host: str, **more: object) -> dict[str, object]:
    return {"route": [{"destination": {"host": host, "subset": "v1", **more}}]}


@pytest.mark.parametrize(
    ("http", "path"),
    [
        ({"corsPolicy": {"allowMethods": ["GET"]}, **to("orders")}, "http[0].corsPolicy"),
        ({"match": [{"headers": {"@request.auth.claims.a": {}}}], **to("orders")}, "http[0].match"),
    ],
)
def test_what_agents_leave_out_is_named(http, path):
    assert any(sentence.startswith(path) for sentence in told(http))


@pytest.mark.parametrize(
    "http",
    [
        {"timeout": "1s", **to("orders", fallback={"subset": "v2"})},
        to("next"),
        to("orders", fallback={"host": "next"}),
        {"rewrite": {"uri": "/"}, **to("orders")},
        {"redirect": {"uri": "/"}},
        {"mirror": {"host": "next"}, **to("orders")},
        {"headers": {"request": {"set": {"a": "b"}}}, **to("orders")},
        {"match": [{"port": 80, "sourceLabels": {"version": "v1"}}], **to("orders")},
    ],
)
def test_what_they_carry_out_is_not(http):
    assert told(http) == ()
