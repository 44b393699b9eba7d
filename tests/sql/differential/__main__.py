"""Many generated statements, through the agent and by hand; what was found goes to a file.

    python -m tests.sql.differential --dialect mysql --seed 7 --count 1000
    python -m tests.sql.differential --dialect mysql --seed 7 --first 123 --count 1

The second replays one statement. The summary is build/sql/differential-DIALECT.json. The status
is 1 where something differed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.sql.differential.copies import ServerDied
from tests.sql.differential.generate import DIALECTS, statements
from tests.sql.differential.harness import Harness, Tally
from tests.sql.differential.outcome import Outcome
from tests.sql.differential.pairs import Pairs
from tests.sql.differential.schema import script
from tests.sql.differential.shrink import shrunk
from tests.sql.differential.statement import Statement

BUILD = Path(__file__).resolve().parents[3] / "build" / "sql"
COUNT = 50_000
MOST_DEATHS = 100
"""Statements that a server may die of: MariaDB 10.11 does of some that are deep."""
MOST, EACH = 20, 5
"""Findings that are shown, and shortened, at most; and refusals of each cause."""


def main() -> int:
    """Run what the command line asks for; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--dialect", action="append", choices=sorted(DIALECTS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--refusals", action="store_true", help="shorten refused statements too")
    options = parser.parse_args()
    found = 0
    with tempfile.TemporaryDirectory(prefix="fairlead-sql-") as folder:
        pairs = Pairs(Path(folder))
        try:
            for dialect in options.dialect or sorted(DIALECTS):
                found += _run(pairs, dialect, options)
        finally:
            pairs.close()
    return 1 if found else 0


def _run(pairs: Pairs, dialect: str, options: argparse.Namespace) -> int:
    started = time.monotonic()
    todo = iter(statements(dialect, options.seed, options.count, options.first))
    tally = Tally()
    for _ in range(MOST_DEATHS):
        if _try_all(pairs, dialect, todo, tally):
            break
        pairs.forget(dialect)
    else:
        raise SystemExit(f"{dialect}: the server died of {MOST_DEATHS} statements")
    with pairs.harness(dialect, script(dialect)) as harness:
        harness.tally = tally
        seconds = time.monotonic() - started
        shown = _findings(harness)
        refusals = _refusals(harness) if options.refusals else {}
        summary = _summary(harness, dialect, seconds, options)
    _write(dialect, {**summary, "findings": shown, "refusals": refusals})
    _say(
        f"{dialect}: {summary['statements']} statements in {seconds:.0f} s, {summary['refused']}"
        f" refused, {summary['telling']} that tell base from shadow, {summary['found']} found"
    )
    return len(harness.tally.findings)


def _try_all(pairs: Pairs, dialect: str, todo: Iterator[Statement], tally: Tally) -> bool:
    """Try what is left to do; return False where the server has died of a statement."""
    with pairs.harness(dialect, script(dialect)) as harness:
        harness.tally = tally
        for statement in todo:
            try:
                harness.try_statement(statement)
            except ServerDied as death:
                tally.died.append(statement)
                _say(f"[died] {statement.place}: {death}\n  {statement.text}\n")
                return False
            if len(tally.findings) >= 10 * MOST:
                _say(f"{dialect}: stopped, too much is wrong")
                break
    return True


def _summary(
    harness: Harness, dialect: str, seconds: float, options: argparse.Namespace
) -> dict[str, object]:
    tally = harness.tally
    return {
        "dialect": dialect,
        "seed": options.seed,
        "first": options.first,
        "statements": tally.statements,
        "seconds": round(seconds, 1),
        "errors": tally.errors,
        "died": len(tally.died),
        "telling": tally.telling,
        "refused": tally.refused.total(),
        "causes": dict(tally.refused.most_common()),
        "found": len(tally.findings),
        "leaks": sum(finding.kind == "leak" for finding in tally.findings),
    }


def _findings(harness: Harness) -> list[dict[str, str]]:
    """Return what was found, once for each statement, each made short."""
    shown: list[dict[str, str]] = []
    seen: set[str] = set()
    for finding in harness.tally.findings:
        statement = finding.statement
        if statement.place in seen or len(shown) >= MOST:
            continue
        seen.add(statement.place)
        _say(str(finding))
        short = _short(harness, statement)
        _say(f"  short:   {short.base(harness.shadowed)!r} {short.args!r}\n")
        shown.append(
            {
                "kind": finding.kind,
                "what": finding.what,
                "replay": statement.place,
                "statement": short.base(harness.shadowed),
                "args": repr(short.args),
            }
        )
    return shown


def _refusals(harness: Harness) -> dict[str, list[str]]:
    """Return short statements that are refused, by cause, those of one reason once."""
    found: dict[str, list[str]] = {}
    seen: set[str] = set()
    for statement, outcome in list(harness.tally.refusals):
        listed = found.setdefault(outcome.cause, [])
        reason = _kind_of(outcome)
        if reason in seen or len(listed) >= EACH:
            continue
        seen.add(reason)
        short = _short(harness, statement)
        listed.append(f"{outcome.reason} | {short.base(harness.shadowed)}")
        _say(f"[refused: {outcome.cause}] {listed[-1]}")
    return found


def _kind_of(outcome: Outcome) -> str:
    return f"{outcome.cause} {outcome.reason[-30:]}"


def _short(harness: Harness, statement: Statement) -> Statement:
    wrong = harness.probe(statement)
    if not wrong:
        return statement
    quiet = replace(statement, ordered=False)
    return shrunk(quiet, lambda candidate: harness.probe(candidate) == wrong)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _write(dialect: str, summary: dict[str, object]) -> None:
    BUILD.mkdir(parents=True, exist_ok=True)
    path = BUILD / f"differential-{dialect}.json"
    path.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
