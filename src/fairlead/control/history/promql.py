"""Questions about series of an app, as Prometheus is asked them: text, and what answers mean.

What is asked for together is one question: its parts are joined by ``or``, each marked with what it
is of. Every value that somebody else chose is a quoted string.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from fairlead.control.telemetry.memory import EDGE, INTERFACE, RULE, TOTAL, App
from fairlead.control.telemetry.query import ARRAYS, LABELS, Query
from fairlead.control.telemetry.series import Name
from fairlead.protocols.watch.report import FUNCTION, SERVER, SQL
from fairlead.telemetry import metrics, spelling
from fairlead.telemetry.metrics import Metric
from fairlead.telemetry.spelling import Spelling

OF, SIDE = "of", "side"
"""The label that says which part of a question a row answers, and the one of a histogram's side."""

COVERED, NAMES, SCRAPES = "covered", "names", "scrapes"
"""Parts beside the arrays: whether a process was there, what there is, and how often it is read."""

LOOK = 60
"""Seconds in which it is counted how often the processes of an app are read.

Of an app that has been there for less it is taken to be seldom, and its rates are of long spans.
"""

_OWN = {TOTAL: LABELS[TOTAL], INTERFACE: LABELS[INTERFACE], RULE: LABELS[RULE]} | {
    EDGE: ("to", "lane", "served_by")
}
"""What the parts of a series' name are called at agents, in the order of the name."""

_COUNTS: Mapping[str, Mapping[str, Metric]] = {
    INTERFACE: {
        "passed": metrics.PASSED,
        "rejected": metrics.REJECTED,
        "simulated": metrics.SIMULATED,
        "errors": metrics.ERRORS,
    },
    RULE: {"rejected": metrics.RULE_REJECTED, "simulated": metrics.RULE_SIMULATED},
    EDGE: {
        "passed": metrics.CALL,
        "errors": metrics.CALL_ERRORS,
        "retries": metrics.CALL_RETRIES,
        "fallbacks": metrics.CALL_FALLBACKS,
        "lost": metrics.CALL_LOST,
    },
}
_HISTOGRAMS: Mapping[str, Sequence[Spelling]] = {
    SERVER: (spelling.HTTP, spelling.RPC),
    SQL: (spelling.DATABASE,),
    FUNCTION: (spelling.FUNCTION,),
}
_QUANTILES = {"p50": 0.5, "p99": 0.99}

Equal = Mapping[str, str]
"""Labels, and the values that they must have; ``""`` is that of a label which is not there."""


@dataclass(frozen=True, slots=True)
class Row:
    """One series of an answer: its labels, and values by the moment they are of, unix seconds."""

    labels: Mapping[str, str]
    values: Sequence[tuple[float, float]]


def quoted(text: str) -> str:
    """Return a string literal of PromQL: what is in it ends neither it nor the line."""
    # JSON's escapes are among Go's, which PromQL's are, but for pairs of surrogates.
    return json.dumps(text, ensure_ascii=False)


def selector(names: Sequence[str], app: App, equal: Equal) -> str:
    """Return what selects series of some metrics of an app."""
    labels = {"service_namespace": app[0], "service_name": app[1], **equal}
    matchers = [f"{label}={quoted(value)}" for label, value in labels.items()]
    if len(names) == 1:
        return names[0] + "{" + ",".join(matchers) + "}"
    return "{" + ",".join([f"__name__=~{quoted('|'.join(names))}", *matchers]) + "}"


