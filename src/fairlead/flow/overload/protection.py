"""The gate of a process: whether it has the strength for a request, before it is known for what.

It stands before the gates of resources, and costs one look at `on` where there is no rule. Time,
and what the process is doing, are arguments; the agent samples them while a rule wants it.
"""

from __future__ import annotations

from _thread import allocate_lock
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf

from fairlead.flow.overload.adaptive import EMPTY, Adaptive
from fairlead.flow.overload.bbr import KratosBBR, SentinelBBR
from fairlead.flow.overload.paths import Paths, Requests
from fairlead.flow.overload.pid import PID
from fairlead.flow.overload.strategy import Plain, Strategy
from fairlead.flow.refusal import OVERLOAD, Refusal
from fairlead.policy import overload as policy
from fairlead.policy.overload import HEALTH, HIGH, LOW, OverloadProtection
from fairlead.policy.rule import SIMULATE

SPARE = {LOW: 0.5, "": 0.0, HIGH: 0.0}
"""Share of the room that requests leave to those that matter more."""
SPARE_BELOW_HIGH = 0.25
"""What others leave where some are of high priority."""

PRESSED = 0.95
"""Share of the memory or of the descriptors in use from which on low priority is not served."""

CALM = 0.5
"""How busy a process is at most where only some requests are asked how long they have waited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a process is doing; shares are of what it may use, and may be more than 1."""

    cpu: float = 0.0
    """Of its container, and of itself."""
    thread: float = 0.0
    """Of a core, by its busiest thread and by all that share the interpreter's lock."""
    lag: float = 0.0
    """Seconds that its event loop is late; 0.0 without one."""
    memory: float = 0.0
    """Of its container; 0.0 without a limit."""
    descriptors: float = 0.0

    @property
    def busy(self) -> float:
        """How busy it is: the part that is nearest to its end decides."""
        return max(self.cpu, self.thread)


class Verdict:
    """What is to be done with a request that does not simply pass; told like an entry of a gate."""

    __slots__ = ("refused", "simulated", "wait")

    def __init__(self, refused: Refusal | None = None, simulated: Refusal | None = None) -> None:
        self.refused, self.simulated, self.wait = refused, simulated, 0


PASSES = Verdict()
"""For a request that is never rejected: it goes on, and is not counted as one inside."""


