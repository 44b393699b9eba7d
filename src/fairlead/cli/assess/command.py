"""``fairlead assess -- CMD``: start an app without and with the agent by turns, and compare.

Nothing is asked of the app but to serve a URL: it is started as its owner starts it, several times,
and gets the same requests at the same rate each time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any

import typer

from fairlead.cli import command
from fairlead.cli.assess.comparing import Difference, Round, compared
from fairlead.cli.assess.load import Target, answers, send
from fairlead.cli.assess.subject import started
from fairlead.cli.failure import REFUSED, USAGE, Failed
from fairlead.cli.live import duration
from fairlead.cli.printing import Whole, WholeOutput, document
from fairlead.cli.progress import Progress, progress
from fairlead.cli.table import tabled

WARMING = 10
"""A tenth of the requests are sent before anything is measured."""
LATE = 0.05
"""Part of requests that were late from which the rate was too high."""
LEAST_CPU = 0.2
"""CPU seconds of a round below which other work of the app is much of it."""
ANSWERED = 0.05
"""Difference in the part of failures from which the two are not comparable."""

_CommandWords = Annotated[list[str], typer.Argument(metavar="CMD", help="The app, behind --.")]


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead assess``."""
    return command.run("assess", arguments, COMMANDS)


@command.examples(
    "fairlead assess --url http://127.0.0.1:8000/ -- uvicorn shop:app",
)
def assess(  # noqa: PLR0913 - one parameter for each option
    words: _CommandWords,
    *,
    url: Annotated[str, typer.Option("--url", help="What is asked of the app: http://…")],
    requests: Annotated[int, typer.Option("--requests", min=20, help="In each round.")] = 2000,
    rate: Annotated[float, typer.Option("--rate", min=0.1, help="Requests a second.")] = 200.0,
    rounds: Annotated[
        int, typer.Option("--rounds", min=2, max=100, help="Starts without, and as many with.")
    ] = 5,
    connections: Annotated[
        int, typer.Option("--connections", min=1, max=256, help="Open at a time.")
    ] = 8,
    patience: Annotated[
        float, typer.Option("--patience", help="Seconds that the app may take to start.")
    ] = 60.0,
    output: WholeOutput = None,
) -> None:
    """Measure what the agent adds to latency and CPU in an app of yours."""
    target = Target.of(url)
    if answers(target):
        raise Failed(f"somebody answers at {url} already: stop it, the app is started here", USAGE)

    def measured(bar: Progress, *, agent: bool) -> Round:
        bar.note(f"{'with' if agent else 'without'} the agent")
        with started(words, os.environ, agent=agent) as subject:
            subject.wait(target, patience)
            send(target, max(20, requests // WARMING), rate, connections, subject.cpu)
            if agent and not subject.agents(os.environ):
                told = f"no process that serves {url} has the agent in it"
                raise Failed(f"{told}: `fairlead doctor` says why", REFUSED)
            found = send(target, requests, rate, connections, subject.cpu)
        bar.step()
        return found

    with progress("rounds", 2 * rounds) as bar:
        pairs = [_pair(partial(measured, bar), number) for number in range(rounds)]
    report(pairs, output, {"command": words, "url": url, "requests": requests, "rate": rate})


def _pair(measured: Callable[..., Round], number: int) -> tuple[Round, Round]:
    """Return a round without the agent and one with it.

    Who comes first takes turns, so that a machine that warms up favours neither.
    """
    if number % 2:
        with_agent = measured(agent=True)
        return measured(agent=False), with_agent
    return measured(agent=False), measured(agent=True)


def report(
    pairs: Sequence[tuple[Round, Round]], output: Whole | None, asked: dict[str, Any]
) -> None:
    """Print what was found. Raises typer.Exit where with the agent the app answers otherwise."""
    differences, doubts = compared(pairs), list(doubted(pairs, asked["rate"]))
    if output is not None:
        figures = {
            one.name: {**asdict(one), "low": one.low, "high": one.high, "toldApart": one.told_apart}
            for one in differences
        }
        shown = {**asked, "rounds": len(pairs), "figures": figures, "doubts": doubts}
        print(document(shown, output))
    else:
        print("\n".join(worded(differences, doubts, len(pairs), asked)))
    if _changed(pairs):
        raise typer.Exit(REFUSED)


def worded(
    differences: Sequence[Difference], doubts: Sequence[str], rounds: int, asked: dict[str, Any]
) -> Iterator[str]:
    """Yield the lines of the report."""
    yield f"{asked['requests']} requests at {asked['rate']:g}/s to {asked['url']},"
    yield f"{rounds} rounds without the agent and {rounds} with it, by turns"
    yield ""
    heads = ("", "WITHOUT", "WITH", "AGENT ADDS", "95 % BETWEEN", "NOISE")
    yield from tabled([heads, *map(_row, differences)])
    yield ""
    for one in differences:
        if one.name in ("p50", "p99", "cpu"):
            yield _verdict(one)
    yield "Noise is how much rounds without the agent differ among themselves."
    yield from (f"DOUBT: {doubt}" for doubt in doubts)


_NAMES = {"cpu": "CPU a request"}


def _row(one: Difference) -> tuple[str, ...]:
    name, between = _NAMES.get(one.name, one.name), f"{_signed(one.low)} and {_signed(one.high)}"
    added = f"{_signed(one.value)} ({one.percent:+.1f} %)"
    return (
        name,
        duration(one.without),
        duration(one.with_agent),
        added,
        between,
        duration(one.noise),
    )


def _signed(seconds: float) -> str:
    return f"{'-' if seconds < 0 else '+'}{duration(abs(seconds))}"


def _verdict(one: Difference) -> str:
    name = _NAMES.get(one.name, one.name)
    if one.told_apart:
        more = "more" if one.value > 0 else "less"
        return f"{name}: {duration(abs(one.value))} {more} with the agent"
    bound = duration(max(abs(one.low), abs(one.high)))
    return f"{name}: no difference can be told from the noise; it is below {bound}"


def doubted(pairs: Sequence[tuple[Round, Round]], rate: float) -> Iterator[str]:
    """Yield why the figures may mean less than they seem to."""
    every = [one for pair in pairs for one in pair]
    late = max(one.late for one in every)
    if late > LATE:
        yield (
            f"up to {100 * late:.0f} % of requests of a round were sent late: ask for a lower "
            "--rate, or more --connections"
        )
    slow = min(one.rate for one in every)
    if slow < 0.9 * rate:
        yield f"the app, or this machine, answered {slow:.0f}/s where {rate:g}/s were asked"
    failures = sum(one.failures for one in every)
    if failures:
        yield f"{failures} requests failed, in all rounds together"
    if _changed(pairs):
        before, after = (dict(sum_statuses(one)) for one in zip(*pairs, strict=True))
        yield f"the app answers otherwise with the agent: {after} where it was {before}"
    if any(one.cpu < LEAST_CPU for one in every):
        yield f"a round took less than {LEAST_CPU} s of CPU: more --requests make it surer"


def sum_statuses(rounds: Sequence[Round]) -> list[tuple[int, int]]:
    """Return how often each status was answered in some rounds."""
    found: dict[int, int] = {}
    for one in rounds:
        for status, count in one.statuses:
            found[status] = found.get(status, 0) + count
    return sorted(found.items())


def _changed(pairs: Sequence[tuple[Round, Round]]) -> bool:
    """Say whether the app answers with other statuses, or fails more often, with the agent."""
    without, with_agent = ([pair[side] for pair in pairs] for side in (0, 1))
    shares = []
    for side in (without, with_agent):
        total = sum(len(one.latencies) for one in side)
        shares.append({status: count / total for status, count in sum_statuses(side)})
    statuses = shares[0].keys() | shares[1].keys()
    return any(abs(shares[0].get(s, 0) - shares[1].get(s, 0)) > ANSWERED for s in statuses)


COMMANDS: command.Commands = {"assess": assess}
