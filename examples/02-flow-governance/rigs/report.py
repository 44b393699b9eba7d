"""What a rig has seen: a table to print, and a picture of it over time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import fill

from rigs.load import GIVEN_UP, Sample, percentile

Line = list[tuple[float, float]]
"""Values over the seconds of a run."""


@dataclass(frozen=True)
class Panel:
    """One diagram of a picture: a line of each variant."""

    title: str
    unit: str
    lines: dict[str, Line]


@dataclass
class Report:
    """One rig's outcome."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    panels: list[Panel] = field(default_factory=list)
    checks: list[tuple[str, bool]] = field(default_factory=list)
    """What was to be seen, in words, and whether it was."""

    def table(self) -> str:
        """Return the table as text."""
        lines = [tuple(self.columns), *map(tuple, self.rows)]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.columns))]
        return "\n".join(
            "  ".join(
                cell.ljust(width) if i == 0 else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        )

    def draw(self, path: Path) -> None:
        """Write the picture; needs matplotlib."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(9, 1 + 2.2 * len(self.panels)), layout="constrained")
        axes = figure.subplots(len(self.panels), 1, sharex=True, squeeze=False)
        for axis, panel in zip(axes[:, 0], self.panels, strict=True):
            for name, line in panel.lines.items():
                axis.plot([x for x, _ in line], [y for _, y in line], label=name, linewidth=1.6)
            axis.set_title(panel.title, loc="left", fontsize=10)
            axis.set_ylabel(panel.unit)
            axis.set_ylim(bottom=0)
            axis.grid(alpha=0.3)
        axes[0, 0].legend(loc="upper right", fontsize=8)
        axes[-1, 0].set_xlabel("seconds")
        figure.suptitle(fill(self.title, 100), x=0.01, ha="left", fontsize=11)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path)


def good(samples: Iterable[Sample]) -> list[Sample]:
    """Return what was answered as it should."""
    return [one for one in samples if 200 <= one.status < 300]


def rejected(samples: Iterable[Sample]) -> list[Sample]:
    """Return what was turned away in time, with 429."""
    return [one for one in samples if one.status == 429]


def failed(samples: Iterable[Sample]) -> list[Sample]:
    """Return what had an error, or no answer in time."""
    return [one for one in samples if one.status == GIVEN_UP or one.status >= 500]


def share(some: Sequence[Sample], of: Sequence[Sample]) -> str:
    """Return a share in words."""
    return f"{100 * len(some) / max(1, len(of)):.1f} %"


def p99(samples: Iterable[Sample]) -> str:
    """Return the 99th percentile of what `samples` took."""
    return f"{1000 * percentile((one.took for one in samples), 0.99):.0f} ms"


def timelines(
    runs: Mapping[str, Iterable[Sample]], value: Callable[[list[Sample]], float]
) -> dict[str, Line]:
    """Return `value` of the requests of each second, by run."""
    return {name: _each_second(samples, value) for name, samples in runs.items()}


def _each_second(samples: Iterable[Sample], value: Callable[[list[Sample]], float]) -> Line:
    seconds: dict[int, list[Sample]] = defaultdict(list)
    for one in samples:
        seconds[int(one.due)].append(one)
    return [(second, value(found)) for second, found in sorted(seconds.items())]


def rate(chosen: Callable[[Iterable[Sample]], list[Sample]]) -> Callable[[list[Sample]], float]:
    """Return how many requests of a second are chosen."""
    return lambda samples: float(len(chosen(samples)))


def slowest(samples: list[Sample]) -> float:
    """Return the 99th percentile, in milliseconds."""
    return 1000 * percentile((one.took for one in samples), 0.99)


def recovered(samples: Sequence[Sample], cause_ends: float) -> str:
    """Return how long after the cause had ended the last request failed."""
    last = max((one.due for one in failed(samples)), default=0.0)
    late = max(0.0, last - cause_ends)
    end = max(one.due for one in samples)
    return f"{late:.1f} s" if last < end - 0.5 else f"not within {late:.0f} s"
