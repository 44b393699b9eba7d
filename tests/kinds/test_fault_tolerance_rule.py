"""FaultToleranceRule: which resources of an app are guarded, and by what."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from fairlead.kinds import FaultToleranceRule, load_documents, parse
from fairlead.kinds.fault_tolerance_rule import KIND, STRATEGIES
from tests.kinds.guards import rule
from tests.kinds.objects import said

NOW = datetime(2026, 11, 26, tzinfo=UTC)

SAMPLE = """\
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FaultToleranceRule
metadata: {name: ftr-orders, namespace: shop, labels: {app: orders}}
spec:
  targets: [{targetResourceName: 'GET:/orders/{id}'}]
  strategies: [{name: rl-orders, kind: RateLimitStrategy}, {name: cc-pay, kind: ConcurrencyLimitStrategy}]
"""  # noqa: E501 - as it is written there


def test_the_specifications_sample_loads():
    """Its second strategy too, which this version does not enforce."""
    (loaded,) = load_documents(SAMPLE)
    assert [one.resource for one in loaded.spec.targets] == ["GET:/orders/{id}"]
    assert [one.name for one in loaded.spec.strategies] == ["rl-orders", "cc-pay"]


def test_a_rule_in_python_equals_one_without_kinds():
    """The specification's documents leave the kind of a strategy out."""
    assert parse(rule(fallbackAction="fb")) == FaultToleranceRule(
        name="x",
        selector={"app": "orders"},
        targets=["/orders"],
        strategies=["s"],
        fallback_action="fb",
    )


def test_a_fallback_is_read_in_both_spellings():
    """The specification names it; the protocol names its kind too."""
    named = parse(rule(fallbackAction={"name": "fb", "kind": "HttpRequestFallbackAction"}))
    assert named.spec == parse(rule(fallbackAction="fb")).spec


@pytest.mark.parametrize("field", ["fallbackAction", "action"])
def test_a_fallback_may_stand_in_the_rule(field):
    """As in the object that it would name, or as in a policy; under either name."""
    inline = {"behavior": "ReturnProvidedResponse", "behaviorDesc": {"responseStatusCode": 503}}
    assert parse(rule(**{field: inline})).spec.answer.response.status == 503
    policy = {"http": {"custom_response": {"statusCode": 503}}}
    assert parse(rule(**{field: policy})).spec.answer.http.custom_response.status_code == 503


def test_every_kind_of_strategy_and_of_resource_may_be_named():
    """Routes, methods of gRPC, calls, statements, functions, and patterns of them."""
    names = ["404", "GET:/a", "/pkg.Service/Method", "call:stock", "sql:shop:select 1", "price"]
    plain = rule(
        targets=[
            *({"targetResourceName": name} for name in names),
            {"targetResourceName": "GET:/v[0-9]/.*", "regex": True},
        ],
        strategies=[{"name": "s", "kind": kind} for kind in STRATEGIES],
    )
    assert [one.regex for one in parse(plain).spec.targets] == [False] * 6 + [True]


