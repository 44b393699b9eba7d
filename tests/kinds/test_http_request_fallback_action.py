"""HttpRequestFallbackAction: what a rejected request is answered."""

from __future__ import annotations

import pytest

from fairlead.kinds import HttpRequestFallbackAction, load_documents
from tests.kinds.guards import action
from tests.kinds.objects import said

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
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_path(plain, path, words):
    """What it says is sent to strangers as it stands: no header more than was meant."""
    assert words in said(plain)[path]
