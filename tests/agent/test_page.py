"""The page that Prometheus reads of an instance."""

from __future__ import annotations

from fairlead.agent.collector import RT
from fairlead.agent.page import page
from fairlead.agent.sums import Sums
from fairlead.policy.buckets import BUCKETS


def test_statements_that_begin_alike_are_one_series() -> None:
    """They are cut where they are long, and a page that has a series twice is a wrong one."""
    numbers = (2, *(0,) * (RT - 1), 2, *(0,) * (BUCKETS - 1))
    names = [f"sql:shop:SELECT {'a, ' * 100}{end}" for end in ("b", "c")]
    text = page("cart", "shop", Sums(interfaces={(name, "sql", ""): numbers for name in names}))

    series = [line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")]
    assert len(series) == len(set(series))
    (passed,) = [line for line in text.splitlines() if line.startswith("fairlead_interface_passed")]
    assert passed.endswith(" 4")
