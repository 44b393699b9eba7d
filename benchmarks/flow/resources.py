"""What 100,000 resources weigh, and whether a rule is enforced at each of them.

A process per figure: ``python -m benchmarks.flow.resources FORM RULES CALLS`` prints bytes per
resource, by the growth of its resident memory, and how many were not held to a rule.
"""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.flow.ours import gates, rules
from benchmarks.measure import Figure
from fairlead.flow.gates import Gates
from fairlead.policy.flow_rules import FlowRules
from fairlead.policy.limit import RateLimit, Window

RESOURCES = 100_000
MOST_BYTES = 1000

EVERY = "GET:/r/.*"
"""Pattern of the resources, whose rules count each for itself."""


def run(form: str) -> Iterator[Figure]:
    """Measure resources that nobody calls, without rules and with five each, and ones in use."""
    unchecked = 0
    for name, number, calls in (("0_idle", 0, 0), ("5_idle", 5, 0), ("0", 0, 1), ("5", 5, 1)):
        done = subprocess.run(
            (sys.executable, "-m", "benchmarks.flow.resources", form, str(number), str(calls)),
            capture_output=True, text=True, timeout=600, check=True,
        )  # fmt: skip
        size, more = (int(word) for word in done.stdout.split())
        unchecked += more
        target = None if calls else MOST_BYTES
        yield Figure(name=f"resource_{form}_{name}_bytes", value=size, target=target)
    name = f"resources_{form}_unchecked_count"
    yield Figure(name=name, value=unchecked, target=0, note=f"of {RESOURCES:,}, four times")


def main(form: str, number: int, calls: int) -> None:
    """Print the two figures of this process."""
    found = gates(form)
    if number:
        found.apply(_everywhere(rules(EVERY, number)))
    found.gate("GET:/warm/1").enter().exit()
    gc.collect()
    before = _resident()
    for i in range(RESOURCES):
        gate = found.gate(f"GET:/r/{i}")
        for _ in range(calls):
            gate.enter().exit()
    gc.collect()
    size = (_resident() - before) / RESOURCES
    print(round(size), _unchecked(found))


def _everywhere(of: FlowRules) -> FlowRules:
    return FlowRules(
        rate_limits=tuple(replace(rule, regex=True) for rule in of.rate_limits),
        concurrency_limits=tuple(replace(rule, regex=True) for rule in of.concurrency_limits),
        breakers=tuple(replace(rule, regex=True) for rule in of.breakers),
    )


def _unchecked(found: Gates) -> int:
    """Return how many resources let more or fewer than two calls pass in a day, which they may."""
    window = Window(threshold=2, window_ms=86_400_000)
    rule = RateLimit(rule="r", strategy="s", resource=EVERY, regex=True, windows=(window,))
    found.apply(FlowRules(rate_limits=(rule,)))
    return sum(
        [found.gate(f"GET:/r/{i}").enter().refused is None for _ in range(3)].count(True) != 2
        for i in range(RESOURCES)
    )


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
