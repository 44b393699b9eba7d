"""What the demo shows of lanes, in order: the scenarios of ../01-full-link-gray, asked of Go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import scenarios as python
from checks import CHECKS
from fleet import Fleet
from load import BASE, GRAY, Answer, Request, send
from loss import PATIENCE
from outcome import Result
from plays import PLAYS
from processes import DemoFailed
from roles import Roles, go, go_before, go_between
from scenarios import OTHER, VIP, Round, Scenario
from stage import Stage
from turned_away import GIVEN_UP, IN_ITS_PLACE, METHOD

WAYS = ("/a", "/a/context", "/a/child", "/a/fresh")
"""How A asks B: plainly, with the context of its request, in a goroutine, by a new connection."""


def in_all_ways(scenario: Scenario) -> Scenario:
    """Return `scenario` with A asking B in one way after the other."""
    return replace(scenario, rounds=tuple(_in_all_ways(one) for one in scenario.rounds))


def _in_all_ways(round_: Round) -> Round:
    def request(number: int, count: int) -> Request:
        # More in a row than a round has different requests: each of them is sent in each way.
        path = WAYS[number // 8 % len(WAYS)]
        return replace(round_.request(number, count), path=path)

    return replace(round_, request=request)


def _mixed(number: int, count: int) -> Request:
    headers = (VIP, OTHER, ("user-agent", "nobody"))[number % 3]
    # Every fifth has a connection of its own.
    hang_up = (("connection", "close"),) if number % 5 == 0 else ()
    expect = GRAY if headers == VIP else BASE
    return Request(expect=(expect,), headers=(headers, *hang_up))


MIXED = Scenario(
    id="mixed-requests",
    says="one gray user and others in turn, every fifth by a connection of its own",
    policy=("lane-header.yaml",),
    beside_base=python.LANE_HEADER.beside_base,
    example=python.LANE_HEADER.example,
    rounds=(Round(full=10_000, request=_mixed),),
)
KILLED = replace(
    MIXED,
    id="control-plane-killed",
    says="the same, and the control plane is killed when half of them are answered",
    rounds=(),
)


def killed_midway(stage: Stage, result: Result) -> None:
    """Kill the control plane in the middle of a load, and start it again afterwards."""
    count = round(MIXED.rounds[0].full * stage.scale)
    round_ = _in_all_ways(MIXED.rounds[0])
    asyncio.run(_killed(stage, result, [round_.request(number, count) for number in range(count)]))
    listen = stage.fleet.control.url.removeprefix("http://")
    stage.fleet.start_control(listen)
    _all_back(stage.fleet)


async def _killed(stage: Stage, result: Result, requests: list[Request]) -> None:
    reached = asyncio.Event()

    def hear(answer: Answer) -> None:
        result.tally.add(answer)
        if result.tally.requests >= len(requests) / 2:
            reached.set()

    sending = asyncio.create_task(send(stage.entry, requests, hear))
    await reached.wait()
    await asyncio.to_thread(stage.fleet.kill_control)
    before = result.tally.requests
    await sending
    result.figures["answered without a control plane"] = result.tally.requests - before


def _all_back(fleet: Fleet) -> None:
    """Wait until every process is connected again."""
    agents = len(fleet.names())
    fleet.until(lambda: fleet.control.connected() >= agents, "all agents are back", PATIENCE)


PLAYS[KILLED.id] = killed_midway


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """A chain of programs, and what is asked of it."""

    name: str
    says: str
    roles: Callable[[Path], Roles]
    """By the directory of the programs."""
    scenarios: tuple[Scenario, ...]
    keeps_rows: bool = False
    """Whether C writes a row of each request."""


def _renamed(chain: str, *scenarios: Scenario) -> tuple[Scenario, ...]:
    renamed = tuple(replace(one, id=f"{chain}-{one.id}") for one in scenarios)
    for one, other in zip(scenarios, renamed, strict=True):
        CHECKS[other.id] = CHECKS.get(one.id, ())
    return renamed


GO = Chain(
    name="go",
    says="kratos → net/http → gin → gRPC",
    roles=go,
    scenarios=(
        *map(
            in_all_ways,
            (
                *(python.NO_GRAY_B, python.HEADER_GRAY, python.LANE_HEADER, python.LANE_QUERY),
                *(python.CANARY, python.LANE_GROUP, python.SPOOFED, MIXED),
            ),
        ),
        *(python.FALLBACK, python.ROLLING_RESTART, python.RATE_LIMIT),
        *(METHOD, IN_ITS_PLACE, GIVEN_UP),
        *(python.CONTROL_PLANE_LOSS, KILLED),
    ),
)
BETWEEN = Chain(
    name="python-go-python",
    says="FastAPI → Flask → gin → Starlette",
    roles=go_between,
    scenarios=_renamed(
        "between",
        *(python.NO_GRAY_B, python.HEADER_GRAY, MIXED),
        *(python.SHADOW_TABLES, python.SHADOW_DATABASES, python.SHADOW_MISSING),
        python.MIXED_MEDIA,
    ),
    keeps_rows=True,
)
BEFORE = Chain(
    name="go-python",
    says="kratos → net/http → FastAPI → Starlette",
    roles=go_before,
    scenarios=_renamed("before", *map(in_all_ways, (python.NO_GRAY_B, python.HEADER_GRAY))),
    keeps_rows=True,
)
CHAINS = (GO, BETWEEN, BEFORE)


def chosen(names: list[str]) -> Iterator[Chain]:
    """Yield the chains with those of their scenarios that `names` has; all of them for none.

    Raises DemoFailed.
    """
    known = [scenario.id for chain in CHAINS for scenario in chain.scenarios]
    if unknown := [name for name in names if name not in known]:
        raise DemoFailed(f"no scenario {', '.join(unknown)}; there are {', '.join(known)}")
    for chain in CHAINS:
        asked = tuple(one for one in chain.scenarios if not names or one.id in names)
        if asked:
            yield replace(chain, scenarios=asked)
