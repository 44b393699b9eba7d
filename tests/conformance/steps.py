"""Plays the steps of a case at gates under a virtual clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fairlead.flow.gate import Entry
from fairlead.policy.breaker import ERROR_COUNT, CircuitBreaker
from fairlead.policy.limit import PACE, HotLimit, RateLimit
from fairlead.policy.rule import Rule
from tests.conformance.case import Case, Fields, Skip
from tests.conformance.dialect import RESOURCE, rules_of
from tests.conformance.forms import world
from tests.flow.virtual import MS, flow

T0 = 1_600_000_000_000
"""Milliseconds; aligned to 10 s."""

MOST_PROBED = 100_000
"""Permits that are counted by taking them."""


class Call:
    """Who calls, from where, with what (flow.facts.Facts)."""

    def __init__(
        self, arguments: Sequence[Any] = (), *, origin: str = "", entrance: str = "", **named: Any
    ) -> None:
        self._arguments, self._named = arguments, named
        self._origin, self._entrance = origin, entrance

    def caller(self) -> str:
        return self._origin

    def entrance(self) -> str:
        return self._entrance

    def value(self, source: str, name: str) -> Any:
        """Return an argument by its name, or by its position, from the end if negative."""
        if source != "argument":
            return None
        try:
            return self._arguments[int(name)]
        except ValueError:
            return self._named.get(name)
        except IndexError:
            return None


class Play:
    """One case under way."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.rules = rules_of(case)
        self.memory = 0
        """Bytes in use."""
        start = float(case.fields.get("t0", T0))
        self.world = world(*self.rules, at=start, memory=lambda: self.memory)
        self.inside: list[Entry] = []
        self.states = {rule.strategy: "closed" for rule in self.rules}
        self.seen = 0
        """Changes of breakers that were looked at."""

    def run(self) -> Iterator[str]:
        """Yield what is not as the case says."""
        if seed := self.case.fields.get("seed"):
            self.seed(Fields(seed, "the seed"))
            self.look()
        for number, step in enumerate(self.case.fields["steps"], 1):
            for problem in self.step(Fields(step, f"step {number}")):
                yield f"step {number}: {problem}"
        yield from self.after(Fields(self.case.fields.get("after", {}), "after"))

    def step(self, step: Fields) -> Iterator[str]:
        """Do one step; yield what is not as it says."""
        step.take("note")
        if step.has("at"):
            self.world.at(float(step.take("at")))
        if step.has("wait"):
            self.world.time += int(float(step.take("wait")) * MS)
        self.memory = int(step.take("mem", self.memory))
        expected, state = step.take("expect"), step.take("state")
        states, transitions = step.take("states"), step.take("transitions")
        results = self.act(step)
        changes = self.look()
        for number, result in enumerate(results):
            wanted = expected[number] if isinstance(expected, list) else expected
            if wanted is not None and not same(wanted, result):
                yield f"call {number + 1} of {len(results)}: expected {wanted}, got {result}"
                return
        now = list(self.states.values())
        if state is not None and now[0] != state:
            yield f"expected {state}, is {now[0]}"
        if states is not None and now != states:
            yield f"expected {states}, are {now}"
        if transitions is not None and changes != transitions:
            yield f"expected {transitions}, saw {changes}"

    def act(self, step: Fields) -> list[Any]:
        """Do what a step's verb says as often as it says; return P, B or {W: ms} of each call."""
        times = int(step.take("x", 1))
        if step.has("exit"):
            count = int(step.take("exit"))
            step.end()
            self.leave(count)
            return []
        if step.has("complete"):
            how = Fields(step.take("complete") or {}, "complete")
            step.end()
            self.complete(how)
            return []
        if not step.has("enter", "call", "arg", "args", "n"):
            step.end()
            return []
        how = step.take("call")
        n = int(step.take("enter", step.take("n", 1)))
        prio, name = bool(step.take("prio", False)), str(step.take("resource", RESOURCE))
        call = self.facts(step)
        step.end()
        results = []
        for _ in range(times):
            entry = self.world.enter(name, n, call, prio)
            results.append(outcome(entry))
            if how is not None:
                self.finish(entry, Fields(how, "call"))
            elif entry.refused is None:
                self.inside.append(entry)
        return results

    def facts(self, step: Fields) -> Call:
        """Return what a step says about its calls."""
        argument = step.take("arg")
        arguments = step.take("args", () if argument is None else (argument,))
        origin, entrance = str(step.take("origin", "")), str(step.take("entrance", ""))
        return Call(arguments, origin=origin, entrance=entrance)

    def finish(self, entry: Entry, how: Fields) -> None:
        """Let a call take its time, and end."""
        rt, failed = float(how.take("rt", 0)), bool(how.take("err", 0))
        how.end()
        if entry.refused is None:
            self.world.time += entry.wait
            entry.begin()
            self.world.time += int(rt * MS)
            entry.exit(failed)

    def complete(self, how: Fields) -> None:
        """Let the oldest call under way take `rt` more, and end."""
        if not self.inside:
            raise Skip("a call completes that never began")
        self.finish(self.inside.pop(0), how)

    def leave(self, count: int) -> None:
        """End so many calls, the oldest first."""
        for entry in self.inside[:count]:
            entry.exit()
        del self.inside[:count]

    def look(self) -> list[str]:
        """Return what breakers did since the last look: ``0:open>half_open``."""
        fresh = self.world.changes[self.seen :]
        self.seen = len(self.world.changes)
        for rule, _, state in fresh:
            self.states[rule] = state
        return [f"{rule}:{before}>{after}" for rule, before, after in fresh]

    def seed(self, seed: Fields) -> None:
        """Bring about, by calls before the first step, the state that a case begins with."""
        rule = self.rules[0]
        if isinstance(rule, CircuitBreaker):
            state, due = seed.take("state"), bool(seed.take("retry_due", False))
            seed.end()
            self.seed_breaker(rule, state, due=due or state == "half_open")
        elif isinstance(rule, HotLimit):
            self.seed_hot(rule, seed)
        else:
            raise Skip("a seed of such a rule is no word of this interpreter")
        self.world.at(0)

    def seed_breaker(self, rule: CircuitBreaker, state: str, *, due: bool) -> None:
        """Open it, at once or so long ago that it may be tried again, and perhaps try it."""
        if state == "closed":
            return
        threshold = 1.0 if rule.strategy_kind == ERROR_COUNT else 0.1
        touchy = replace(rule, threshold=threshold, min_requests=1, inclusive=True)
        self.world.gates.apply(flow(touchy, *self.rules[1:]))
        length = rule.slow_ms + 1
        self.world.at(-length - (rule.recovery_ms if due else 0))
        entry = self.world.enter(RESOURCE)
        self.world.time += int(length * MS)
        entry.exit(failed=True)
        self.world.gates.apply(flow(*self.rules))
        if state == "half_open" and rule.probes == 1:
            self.world.at(0)
            self.inside.append(self.world.enter(RESOURCE))

    def seed_hot(self, rule: HotLimit, seed: Fields) -> None:
        """Let a value have come before, so that its bucket or its pace is as the seed says."""
        call, last = Call((seed.take("arg"),)), seed.take("last_pass")
        added, tokens = seed.take("last_add"), seed.take("tokens")
        seed.end()
        pace = rule.behaviour == PACE
        self.world.at(float(last if pace else added))
        n = 1 if pace else int(rule.threshold + rule.burst - tokens)
        if n < 0:
            raise Skip(f"a bucket does not hold {tokens}")
        if n:
            self.world.enter(RESOURCE, n, call).exit()

    def after(self, after: Fields) -> Iterator[str]:
        """Yield what is not left as the case says; found by taking the rest."""
        passed, tokens = after.take("sum_pass"), after.take("tokens")
        after.end()
        if passed is not None:
            limit = self.rules[0]
            if not isinstance(limit, RateLimit):
                raise Skip("sum_pass of such a rule is no word of this interpreter")
            yield from self.left(int(limit.windows[0].threshold - passed), Call())
        if tokens is not None:
            argument = next(s["arg"] for s in reversed(self.case.fields["steps"]) if "arg" in s)
            yield from self.left(int(tokens), Call((argument,)))

    def left(self, expected: int, call: Call) -> Iterator[str]:
        """Yield what is wrong where not exactly so many more pass."""
        if not 0 <= expected <= MOST_PROBED:
            raise Skip(f"{expected} permits are not counted by taking them")
        for count in range(expected + 1):
            if self.world.enter(RESOURCE, 1, call).refused is not None:
                if count < expected:
                    yield f"after: {count} were left, not {expected}"
                return
        yield f"after: more than {expected} were left"


def outcome(entry: Entry) -> Any:
    """Return P, B or {W: ms}."""
    if entry.refused is not None:
        return "B"
    return {"W": round(entry.wait / MS, 3)} if entry.wait else "P"


def same(expected: Any, result: Any) -> bool:
    """Compare; waits to a millisecond, to which Sentinel Java rounds."""
    if isinstance(expected, Mapping) and isinstance(result, Mapping):
        return bool(abs(expected["W"] - result["W"]) <= 1)
    return bool(expected == result)


def play(case: Case) -> Iterator[str]:
    """Yield what is not as `case` says."""
    return Play(case).run()


def one_rule(case: Case) -> Rule:
    """Return the only rule of a case."""
    (rule,) = rules_of(case)
    return rule
