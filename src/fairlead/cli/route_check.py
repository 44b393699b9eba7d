"""``fairlead route-check``: tests of routes, as Envoy's router_check_tool takes them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from importlib.metadata import entry_points
from typing import Annotated, Any, TypeAlias

import typer

from fairlead.cli import command
from fairlead.cli.failure import OK, REFUSED, Failed
from fairlead.cli.route_files import configuration
from fairlead.cli.route_tests import ASPECTS, Result, cases, check
from fairlead.policy.routing.action import Forward
from fairlead.policy.routing.matchers import GROUP, Matcher
from fairlead.policy.routing.router import InvalidTable, Router
from fairlead.policy.routing.table import Route, RouteTable

"""Entry points that name custom matchers."""

_FORWARDED = frozenset(ASPECTS) - {"path_redirect"}


class Form(StrEnum):
    """How the report is written."""

    TEXT = "text"
    JSON = "json"


Config: TypeAlias = Annotated[
    str, typer.Option("--config", "--config-path", "-c", help="A RouteConfiguration, YAML or JSON.")
]
Tests: TypeAlias = Annotated[
    str, typer.Option("--tests", "--test-path", "-t", help="Tests, as Envoy's tool takes them.")
]
Details: TypeAlias = Annotated[
    bool, typer.Option("--details", "-d", help="Name each test, and say what failed.")
]
OnlyFailures: TypeAlias = Annotated[
    bool, typer.Option("--only-show-failures", help="Name only tests that fail.")
]
FailUnder: TypeAlias = Annotated[
    float, typer.Option("--fail-under", "-f", help="Least coverage of routes, in percent.")
]
CovAll: TypeAlias = Annotated[
    bool, typer.Option("--covall", help="Count every aspect of a route for coverage.")
]
DetailedCoverage: TypeAlias = Annotated[
    bool, typer.Option("--detailed-coverage", help="Name routes without a test.")
]
NoDeprecation: TypeAlias = Annotated[
    bool, typer.Option("--disable-deprecation-check", help="Taken for Envoy's sake; no effect.")
]
Output: TypeAlias = Annotated[Form, typer.Option("--output", "-o", help="Form of the report.")]


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead route-check``."""
    return command.run("route-check", arguments, COMMANDS)


def route_check(  # noqa: PLR0913 - the options of Envoy's tool
    *,
    config: Config,
    tests: Tests,
    details: Details = False,
    only_show_failures: OnlyFailures = False,
    fail_under: FailUnder = 0.0,
    covall: CovAll = False,
    detailed_coverage: DetailedCoverage = False,
    disable_deprecation_check: NoDeprecation = False,
    output: Output = Form.TEXT,
) -> int:
    """Hold routes of Envoy against tests in the format of its router_check_tool."""
    del disable_deprecation_check
    reading = configuration(config)
    try:
        router = Router(reading.table, registered())
    except InvalidTable as error:
        raise Failed(f"{config}: {error}") from error
    keys = [*_runtime_keys(reading.table)]
    results = [check(router, case, keys) for case in cases(tests)]
    failed = any(result.failures for result in results)
    percent, missing = coverage(reading.table, results, every=covall)
    if output is Form.JSON:
        print(json.dumps(_document(results, percent, missing, reading.ignored), indent=2))
    else:
        _print(results, details=details, only=only_show_failures)
        for one in missing if covall or detailed_coverage else ():
            print(f"Missing test for {one}")
        if not failed:
            print(f"Current route coverage: {percent:g}%")
    if not failed and percent < fail_under:
        print(f"Failed to meet coverage requirement: {fail_under:g}%", file=sys.stderr)
    return REFUSED if failed or percent < fail_under else OK


def registered() -> Mapping[str, Matcher]:
    """Return the custom matchers that installed packages name as entry points."""
    return {one.name: one.load() for one in entry_points(group=GROUP)}


def _runtime_keys(table: RouteTable) -> Iterator[str]:
    for host in table.hosts:
        for route in host.routes:
            if route.match.fraction is not None:
                yield route.match.fraction.runtime_key


def coverage(
    table: RouteTable, results: Sequence[Result], *, every: bool
) -> tuple[float, list[str]]:
    """Return percent of routes that tests have seen right, and those that no test has.

    Each weighted cluster counts for itself. With `every`, a route counts by the share of its
    aspects: five where it sends on, one where it does not.
    """
    seen: dict[tuple[int, str], set[str]] = {}
    for result in results:
        route = result.decision.route
        counted = result.covered & _counted(route) if route is not None else set()
        if counted:
            seen.setdefault((id(route), result.decision.cluster), set()).update(counted)
    units, missing, whole = 0, [], 0.0
    routes_seen = {route for route, _ in seen}
    for host in table.hosts:
        for place, route in enumerate(host.routes):
            units += max(len(route.action.clusters), 1) if isinstance(route.action, Forward) else 1
            if id(route) not in routes_seen:
                told = f"{route.match.path.kind}: {route.match.path.value!r}"
                missing.append(
                    f"host: {host.name}, route name: {route.name or f'routes[{place}]'}, {told}"
                )
            size = len(_counted(route))
            whole += sum(
                len(got) / size if every else 1
                for (one, _), got in seen.items()
                if one == id(route)
            )
    return (100 * whole / units if units else 100.0), missing


def _counted(route: Route) -> frozenset[str]:
    return _FORWARDED if isinstance(route.action, Forward) else frozenset({"path_redirect"})


def _print(results: Sequence[Result], *, details: bool, only: bool) -> None:
    for result in results:
        if (details and not only) or (only and result.failures):
            print(result.name, flush=True)
            for told in (*result.failures, *result.remarks):
                print(told, file=sys.stderr, flush=True)


def _document(
    results: Sequence[Result], percent: float, missing: list[str], ignored: Sequence[str]
) -> dict[str, Any]:
    return {
        "tests": [
            {
                "name": result.name,
                "passed": not result.failures,
                "failures": result.failures,
                "remarks": [*result.remarks],
            }
            for result in results
        ],
        "coverage": percent,
        "missing": missing,
        "ignored": [*ignored],
    }


COMMANDS: command.Commands = {"route-check": route_check}
