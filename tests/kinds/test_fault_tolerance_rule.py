"""FaultToleranceRule: which resources of an app are guarded, and by what."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fairlead.kinds import FaultToleranceRule, load_documents, parse
from fairlead.kinds.fault_tolerance_rule import KIND
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


@pytest.mark.parametrize(
    ("plain", "path", "words"),
    [
        (rule(selector={}), "spec.selector.app", "binds to no app"),
        (rule(targets=[]), "spec.targets", "needs at least 1"),
        (rule(targets=[{"targetResourceName": ""}]), "spec.targets[0].targetResourceName", "least"),
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
        (rule(fallbackAction=3), "spec.fallbackAction", "must name an HttpRequestFallbackAction"),
        (rule(fallbackAction={"nme": "a"}), "spec.fallbackAction", "unknown field nme"),
        (rule(fallbackAction={"name": "a", "kind": "X"}), "spec.fallbackAction", "unknown kind"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_path(plain, path, words):
    """A rule that is stored and never acts is worse than one that is refused."""
    assert words in said(plain)[path]


def test_every_violation_is_told_at_once():
    """Nobody wants to apply a file five times to learn of five faults."""
    plain = rule(targets=[], strategies=[{"name": "A"}], fallbackAction="B")
    assert set(said(plain)) == {"spec.targets", "spec.strategies[0].name", "spec.fallbackAction"}


def test_a_table_shows_whether_a_rule_is_enforced():
    """The first question of whoever applied it."""
    plain = rule()
    assert KIND.row(plain, NOW)[1:5] == ["orders", "/orders", "s", "-"]
    plain["status"] = {"conditions": [{"type": "Live"}, {"type": "Enforced", "status": "False"}]}
    assert KIND.row(plain, NOW)[4] == "False"


def test_a_table_shows_the_first_of_many_targets():
    """A rule may have hundreds, and a terminal has not."""
    plain = rule(targets=[{"targetResourceName": f"/{n}"} for n in range(250)])
    assert KIND.row(plain, NOW)[2] == "/0,/1,/2,/3,/4,+245"
