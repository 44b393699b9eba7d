"""What an agent measured, as text; no socket, no rule, and no reading (`report_reading.py`).

A report has differences: what happened since the one before it, `seconds` long. Its sender keeps
one until it was acknowledged, and makes the next from then on, so that nothing is lost and little
is kept; a repeat has the `seq` of the first. What did not change is not in it.

It rides on a renewal (`Registration.report`), and the lease in the answer names it. An app that is
watched, or has no address, sends it to `REPORTS` instead, and is answered ``{"reported": seq}``.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from fairlead.policy.buckets import Counts

REPORTS = "/fairlead/v1/reports"

SERVER, CLIENT, SQL, FUNCTION = "server", "client", "sql", "function"
"""Sides of an interface: requests that come in, calls to apps, statements, guarded functions."""

SIDES = (SERVER, CLIENT, SQL, FUNCTION)

REST = "*"
"""The interface, lane, app or rule that stands for all beyond the bounds: no name of any."""

MOST_ROWS = 2048
"""Interfaces, rules and edges that a report may have, each with its lane."""

MOST_TAPPED = 64
"""Requests a second that a process tells one by one, and at most 4 times as many in a report."""

MOST_STATEMENTS = 100
"""Statements that a report may tell of."""

LONGEST_NAME = 1280
"""Characters of a resource's name; the text of a statement has 1,024 at most."""


class InterfaceReport(NamedTuple):
    """What happened at one interface, on one lane."""

    name: str
    """Of its resource (`policy.resource`)."""
    side: str
    lane: str
    """Of the request, ``""`` for base."""
    passed: int
    rejected: int
    simulated: int
    """Calls that passed and that rules which are observed only would have rejected."""
    errors: int
    rt: Counts
    rt_sum: float
    """Seconds that the calls which ended took together."""
    inflight: int
    """Under way now."""
    peak: int
    """Most under way at once, in the time of the report."""


class RuleReport(NamedTuple):
    """Whom a rule turned away at one resource."""

    rule: str
    """``Kind/name``."""
    resource: str
    reason: str
    rejected: int
    simulated: int


class EdgeReport(NamedTuple):
    """Calls of one app on one lane, as their caller saw them."""

    to: str
    label: str
    """Lane of the request that called."""
    lane: str
    """Lane of the instance that was called, ``""`` for base."""
    lost: int
    """Calls that were sent without the label that their request had."""
    calls: int
    errors: int
    fallbacks: int
    """Calls on a lane that base served as the lane has no instance."""
    rt: Counts
    rt_sum: float
    retries: int
    """Attempts beyond the first of each call."""


class RequestReport(NamedTuple):
    """One request that has ended, of those that somebody looks at."""

    at: float
    """When it ended, unix seconds."""
    lane: str
    method: str
    interface: str
    """``""`` where it came to none."""
    status: int | None
    seconds: float
    caller: str
    trace: str
    """Id of its trace, ``""`` for none."""
    rule: str
    """``Kind/name`` of the rule that turned it away, or would have; ``""`` for none."""
    reason: str
    simulated: bool


class StatementReport(NamedTuple):
    """What was sent of one statement, as it looks without its values."""

    dialect: str
    database: str
    lane: str
    """``""`` for base, and for lanes on which statements are sent as they are."""
    statement: str
    """`REST` for all that are not told apart."""
    kind: str
    """Its first word, in capitals."""
    tables: str
    """Names that stand where tables do, with commas."""
    rewritten: str
    """What is sent in its place on the lane; ``""`` where nothing is."""
    cause: str
    """Why the lane refuses it, in a word; ``""`` where it is sent."""
    reason: str
    """And in a sentence."""
    calls: int
    errors: int
    rt_sum: float
    """Seconds that they took together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """How the process does."""

    cpu: float = 0.0
    """Cores that it kept busy."""
    rss: int = 0
    """Bytes of memory."""
    fds: int = 0
    threads: int = 0
    gc: tuple[int, int, int] = (0, 0, 0)
    """Collections of each generation."""
    gc_pause: float = 0.0
    """Seconds that collections took."""
    loop_lag: float = 0.0
    """Seconds that an event loop was late at most; 0.0 where there is none."""
    tasks: int = 0
    """Of the event loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one process measured in `seconds`, the `seq`-th that it tells of."""

    node: str
    namespace: str
    app: str
    address: str = ""
    """Empty where nobody can call the process."""
    lane: str = ""
    """That the instance is on, as it says itself."""
    seq: int
    """From 1 on, of the process."""
    seconds: float
    interfaces: tuple[InterfaceReport, ...] = ()
    rules: tuple[RuleReport, ...] = ()
    edges: tuple[EdgeReport, ...] = ()
    requests: tuple[RequestReport, ...] = ()
    """Those that somebody looks at."""
    statements: tuple[StatementReport, ...] = ()
    """Not in every report, and about all time since they were told last."""
    runtime: Runtime | None = None
    dropped: int = 0
    """Calls that were not measured, to spare the application."""


WHOSE = ("node", "namespace", "app", "address", "lane")
"""Fields that a registration has too: they are not said twice."""


def plain_report(report: Report) -> dict[str, Any]:
    """Return `report` as it stands in a registration; rows are lists in the order of fields."""
    plain: dict[str, Any] = {"seq": report.seq, "seconds": round(report.seconds, 3)}
    for rows in ("interfaces", "rules", "edges", "requests", "statements"):
        if getattr(report, rows):
            plain[rows] = getattr(report, rows)
    if report.runtime is not None:
        plain["runtime"] = asdict(report.runtime)
    if report.dropped:
        plain["dropped"] = report.dropped
    return plain


def report_body(report: Report) -> bytes:
    """Return the body that is sent to `REPORTS`."""
    plain = {name: getattr(report, name) for name in WHOSE} | plain_report(report)
    text = json.dumps(plain, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "replace") + b"\n"


def reported_body(seq: int) -> bytes:
    """Return the answer to a report."""
    return json.dumps({"reported": seq}, separators=(",", ":")).encode() + b"\n"


def read_reported(body: bytes) -> int:
    """Return the `seq` up to which reports have arrived; 0 where the answer does not say."""
    try:
        seq = json.loads(body)["reported"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return 0
    return seq if type(seq) is int else 0
