"""Whatever JSON holds is no rule, left out, or a rule that a gate can enforce; nothing crashes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.cli.sentinel.documents import Array
from fairlead.cli.sentinel.exporting import write
from fairlead.cli.sentinel.fields import Gravity
from fairlead.cli.sentinel.importing import read
from fairlead.cli.sentinel.types import GO, JAVA, TYPES, Type
from fairlead.compiler import World
from fairlead.flow.gates import Gates
from fairlead.policy.encode import read_snapshot, to_plain

odd: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, True, False, -1, 0, 1, 2, 3, 7, 500, 1000, 60_000),
        *(1 << 31, 1 << 70, 0.5, 1.5, 1e300, -0.0, float("inf")),
        *("", " ", "f", "GET:/a", "HEAD:/a", "/a/<int:id>", "(a+)+", "(", "a\nb", "\ud800"),
        *("x" * 2000, "default", "other", "a,b", [], {}, [1], [{}], {"a": 1}),
    ]
)

fine = st.sampled_from([None, None, 1, 2, False, True, "a"])
"""Values of fields that have no better ones: some of them fit."""

items = st.lists(
    st.dictionaries(
        st.sampled_from(["object", "classType", "count", "valKind", "valStr", "threshold"]),
        st.one_of(odd, st.sampled_from(["int", "double", "boolean", "char", "4711", "1e400"])),
    ),
    max_size=3,
)

param = st.dictionaries(
    st.sampled_from(["parseStrategy", "fieldName", "pattern", "matchStrategy"]), odd
)

usual: dict[str, st.SearchStrategy[Any]] = {
    "resource": st.sampled_from(["f", "f", "f", "GET:/a", "(a+)+", "", "é"]),
    "count": st.sampled_from([5, 0, 0.25, 2.5, 1_000_000_000]),
    "threshold": st.sampled_from([5, 0, 0.25, 2.5]),
    "grade": st.sampled_from([0, 1, 1, 2]),
    "strategy": st.sampled_from([0, 0, 1, 2]),
    "controlBehavior": st.sampled_from([0, 0, 1, 2, 3]),
    "statIntervalMs": st.sampled_from([1000, 7, 20_000]),
    "statIntervalInMs": st.sampled_from([0, 7, 250, 1500, 60_000]),
    "retryTimeoutMs": st.just(2500),
    "timeWindow": st.just(3),
    "durationInSec": st.just(2),
    "paramIdx": st.sampled_from([0, -1]),
    "refResource": st.just("g"),
    "limitApp": st.sampled_from(["default", "other", "web", "a,b", "a, b"]),
    "minRequestAmount": st.sampled_from([1, 5]),
    "metricType": st.sampled_from([0, 0, 1]),
    "slowRatioThreshold": st.sampled_from([0, 0.5, 1]),
    "warmUpPeriodSec": st.just(10),
    "maxQueueingTimeMs": st.sampled_from([1, 500]),
    "maxAllowedRtMs": st.sampled_from([0, 250]),
    "burstCount": st.sampled_from([0, 3]),
    "paramFlowItemList": items,
    "specificItems": st.one_of(items, st.dictionaries(st.text(max_size=3), odd, max_size=2)),
    "paramItem": st.one_of(st.none(), param),
    "clusterConfig": st.dictionaries(st.sampled_from(["flowId", "thresholdType"]), odd),
}


NEEDED = (
    *("resource", "limitApp", "paramIdx", "timeWindow", "statIntervalMs", "retryTimeoutMs"),
    *("threshold", "metricType", "minRequestAmount"),
)
"""Fields that rules of a type have, or hardly one would be a rule."""


def rules(of: Type) -> st.SearchStrategy[list[Any]]:
    """Draw rules of a type, most fields of which are what they should be."""
    needed = {name: usual[name] for name in NEEDED if name in of.fields}
    others = {name: usual.get(name, fine) for name in of.fields if name not in needed}
    wrong = st.dictionaries(st.sampled_from(sorted({*of.fields, "x y"})), odd, max_size=1)
    rule = st.fixed_dictionaries(needed, optional=others)
    both = st.tuples(rule, wrong).map(lambda pair: {**pair[0], **pair[1]})
    return st.one_of(st.lists(rule, max_size=3), st.lists(st.one_of(rule, both, odd), max_size=3))


@pytest.mark.parametrize("of", TYPES, ids=lambda of: f"{of.dialect}-{of.name}")
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_rule_is_told_or_enforced(of: Type, data: st.DataObject) -> None:
    """Of a file that some program has written, and nobody has looked at."""
    found = read([Array("f: ", of, data.draw(rules(of)))], "orders", "default", 3.0)
    assert all(str(one).startswith(("f: [", "warning: f: [")) for one in found.said)
    if found.worst() is Gravity.INVALID:
        return
    snapshot = World.of(found.resources, [], 1).snapshot("default", "orders")
    assert read_snapshot(to_plain(snapshot)) == (snapshot, ())
    gates = Gates()
    gates.apply(snapshot.flow)
    gates.gate("f").enter().exit()
    for dialect in (JAVA, GO):
        again = write(snapshot.flow, dialect, 3.0)
        assert all(one.gravity is not Gravity.INVALID for one in again.said)
