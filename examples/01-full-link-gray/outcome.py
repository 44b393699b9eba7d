"""What became of a scenario, as figures and as lines for a person."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from load import Tally
from rows import BASE_ROWS, Change
from scenarios import Scenario

_COLOUR = sys.stdout.isatty() and not os.environ.get("NO_COLOR")


@dataclass(slots=True, kw_only=True)
class Result:
    """The figures of one scenario; `problems` says in words what is off."""

    scenario: Scenario
    tally: Tally
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    """What else was measured, by name: shares, counts of the access logs."""
    rows: list[list[Change]] = field(default_factory=list)
    """What each round did to the places of rows."""
    curl: str = ""
    answer: str = ""
    select: list[str] = field(default_factory=list)
    """A statement and what it returns, to look at."""

    @property
    def ok(self) -> bool:
        """Whether every figure is as it should be."""
        return not self.problems and not self.tally.failed and not self.tally.leaks

    def plain(self) -> dict[str, Any]:
        """Return it as the JSON report has it."""
        return {
            "id": self.scenario.id,
            "ok": self.ok,
            "requests": self.tally.requests,
            "failed": self.tally.failed,
            "leaks": self.tally.leaks,
            "seconds": round(self.seconds, 2),
            "answers": dict(self.tally.texts.most_common()),
            "problems": [*self.problems, *self.tally.wrong],
            **self.figures,
            "rows": [{str(change.place): change.plain() for change in one} for one in self.rows],
        }

    def described_rows(self) -> Iterator[tuple[str, str]]:
        """Yield each round's name and rows, in base and where else the scenario has written."""
        places = {BASE_ROWS, *(one.place for round_ in self.rows for one in round_ if one.written)}
        for number, round_ in enumerate(self.rows, 1):
            texts = [change.described() for change in round_ if change.place in places]
            yield f"rows{f' in round {number}' if number > 1 else ''}", ", ".join(texts)


def show(number: int, result: Result) -> None:
    """Print what a scenario says, its figures, and one request with its answer."""
    tally = result.tally
    verdict = paint("ok", "32") if result.ok else paint("NOT OK", "31;1")
    print(f"{number}  {paint(result.scenario.id, '1')}  {result.scenario.says}")
    print(
        f"   {verdict}  {tally.requests:,} requests, {tally.failed:,} failed, "
        f"{tally.leaks:,} leaks, {result.seconds:.1f} s;  {_mix(tally.texts)}"
    )
    for name, value in (*result.figures.items(), *result.described_rows()):
        for line in _lines(name, value):
            print(f"   {paint(line, '2')}")
    print(f"   {paint('$ ' + result.curl, '2')}\n   {result.answer}")
    for line in result.select:
        print(f"   {line}")
    for problem in [*result.problems, *tally.wrong]:
        print(f"   {paint('!', '31;1')} {problem}")
    print(flush=True)


def paint(text: str, code: str) -> str:
    """Return `text` in a colour of the terminal, or as it is where there is none."""
    return f"\x1b[{code}m{text}\x1b[0m" if _COLOUR else text


def _mix(texts: Counter[str]) -> str:
    return "  ".join(f"{times:,} {text}" for text, times in texts.most_common())


def _lines(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = ", ".join(f"{key} {item}" for key, item in value.items()) or "nothing"
    if isinstance(value, list):
        yield f"{name}:"
        yield from (f"  {item}" for item in value)
    else:
        yield f"{name}: {value}"
