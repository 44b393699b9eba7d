"""Whatever rules come and go, and whatever calls do: nothing is left inside, and forms agree."""

from __future__ import annotations

import random
from typing import Any

import pytest

from fairlead.flow.form import compiled
from fairlead.flow.gate import Entry
from fairlead.flow.result import Result
from fairlead.policy.breaker import ERROR_COUNT, ERROR_RATIO, SLOW_RATIO
from fairlead.policy.flow_rules import problem
from fairlead.policy.limit import HotLimit, Param, WarmUp, Window
from fairlead.policy.rule import EVERYBODY, SIMULATE, Rule, Selection
from tests.flow.test_program import Call
from tests.flow.virtual import World, breaker, cap, flow, rate, throttle

NAMES = ("GET:/a", "POST:/a", "/a", "f", "call:x", "call:x:/p.S/M", "g")
SELECTIONS = (
    *(EVERYBODY,) * 5,
    Selection(callers=("a",)),
    Selection(each=True),
    Selection(callers=("a",), others=True),
    Selection(entrance="/a"),
)
CALLS = (
    None,
    Call("a", "GET:/a", header_tenant="x"),
    Call("b", header_tenant=["x", "y"]),
    Call("", header_tenant=None),
)
TWO = (Window(threshold=5, window_ms=1000), Window(threshold=200, window_ms=20_000))


def any_rule(dice: random.Random) -> Rule:
    """Return one of any kind on any of a few resources."""
    pick = dice.choice
    regex = dice.random() < 0.15
    on: dict[str, Any] = {
        "resource": ".*" if regex else pick((*NAMES, "/a", "call:x")),
        "regex": regex,
        "strategy": f"s{dice.randrange(8)}",
        "selection": pick(SELECTIONS),
        **pick(({}, {}, {}, {}, {"mode": SIMULATE})),
    }
    ratio: dict[str, Any] = {"slow_ms": 50, "probes": pick((1, 3)), "steps": pick((1, 3))}
    least: dict[str, Any] = {"min_requests": pick((0, 1, 5)), "errors": pick(((), ("5xx",)))}
    return pick(
        (
            lambda: rate(pick((0, 1, 3, 20, 130, 500)), pick((10, 1000, 5000)), **on),
            lambda: rate(5, buckets=pick((2, 10)), borrow_ms=pick((0, 500)), **on),
            lambda: rate(300, borrow_ms=500, **on),
            lambda: rate(0, windows=TWO, **on),
            lambda: rate(pick((1, 10, 300)), related=pick(NAMES), **on),
            lambda: rate(pick((1, 10, 300)), warm_up=WarmUp(period_ms=5000), **on),
            lambda: throttle(pick((0, 5, 100)), pick((0, 300)), burst=pick((1.0, 4.0)), **on),
            lambda: cap(pick((0, 1, 3, 9)), **on),
            lambda: breaker(pick((0.2, 1.0)), pick((ERROR_RATIO, SLOW_RATIO)), **ratio, **on),
            lambda: breaker(pick((1, 3)), ERROR_COUNT, recovery_ms=500, **least, **on),
            lambda: HotLimit(
                rule="r",
                param=Param(source="header", name="tenant"),
                threshold=pick((0, 1, 3)),
                behaviour=pick(("reject", "pace", "concurrency")),
                queue_ms=pick((0, 500)),
                **on,
            ),
        )
    )()


class Life:
    """Some hundred things that happen to the gates of a process."""

    def __init__(self, seed: int, *, pure: bool, forks: bool) -> None:
        self.dice = random.Random(seed)
        self.world = World(pure=pure, at=1e9)
        self.seen: list[Any] = []
        self.inside: list[Entry] = []
        now = 0.0
        for step in range(250):
            now += self.happen()
            if forks and step == 200:
                now += 1
                self.world.at(now)
                self.world.gates.begin_again()
            elif not forks and self.dice.random() < 0.02:
                now += self.dice.choice((3.6e6, -3.6e6, -500))
            self.world.at(now)
        for entry in self.inside:
            entry.exit()
        for gate in self.world.gates:
            assert (gate.resource, gate.inflight, gate.waiting) == (gate.resource, 0, 0)
            self.seen.append((gate.resource, gate.passed, gate.rejected, gate.simulated))
            self.seen.append((gate.errors, gate.rt_ns))

    def happen(self) -> float:
        """Change the rules, begin a call or end one; return how much time passes."""
        dice = self.dice
        what = dice.random()
        if what < 0.05:
            rules = [any_rule(dice) for _ in range(dice.randrange(7))]
            assert [problem(rule) for rule in rules] == [None] * len(rules)
            self.world.gates.apply(flow(*rules), simulate=dice.random() < 0.1)
        elif what < 0.3:
            return dice.choice((0.1, 1, 15.7, 100, 500, 1000, 2000))
        elif what < 0.7:
            self.begin()
        elif self.inside:
            entry = self.inside.pop(dice.randrange(len(self.inside)))
            if entry.wait and dice.random() < 0.7:
                entry.begin()
            ends = (None, Result(status=503), Result(status=200))
            entry.exit(dice.random() < 0.4, dice.choice(ends))
        return 0.0

    def begin(self) -> None:
        pick = self.dice.choice
        n, prio = pick((1, 1, 1, 2, 50)), self.dice.random() < 0.3
        entry = self.world.enter(pick(NAMES), n, pick(CALLS), prio)
        refused = entry.refused and (entry.refused.reason, entry.refused.retry_after)
        self.seen.append((refused, entry.wait, entry.simulated and entry.simulated.reason))
        if entry.refused is None:
            self.inside.append(entry)


@pytest.mark.parametrize("forks", [False, True])
@pytest.mark.parametrize("first", range(0, 120, 20))
def test_nothing_is_left_inside_and_both_forms_decide_alike(first, forks):
    """Rules that come while calls are under way are where places get lost."""
    for seed in range(first, first + 20):
        interpreted = Life(seed, pure=True, forks=forks).seen
        if not isinstance(compiled(), str):
            assert Life(seed, pure=False, forks=forks).seen == interpreted, seed