@pytest.mark.parametrize(
    ("plain", "path", "words"),
    [
        (rule(selector={}), "spec.selector.app", "binds to no app"),
        (rule(targets=[]), "spec.targets", "needs at least 1"),
        (
            rule(targets=[{"targetResourceName": ""}]),
            "spec.targets[0].targetResourceName",
            "has 0 characters: write at least 1",
        ),
        (
            rule(targets=[{"targetResourceName": "head:/a"}]),
            "spec.targets[0].targetResourceName",
            "HEAD counts as GET: write GET:/a",
        ),
        (rule(targets=[{"resource": "/a"}]), "spec.targets[0].resource", "unknown field"),
        (
            rule(targets=[{"targetResourceName": "/a"}] * 2),
            "spec.targets[1].targetResourceName",
            "there already",
        ),
        (rule(strategies=[]), "spec.strategies", "needs at least 1"),
        (
            rule(strategies=[{"name": "s", "kind": "RateLimitStratgy"}]),
            "spec.strategies[0].kind",
            "did you mean RateLimitStrategy?",
        ),
        (
            rule(strategies=[{"name": "s", "mode": "simulate"}]),
            "spec.strategies[0].mode",
            "unknown field here: write it into the strategy's own object",
        ),
        (rule(fallbackAction=3), "spec.fallbackAction", "must name an HttpRequestFallbackAction"),
        (rule(fallbackAction={"nme": "a"}), "spec.fallbackAction", "unknown field nme"),
        (rule(fallbackAction={"name": "a", "kind": "X"}), "spec.fallbackAction", "unknown kind"),
        (rule(fallbackAction="a", action="b"), "spec.action", "remove one"),
        (
            rule(fallbackAction={"behavior": "Redirct", "behaviorDesc": {}}),
            "spec.fallbackAction.behavior",
            "did you mean Redirect?",
        ),
        (
            rule(action={"behavior": "Redirect", "behaviorDesc": {"responseStatusCode": 99}}),
            "spec.action.behaviorDesc.responseStatusCode",
            "must be at least 200, got the integer 99",
        ),
        (
            rule(action={"http": {"customResponse": {}, "redirect": {"redirectUrl": "/"}}}),
            "spec.action.http",
            "has customResponse and redirect",
        ),
        (
            rule(targets=[{"targetResourceName": "/a(b+)+", "regex": True}]),
            "spec.targets[0].targetResourceName",
            "could take too long",
        ),
        (
            rule(targets=[{"targetResourceName": "/" + "a" * 1200}]),
            "spec.targets[0].targetResourceName",
            "at most 1200",
        ),
        (rule(mode="yes"), "spec.mode", "unknown mode"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_path(plain, path, words):
    """A rule that is stored and never acts is worse than one that is refused."""
    assert words in said(plain)[path]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("call:", "names no app: write call:APP"),
        ("call::/a.B/C", "names no app"),
        ("call:stock:/items", "write call:stock or call:stock:/pkg.Service/Method"),
        ("call:stock:/pkg.Service", "only gRPC has methods"),
        ("call:http://stock/items", "only gRPC has methods"),
        ("call:10.0.0.7:8080", "write call:10.0.0.7"),
        ("sql:", "names no database"),
        ("sql::SELECT 1", "names no database"),
    ],
)
def test_a_call_that_nobody_can_make_is_refused(name, words):
    """What is called is not known beforehand: the status would take the rule for enforced."""
    plain = rule(targets=[{"targetResourceName": name}])
    assert words in said(plain)["spec.targets[0].targetResourceName"]


@pytest.mark.parametrize("name", ["call:stock:/.*", "sql:.*"])
def test_a_pattern_of_calls_may_be_wider_than_a_name(name):
    """It need not be a name itself."""
    load_documents(json.dumps(rule(targets=[{"targetResourceName": name, "regex": True}])))


@pytest.mark.parametrize("name", ["call:::1", "call:stock.shop", "call:stock:/a.B/C", "sql:a:b:c"])
def test_names_of_calls_that_somebody_may_make_are_taken(name):
    """Hosts may be addresses of IPv6."""
    load_documents(json.dumps(rule(targets=[{"targetResourceName": name}])))


def test_every_violation_is_told_at_once():
    """Nobody wants to apply a file five times to learn of five faults."""
    plain = rule(targets=[], strategies=[{"name": "A"}], fallbackAction="B")
    assert set(said(plain)) == {"spec.targets", "spec.strategies[0].name", "spec.fallbackAction"}


def test_a_table_shows_whether_a_rule_is_enforced():
    """The first question of whoever applied it."""
    plain = rule()
    assert KIND.row(plain, NOW)[1:6] == ["orders", "/orders", "s", "on", "-"]
    plain["status"] = {"conditions": [{"type": "Live"}, {"type": "Enforced", "status": "False"}]}
    assert KIND.row(plain, NOW)[5] == "False"


def test_a_table_shows_the_first_of_many_targets():
    """A rule may have hundreds, and a terminal has not."""
    plain = rule(targets=[{"targetResourceName": f"/{n}"} for n in range(250)])
    assert KIND.row(plain, NOW)[2] == "/0,/1,/2,/3,/4,+245"
