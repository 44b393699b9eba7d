"""Time decisions at 10 and at 1,000 routes, print them, and write ``build/bench/routing.json``.

The two sizes take turns, and so do repetitions of a set. `cached`: requests that have been seen;
`uncached`: every request is new, by its path or by the value of a header that routes ask for.
``--check`` exits 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter_ns

from fairlead.policy.routing.action import Forward, Weighted
from fairlead.policy.routing.match import HeaderMatch, PathMatch, RouteMatch, TextMatch
from fairlead.policy.routing.request import Request
from fairlead.policy.routing.router import Router
from fairlead.policy.routing.table import Route, RouteTable, VirtualHost

REPORT = Path("build/bench/routing.json")
SIZES = (10, 100, 1000)
ROUNDS, CALLS = 15, 2000
TARGETS = {"cached": 2.0, "uncached": 4.0}


def mixed(size: int) -> list[RouteMatch]:
    """Exact paths, prefixes, expressions, and headers with prefixes, in turn."""
    return [_mixed(at) for at in range(size)]


def _mixed(at: int) -> RouteMatch:
    match at % 5:
        case 0:
            return RouteMatch(path=PathMatch(kind="exact", value=f"/api/v1/resource{at}"))
        case 1:
            return RouteMatch(path=PathMatch(value=f"/svc{at}/"))
        case 2:
            return RouteMatch(path=PathMatch(kind="regex", value=f"/re{at}/[0-9]+/item"))
        case 3:
            return RouteMatch(path=PathMatch(value="/shared"), headers=(_lane(f"l{at}"),))
    return RouteMatch(
        path=PathMatch(kind="separated-prefix", value=f"/a/b{at}"),
        headers=(HeaderMatch(name=":method", text=TextMatch(kind="exact", value="GET")),),
    )


def _asked_mixed(at: int, serial: int) -> Request:
    lane = "none"
    match at % 5:
        case 0:
            path = f"/api/v1/resource{at}"
        case 1:
            path = f"/svc{at}/{serial}"
        case 2:
            path = f"/re{at}/{serial}/item"
        case 3:
            path, lane = f"/shared/{serial}", f"l{at}"
        case _:
            path = f"/a/b{at}/{serial}"
    return Request(authority="shop", path=path, headers={"x-lane": lane})


def lanes(size: int) -> list[RouteMatch]:
    """One prefix, told apart by a header."""
    return [RouteMatch(path=PathMatch(value="/"), headers=(_lane(f"l{at}"),)) for at in range(size)]


def _asked_lanes(at: int, serial: int) -> Request:
    return Request(authority="shop", path=f"/orders/{serial}", headers={"x-lane": f"l{at}"})


def _lane(value: str) -> HeaderMatch:
    return HeaderMatch(name="x-lane", text=TextMatch(kind="exact", value=value))


SETS: dict[str, tuple[Callable[[int], list[RouteMatch]], Callable[[int, int], Request]]] = {
    "mixed": (mixed, _asked_mixed),
    "same prefix": (lanes, _asked_lanes),
}


def table(matches: Sequence[RouteMatch]) -> RouteTable:
    """Return a table of one host, with a cluster for each match."""
    routes = tuple(
        Route(match=one, action=Forward(clusters=(Weighted(cluster=f"c{at}"),)))
        for at, one in enumerate(matches)
    )
    return RouteTable(hosts=(VirtualHost(name="shop", domains=("shop",), routes=routes),))


def measured(name: str, *, fresh: bool) -> dict[int, float]:
    """Return microseconds of a decision by number of routes: the median of rounds."""
    build, ask = SETS[name]
    tables = {size: table(build(size)) for size in SIZES}
    routers = {size: Router(one) for size, one in tables.items()}
    rounds: dict[int, list[float]] = {size: [] for size in SIZES}
    serial = 0
    for turn in range(ROUNDS):
        for size in SIZES if turn % 2 else SIZES[::-1]:
            if fresh:
                routers[size] = Router(tables[size])
            requests = []
            for call in range(CALLS):
                serial += 1
                place = call * 7919 % size  # spread over all routes
                requests.append(ask(place, serial if fresh else place))
            route = routers[size].route
            if not fresh:
                for request in requests:
                    route(request)
            begun = perf_counter_ns()
            for request in requests:
                route(request)
            rounds[size].append((perf_counter_ns() - begun) / CALLS / 1000)
    return {size: median(found) for size, found in rounds.items()}


def main() -> int:
    """Measure, print, write; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    report, missed = {}, False
    print(f"{'us per decision':24}" + "".join(f"{size:>8}" for size in SIZES) + "   1000/10")
    for name in SETS:
        for kind, target in TARGETS.items():
            found = measured(name, fresh=kind == "uncached")
            ratio = found[SIZES[-1]] / found[SIZES[0]]
            missed |= ratio > target
            report[f"{name}, {kind}"] = {
                "us": {str(size): round(us, 3) for size, us in found.items()},
                "ratio": round(ratio, 2),
                "target": target,
            }
            cells = "".join(f"{us:8.2f}" for us in found.values())
            print(f"{name + ', ' + kind:24}{cells}{ratio:10.2f} (target {target:g})")
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2) + "\n")
    return int(options.check and missed)


if __name__ == "__main__":
    sys.exit(main())