class Protection:
    """Of one process. Threads may share it."""

    __slots__ = (
        "_admits",
        "_blind",
        "_born",
        "_calm",
        "_except",
        "_inside",
        "_lock",
        "_requests",
        "_spare",
        "_strategy",
        "asks",
        "changed",
        "cores",
        "counts",
        "load",
        "on",
        "passed",
        "plain",
        "rule",
    )  # fmt: skip

    def __init__(self) -> None:
        """Begin without a rule."""
        self.on = False
        """Whether there is a rule. Every request looks at this."""
        self.asks = False
        """Whether it wants to know how long a request has waited."""
        self.plain = True
        """Whether it wants to know nothing of a request but its path."""
        self.rule: OverloadProtection | None = None
        self.changed: Callable[[], object] = _nothing
        """Called where a rule comes or goes."""
        self.cores = 1.0
        """That requests can use at once."""
        self.load = Load()
        self.passed = self._inside = 0
        self.counts: dict[str, tuple[int, int]] = {}
        """Requests that each rule has rejected, and would have."""
        self._blind = False
        self._born = -inf
        self._lock = allocate_lock()
        self._strategy: Strategy = Plain(inf)
        self._admits = self._strategy.admits
        self._calm = True
        self._except = Paths(HEALTH)
        self._requests: Requests | None = None
        self._spare = SPARE

    @property
    def inside(self) -> int:
        """Requests under way that it has let in."""
        return self._inside

    @property
    def rejected(self) -> int:
        """Requests that were turned away."""
        return sum(rejected for rejected, _ in list(self.counts.values()))

    @property
    def simulated(self) -> int:
        """Requests that would have been."""
        return sum(simulated for _, simulated in list(self.counts.values()))

    @property
    def room(self) -> float | None:
        """Requests that may be under way, where the strategy has found a number for it."""
        return self._strategy.limit if isinstance(self._strategy, Adaptive) else None

    def apply(self, rule: OverloadProtection | None, *, simulate: bool = False) -> None:
        """Enforce `rule` from the next request on; what a strategy has learnt goes on if it may."""
        if rule is not None and simulate:
            rule = replace(rule, mode=SIMULATE)
        before, self.rule = self.rule, rule
        if rule is not None and rule != before:
            if before is None or _learnt_by(before) != _learnt_by(rule):
                self._use(rule)
            self._except = Paths((*HEALTH, *rule.exceptions))
            self._requests = Requests(rule.priorities) if rule.priorities else None
            some = any(one.level == HIGH for one in rule.priorities)
            self._spare = SPARE | ({"": SPARE_BELOW_HIGH} if some else {})
        self.on = rule is not None
        self._wonder()
        if (before is None) != (rule is None):
            self.changed()

    def begin(self, cores: float) -> None:
        """Hear that samples begin, and how many cores requests can use at once."""
        self.cores, self._blind = cores, False
        self.load = Load()
        with self._lock:
            if self.rule is not None:
                self._use(self.rule)

    def blind(self) -> None:
        """Hear that no samples come for now: who sees nothing rejects nobody."""
        self.load, self._blind = Load(), True
        with self._lock:
            if self.rule is not None:
                self._use(self.rule)
        self._wonder()

    def begin_again(self, now: float) -> None:
        """Begin anew in a forked process: who was inside is in the parent."""
        self._lock = allocate_lock()
        self._born, self._inside, self._blind = now, 0, False
        self.passed, self.counts = 0, {}
        if self.rule is not None:
            self._use(self.rule)

    def sample(self, now: float, load: Load) -> None:
        """Hear what the process is doing, some times a second."""
        self.load, self._calm = load, load.busy < CALM
        rule = self.rule
        if rule is None:
            return
        with self._lock:
            memory = rule.measure == policy.MEMORY
            self._strategy.sample(now, load.memory if memory else load.busy)
        self._wonder()

    def enter(
        self, now: float, path: str, header: Callable[[str], str | None], waited: float
    ) -> Verdict | None:
        """Let a request in, which is to `leave`: None. Otherwise say what is to be done with it.

        `waited` are the seconds since it came to this machine, as far as that is known.
        """
        # Every request comes by here: nothing is done for one that it does not need.
        spare = 0.0 if self._requests is None else self._spare_of(path, header)
        with self._lock:
            if spare < 1 and self._admits(now, self._inside, waited, spare):
                self._inside += 1
                self.passed += 1
                if self.asks and self._calm and waited <= EMPTY:
                    self.asks, self.plain = False, self._requests is None  # until the next sample
                return None
        rule = self.rule
        if rule is None or self.spares(path):
            return PASSES
        refusal = Refusal(rule, policy.INSTANCE, OVERLOAD)
        simulated = rule.mode == SIMULATE
        with self._lock:
            before = self.counts.get(rule.rule, (0, 0))
            self.counts[rule.rule] = (before[0] + (not simulated), before[1] + simulated)
        return Verdict(simulated=refusal) if simulated else Verdict(refusal)

    def spares(self, path: str) -> bool:
        """Tell whether requests of `path` are never rejected."""
        return self._except.match(path)

    def leave(self, since: float, now: float) -> None:
        """End a request that was let in at `since`."""
        with self._lock:
            if since >= self._born:
                self._inside -= 1
                self._strategy.ended(now, now - since)

    def release(self, since: float) -> None:
        """Let go of a request that was let in at `since`, and goes on for as long as it likes."""
        with self._lock:
            if since >= self._born:
                self._inside -= 1

    @property
    def punctual(self) -> bool:
        """Whether nothing in the process can be what a request in its event loop has waited for."""
        return self.load.busy < CALM and self.load.lag < EMPTY

    def _wonder(self) -> None:
        self.asks = isinstance(self._strategy, Adaptive)
        self.plain = not self.asks and self._requests is None

    def _pressed(self) -> bool:
        return self.load.memory >= PRESSED or self.load.descriptors >= PRESSED

    def _spare_of(self, path: str, header: Callable[[str], str | None]) -> float:
        """Return the share of the room that a request leaves; 1.0 for one that is not served."""
        level = self._requests.level(path, header) if self._requests is not None else ""
        return 1.0 if level == LOW and self._pressed() else self._spare[level]

    def _use(self, rule: OverloadProtection) -> None:
        if self._blind:
            self._strategy = Plain(inf)
        elif rule.kind == policy.ADAPTIVE:
            self._strategy = Adaptive(self.cores)
        else:
            self._strategy = _STRATEGIES[rule.kind](rule.threshold)
        self._admits = self._strategy.admits


_STRATEGIES: dict[str, Callable[[float], Strategy]] = {
    policy.PLAIN: Plain,
    policy.BBR: SentinelBBR,
    policy.KRATOS_BBR: KratosBBR,
    policy.PID: PID,
}


def _nothing() -> None:
    pass


def _learnt_by(rule: OverloadProtection) -> tuple[str, str, float]:
    return rule.kind, rule.measure, rule.threshold
