"""RateLimit: the envelope of policy.opensergo.io, and how many requests an interval holds."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fairlead.kinds import RateLimit, load_documents, parse
from fairlead.kinds.rate_limit import KIND
from tests.kinds.objects import said
from tests.kinds.policies import answering, policy

NOW = datetime(2026, 11, 26, tzinfo=UTC)

SAMPLE = """\
apiVersion: policy.opensergo.io/v1alpha1
kind: RateLimit
metadata: {name: rl-edge}
spec:
  selector: {routes: [{name: r-shop}], workloads: [{labels: {app: edge}}]}
  config: {scope: LOCAL, limit: 40, burst: 60, interval: 1s}
  action: {http: {customResponse: {statusCode: 429, bodyEncoding: JSON, body: '{"e":"slow down"}'}}}
  mode: off
"""


def test_a_sample_loads():
    """A bare ``off`` is a boolean by the time that anybody sees it."""
    (loaded,) = load_documents(SAMPLE)
    assert loaded.spec.config.limit == 40
    assert loaded.spec.config.interval == 1000
    assert loaded.spec.mode == "off"
    assert KIND.row(loaded.plain, NOW)[1:6] == [
        "r-shop",
        "app=edge",
        "40 in 1s, 60 at once",
        "off",
        "-",
    ]


def test_a_policy_in_python_equals_one_from_yaml():
    """There is one set of checks."""
    action = {"http": {"redirect": {"redirectUrl": "/busy"}}}
    written = policy("RateLimit", {"burst": 3, "scope": "LOCAL"}, action=action, mode="simulate")
    assert parse(written) == RateLimit(
        name="x", limit=40, interval="1s", burst=3, action=action, mode="simulate"
    )


@pytest.mark.parametrize(
    "config",
    [
        {"limit": "40", "interval": "1.000s", "scope": 0},
        {"limit": 40.0, "burst": None, "interval": "1.0s", "scope": "LOCAL"},
        {"limit": 40, "burst": "0"},
    ],
)
def test_numbers_enums_and_durations_are_read_in_every_form_of_protobufs_json(config):
    """Writers of protobuf quote 64 bits, number enums, and write three decimals."""
    plain = parse(policy("RateLimit")).spec.config
    found = parse(policy("RateLimit", config)).spec.config
    assert found.model_copy(update={"burst": None}) == plain


def test_names_are_read_in_both_spellings():
    """The JSON mapping of protobuf accepts a field's own name too."""
    snake = {"custom_response": {"status_code": 503, "response_headers_to_add": {"a": "b"}}}
    camel = {"customResponse": {"statusCode": 503, "responseHeadersToAdd": {"a": "b"}}}
    assert parse(answering(**snake)).spec == parse(answering(**camel)).spec


@pytest.mark.parametrize(
    ("plain", "path", "words"),
    [
        (policy("RateLimit", {"limit": ...}), "spec.config.limit", "required"),
        (policy("RateLimit", {"limit": -1}), "spec.config.limit", "an integer from 0 on"),
        (policy("RateLimit", {"limit": 1.5}), "spec.config.limit", "an integer from 0 on"),
        (policy("RateLimit", {"limit": True}), "spec.config.limit", "an integer from 0 on"),
        (policy("RateLimit", {"limit": float("nan")}), "spec.config.limit", "an integer"),
        (policy("RateLimit", {"limit": 2**64 - 1}), "spec.config.limit", "which nothing reaches"),
        (policy("RateLimit", {"interval": 1}), "spec.config.interval", "seconds with an s"),
        (policy("RateLimit", {"interval": "500ms"}), "spec.config.interval", "seconds with an s"),
        (policy("RateLimit", {"interval": "0s"}), "spec.config.interval", "more than 0s"),
        (policy("RateLimit", {"interval": "99999999s"}), "spec.config.interval", "at most a year"),
        (policy("RateLimit", {"interval": "0.0005s"}), "spec.config.interval", "milliseconds"),
        (policy("RateLimit", {"scope": "LOCL"}), "spec.config.scope", "did you mean LOCAL?"),
        (policy("RateLimit", {"scope": 7}), "spec.config.scope", "none of 0 to 2"),
        (policy("RateLimit", {"brst": 1}), "spec.config.brst", "did you mean burst?"),
        (policy("RateLimit", mode="simulated"), "spec.mode", "did you mean simulate?"),
        (policy("RateLimit", mode=1), "spec.mode", "must be one of"),
        (
            policy("RateLimit", selector={"routes": [{"name": "HEAD:/a"}]}),
            "spec.selector.routes[0].name",
            "write GET:/a",
        ),
        (
            policy("RateLimit", selector={"workloads": [{"labels": {"a b": "c"}}]}),
            "spec.selector.workloads[0].labels[a b]",
            "is not a label key",
        ),
        (answering(), "spec.action.http", "exactly one of"),
        (
            answering(customResponse={}, redirect={"redirectUrl": "/a"}),
            "spec.action.http",
            "has customResponse and redirect",
        ),
        (
            answering(redirect={"redirect_url": "javascript:a"}),
            "spec.action.http.redirect.redirect_url",
            "begin it with https://",
        ),
        (
            answering(redirect={"redirectUrl": "/a\r\nset-cookie: b"}),
            "spec.action.http.redirect.redirectUrl",
            "a header cannot carry",
        ),
        (
            answering(customResponse={"status_code": 204, "body": "a"}),
            "spec.action.http.customResponse.body",
            "a response 204 has no body",
        ),
        (
            answering(customResponse={"status_code": 99}),
            "spec.action.http.customResponse.status_code",
            "must be at least 200",
        ),
        (
            answering(customResponse={"responseHeadersToAdd": {"Content-Length": "3"}}),
            "spec.action.http.customResponse.responseHeadersToAdd.Content-Length",
            "the server's to set",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_at_the_path_that_its_author_typed(plain, path, words):
    """A policy that is stored and never acts is worse than one that is refused."""
    assert words in said(plain)[path]


def test_a_table_shows_whom_a_policy_is_for():
    """Labels of one workload are all needed; of several workloads one is enough."""
    many = {"workloads": [{"labels": {"app": "a", "zone": "b"}}, {"labels": {"tier": "web"}}]}
    assert KIND.row(policy("RateLimit", selector=many), NOW)[2] == "app=a,zone=b or tier=web"
    labelled = policy("RateLimit")
    labelled["metadata"]["labels"] = {"app": "edge"}
    assert KIND.row(labelled, NOW)[1:3] == ["*", "app=edge"]
    routes = {"routes": [{"name": f"/{n}"} for n in range(9)]}
    assert KIND.row(policy("RateLimit", selector=routes), NOW)[1:3] == ["/0,/1,/2,+6", "*"]
