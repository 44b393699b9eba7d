"""Who a process says it is, before anybody has told it."""

from __future__ import annotations

import uuid

import pytest

from fairlead.agent.identity import Identity, node_id
from fairlead.agent.settings import Settings


def identity(**fields: object) -> Identity:
    return Identity.of(Settings(app="shop", **fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "lane"),
    [
        ({}, ""),
        ({"lane": "gray", "labels": (("tag", "blue"),)}, "gray"),
        ({"lane": "", "labels": (("tag", "blue"),)}, ""),
        ({"labels": (("tag", "blue"), ("version", "v2"))}, "blue"),
        ({"labels": (("tag", "blue"), ("tag", "gray"))}, ""),
        ({"labels": (("tag", "base"),)}, ""),
    ],
)
def test_the_lane_is_assumed_only_where_it_can_be_told_alone(fields, lane):
    """What starts without a control plane must not write to base for want of an answer."""
    assert identity(**fields).likely_lane == lane
    assert identity(**fields).workload.lane == lane


def test_a_node_is_a_random_uuid():
    """Two processes that share a name would take turns in one stream."""
    found = {node_id() for _ in range(100)}

    assert len(found) == 100
    assert {uuid.UUID(node).version for node in found} == {4}
