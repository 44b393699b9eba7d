"""``fairlead sql check``: what a lane would send for each statement of a file, before it runs.

Judges by the code that agents run. What only a server knows (views, triggers, cascading keys) is
not looked at here; the last line says so.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from fairlead.cli import command, sources, terminal
from fairlead.cli.command import DEFAULT_SERVER, Files, Namespace, Server
from fairlead.cli.control_plane import ControlPlane
from fairlead.cli.failure import ENVIRONMENT, REFUSED, USAGE, Failed
from fairlead.cli.printing import Whole, WholeOutput, document
from fairlead.compiler import World
from fairlead.kinds import InvalidResource, load_documents
from fairlead.policy.database import ShadowTable
from fairlead.policy.workload import DEFAULT_NAMESPACE
from fairlead.sql import lexis
from fairlead.sql.parsing import installed
from fairlead.sql.rewrite import rewritten
from fairlead.sql.script import outlined
from fairlead.sql.session import MYSQL, POSTGRES, SQLITE, Session
from fairlead.sql.shadowing import Shadowing
from fairlead.sql.verdict import Refused

RULES = "/apis/traffic.opensergo.io/v1alpha1/namespaces/{}/workloadlabelrules"


class Dialect(StrEnum):
    """Whose SQL it is."""

    MYSQL = MYSQL
    POSTGRES = POSTGRES
    SQLITE = SQLITE


class Params(StrEnum):
    """How parameters are marked in the statements."""

    AUTO = "auto"
    FORMAT = lexis.FORMAT
    QMARK = lexis.QMARK
    NAMED = lexis.NAMED
    NONE = lexis.PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What became of one statement."""

    source: str
    line: int
    statement: str
    result: str
    """``rewritten``, ``unchanged`` or ``refused``."""
    sent: str = ""
    cause: str = ""
    reason: str = ""


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead sql``."""
    return command.run("sql", arguments, COMMANDS)


def check(  # noqa: PLR0913 - one parameter for each option
    files: Annotated[list[str], typer.Argument(help="SQL files, or - for standard input.")],
    *,
    dialect: Annotated[Dialect, typer.Option("--dialect", "-d", help="Server's dialect.")],
    lane: Annotated[str, typer.Option("--lane", help="Lane.")] = "gray",
    filename: Files = None,
    table: Annotated[
        list[str] | None,
        typer.Option("--table", "-t", help="A table with a shadow; may repeat. No rules are read."),
    ] = None,
    database: Annotated[
        str, typer.Option("--database", help="Current database; by default the rules' only one.")
    ] = "",
    function: Annotated[
        list[str] | None,
        typer.Option("--function", help="A function that may be called; may repeat."),
    ] = None,
    params: Annotated[Params, typer.Option("--params", help="How parameters are marked.")] = (
        Params.AUTO
    ),
    namespace: Namespace = None,
    output: WholeOutput = None,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Show each statement's rewrite or refusal; exit with 1 if any is refused."""
    if not installed():
        raise Failed("SQL cannot be read here: python -m pip install 'fairlead[sql]'", ENVIRONMENT)
    rules = _named(table, lane, database) if table else _rules(filename, namespace, server, lane)
    session = Session(dialect=dialect.value, database=database or _only_database(rules))
    shadowing = Shadowing(session, rules)
    found = [
        _checked(name, line, text, params, shadowing, frozenset(function or ()))
        for name in files
        for line, text in _statements(name, dialect.value)
    ]
    _show(found, output)
    if any(one.result == "refused" for one in found):
        raise SystemExit(REFUSED)


def _named(tables: Sequence[str], lane: str, database: str) -> tuple[ShadowTable, ...]:
    return tuple(
        ShadowTable(
            rule="--table", lane=lane, database=database, table=name, shadow=f"{name}_{lane}"
        )
        for name in tables
    )


def _rules(
    filename: Sequence[str] | None, namespace: str | None, server: str, lane: str
) -> tuple[ShadowTable, ...]:
    where = namespace or DEFAULT_NAMESPACE
    if filename:
        resources = sources.load(filename, namespace)
    else:
        listed = ControlPlane(server).call("GET", RULES.format(where))
        text = json.dumps(listed).encode()
        try:
            resources = load_documents(text, server, namespace=where)
        except InvalidResource as error:
            raise Failed([*map(str, error.violations)], REFUSED) from error
    snapshot = World.of(resources, [], 0).snapshot(where, "")
    rules = tuple(rule for rule in snapshot.shadow_tables if rule.lane == lane)
    if not rules:
        place = ", ".join(filename) if filename else server
        raise Failed(f"{place}: no rule gives lane {lane} a shadow table", REFUSED)
    return rules


def _only_database(rules: Sequence[ShadowTable]) -> str:
    names = sorted({rule.database for rule in rules})
    if len(names) != 1:
        raise Failed(f"the rules are about {', '.join(names)}: choose with --database", USAGE)
    return names[0]


def _statements(name: str, dialect: str) -> Iterator[tuple[int, str]]:
    """Yield the statements of a file, each with its line."""
    try:
        text = sys.stdin.read() if name == sources.STDIN else Path(name).read_text("utf-8-sig")
    except OSError as error:
        raise Failed(f"{name}: {error.strerror}", ENVIRONMENT) from error
    except UnicodeDecodeError as error:
        raise Failed(f"{name}: it is not UTF-8, at byte {error.start}", ENVIRONMENT) from error
    line = 1
    for statement, plain in outlined(text, dialect):
        if plain.strip("; \t\r\n"):
            start = len(plain) - len(plain.lstrip())
            yield line + statement[:start].count("\n"), statement[start:].strip()
        line += statement.count("\n")


def _checked(
    source: str,
    line: int,
    text: str,
    params: Params,
    shadowing: Shadowing,
    allowed: frozenset[str],
) -> Checked:
    style = _style(text, shadowing.session.dialect) if params is Params.AUTO else params.value
    try:
        found = rewritten(text, style, shadowing, allowed)
    except Refused as refused:
        return Checked(
            source=source,
            line=line,
            statement=text,
            result="refused",
            cause=refused.cause,
            reason=refused.reason,
        )
    result = "rewritten" if found.shadowed else "unchanged"
    return Checked(source=source, line=line, statement=text, result=result, sent=found.text)


def _style(text: str, dialect: str) -> str:
    """Return how parameters seem to be marked: a file does not say what its driver is."""
    if "%s" in text or "%(" in text:
        return lexis.FORMAT
    if dialect == SQLITE:
        return lexis.NAMED
    return lexis.QMARK if dialect == MYSQL else lexis.PLAIN


def _plain(one: Checked) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Checked.__slots__}


def _show(found: Sequence[Checked], form: Whole | None) -> None:
    if form is not None:
        print(document([_plain(one) for one in found], form))
        return
    for one in found:
        place = f"{one.source}:{one.line}:"
        if one.result == "refused":
            print(f"{place} REFUSED ({one.cause}) {one.reason}\n    {_short(one.statement)}")
        else:
            print(f"{place} {one.result}\n    {_short(one.sent)}")
    counts = {
        result: sum(one.result == result for one in found)
        for result in ("rewritten", "unchanged", "refused")
    }
    total = ", ".join(f"{count} {result}" for result, count in counts.items())
    print(f"{len(found)} statements: {total}")
    print("views, triggers and foreign keys are looked at on the server, when a statement runs")


def _short(text: str) -> str:
    line = terminal.safe(" ".join(text.split()))
    return line if len(line) <= 400 else f"{line[:400]} …"


COMMANDS: command.Commands = {"check": check}
