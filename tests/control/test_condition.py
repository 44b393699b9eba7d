"""What a status says, decided from who enforces what."""

from __future__ import annotations

from datetime import UTC, datetime

from fairlead.control.condition import Condition, Workload, liveness, merged
from fairlead.control.nodes import Node, Wanted
from fairlead.protocols.watch.server import Outbox, Parcel


def parcel(digest: str, revision: int) -> Parcel:
    return Parcel(digest=digest, revision=revision, line=b"")


def node(synced: int = 0, error: str | None = None, refused: tuple[str, ...] = ()) -> Node:
    return Node(
        id="n",
        wanted=Wanted("shop", "cart", (), None, ""),
        outbox=Outbox(),
        target=parcel("d", 9),
        goal=9,
        since=datetime(2026, 1, 1, tzinfo=UTC),
        seen=0.0,
        synced=synced,
        error=error,
        refused=refused,
    )


def workload(number: int, *nodes: Node | None) -> Workload:
    return Workload.of(f"app-{number} (h:{number})", nodes)


RULE = "TrafficLabelRule/vip"


def test_live_is_true_when_everybody_enforces_it() -> None:
    """The one sentence an operator waits for."""
    found = liveness([workload(1, node(9)), workload(2, node(5), node(7))], RULE, 5)
    assert (found.live, found.total) == (2, 2)
    assert found.condition == Condition(
        type="Live", status="True", reason="Live", message="live on 2 of 2 workloads"
    )


def test_live_is_false_while_somebody_is_behind_and_names_them() -> None:
    """One worker of four that lags keeps its whole instance from counting."""
    found = liveness([workload(1, node(9)), workload(2, node(9), node(4))], RULE, 5)
    assert (found.condition.status, found.condition.reason) == ("False", "Waiting")
    assert found.condition.message == "live on 1 of 2 workloads; waiting for app app-2 (h:2)"


def test_a_refusal_is_named_with_its_reason() -> None:
    """The operator must not have to search the logs of six machines."""
    found = liveness([workload(1, node(9)), workload(2, node(4, error="bad digest"))], RULE, 5)
    assert (found.condition.status, found.condition.reason) == ("False", "Refused")
    assert found.condition.message == (
        "live on 1 of 2 workloads; refused by app app-2 (h:2): bad digest"
    )


def test_a_refusal_is_no_blame_for_what_was_live_before() -> None:
    """The node keeps what it had: an older resource is still in force there."""
    found = liveness([workload(2, node(4, error="bad digest"))], RULE, 3)
    assert found.condition.status == "True"


def test_a_part_that_was_left_out_concerns_the_rule_it_names() -> None:
    """An older agent that does not know an operator enforces all the rest."""
    reason = "entry: TrafficLabelRule/vip: unknown operator 'glob'"
    partly = [workload(1, node(9, refused=(reason,)))]
    assert liveness(partly, RULE, 5).condition.reason == "Refused"
    assert reason in liveness(partly, RULE, 5).condition.message
    assert liveness(partly, "TrafficLabelRule/vi", 5).condition.status == "True"
    assert liveness(partly, "TrafficLane/vip", 5).condition.status == "True"


def test_a_process_without_a_connection_is_waited_for() -> None:
    """It is registered and called; nobody knows what it enforces."""
    found = liveness([workload(1, node(9), None)], RULE, 5)
    assert found.condition.status == "False"
    assert found.condition.message.endswith("waiting for app app-1 (h:1) (not connected)")


def test_without_workloads_nobody_knows() -> None:
    """True would be a lie, False an alarm."""
    found = liveness([], RULE, 5)
    assert (found.live, found.total, found.condition.status) == (0, 0, "Unknown")


def test_a_message_names_a_few_and_counts_the_rest() -> None:
    """A thousand laggards do not fit into a status."""
    found = liveness([workload(n, node(0)) for n in range(1000)], RULE, 5)
    assert found.condition.message.endswith("app-4 (h:4) and 995 more")
    assert len(found.condition.message) < 300


def test_a_condition_keeps_its_time_while_its_status_stays() -> None:
    """`lastTransitionTime` answers: since when is it like this?"""

    def one(status: str, message: str) -> Condition:
        return Condition(type="Live", status=status, reason="r", message=message)

    first = merged([], [one("False", "1 of 2")], 1, "t1")
    second = merged(first, [one("False", "0 of 2")], 2, "t2")
    assert second[0]["lastTransitionTime"] == "t1"
    assert (second[0]["message"], second[0]["observedGeneration"]) == ("0 of 2", 2)
    assert merged(second, [one("True", "2 of 2")], 2, "t3")[0]["lastTransitionTime"] == "t3"


def test_a_condition_that_is_no_more_is_gone() -> None:
    """A rule that lost yesterday and wins today must not go on saying so."""
    before = merged(
        [], [Condition(type="Overridden", status="True", reason="r", message="m")], 1, "t"
    )
    live = Condition(type="Live", status="True", reason="r", message="m")
    assert [c["type"] for c in merged(before, [live], 1, "t")] == ["Live"]


def test_an_acknowledged_change_and_its_undoing_are_told_apart() -> None:
    """A, B, A again: the node that is still busy with B must be sent A, and counts only then."""
    one = node()
    one.target, one.goal = parcel("A", 1), 1
    one.hold("A", 1)
    assert one.synced == 1
    one.aim(parcel("B", 2))
    one.aim(parcel("A", 3))
    assert one.synced == 1
    one.hold("B", 2)
    assert one.synced == 2
    one.hold("A", 3)
    assert one.synced == 3


def test_a_snapshot_that_says_the_same_needs_no_answer() -> None:
    """A change in another namespace compiles to the same digest: the node is in sync with it."""
    one = node()
    one.target, one.goal = parcel("A", 1), 1
    one.hold("A", 1)
    one.aim(parcel("A", 7))
    assert one.synced == 7
    assert one.state(7) == "live"


def test_who_got_it_and_cannot_keep_to_it_does_not_count() -> None:
    """``LIVE 3/3`` beside an instance that is sent no calls would be two answers."""
    unfit = {"app-2 (h:2)": "PyMySQL 1 is not hooked: x"}
    found = liveness([workload(1, node(9)), workload(2, node(9))], RULE, 5, unfit)
    assert (found.live, found.total) == (1, 2)
    assert (found.condition.status, found.condition.reason) == ("False", "Unfit")
    assert found.condition.message == (
        "live on 1 of 2 workloads; not kept by app app-2 (h:2): PyMySQL 1 is not hooked: x"
    )
