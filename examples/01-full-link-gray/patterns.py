"""The scenario `patterns`: three ways to a gray version of A and C, each run with real requests.

- *Physical isolation*: a second stack, whole, and a gateway that picks one by a header. What did
  not change is copied too.
- *A rule at each hop*: nothing is propagated. Every app must pass the header on, and each hop that
  is to choose has a rule of its own.
- *Full link*: one rule at the entry; behind it fairlead keeps the lane, whatever apps pass on.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from itertools import cycle, islice
from typing import TYPE_CHECKING

import instances as run
from load import BASE, GRAY, Answer, Request, ask, send
from outcome import Result
from processes import DemoFailed, Instance
from query import table
from scenarios import AROUND_B, COLOURS, SHENZHEN

if TYPE_CHECKING:
    from stage import Stage

FULL, LEAST = 1000, 10
"""Requests of each pattern, half of them gray."""

HOPS = ("per-hop-entry.yaml", "per-hop-a.yaml", "per-hop-b.yaml")
MISROUTED = "Agray→B→C"
"""A gray request that has lost its lane behind B."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """One way, and what it took."""

    name: str
    more: int
    """Instances beside the entry and base's three."""
    rules: int
    hops: int
    """Hops at which a request is told gray from base by fairlead."""
    apps: str
    """What the apps have to do."""
    forgotten: str
    """What becomes of a gray request whose header an app does not pass on."""

    def row(self) -> list[object]:
        """Return it as a line of the table."""
        instances = f"{4 + self.more} (+{self.more})"
        return [self.name, instances, self.rules, self.hops, self.apps, self.forgotten]


COLUMNS = [
    "pattern",
    "instances",
    "rules",
    "hops",
    "apps pass on",
    "where an app forgets the header",
]


def side_by_side(stage: Stage, result: Result) -> None:
    """Run the three one after the other, and show what each took."""
    runs = (_isolated(stage, result), _per_hop(stage, result), _full_link(stage, result))
    result.figures["side by side"] = list(table(COLUMNS, [pattern.row() for pattern in runs]))


def _isolated(stage: Stage, result: Result) -> Pattern:
    fleet = stage.fleet
    fleet.start((run.GATEWAY, *run.COPIES))
    try:
        fleet.settle()
        fleet.settle(run.STACK)
        gateway = _address(stage, run.GATEWAY)
        gray = Request(expect=(GRAY,), headers=(SHENZHEN,))
        _send(stage, result, gateway, gray, Request(expect=(BASE,)))
        kept = _ask(result, gateway, gray)
        base, copies = fleet.memory((run.A, run.B, run.C)), fleet.memory(run.COPIES)
        result.figures["cost of the second stack"] = (
            f"{len(run.COPIES)} instances beside base's {len(run.COPIES)}, "
            f"{_megabytes(copies)} beside {_megabytes(base)}; its database is not copied here"
        )
        rules = fleet.control.rules("default") + fleet.control.rules(run.STACK)
    finally:
        fleet.stop((run.GATEWAY, *run.COPIES))
    return Pattern(
        name="1 physical isolation",
        more=len(run.COPIES),
        rules=rules,
        hops=0,
        apps="nothing",
        forgotten=f"stays in its stack: {kept}",
    )


def _per_hop(stage: Stage, result: Result) -> Pattern:
    fleet, everything = stage.fleet, (run.BY_HAND_ENTRY, *run.BY_HAND_BASE, *run.BY_HAND_GRAY)
    namespace = run.BY_HAND_ENTRY.namespace
    fleet.apply(*HOPS)
    fleet.start(everything)
    try:
        fleet.settle(namespace)
        entry = _address(stage, run.BY_HAND_ENTRY)
        gray = Request(expect=(AROUND_B,), headers=(SHENZHEN,), row=None)
        _send(stage, result, entry, gray, Request(expect=(BASE,), row=None))
        rules = fleet.control.rules(namespace)
        lost = replace(gray, path="/a/report", expect=(MISROUTED,))
        forgotten = _ask(result, entry, lost)
        fleet.apply(*HOPS[:2])
        fleet.settle(namespace)
        without = _ask(result, entry, replace(gray, expect=(MISROUTED,)))
        result.figures["without the rule at B"] = f"{gray.curl(entry)}: {without}"
    finally:
        fleet.stop(everything)
    return Pattern(
        name="2 rule at each hop",
        more=len(run.BY_HAND_GRAY),
        rules=rules,
        hops=len(HOPS),
        apps="the header",
        forgotten=f"is lost to base: {forgotten}",
    )


def _full_link(stage: Stage, result: Result) -> Pattern:
    fleet, lane = stage.fleet, (run.A_GRAY, run.C_GRAY)
    fleet.apply(COLOURS)
    fleet.start(lane)
    fleet.settle()
    entry = stage.entry
    gray = Request(expect=(AROUND_B,), headers=(SHENZHEN,))
    _send(stage, result, entry, gray, Request(expect=(BASE,)))
    kept = _ask(result, entry, gray)
    result.curl, result.answer = gray.curl(entry), kept
    result.figures["cost of the lane"] = (
        f"{len(lane)} instances, {_megabytes(fleet.memory(lane))}: what did not change is shared"
    )
    return Pattern(
        name="3 full link",
        more=len(lane),
        rules=fleet.control.rules("default"),
        hops=3,
        apps="nothing",
        forgotten=f"stays on its lane: {kept}",
    )


def _address(stage: Stage, instance: Instance) -> str:
    address = stage.fleet.address(instance)
    if address is None:
        raise DemoFailed(f"{instance.name} is not registered any more")
    return address


def _send(stage: Stage, result: Result, address: str, *requests: Request) -> None:
    """Send `requests` in turn, and count the answers."""
    answers: list[Answer] = []
    count = max(LEAST, round(FULL * stage.scale))
    asyncio.run(send(address, islice(cycle(requests), count), answers.append))
    for answer in answers:
        result.tally.add(answer)


def _ask(result: Result, address: str, request: Request) -> str:
    answer = ask(address, request)
    result.tally.add(answer)
    return answer.text


def _megabytes(size: int) -> str:
    return f"{size / (1 << 20):.0f} MiB"
