"""VirtualService: what Istio takes is taken, and what cannot be meant is refused with its path."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fairlead.kinds import VirtualService, parse
from fairlead.kinds.networking import seconds, waiting
from fairlead.kinds.schema import object_schema
from fairlead.kinds.virtual_service import KIND
from tests.kinds.objects import said

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def made(version: str = "v1", **spec: Any) -> dict[str, Any]:
    plain = {"hosts": ["reviews"], **spec}
    return {
        "apiVersion": f"networking.istio.io/{version}",
        "kind": "VirtualService",
        "metadata": {"name": "reviews"},
        "spec": plain,
    }


def http(**route: Any) -> dict[str, Any]:
    return made(http=[route])


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha3"])
def test_every_version_of_istio_says_the_same(version):
    """Files of several years lie side by side in a cluster."""
    resource = parse(made(version))
    assert resource == parse(made())
    assert resource.plain["apiVersion"] == "networking.istio.io/v1"


def test_one_in_python_equals_one_from_yaml():
    """There is one set of checks."""
    routes = [{"timeout": "0.5s", "route": [{"destination": {"host": "reviews"}}]}]
    assert parse(made(http=routes)) == VirtualService(
        name="reviews", hosts=["reviews"], http=routes
    )
    assert KIND.row(made(), NOW)[1] == "reviews"


EVERYTHING: dict[str, Any] = {
    "name": "all",
    "match": [
        {
            "name": "m",
            "uri": {"prefix": "/a"},
            "scheme": {"exact": "http"},
            "method": {"exact": "GET"},
            "authority": {"exact": "a"},
            "headers": {"end-user": {"exact": "jason"}, "cookie": {}, "x": None},
            "port": 80,
            "sourceLabels": {"app": "a"},
            "gateways": ["mesh"],
            "queryParams": {"q": {"regex": "*"}},
            "ignoreUriCase": True,
            "withoutHeaders": {"x": {"exact": "1"}},
            "sourceNamespace": "a",
            "statPrefix": "s",
        }
    ],
    "route": [
        {
            "destination": {"host": "reviews", "subset": "v1", "port": {"number": 80}},
            "weight": 100,
            "headers": {"request": {"set": {"a": "b"}}},
        }
    ],
    "rewrite": {"uri": "/b"},
    "timeout": "1m30s",
    "retries": {
        "attempts": 3,
        "perTryTimeout": "2s",
        "retryOn": "gateway-error,connect-failure,refused-stream,503,unavailable",
        "retryRemoteLocalities": True,
        "retryIgnorePreviousHosts": False,
        "backoff": "10ms",
    },
    "fault": {
        "delay": {"percentage": {"value": 0.1}, "fixedDelay": "5s"},
        "abort": {"percentage": {"value": 10}, "httpStatus": 500},
    },
    "mirror": {"host": "reviews"},
    "mirrorPercentage": {"value": 1},
    "corsPolicy": {"allowOrigins": [{"exact": "a"}]},
    "headers": {"response": {"remove": ["foo"]}},
}


def test_all_that_istio_knows_is_read_and_what_waits_is_named():
    """A field that is silently dropped is a rule that is silently not in force."""
    resource = parse(made(http=[EVERYTHING], tls=[{"match": []}], tcp=[{"route": []}]))
    assert list(waiting(resource.spec)) == [
        "http[0].match[0].statPrefix",
        "http[0].retries.retryRemoteLocalities",
        "tls",
        "tcp",
    ]


@pytest.mark.parametrize(
    ("text", "length"),
    [("5s", 5.0), ("0.25s", 0.25), ("250ms", 0.25), ("1m30s", 90.0), ("1h", 3600.0), ("0s", 0.0)],
)
def test_times_are_gos(text, length):
    """Istio's own documents write them in all of these ways."""
    assert seconds(text) == length


@pytest.mark.parametrize(
    ("plain", "path", "words"),
    [
        (http(timeout="5"), "spec.http[0].timeout", "a duration like 500ms"),
        (http(timeout="25h"), "spec.http[0].timeout", "longer than a day"),
        (http(timeout=5), "spec.http[0].timeout", "got the integer 5"),
        (http(timout="5s"), "spec.http[0].timout", "did you mean timeout"),
        (http(retries={"attempts": -1}), "spec.http[0].retries.attempts", "at least 0"),
        (http(retries={"retryOn": "5xxx"}), "spec.http[0].retries.retryOn", "5xx"),
        (http(retries={"retryOn": "999"}), "spec.http[0].retries.retryOn", "999"),
        (http(timeout="100us"), "spec.http[0].timeout", "1ms"),
        (http(retries={"perTryTimeout": "10us"}), "spec.http[0].retries.perTryTimeout", "1ms"),
        (http(redirect={}, rewrite={"uri": "/"}), "spec.http[0].rewrite", "beside redirect"),
        (http(redirect={}, route=[]), "spec.http[0].route", "not beside redirect"),
        (
            http(directResponse={"status": 200}, fault={}),
            "spec.http[0].fault",
            "beside directResponse",
        ),
        (
            http(redirect={"port": 1, "derivePort": "FROM_REQUEST_PORT"}),
            "spec.http[0].redirect.derivePort",
            "not beside port",
        ),
        (http(redirect={"redirectCode": 200}), "spec.http[0].redirect.redirectCode", "301"),
        (
            http(directResponse={"status": 200, "body": {"bytes": "?"}}),
            "spec.http[0].directResponse.body.bytes",
            "base64",
        ),
        (http(mirror={"host": "a"}, mirrors=[]), "spec.http[0].mirrors", "beside mirror"),
        (http(rewrite={}), "spec.http[0].rewrite", "needs uri"),
        (
            http(rewrite={"uriRegexRewrite": {"match": "(a)", "rewrite": "\\2"}}),
            "spec.http[0].rewrite.uriRegexRewrite.match",
            "group 2",
        ),
        (
            http(headers={"request": {"set": {"a b": "c"}}}),
            "spec.http[0].headers.request.set[a b]",
            "not a field name",
        ),
        (http(match=[{"uri": {"regex": "\\Z"}}]), "spec.http[0].match[0].uri.regex", "not known"),
        (http(fault={"abort": {}}), "spec.http[0].fault.abort", "has none"),
        (http(fault={"delay": {}}), "spec.http[0].fault.delay", "needs fixedDelay"),
        (
            http(fault={"abort": {"grpcStatus": "GONE"}}),
            "spec.http[0].fault.abort.grpcStatus",
            "GONE",
        ),
        (
            http(route=[{"destination": {"host": "a"}}, {"destination": {"host": "a"}}]),
            "spec.http[0].route",
            "add up to 0",
        ),
        (
            http(match=[{"uri": {"exact": "/a", "prefix": "/b"}}]),
            "spec.http[0].match[0].uri",
            "exactly one",
        ),
        (http(match=[{"uri": {}}]), "spec.http[0].match[0].uri", "has none"),
        (
            http(match=[{"uri": {"regex": "(a+)+b"}}]),
            "spec.http[0].match[0].uri.regex",
            "",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_path(plain, path, words):
    """It decides what every call of an app does."""
    assert words in said(plain)[path]


def test_its_schema_says_what_is_not_enforced():
    """``kubectl explain`` is where people look first."""
    tcp = object_schema(KIND)["properties"]["spec"]["properties"]["tcp"]
    assert "Not enforced yet" in tcp["description"]
    assert tcp["x-kubernetes-preserve-unknown-fields"] is True
    assert "x-fairlead-later" not in tcp
