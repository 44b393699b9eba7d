"""Names of lanes."""

from __future__ import annotations

import pytest

from fairlead.policy.workload import lane_name


@pytest.mark.parametrize("text", ["", "base", "_base"])
def test_base_has_three_spellings(text: str) -> None:
    """Contract 1: no lane, "", base and _base all mean base."""
    assert lane_name(text) == ""


@pytest.mark.parametrize("text", ["gray", "blue-2", "v1.2_x", "a" * 63])
def test_a_label_value_names_a_lane(text: str) -> None:
    """Lanes are written as Kubernetes label values."""
    assert lane_name(text) == text


@pytest.mark.parametrize(
    "text",
    ["a" * 64, "-a", "a-", "a b", "a\r\nb", "../x", "gräy", "a'; DROP TABLE t", "\x00", "a\n"],
)
def test_a_hostile_label_names_none(text: str) -> None:
    """A lane becomes a header, a file name and a table suffix: fault F20."""
    assert lane_name(text) is None
