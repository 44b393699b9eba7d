"""What is different between two versions of services, as their descriptors say."""

from __future__ import annotations

from copy import deepcopy
from importlib import import_module
from typing import Any

import pytest

from fairlead.agent.descriptors import described
from fairlead.control.contracts.grpc import compared

DOCUMENT: dict[str, Any] = {
    "services": {
        "shop.Cart": {
            "Get": {
                "input": "shop.Id", "output": "shop.Cart_",
                "clientStreaming": False, "serverStreaming": False,
            }
        }
    },
    "messages": {
        "shop.Id": {"1": {"name": "id", "type": "string", "repeated": False}},
        "shop.Cart_": {
            "1": {"name": "id", "type": "string", "repeated": False},
            "2": {"name": "items", "type": "string", "repeated": True},
        },
    },
    "enums": {"shop.State": {"OPEN": 0}},
}  # fmt: skip


def changed(change: Any) -> list[tuple[str, str, str, bool]]:
    after = deepcopy(DOCUMENT)
    change(after)
    found = compared(DOCUMENT, after)
    return [(one.part, one.name, one.change, one.breaking) for one in found]


def field(document: Any, number: str) -> Any:
    return document["messages"]["shop.Cart_"][number]


def test_methods_are_compared_by_what_they_take_and_answer():
    def stream(document: Any) -> None:
        document["services"]["shop.Cart"]["Get"]["serverStreaming"] = True

    assert changed(stream) == [("method", "", "changed", True)]
    assert changed(lambda one: one["services"].pop("shop.Cart")) == [
        ("method", "", "removed", True)
    ]
    assert changed(lambda one: None) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda one: field(one, "2").update(name="things"), ("things = 2", "changed", False)),
        (lambda one: field(one, "2").update(type="bytes"), ("items = 2", "changed", True)),
        (lambda one: field(one, "2").update(repeated=False), ("items = 2", "changed", True)),
        (lambda one: one["messages"]["shop.Cart_"].pop("2"), ("items = 2", "removed", True)),
        (
            lambda one: one["messages"]["shop.Cart_"].update({"3": {"name": "n", "type": "int32"}}),
            ("n = 3", "added", False),
        ),
    ],
)
def test_fields_are_compared_by_their_numbers(change, told):
    """Names are not on the wire."""
    assert changed(change) == [("field", *told)]


def test_values_of_enums_are_compared():
    assert changed(lambda one: one["enums"]["shop.State"].update(SHUT=1)) == [
        ("value", "SHUT", "added", False)
    ]


def test_services_are_read_from_what_protobuf_knows():
    """Generated code has told it; names that it does not know are nobody's."""
    import_module("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    package = "opentelemetry.proto.collector.trace.v1"

    document = described([f"{package}.TraceService", "nobody.Knows"])

    assert document is not None
    (method,) = document["services"][f"{package}.TraceService"].items()
    assert method[0] == "Export"
    assert method[1]["input"] == f"{package}.ExportTraceServiceRequest"
    assert not method[1]["serverStreaming"]
    span = document["messages"]["opentelemetry.proto.trace.v1.Span"]
    assert span["5"] == {"name": "name", "type": "string", "repeated": False}
    assert span["11"]["repeated"]
    assert "SPAN_KIND_SERVER" in document["enums"]["opentelemetry.proto.trace.v1.Span.SpanKind"]
    assert described(["nobody.Knows"]) is None
