"""Both agents let the same requests in, by every strategy, whatever a process goes through.

Requests come, wait for each other or for somebody else, and end; the Python agent decides who is in
and who ends when, and the Go agent has to have decided the same of each. Times are multiples of
1/512 s, which are exact in both. How long a request has waited before the door is not asked: the Go
agent does not know it.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import pytest

from fairlead.flow.overload.adaptive import Adaptive
from fairlead.flow.overload.protection import Load, Protection, Verdict
from fairlead.flow.overload.standstill import Span, Standstill
from fairlead.flow.refusal import Refusal
from fairlead.policy.encode import to_plain
from fairlead.policy.fallback import Fallback
from fairlead.policy.overload import (
    ADAPTIVE,
    CPU,
    HIGH,
    LOW,
    MEMORY,
    PLAIN,
    STRATEGIES,
    OverloadProtection,
    Priority,
    problem,
)
from tests.golang.asking import Runtime

STEP = 1_000_000_000 // 512
"""Nanoseconds."""
SAMPLES = 51
"""Steps between two of them."""
PATHS = ("/orders", "/orders/7", "/healthz", "/readyz/db", "/own/x", "/batch/x", "/search")
LEVELS = ("", "gold", " gold ", "silver")
PRIORITIES = (
    (),
    (Priority(level=LOW, paths=("/batch/*",)), Priority(level=HIGH, header="x-level")),
    (Priority(level=LOW, header="x-level", values=("silver",)),),
    (Priority(level=HIGH, paths=("/orders*",), header="x-level", values=("gold", "silver")),),
)
RULE = OverloadProtection(
    rule="AdaptiveOverloadProtectionStrategy/x", strategy="spec", exceptions=("/own/*",)
)


@dataclass
class Play:
    """A process that lives through phases of load, by the Python agent."""

    rule: OverloadProtection
    dice: Random
    cores: int
    now: int = 0
    protection: Protection = field(default_factory=Protection)
    events: list[dict[str, Any]] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    ends: list[tuple[int, int, bool]] = field(default_factory=list)
    """When a request ends, when it came, and whether it was released before."""

    def __post_init__(self) -> None:
        """Begin with the rule."""
        self.apply(self.rule)
        self._tell("begin", Cores=self.cores)
        self.protection.begin(self.cores)

    @property
    def seconds(self) -> float:
        """The time."""
        return self.now / 1e9

    def _tell(self, do: str, answer: Any = None, **more: Any) -> None:
        self.events.append({"Do": do, "At": self.now, **more})
        self.answers.append(answer)

    def apply(self, rule: OverloadProtection | None, *, simulate: bool = False) -> None:
        """Enforce another one."""
        self.protection.apply(rule, simulate=simulate)
        plain = None if rule is None else to_plain(rule)
        self._tell("apply", Rule=plain, Watched=simulate)

    def blind(self) -> None:
        """Get no samples for a while, and then some again."""
        self.protection.blind()
        self._tell("blind")

    def see(self) -> None:
        """Get samples again."""
        self.protection.begin(self.cores)
        self._tell("begin", Cores=self.cores)

    def phase(self, steps: int) -> None:
        """Let requests come for so long, faster or slower than they can be served."""
        dice = self.dice
        came = dice.choice((0.02, 0.2, 1.0, 3.0))
        work, elsewhere = dice.choice((1, 4, 20)) * STEP, dice.choice((0, 5, 100)) * STEP
        narrow = dice.choice((0, 0, 3))
        for step in range(steps):
            self.now += STEP
            self._end()
            if step % SAMPLES == 0:
                self._sample(work, came)
            for _ in range(_poisson(dice, came)):
                self._come(work, elsewhere, narrow)

    def _end(self) -> None:
        while self.ends and self.ends[0][0] <= self.now:
            _, since, released = heapq.heappop(self.ends)
            if not released:
                self.protection.leave(since / 1e9, self.seconds)
                self._tell("leave", Since=since)

    def _sample(self, work: int, came: float) -> None:
        asked = max(self.protection.inside, came * 0.8) * work / STEP / 4 / self.cores
        cpu = min(1.1, asked * self.dice.uniform(0.8, 1.2))
        memory, files = self.dice.choice((0.1, 0.85, 0.97)), self.dice.choice((0.1, 0.1, 0.96))
        self.protection.sample(self.seconds, Load(cpu=cpu, memory=memory, descriptors=files))
        self._tell("sample", Load=[cpu, memory, files])

    def _come(self, work: int, elsewhere: int, narrow: int) -> None:
        dice = self.dice
        path, level = dice.choice(PATHS), dice.choice(LEVELS)
        headers = {"x-level": level} if level else {}
        verdict = self.protection.enter(self.seconds, path, headers.get, 0.0)
        self._tell("enter", self._said(verdict), Path=path, Headers=[*headers.items()])
        if verdict is not None:
            return
        inside = self.protection.inside
        shared = work * max(1, inside // self.cores)
        queued = elsewhere * (1 + inside // narrow) if narrow else elsewhere
        took = (int((shared + queued) * dice.uniform(0.5, 1.5)) // STEP + 1) * STEP
        released = dice.random() < 0.02
        if released:
            self.protection.release(self.seconds)
            self._tell("release")
        heapq.heappush(self.ends, (self.now + took, self.now, released))

    def _said(self, verdict: Verdict | None) -> dict[str, Any]:
        strategy = self.protection._strategy
        room = {"room": strategy.limit} if isinstance(strategy, Adaptive) else {}
        return {
            "in": verdict is None,
            "inside": self.protection.inside,
            "refused": _words(verdict.refused if verdict else None),
            "would": _words(verdict.simulated if verdict else None),
            **room,
        }


def _words(refusal: Refusal | None) -> dict[str, Any] | None:
    if refusal is None:
        return None
    return {
        "rule": refusal.rule.rule,
        "reason": refusal.reason,
        "resource": refusal.resource,
        "status": refusal.rule.fallback.status,
        "body": refusal.body,
    }


def _poisson(dice: Random, mean: float) -> int:
    number, left = 0, math.exp(-mean)
    while (left_now := dice.random()) and (left := left / left_now) < 1:
        number += 1
    return number


def assert_alike(play: Play, runtime: Runtime) -> None:
    """The Go agent has decided each event as the Python agent has."""
    found = runtime.ask("overload", Events=play.events)
    pairs = zip(play.events, play.answers, found, strict=True)
    for number, (event, here, there) in enumerate(pairs):
        where = f"event {number} of {len(found)}: {event}"
        if here is None:
            assert there is None, where
            continue
        assert there.pop("room", 0.0) == pytest.approx(here.pop("room", 0.0), rel=1e-9), where
        for one in ("refused", "would"):
            if there[one] is not None:
                there[one] = {name: there[one][name] for name in here[one] or there[one]}
        assert there == here, where


@pytest.mark.parametrize("kind", STRATEGIES)
def test_the_same_requests_come_in(runtime: Runtime, kind: str) -> None:
    """Bursts, slow callees, narrow pools, and rest; rules change and samples fail in between."""
    refused = would = 0
    for seed in range(12):
        play = _played(kind, Random(f"{kind} {seed}"))
        assert_alike(play, runtime)
        refused += sum(bool(answer and answer["refused"]) for answer in play.answers)
        would += sum(bool(answer and answer["would"]) for answer in play.answers)
    assert min(refused, would) > 100


def _played(kind: str, dice: Random) -> Play:
    rule = replace(
        RULE,
        kind=kind,
        threshold=dice.choice((0.3, 0.8, 1.0)),
        priorities=dice.choice(PRIORITIES),
        fallback=dice.choice((Fallback(), Fallback(status=503, body="later"))),
    )
    if kind == PLAIN:
        rule = replace(rule, measure=dice.choice((CPU, MEMORY)))
    play = Play(rule, dice, cores=dice.choice((1, 2, 8)))
    for _ in range(8):
        play.phase(dice.choice((200, 800, 1600)))
        _turn(play, rule, dice)
    return play


def _turn(play: Play, rule: OverloadProtection, dice: Random) -> None:
    match dice.randrange(8):
        case 0:
            play.apply(None)
            play.apply(replace(rule, threshold=0.5))
        case 1:
            play.apply(rule, simulate=True)
        case 2:
            play.apply(replace(rule, priorities=dice.choice(PRIORITIES)))
        case 3:
            play.blind()
        case 4:
            play.see()
        case 5:
            play.apply(rule)


@pytest.mark.parametrize(
    "rule",
    [
        replace(RULE, mode="off"),
        replace(RULE, kind="own"),
        replace(RULE, measure=MEMORY, kind=ADAPTIVE),
        replace(RULE, threshold=0.0),
        replace(RULE, threshold=1.5),
        replace(RULE, exceptions=("x" * 1025,)),
        replace(RULE, priorities=(Priority(level="middle"),)),
        replace(RULE, fallback=Fallback(status=700)),
    ],
)
def test_both_refuse_what_cannot_be_enforced(runtime: Runtime, rule: OverloadProtection) -> None:
    """By the same words."""
    said = problem(rule)
    assert said is not None
    with pytest.raises(Exception, match=said.partition(" ")[0]) as refused:
        runtime.ask("overload", Events=[{"Do": "apply", "Rule": to_plain(rule)}])
    assert said.replace("'", '"') in str(refused.value).replace("'", '"')


def test_both_see_the_same_queues(runtime: Runtime) -> None:
    """Windows of response times that rise, and of rates that do or do not."""
    stood, ended = 0, 0
    for seed in range(400):
        dice, here = Random(seed), Standstill()
        windows, answers = [], []
        for one in _windows(dice):
            passed, number, mean, should, rate, turned = one
            found = here.settle(Span(passed, number, mean), should, rate, rejected=turned)
            answers.append([here.on, found])
            names = ("Passed", "Ended", "Mean", "Should", "Rate", "Turned")
            windows.append(dict(zip(names, one, strict=True)))
        there = runtime.ask("standstill", Windows=windows)
        assert [on for on, _ in there] == [on for on, _ in answers], seed
        for (_, one), (_, other) in zip(there, answers, strict=True):
            assert (one or 0.0) == pytest.approx(other or 0.0, rel=1e-9), seed
        stood += any(on for on, _ in answers)
        ended += any(found for _, found in answers)
    assert 40 < stood < 360
    assert ended > 10


def _windows(dice: Random) -> Iterator[tuple[float, int, float, float, float, bool]]:
    mean, ends, rate = 0.05, 100.0, 100.0
    for _ in range(dice.randrange(2, 6)):
        slope, growth, noise = (
            dice.choice((0.0, 0.0, 0.01, 0.05, 0.2)),
            dice.choice((0.7, 1.0, 1.2)),
            0.05,
        )
        if dice.random() < 0.3:
            mean = 0.05
        turned = dice.random() < 0.6
        for _ in range(dice.randrange(4, 20)):
            passed = dice.choice((0.1, 0.2, 1.0))
            number = max(1, round(ends * passed * dice.uniform(1 - noise, 1 + noise)))
            mean += slope * passed
            rate += 0.2 * (number / passed - rate)
            yield passed, number, mean * dice.uniform(1 - noise, 1 + noise), 0.1, rate, turned
        ends = min(max(5.0, ends * growth), 1000.0)
