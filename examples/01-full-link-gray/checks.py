"""What has to hold in one scenario only, beside the answers and the rows of all of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import instances as run
from load import GRAY, Answer
from outcome import Result
from query import table
from rows import SHADOW_TABLE
from scenarios import CANARY, MIXED_MEDIA, SHADOW_DATABASES, SHADOW_MISSING, SHADOW_TABLES

if TYPE_CHECKING:
    from stage import Stage

Check = Callable[["Stage", Result, list[Answer]], None]

CANARY_SHARE = 0.10
SIGMAS = 4.5
"""A fair draw is farther from its mean once in 150,000 demos."""


def sticky(stage: Stage, result: Result, answers: list[Answer]) -> None:
    """Each user is on one side, and the share of users is a fair draw of ten percent."""
    sides: dict[str, str] = {}
    for answer in answers:
        if answer.right and sides.setdefault(answer.request.group, answer.text) != answer.text:
            result.problems.append(f"{answer.request.group} was on both sides")
            result.tally.failed += 1
            result.tally.leaks += len(answer.text.split("→"))
    gray = sum(text == GRAY for text in sides.values())
    expected = len(sides) * CANARY_SHARE
    spread = SIGMAS * math.sqrt(expected * (1 - CANARY_SHARE))
    low, high = expected - spread, expected + spread
    if not low <= gray <= high:
        result.problems.append(f"{gray} of {len(sides)} users on gray, not {low:.0f} to {high:.0f}")
    result.figures["users on gray"] = (
        f"{gray} of {len(sides)} ({gray / max(1, len(sides)):.1%}; fair: {low:.0f} to {high:.0f})"
    )


def refused(stage: Stage, result: Result, answers: list[Answer]) -> None:
    """It is C that fails, for each request once, with the server's own words in its log."""
    failures = 1 + sum(answer.status != 200 for answer in answers)
    counted = stage.fleet.failed()
    by = {hop: counted[hop] for hop in (run.C.hop, run.C_GRAY.hop)}
    if sum(by.values()) != failures or not all(by.values()):
        result.problems.append(f"{failures} requests failed, and C's access logs say {by}")
    words = stage.medium.missing.format(SHADOW_TABLE.table)
    log = stage.fleet.log(run.C) + stage.fleet.log(run.C_GRAY)
    said = [line for line in log.splitlines() if words in line]
    if len(said) < failures:
        result.problems.append(f"{words!r} stands in C's logs {len(said)} times, not {failures}")
    result.figures["failed"] = by
    result.figures["C's log"] = said[-1] if said else "nothing"


def selected(stage: Stage, result: Result, answers: list[Answer]) -> None:
    """Show the rows: first those of gray C, last those that base C has written."""
    statement = f"SELECT * FROM {SHADOW_TABLE.table}"
    head, *rows = table(*stage.medium.ask(statement))
    shown = [*rows[:2], "…", *rows[-2:]] if len(rows) > 5 else rows
    result.select = [statement, head, *shown]


def named(stage: Stage, result: Result, answers: list[Answer]) -> None:
    """Say which of two drivers has written which side."""
    one, other = stage.medium.drivers
    if one != other:
        base, gray = (other, one) if result.scenario.swapped else (one, other)
        result.figures["drivers"] = {run.C.hop: base, run.C_GRAY.hop: gray}


CHECKS: dict[str, tuple[Check, ...]] = {
    CANARY.id: (sticky,),
    SHADOW_TABLES.id: (named, selected),
    SHADOW_DATABASES.id: (named,),
    SHADOW_MISSING.id: (named, refused),
    MIXED_MEDIA.id: (named,),
}
