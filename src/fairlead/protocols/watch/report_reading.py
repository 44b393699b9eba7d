"""Reports of agents, read with bounds; server side only.

Hundreds come each second: rows are looked at together, a column at a time, and one by one only
where something is wrong with them.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from itertools import chain, starmap
from math import isfinite
from typing import Any, NamedTuple, TypeVar

from fairlead.policy.buckets import BUCKETS
from fairlead.protocols.watch.reader import (
    INT64,
    LONGEST_TEXT,
    NAME,
    NAMESPACE,
    NODE,
    InvalidMessage,
    Problem,
    Reader,
)
from fairlead.protocols.watch.report import (
    LONGEST_NAME,
    MOST_ROWS,
    MOST_STATEMENTS,
    MOST_TAPPED,
    SIDES,
    EdgeReport,
    InterfaceReport,
    Report,
    RequestReport,
    RuleReport,
    Runtime,
    StatementReport,
)

LONGEST_PERIOD = 7 * 86400.0
"""Seconds: an agent that could not report for longer has more to tell than a graph can show."""

_MOST_CORES = 1 << 16
_MOST_OF_A_PROCESS = 1 << 48
"""Bytes, threads and the like: sums over thousands of processes are still whole numbers of JSON."""

_MOST_PROBLEMS = 8

Row = TypeVar("Row", bound=NamedTuple)


class Whose(NamedTuple):
    """The process that a report is of, as its registration has told already."""

    node: str
    namespace: str
    app: str
    address: str
    lane: str


def read_report(plain: Any) -> Report:
    """Return the report of a body. Raises InvalidMessage."""
    if not isinstance(plain, dict):
        raise InvalidMessage([("", "the body must be an object")])
    read = Reader(plain)
    whose = Whose(
        node=read.name("node", NODE),
        namespace=read.name("namespace", NAMESPACE),
        app=read.name("app", NAME),
        address=read.address() if plain.get("address") else "",
        lane=read.lane(plain.get("lane")) or "",
    )
    report = _measured(read, whose)
    read.finish()
    return report


def read_riding(plain: Any, whose: Whose) -> Report | None:
    """Return the report that came with a registration, None where there is none that can be read.

    An instance does not go unregistered for what it has measured.
    """
    if not isinstance(plain, dict):
        return None
    read = Reader(plain)
    report = _measured(read, whose)
    return None if read.problems else report


def _measured(read: Reader, whose: Whose) -> Report:
    return Report(
        node=whose.node,
        namespace=whose.namespace,
        app=whose.app,
        address=whose.address,
        lane=whose.lane,
        seq=read.number("seq", INT64),
        seconds=read.seconds("seconds", LONGEST_PERIOD),
        interfaces=_rows(read, "interfaces", InterfaceReport, _interface),
        rules=_rows(read, "rules", RuleReport, _rule),
        edges=_rows(read, "edges", EdgeReport, _edge),
        requests=_rows(read, "requests", RequestReport, _request, 4 * MOST_TAPPED),
        statements=_rows(read, "statements", StatementReport, _statement, MOST_STATEMENTS),
        runtime=_runtime(read),
        dropped=read.number("dropped", INT64) if read.plain.get("dropped") else 0,
    )


def _rows(
    read: Reader,
    field: str,
    make: type[Row],
    problem: Callable[[Any], str],
    most: int = MOST_ROWS,
) -> tuple[Row, ...]:
    rows = read.given(field, ())
    if not isinstance(rows, list | tuple) or len(rows) > most:
        read.problem(field, f"must be a list of at most {most}")
        return ()
    if not rows:
        return ()
    width = len(make._fields)
    if _are_lists(rows, width) and _are_right(make, list(zip(*rows, strict=True))):
        return tuple(starmap(make, rows))
    found: list[Row] = []
    problems: list[Problem] = []
    for position, plain in enumerate(rows):
        if not isinstance(plain, list | tuple) or len(plain) != width:
            problems.append((f"{field}[{position}]", f"must be a list of {width}"))
            continue
        row = make._make(plain)
        wrong = problem(row)
        if not wrong:
            found.append(row)
        else:
            problems.append((f"{field}[{position}]", wrong))
    for one in problems[:_MOST_PROBLEMS]:
        read.problem(*one)
    return tuple(found)


_NAMES = frozenset(
    {"name", "side", "lane", "rule", "resource", "reason", "to", "label"}
    | set(StatementReport._fields[:9])
)
_SIDES = frozenset(SIDES)


def _are_lists(rows: Any, width: int) -> bool:
    return set(map(type, rows)) <= {list} and set(map(len, rows)) == {width}


def _are_right(make: type[Row], columns: list[tuple[Any, ...]]) -> bool:
    """Tell whether nothing is wrong with any row, a column at a time: that is soon done.

    Where something is, `problem` of the rows says what.
    """
    counts: list[Any] = []
    try:
        for field, column in zip(make._fields, columns, strict=True):
            if field in _NAMES:
                if max(map(str.__len__, column)) > LONGEST_NAME:  # of strings, and of nothing else
                    return False
                if field == "side" and not _SIDES.issuperset(column):
                    return False
            elif field == "rt":
                if max(map(list.__len__, column)) > BUCKETS:
                    return False
                counts += chain.from_iterable(column)
            elif field == "rt_sum":
                if not set(map(type, column)) <= {int, float} or not _are_seconds(column):
                    return False
            else:
                counts += column
        packed = array("Q", counts).tobytes()  # what is no whole number from 0 on does not go in
    except (TypeError, OverflowError):
        return False
    # The highest byte of each: where one is not 0, it is looked at more closely.
    return packed[7::8].count(0) == len(counts)


def _are_seconds(column: tuple[float, ...]) -> bool:
    # A NaN makes a sum that is none.
    return min(column) >= 0 and max(column) < INT64 and isfinite(sum(column))


def _interface(row: InterfaceReport) -> str:
    if row.side not in SIDES:
        return f"side: {str(row.side)[:80]!r} is none of {', '.join(SIDES)}"
    counts = (row.passed, row.rejected, row.simulated, row.errors, row.inflight, row.peak)
    return _wrong((row.name, row.lane), counts) or _wrong_times(row)


def _rule(row: RuleReport) -> str:
    return _wrong((row.rule, row.resource, row.reason), (row.rejected, row.simulated))


def _edge(row: EdgeReport) -> str:
    counts = (row.lost, row.calls, row.errors, row.fallbacks, row.retries)
    return _wrong((row.to, row.label, row.lane), counts) or _wrong_times(row)


def _request(row: RequestReport) -> str:
    names = (row.lane, row.method, row.interface, row.caller, row.trace, row.rule, row.reason)
    status = 0 if row.status is None else row.status
    simulated: Any = row.simulated
    if simulated is not True and simulated is not False:
        return "simulated: must be true or false"
    times = (row.at, row.seconds)
    if not all(type(one) in (int, float) and 0 <= one < INT64 for one in times):
        return "at and seconds must be seconds"
    return _wrong(names, (status,))


def _statement(row: StatementReport) -> str:
    if type(row.rt_sum) not in (int, float) or not 0 <= row.rt_sum < INT64:
        return "rt_sum: must be seconds"
    return _wrong(row[:9], (row.calls, row.errors))


def _wrong(names: tuple[Any, ...], counts: tuple[Any, ...]) -> str:
    """Return what is wrong with the names and counts of a row, or ``""``."""
    if set(map(type, names)) != {str}:
        return "names must be strings"
    if max(map(len, names)) > LONGEST_NAME:
        return f"a name has more than {LONGEST_NAME} characters"
    return "" if _are_counts(counts) else "counts must be whole numbers from 0 on"


def _wrong_times(row: InterfaceReport | EdgeReport) -> str:
    rt: Any = row.rt  # hashed by nobody: a list of JSON stays one
    if not isinstance(rt, list | tuple) or len(rt) > BUCKETS:
        return f"rt: must be a list of at most {BUCKETS}"
    if rt and not _are_counts(rt):
        return "rt: must be whole numbers from 0 on"
    if type(row.rt_sum) not in (int, float) or not 0 <= row.rt_sum < INT64:
        return "rt_sum: must be seconds"
    return ""


def _are_counts(counts: Any) -> bool:
    return set(map(type, counts)) == {int} and min(counts) >= 0 and max(counts) < INT64


def _runtime(read: Reader) -> Runtime | None:
    plain = read.given("runtime", None)
    if plain is None:
        return None
    if not isinstance(plain, dict):
        read.problem("runtime", "must be an object")
        return None
    inner = Reader(plain)
    gc = inner.given("gc", (0, 0, 0))
    if not _is_gc(gc):
        inner.problem("gc", "must be three whole numbers")
        gc = (0, 0, 0)
    runtime = Runtime(
        cpu=inner.seconds("cpu", _MOST_CORES),
        rss=inner.number("rss", _MOST_OF_A_PROCESS),
        fds=inner.number("fds", _MOST_OF_A_PROCESS),
        threads=inner.number("threads", _MOST_OF_A_PROCESS),
        gc=(gc[0], gc[1], gc[2]),
        gc_pause=inner.seconds("gc_pause", LONGEST_PERIOD),
        loop_lag=inner.seconds("loop_lag", LONGEST_PERIOD),
        tasks=inner.number("tasks", _MOST_OF_A_PROCESS),
    )
    try:
        inner.finish()
    except InvalidMessage as error:
        for name, message in error.problems:
            read.problem(f"runtime.{name}", message[:LONGEST_TEXT])
    return runtime


def _is_gc(plain: Any) -> bool:
    three = isinstance(plain, list | tuple) and len(plain) == 3
    return three and _are_counts(plain) and max(plain) < _MOST_OF_A_PROCESS
