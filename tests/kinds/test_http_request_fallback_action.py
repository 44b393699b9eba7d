"""HttpRequestFallbackAction: what a rejected request is answered."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fairlead.kinds import HttpRequestFallbackAction, load_documents, parse
from fairlead.kinds.http_request_fallback_action import KIND
from tests.kinds.guards import action, made
from tests.kinds.objects import said

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def other(behavior: str, **answer):
    """Return an action with this behavior."""
    return made("HttpRequestFallbackAction", behavior=behavior, behaviorDesc=answer)


SAMPLE = """\
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: HttpRequestFallbackAction
metadata: {name: fb-busy, labels: {app: orders}}
spec: {behavior: ReturnProvidedResponse, behaviorDesc: {responseStatusCode: 503, responseContentBody: try later, responseAdditionalHeaders: [{key: Retry-After, value: "3"}]}}
"""  # noqa: E501 - as it is written there


def test_the_specifications_sample_loads_and_equals_the_python_form():
    """Whoever has it applies it unchanged."""
    (loaded,) = load_documents(SAMPLE)
    assert loaded == HttpRequestFallbackAction(
        name="fb-busy",
        labels={"app": "orders"},
        status=503,
        body="try later",
        headers=[("Retry-After", "3")],
    )


@pytest.mark.parametrize(
    ("plain", "shown"),
    [
        (other("Redirect", redirectUrl="/busy"), "302 /busy"),
        (other("Redirect", redirectUrl="https://a/", responseStatusCode=307), "307 https://a/"),
        (other("QueueMessage", responseContentBody="{retryAfter} s"), "429 {retryAfter} s"),
        (other("ReturnProvidedResponse", grpcStatus="UNAVAILABLE"), "429"),
        (other("ReturnProvidedResponse", value="null"), "429"),
    ],
)
def test_an_answer_may_be_another_place_a_queue_a_status_of_grpc_or_a_value(plain, shown):
    """Not every call is a request, and not every rejection is an end."""
    parse(plain)
    assert KIND.row(plain, NOW)[1] == shown


def test_a_value_is_text_of_json():
    """An API server drops what is null, and kubectl re-spells numbers."""
    for text in ("null", '"text"', '{"left": null, "price": 1.10}'):
        assert HttpRequestFallbackAction(name="x", value=text).spec.response.value == text


@pytest.mark.parametrize("status", [14, "14", "UNAVAILABLE"])
def test_a_status_of_grpc_is_a_name_or_a_number(status):
    """As people and as programs write it."""
    assert HttpRequestFallbackAction(name="x", grpc_status=status).spec.response.grpc_status == 14


@pytest.mark.parametrize(
    ("plain", "path", "words"),
    [
        (action(responseStatusCode=99), "spec.behaviorDesc.responseStatusCode", "200"),
        (action(responseStatusCode=204), "spec.behaviorDesc.responseContentBody", "has no body"),
        (action(responseContentBody="x" * 70_000), "spec.behaviorDesc.responseContentBody", "most"),
        (
            action(responseAdditionalHeaders=[{"key": "Content-Length", "value": "3"}]),
            "spec.behaviorDesc.responseAdditionalHeaders[0].key",
            "the server's to set",
        ),
        (
            action(responseAdditionalHeaders=[{"key": "a b", "value": "3"}]),
            "spec.behaviorDesc.responseAdditionalHeaders[0].key",
            "not a field name",
        ),
        (
            action(responseAdditionalHeaders=[{"key": "a", "value": "3\r\nSet-Cookie: x"}]),
            "spec.behaviorDesc.responseAdditionalHeaders[0].value",
            "control character",
        ),
        (
            action(responseAdditionalHeaders=[{"key": "a", "value": "请稍候"}]),
            "spec.behaviorDesc.responseAdditionalHeaders[0].value",
            "cannot carry",
        ),
        (
            action(responseAdditionalHeaders=[{"key": "a", "value": "x" * 4097}]),
            "spec.behaviorDesc.responseAdditionalHeaders[0].value",
            "4096",
        ),
        (
            action(responseAdditionalHeaders=[{"key": "a", "value": " wait"}]),
            "spec.behaviorDesc.responseAdditionalHeaders[0].value",
            "begins or ends with a blank",
        ),
        (action(responseStatusCode=...), "spec.behaviorDesc.responseStatusCode", "required"),
        (other("Redirect"), "spec.behaviorDesc.redirectUrl", "required"),
        (
            other("Redirect", redirectUrl="javascript:x"),
            "spec.behaviorDesc.redirectUrl",
            "no place to go to",
        ),
        (
            other("Redirect", redirectUrl="/a", responseStatusCode=200),
            "spec.behaviorDesc.responseStatusCode",
            "leads nowhere",
        ),
        (action(redirectUrl="/a"), "spec.behaviorDesc.redirectUrl", "is for behavior Redirect"),
        (
            other("QueueMessage", responseAdditionalHeaders=[{"key": "retry-after", "value": 3}]),
            "spec.behaviorDesc.responseAdditionalHeaders[0].key",
            "QueueMessage says",
        ),
        (action(grpcStatus="UNAVAILBLE"), "spec.behaviorDesc.grpcStatus", "mean UNAVAILABLE?"),
        (action(grpcStatus=17), "spec.behaviorDesc.grpcStatus", "unknown status"),
        (action(grpcStatus=0), "spec.behaviorDesc.grpcStatus", "not rejected"),
        (action(value="hello"), "spec.behaviorDesc.value", "is no JSON: write 'null'"),
        (action(value="NaN"), "spec.behaviorDesc.value", "is no JSON"),
        (action(value="[" * 60_000), "spec.behaviorDesc.value", "is no JSON"),
        (action(value={"items": []}), "spec.behaviorDesc.value", "must be a string, got a map"),
        (action(value=f'"{"x" * 70_000}"'), "spec.behaviorDesc.value", "at most 65536"),
        (other("Reject"), "spec.behavior", "unknown behavior"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_path(plain, path, words):
    """What it says is sent to strangers as it stands: no header more than was meant."""
    assert words in said(plain)[path]
