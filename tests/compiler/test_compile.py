"""Worlds: what is the same for everybody is shared, what is not changed is not different."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from fairlead.compiler import Instance, World
from fairlead.compiler.passes import PASSES
from fairlead.kinds import KINDS, Match, TrafficLabelRule, TrafficLane, WorkloadLabelRule
from fairlead.policy.encode import read_snapshot, seal, to_plain

RESOURCES = [
    TrafficLabelRule(
        name="gray",
        labels={"app": "gateway"},
        traffic_label="gray",
        match=[Match(type="header", key="x", condition="==", value="1")],
    ),
    TrafficLane(name="blue", labels={"app": "gateway"}, lane="blue", percentage=5),
    TrafficLane(name="green", lane="green", workload={"arch": "arm"}),
    WorkloadLabelRule(name="arms", workload_labels=["gray"], selector={"version": "v2"}),
]
INSTANCES = [
    Instance(
        namespace="default",
        app=app,
        address=f"10.0.{turn}.{host}:80",
        labels=(("version", f"v{host}"),),
    )
    for turn, app in enumerate(("gateway", "a", "b"))
    for host in (1, 2)
]
KNOWN = [("default", "gone"), ("team", "a")]


def world(revision: int = 1) -> World:
    """Return the world of the constants above."""
    return World.of(RESOURCES, INSTANCES, revision, KNOWN)


def test_a_snapshot_is_sealed_with_the_digest_of_its_content():
    """The agent refuses one that is not."""
    for app in ("gateway", "a", "gone", "nobody"):
        snapshot = world().snapshot("default", app, (("version", "v2"),), zone="z")
        assert snapshot == seal(snapshot)
        read, refused = read_snapshot(to_plain(snapshot))
        assert (read, refused) == (snapshot, ())


@given(st.randoms(use_true_random=False))
def test_the_order_in_which_things_are_known_does_not_matter(random):
    """A store lists as it likes; a digest that wanders would be pushed for ever."""
    resources, instances, known = RESOURCES[:], INSTANCES[:], KNOWN[:]
    for shuffled in (resources, instances, known):
        random.shuffle(shuffled)
    labels = [("version", "v2"), ("arch", "x86")]
    random.shuffle(labels)
    other = World.of(resources, instances, 1, known)
    fixed = (("arch", "x86"), ("version", "v2"))
    assert other.snapshot("default", "gateway", tuple(labels)) == world().snapshot(
        "default", "gateway", fixed
    )
    assert other.findings() == world().findings()


def test_a_revision_alone_does_not_change_a_digest():
    """Somebody else's write is nothing to push."""
    one, two = (world(revision).snapshot("default", "gateway") for revision in (1, 2))
    assert one.digest == two.digest
    assert (one.revision, two.revision) == (1, 2)


def test_snapshots_of_a_world_share_their_services():
    """A thousand endpoints for each of two hundred workloads would be two hundred thousand."""
    found = world()
    snapshots = [found.snapshot("default", app) for app in ("gateway", "a", "b")]
    assert all(snapshot.services is found.services for snapshot in snapshots)


def test_lanes_and_entry_are_those_of_the_own_namespace():
    """Teams do not colour each other's traffic."""
    assert world().snapshot("team", "gateway").lanes == ()
    assert world().snapshot("team", "gateway").entry is None
    assert [lane.name for lane in world().snapshot("default", "a").lanes] == [
        "blue",
        "gray",
        "green",
    ]


def test_membership_shows_all_labels_and_what_contradicts_what():
    """The console and `fairlead doctor` print it."""
    found = world().membership("default", "a", (("version", "v2"), ("arch", "arm")))
    assert found.lane == ""
    assert found.labels == (("arch", "arm"), ("tag", "gray"), ("version", "v2"))
    assert "gray (TrafficLabelRule/gray) and green (TrafficLane/green)" in str(found.conflict)
    assert world().membership("default", "a", (("version", "v2"),), "green").conflict is None


def test_instances_of_one_address_are_one_endpoint():
    """Contract 1: the processes of an address are one instance."""
    twice = [*INSTANCES, replace(INSTANCES[0], labels=())]
    assert World.of(RESOURCES, twice, 1, KNOWN).services == world().services


def test_every_kind_has_a_pass():
    """A kind without one would be stored and never act."""
    assert [kind for kind, _ in PASSES] == list(KINDS)
