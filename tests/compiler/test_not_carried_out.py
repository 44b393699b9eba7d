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
        (to("next"), "http[0].route[0].destination.host: next"),
        (to("orders", fallback={"host": "next"}), "http[0].route[0].destination.fallback.host"),
        (to("orders", fallback={"host": "orders"}), "http[0].route[0].destination.fallback"),
        ({"rewrite": {"uri": "/"}, **to("orders")}, "http[0].rewrite"),
        ({"redirect": {"uri": "/"}}, "http[0].redirect"),
        ({"mirror": {"host": "next"}, **to("orders")}, "http[0].mirrors"),
        ({"headers": {"request": {"set": {"a": "b"}}}, **to("orders")}, "http[0].headers"),
        ({"match": [{"port": 80}], **to("orders")}, "http[0].match"),
        ({"match": [{"headers": {"@request.auth.claims.a": {}}}], **to("orders")}, "http[0].match"),
    ],
)
def test_what_agents_leave_out_is_named(http, path):
    assert any(sentence.startswith(path) for sentence in told(http))


def test_what_they_carry_out_is_not():
    assert told({"timeout": "1s", **to("orders", fallback={"subset": "v2"})}) == ()
