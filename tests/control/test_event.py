"""What is news about an object, and what is none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fairlead.control.event import (
    LONGEST,
    News,
    again,
    event_key,
    event_of,
    news_of,
    reference,
    refusal,
    told_by,
)
from fairlead.control.instance import RESOURCE as INSTANCES
from fairlead.control.store import Change, Key, Object, Stored
from fairlead.control.store.store import ChangeType

RULE = Key("trafficlabelrules.traffic.opensergo.io", "shop", "vip")
INSTANCE = Key(INSTANCES, "shop", "cart.127.0.0.1-7001")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def condition(name: str, status: str, reason: str, message: str = "so it is") -> Object:
    return {"type": name, "status": status, "reason": reason, "message": message}


def rule(generation: int = 1, *conditions: Object) -> Object:
    metadata = {"name": "vip", "namespace": "shop", "uid": "u1", "generation": generation}
    names = {"apiVersion": "traffic.opensergo.io/v1alpha1", "kind": "TrafficLabelRule"}
    return {**names, "metadata": metadata, "spec": {}, "status": {"conditions": [*conditions]}}


def instance(**status: Any) -> Object:
    metadata = {"name": INSTANCE.name, "namespace": "shop", "uid": "u2", "generation": 1}
    spec = {"app": "cart", "address": "127.0.0.1:7001"}
    names = {"apiVersion": "fairlead.io/v1alpha1", "kind": "Instance"}
    return {**names, "metadata": metadata, "spec": spec, "status": status}


def news(
    kind: ChangeType, key: Key, before: Object | None, after: Object, *, lost: bool = False
) -> list[tuple[str, str]]:
    stored = Stored(key=key, revision=7, object=after)
    change = Change(type=kind, stored=stored, before=before, before_revision=6, size=1)
    return [(note.type, note.reason) for note in news_of(change, lost=lost)]


def test_what_authors_do_to_a_rule_is_news() -> None:
    """Who looks at a rule that does something else than yesterday asks when it was changed."""
    assert news("ADDED", RULE, None, rule()) == [("Normal", "Created")]
    assert news("MODIFIED", RULE, rule(), rule(2)) == [("Normal", "Changed")]
    assert news("DELETED", RULE, rule(), rule()) == [("Normal", "Deleted")]
    assert news("MODIFIED", RULE, rule(), rule()) == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ((), ("Live", "True", "Live"), [("Normal", "Live")]),
        (("Live", "False", "Waiting"), ("Live", "True", "Live"), [("Normal", "Live")]),
        (("Live", "True", "Live"), ("Live", "False", "Waiting"), []),
        ((), ("Live", "Unknown", "NoWorkloads"), []),
        ((), ("Live", "False", "Refused"), [("Warning", "Refused")]),
        (("Live", "False", "Refused"), ("Live", "False", "Refused"), []),
        ((), ("TargetNotSeen", "True", "NoInstanceReported"), [("Warning", "TargetNotSeen")]),
        ((), ("LaneConflict", "True", "TwoLanes"), [("Warning", "LaneConflict")]),
        ((), ("Accepted", "False", "Unreadable"), [("Warning", "Unreadable")]),
        (("TargetNotSeen", "True", "NoInstanceReported"), (), [("Normal", "Resolved")]),
        ((), ("Enforced", "True", "PerHost"), [("Normal", "Enforced")]),
        (
            ("Enforced", "True", "PerHost"),
            ("Enforced", "False", "StrategyUnusable"),
            [("Warning", "StrategyUnusable")],
        ),
    ],
)
def test_a_condition_is_news_when_it_turns(
    before: tuple[str, ...], after: tuple[str, ...], told: list[tuple[str, str]]
) -> None:
    """That something waits for a moment is no news; that it is refused is."""
    was, is_ = (rule(1, *([condition(*one)] if one else [])) for one in (before, after))
    assert news("MODIFIED", RULE, was, is_) == told


def test_instances_come_move_and_go() -> None:
    """Whether a process left or fell silent is the first question of every night."""
    gray = instance(lane="gray")
    assert news("ADDED", INSTANCE, None, gray) == [("Normal", "Registered")]
    assert news("MODIFIED", INSTANCE, gray, instance(lane="")) == [("Normal", "LaneChanged")]
    assert news("MODIFIED", INSTANCE, gray, gray) == []
    conflict = instance(lane="gray", conflict="two lanes: gray, blue")
    assert news("MODIFIED", INSTANCE, gray, conflict) == [("Warning", "Conflict")]
    assert news("MODIFIED", INSTANCE, conflict, conflict) == []
    held = instance(lane="gray", conditions=[condition("Protected", "True", "ANSWERS")])
    assert news("MODIFIED", INSTANCE, gray, held) == [("Warning", "Protected")]
    assert news("DELETED", INSTANCE, gray, gray) == [("Normal", "Left")]
    assert news("DELETED", INSTANCE, gray, gray, lost=True) == [("Warning", "LeaseExpired")]


def test_an_event_is_kubernetes_own_and_counts() -> None:
    """Kubectl prints the fields, and finds the events of an object by its reference."""
    about = reference(RULE, rule(), 7)
    told = News(about=about, note=refusal("spec: " + "x" * 5000))
    key = event_key(about, 255)
    assert key == Key("events", "shop", "vip.00000000000000ff")
    event = event_of(told, 2, key, "e1", NOON)
    assert event["involvedObject"] == {
        "apiVersion": "traffic.opensergo.io/v1alpha1",
        "kind": "TrafficLabelRule",
        "name": "vip",
        "namespace": "shop",
        "uid": "u1",
        "resourceVersion": "7",
    }
    assert len(event["message"]) == LONGEST
    assert told_by(event).same == told.same
    later = again(event, told, 3, NOON.replace(hour=13))
    assert (event["count"], later["count"]) == (2, 5)
    assert later["firstTimestamp"] == "2026-01-01T12:00:00Z"
    assert later["lastTimestamp"] == "2026-01-01T13:00:00Z"


def test_the_name_of_an_event_is_one_that_can_be() -> None:
    """An object's name may be as long as a name can be."""
    about = reference(Key("x", "", "a" * 230 + "." + "b" * 22), rule(), 7)
    key = event_key(about, 1)
    assert len(key.name) <= 253
    assert ".." not in key.name
    assert key.namespace == "default"