def of_names(query: Query, seconds: int) -> str:
    """Return the question which series there are, each with its calls in so many seconds.

    And how often processes of the app were read in `LOOK` seconds, at most.
    """
    equal, by = _equal(query), _by(query)
    metric = list(_counts(query.sort).values())
    counted = " + ".join(
        f"sum by ({by}) (increase({selector([_counter(one)], query.app, equal)}[{seconds}s]))"
        for one in (metric[:1] if query.sort == EDGE else metric[:2])
    )
    there = selector([metrics.PROCESSES.prometheus], query.app, {})
    every = max(60, seconds // 100)
    last = f"max(count_over_time({there}[{LOOK}s]))"
    before = f"max_over_time({last}[{seconds}s:{every}s])"
    # Two rows: the one of now is there for an app that has just come, the other for one that left.
    read = [_marked(_marked(last, "now", "when"), SCRAPES), _marked(before, SCRAPES)]
    return _joined([_marked(counted, NAMES), *read])


def of_arrays(query: Query, window: float) -> str:
    """Return the question for all arrays of a query, with rates over `window` seconds."""
    there = selector([metrics.PROCESSES.prometheus], query.app, {})
    over = f"[{round(window)}s]"
    parts = [_marked(f"sum(count_over_time({there}{over}))", COVERED)]
    wanted = [one for one in ARRAYS[query.sort] if not query.metrics or one in query.metrics]
    for array in wanted:
        if array in _QUANTILES:
            parts += _times(query, array, over)
        elif array == "concurrency":
            selected = selector([metrics.INFLIGHT.prometheus], query.app, _equal(query))
            sums = f"sum by ({_by(query)}) (avg_over_time({selected}{over}))"
            parts.append(_marked(sums, array))
        else:
            counter = _counter(_counts(query.sort)[array])
            selected = selector([counter], query.app, _equal(query))
            parts.append(_marked(f"sum by ({_by(query)}) (rate({selected}{over}))", array))
    return _joined(parts)


def name_of(sort: str, row: Row) -> Name:
    """Return the series that a row is about."""
    labels = row.labels
    for spelt in (spelling.HTTP, spelling.RPC, spelling.DATABASE):
        if sort == INTERFACE and spelt.metric.labels[0] in labels:
            return (sort, spelt.read(labels), labels.get(SIDE, ""), labels.get("lane", ""))
    first, second, third = (labels.get(one, "") for one in _OWN[sort])
    return (sort, first, second, third)


def as_spelt(name: Name) -> Name:
    """Return a name as agents show it to Prometheus: long statements are cut."""
    if name[0] == INTERFACE and name[2] == SQL:
        return (name[0], name[1][: spelling.SHOWN], name[2], name[3])
    return name


def _counts(sort: str) -> Mapping[str, Metric]:
    return _COUNTS[INTERFACE if sort == TOTAL else sort]


def _counter(metric: Metric) -> str:
    ending = "_count" if metric.kind == metrics.HISTOGRAM else ""
    return metric.prometheus + ending


def _by(query: Query) -> str:
    return ", ".join(label for label in _OWN[query.sort] if (query.sort, label) != _WHOLE)


_WHOLE = (TOTAL, "interface")
"""Totals are of all interfaces."""


def _equal(query: Query) -> Equal:
    """Return the labels that are asked for, as agents call them."""
    own = dict(zip(LABELS[query.sort], _OWN[query.sort], strict=True))
    equal = {own[label]: value for label, value in query.wanted.items()}
    if equal.get(SIDE) == SQL and "interface" in equal:
        equal["interface"] = equal["interface"][: spelling.SHOWN]
    return equal


def _times(query: Query, array: str, over: str) -> Iterator[str]:
    """Yield the parts for a quantile of response times."""
    share = _QUANTILES[array]
    for names, equal, by, side in _histograms(query):
        buckets = selector([f"{name}_bucket" for name in names], query.app, equal)
        sums = f"sum by ({', '.join(('le', *by))}) (rate({buckets}{over}))"
        part = _marked(f"histogram_quantile({share}, {sums})", array)
        yield _marked(part, side, SIDE) if side else part


def _histograms(query: Query) -> Iterator[tuple[list[str], Equal, Sequence[str], str]]:
    """Yield histograms that may be added up, what must be equal, labels, and the side."""
    if query.sort == EDGE:
        yield [metrics.CALL.prometheus], _equal(query), _OWN[EDGE], ""
        return
    wanted = query.wanted
    lane = {"lane": wanted["lane"]} if "lane" in wanted else {}
    for side, spelt in _HISTOGRAMS.items():
        if wanted.get(SIDE, side) != side:
            continue
        if query.sort == TOTAL:
            yield [one.metric.prometheus for one in spelt], lane, ("lane",), side
            continue
        for one in spelt:
            equal = _spelt(one, wanted.get("interface"))
            if equal is not None:
                yield [one.metric.prometheus], {**equal, **lane}, one.metric.labels, side


def _spelt(one: Spelling, interface: str | None) -> Equal | None:
    """Return the labels of an interface in a histogram, None where it is none of that."""
    if interface is None:
        return {}
    values = one.write(interface)
    return None if values is None else dict(zip(one.metric.labels, values, strict=False))


def _marked(expression: str, mark: str, label: str = OF) -> str:
    return f'label_replace({expression}, "{label}", "{mark}", "", "")'


def _joined(parts: Iterable[str]) -> str:
    return " or ".join(parts)
