"""Calls at chosen times, at our gates and at Sentinel: which pass has to be the same.

A schedule is made of a file's rules: calls of their resources by callers, with arguments, that last
a while, and fail now and then; faster than the rules allow, with pauses. Times are milliseconds
from a start that is a multiple of every window.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.cli.sentinel.rules_of import compiled, imported
from tests.flow.virtual import MS, World

START = 1_700_000_040_000
"""Milliseconds since 1970: a multiple of a minute."""

CALLERS = ("", "web", "mobile", "app", "tv", "backoffice", "crawler")
VALUES = (4711, 7, "a", "b", "vip")

MOST_APART = 0.05
"""Share by which all waits together may differ."""

Step = dict[str, Any]


class Call:
    """What is known of a call."""

    def __init__(self, step: Step) -> None:
        self._step = step

    def caller(self) -> str:
        return str(self._step["caller"])

    def entrance(self) -> str:
        return str(self._step["entrance"])

    def value(self, source: str, name: str) -> Any:
        if source != "argument":
            return None
        if not name.removeprefix("-").isdecimal():
            return self._step["attachments"].get(name)
        arguments = self._step["args"]
        return arguments[int(name)] if -len(arguments) <= int(name) < len(arguments) else None


def can_be_asked(dialect: str, rule: dict[str, Any]) -> bool:
    """Tell whether Sentinel can be asked about a rule under a clock that is not the machine's."""
    if dialect == "go":
        return not rule.get("regex")  # newer than the newest release
    # Queues of Java sleep, and gateways are none without a gateway.
    queues = rule.get("controlBehavior") in (2, 3)
    return not queues and not {"intervalSec", "resourceMode", "paramItem"} & rule.keys()


def together(rules: Sequence[dict[str, Any]], dialect: str) -> dict[str, list[dict[str, Any]]]:
    """Return rules by resource: calls of another one that wait would move its clock."""
    found: dict[str, list[dict[str, Any]]] = {}
    for rule in rules:
        if can_be_asked(dialect, rule):
            found.setdefault(rule["resource"], []).append(rule)
    return found


def schedule(rules: Sequence[dict[str, Any]], calls: int, seed: str) -> list[Step]:
    """Return calls of the resources of `rules`, each from ``enter`` to ``exit``, in order."""
    dice = random.Random(seed)
    names = sorted({name for rule in rules for name in _names(rule)})
    chains = (rule for rule in rules if rule.get("strategy") == 2)
    entrances = sorted({rule["refResource"] for rule in chains if "refResource" in rule})
    found: list[tuple[float, int, Step]] = []
    for name in names:
        at = 0.0
        for number in range(calls):
            at += dice.choice((0, 0, 0, 1, 5, 20, 40))
            at += dice.choice((600, 3000, 9000)) if number % 100 == 99 else 0
            lasts = dice.choice((0, 1, 30, 60, 300))
            call = len(found)
            step = {
                "do": "enter",
                "id": call,
                "resource": name,
                "caller": dice.choice(CALLERS),
                "entrance": dice.choice(("", *entrances)),
                "args": [dice.choice(VALUES), dice.choice(VALUES)],
                "attachments": {"user": dice.choice(("ann", "bob"))},
            }
            found.append((at, call, step))
            end = {"do": "exit", "id": call, "failed": dice.random() < 0.15}
            found.append((at + lasts, call, end))
    ordered = sorted(found, key=lambda one: (one[0], one[1], one[2]["do"] == "exit"))
    return [{"at": int(at), **step} for at, _, step in ordered]


def _names(rule: dict[str, Any]) -> Iterator[str]:
    yield from (f"{rule['resource'][:-2]}{n}" for n in "xy") if rule.get("regex") else ()
    if not rule.get("regex"):
        yield str(rule["resource"])
    if "refResource" in rule and rule.get("strategy") != 2:
        yield str(rule["refResource"])


def ours(rules: Sequence[dict[str, Any]], steps: Sequence[Step]) -> list[str]:
    """Return what becomes of each call at our gates: passed, after which wait, or rejected."""
    world = World(*compiled(imported(list(rules))), at=float(START))
    entries: dict[int, Any] = {}
    found = []
    for step in steps:
        world.time = max(world.time, world.start + step["at"] * MS)
        if step["do"] == "exit":
            entries.pop(step["id"]).exit(step["failed"])
            continue
        entry = entries[step["id"]] = world.enter(step["resource"], facts=Call(step))
        wait = 0 if entry.refused else entry.wait
        if wait:
            world.time += wait
            entry.begin()
        found.append(f"{step['id']} {'rejected' if entry.refused else 'passed'} {wait}")
    return found


def write(path: Path, steps: Sequence[Step]) -> Path:
    """Write a schedule, a step a line."""
    path.write_text("".join(f"{json.dumps(step)}\n" for step in steps))
    return path


def compared(name: str, steps: Sequence[Step], mine: Sequence[str], its: Sequence[str]) -> str:
    """Return a line, and the first call that differs.

    Waits are the same to the nanosecond, or come to the same in all: a warm-up of Go looks at what
    passed half a second later than ours and Java's, and moves calls of its queue by a few percent.
    """
    calls = [step for step in steps if step["do"] == "enter"]
    rejected = sum("rejected" in one for one in mine)
    line = f"{name}: {len(calls)} calls, {rejected} rejected"
    pairs = list(zip(calls, mine, its, strict=True))
    different = [pair for pair in pairs if pair[1] != pair[2]]
    ends = [pair for pair in different if pair[1].split()[1] != pair[2].split()[1]]
    waits = [sum(int(one.split()[2]) for one in found) for found in (mine, its)]
    if not ends and abs(waits[0] - waits[1]) <= MOST_APART * max(waits):
        apart = f", {len(different)} wait longer or less" if different else ""
        return f"{line}{apart}"
    call, here, there = (ends or different)[0]
    return f"{line} here, {len(different)} differ\n    {call}\n    here {here}, there {there}"
