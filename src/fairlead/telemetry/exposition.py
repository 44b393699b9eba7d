"""Metrics as Prometheus reads them: its text format, version 0.0.4."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from fairlead.policy.buckets import BOUNDS
from fairlead.telemetry.metrics import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_NUMBERS = {bound: number for number, bound in enumerate(BOUNDS)}

Labels = Sequence[tuple[str, str]]


class Exposition:
    """A page of metrics; each metric is said as a whole, before the next."""

    def __init__(self, labels: Labels = ()) -> None:
        """All that is said has these labels first."""
        self._labels = labels
        self._lines: list[str] = []

    def say(self, metric: Metric, rows: Iterable[tuple[Sequence[str], float]]) -> None:
        """Say a counter or a gauge: values of its labels, and its value. Nothing of no rows."""
        name = metric.prometheus
        lines = [f"{name}{self._braced(metric, values)} {_number(value)}" for values, value in rows]
        self._add(metric, lines)

    def say_times(
        self, metric: Metric, rows: Iterable[tuple[Sequence[str], Sequence[int], float]]
    ) -> None:
        """Say a histogram: values of its labels, calls by bucket, and the sum of seconds."""
        self._add(metric, [line for row in rows for line in self._times(metric, *row)])

    def text(self) -> str:
        """Return the page."""
        return "".join(f"{line}\n" for line in self._lines)

    def _times(
        self, metric: Metric, values: Sequence[str], buckets: Sequence[int], seconds: float
    ) -> Iterator[str]:
        name = metric.prometheus
        for bound in metric.bounds:
            count = sum(buckets[: _NUMBERS[bound] + 1])
            yield f"{name}_bucket{self._braced(metric, values, _number(bound))} {count}"
        count = sum(buckets)
        yield f"{name}_bucket{self._braced(metric, values, '+Inf')} {count}"
        yield f"{name}_sum{self._braced(metric, values)} {_number(seconds)}"
        yield f"{name}_count{self._braced(metric, values)} {count}"

    def _add(self, metric: Metric, lines: list[str]) -> None:
        if lines:
            name = metric.prometheus
            self._lines.append(f"# HELP {name} {_help(metric.help)}")
            self._lines.append(f"# TYPE {name} {metric.kind}")
            self._lines += lines

    def _braced(self, metric: Metric, values: Sequence[str], le: str = "") -> str:
        pairs = [*self._labels, *zip(metric.labels, values, strict=True)]
        if le:
            pairs.append(("le", le))
        if not pairs:
            return ""
        return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in pairs) + "}"


def _escaped(value: str) -> str:
    # What cannot be written as UTF-8 came from a stranger: it must not cost the whole page.
    plain = value.encode("utf-8", "replace").decode()
    return plain.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _help(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))
