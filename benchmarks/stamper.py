"""An app that notes when its agent swaps plans; `propagation` runs six of them.

Run by ``fairlead run -- python -m benchmarks.stamper`` it follows the control plane as any app
does, and prints a line for every swap: the revision, and the monotonic clock right after it.
"""

from __future__ import annotations

import sys
import time

import fairlead
from fairlead.flow.engine import Engine
from fairlead.policy.snapshot import Snapshot


def main() -> None:
    """Stamp every swap until stdin ends."""
    agent = fairlead.current()
    if agent is None:
        raise SystemExit("there is no agent here: start it by `fairlead run`")
    # On the class: whoever holds a bound `apply` looks it up there or got it from there just now.
    swap = Engine.apply

    def apply(self: Engine, snapshot: Snapshot) -> None:
        swap(self, snapshot)
        print(snapshot.revision, time.monotonic_ns(), flush=True)

    Engine.apply = apply  # type: ignore[method-assign]
    agent.ensure_ready()
    sys.stdin.read()


if __name__ == "__main__":
    main()
