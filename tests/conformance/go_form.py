"""The gates of the Go agent, asked as those of the Python agent: rules, times and calls by pipe.

The binary is that of the runtime's own tests, built once for what its sources are.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from functools import cache
from hashlib import sha256
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fairlead.flow.breaker import cut_short
from fairlead.flow.cells import read
from fairlead.flow.result import Result
from fairlead.policy.encode import to_plain
from fairlead.policy.flow_rules import FlowRules
from fairlead.policy.limit import HotLimit, WarmUp
from fairlead.policy.rule import Rule
from tests.flow.virtual import World, flow
from tests.golang.asking import RUNTIME, Refused, Runtime

BUILT = Path(__file__).resolve().parents[2] / "build" / "go-runtime"


@cache
def missing() -> str:
    """Return why the Go agent cannot be asked here, ``""`` where it can."""
    go = shutil.which("go")
    if go is None:
        return "no Go toolchain"
    told = subprocess.run(
        [go, "env", "GOVERSION"],
        capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "GOTOOLCHAIN": "local"},
    )  # fmt: skip
    minor = told.stdout.strip().removeprefix("go1.").partition(".")[0]
    return "" if minor.isdigit() and int(minor) >= 21 else "the Go toolchain is older than 1.21"


@cache
def runtime() -> Runtime:
    """Return the runtime, built where its sources are new."""
    go = Path(os.path.realpath(str(shutil.which("go")))).parents[1]
    sources = sha256()
    for path in sorted(RUNTIME.glob("*.go")):
        sources.update(path.name.encode() + path.read_bytes())
    sources.update((go / "VERSION").read_bytes() if (go / "VERSION").exists() else b"")
    folder = BUILT / sources.hexdigest()[:16]
    program = folder / "runtime.test"
    if not program.exists():
        BUILT.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=BUILT))  # two runs at once build it twice
        Runtime(go, work).close()
        folder.mkdir(exist_ok=True)
        (work / program.name).replace(program)
        shutil.rmtree(work)
    found = Runtime.of(program)
    atexit.register(found.close)
    return found


def forget() -> None:
    """End the process that was asked."""
    if runtime.cache_info().currsize:
        runtime().close()
        runtime.cache_clear()


class GoWorld(World):
    """Gates of Go at a time of their own."""

    def __init__(self, *rules: Rule, at: float, memory: Callable[[], int] = lambda: 0) -> None:
        self.start = self.time = int(at * 1_000_000)
        self.changes: list[tuple[str, str, str]] = []
        self.memory = memory
        self.rules: tuple[Rule, ...] = ()
        self.number = runtime().ask("flow.world")["world"]
        self.gates: Any = _Gates(self)
        self.gates.apply(flow(*rules))

    def ask(self, kind: str, **question: Any) -> dict[str, Any]:
        """Ask at this moment; hear what has become of breakers."""
        moment = {"World": self.number, "Time": self.time, "Memory": self.memory()}
        answer: dict[str, Any] = runtime().ask(kind, **moment, **question)
        self.changes += [tuple(change) for change in answer["changes"]]
        return answer


class _Gates:
    def __init__(self, world: GoWorld) -> None:
        self._world = world
        self.interpreted = "Go"

    def apply(self, rules: FlowRules, *, simulate: bool = False, lane: str = "") -> None:
        del lane
        self._world.rules = tuple(rules)
        self._world.ask("flow.apply", Rules=to_plain(rules), Simulate=simulate)

    def gate(self, name: str) -> _Gate:
        return _Gate(self._world, name)


class _Gate:
    def __init__(self, world: GoWorld, name: str) -> None:
        self._world, self.resource = world, name

    def enter(self, n: int = 1, facts: Any = None, prio: bool = False) -> _Entry:
        entry = _Entry(self._world)
        entry.hear(
            self._world.ask(
                "flow.enter",
                Entry=entry.number,
                Name=self.resource,
                N=n,
                Prior=prio,
                Facts=_facts(facts, self._world.rules),
            )
        )
        return entry


def _facts(facts: Any, rules: Iterable[Rule]) -> dict[str, Any]:
    if facts is None:
        return {}
    values = []
    for rule in rules:
        if isinstance(rule, HotLimit):
            value = read(rule, facts.value(rule.param.source, rule.param.name))
            if value is not None:
                named = {"Source": rule.param.source, "Name": rule.param.name}
                told = {"Several": value} if isinstance(value, list) else {"One": value}
                values.append({**named, **told})
    return {"Caller": facts.caller(), "Entrance": facts.entrance(), "Values": values}


_numbers = count()


class _Entry:
    def __init__(self, world: GoWorld) -> None:
        self._world = world
        self.number = next(_numbers)
        self.wait = 0
        self.refused: Any = None
        self.simulated: Any = None

    def hear(self, answer: dict[str, Any]) -> None:
        self.wait = answer["wait"]
        self.refused, self.simulated = _refusal(answer, "refused"), _refusal(answer, "would")

    def begin(self) -> None:
        self._world.ask("flow.end", Entry=self.number, Begins=True)

    def exit(self, failed: bool = False, outcome: Result | None = None) -> None:
        told: dict[str, Any] = {"GRPC": -1}
        if outcome is not None:
            fault = outcome.fault or (type(outcome.error).__name__ if outcome.error else "")
            told["Fault"] = "cancelled" if cut_short(outcome) else fault
            told["Status"] = outcome.status or 0
            told["GRPC"] = -1 if outcome.grpc is None else outcome.grpc
        self._world.ask("flow.end", Entry=self.number, Failed=failed, **told)


def _refusal(answer: dict[str, Any], name: str) -> Any:
    said = answer.get(name)
    if said is None:
        return None
    rule = SimpleNamespace(rule=said["rule"], strategy=said["strategy"])
    after = said["after"] / 1e9
    return SimpleNamespace(**{**said, "rule": rule, "retry_after": after})


class GoHot:
    """A HotLimit of Go."""

    def __init__(self, rule: HotLimit) -> None:
        self._made = runtime().ask("flow.hot", Rule=to_plain(rule))["made"]

    def _ask(self, **question: Any) -> dict[str, Any]:
        return runtime().ask("flow.hot", Made=self._made, **question)  # type: ignore[no-any-return]

    def __len__(self) -> int:
        return int(self._ask()["count"])

    def test(self, now: int, n: int, value: str) -> int:
        return int(self._ask(Do="test", Time=now, N=n, Value=value)["wait"])

    def take(self, now: int, n: int, value: str) -> int:
        return int(self._ask(Do="take", Time=now, N=n, Value=value)["held"])

    def leave(self, held: int) -> None:
        self._ask(Do="leave", Held=held)


class GoShape:
    """A threshold of Go that rises."""

    def __init__(self, threshold: float, window_ms: int, warm_up: WarmUp) -> None:
        told = {"PeriodMs": warm_up.period_ms, "Cold": warm_up.cold_factor}
        found = runtime().ask("flow.warmup", Threshold=threshold, WindowMs=window_ms, **told)
        self._made = found["made"]
        self.warning, self.max, self.slope = found["warning"], found["max"], found["slope"]

    def allowed(self, count: int, now: int) -> float:
        asked = {"Made": self._made, "Count": count, "Time": now}
        return float(runtime().ask("flow.warmup", Allowed=True, **asked)["allowed"])

    def limit(self, count: int, now: int) -> int:
        asked = {"Made": self._made, "Count": count, "Time": now}
        return int(runtime().ask("flow.warmup", **asked)["limit"])


def problem(rule: Rule) -> str | None:
    """Return why Go would not enforce a rule."""
    try:
        answer = runtime().ask("flow.problem", Rules=to_plain(flow(rule)))
    except Refused as error:
        return str(error)
    found: str | None = answer["problem"]
    return found
