"""The cases of ``cases/*.yaml``: tables of routes, requests, and what has to become of them.

The notation is in README.md. It is read strictly: a word that nobody knows is a mistake in a case,
and a case that says less than its author meant would pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

import yaml

CASES = Path(__file__).with_name("cases")
FEATURES = Path(__file__).with_name("features.yaml")
EMPTY, UNKNOWN = "empty", "nowhere"
"""Clusters without an instance, and without a definition. All others have one instance each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request."""

    method: str
    target: str
    """Path and query, as they are sent."""
    host: str
    headers: tuple[tuple[str, str], ...]
    """As they are sent, repeated ones as well."""
    body: str
    metadata: Mapping[str, Mapping[str, str]]
    """What filters have found out about it, by filter."""
    fails: tuple[int, ...]
    """Statuses that the upstream answers the first attempts with."""
    takes: float
    """Seconds until the upstream answers."""
    answers: tuple[tuple[str, str], ...]
    """Headers that the upstream answers with."""
    times: int
    """How often it is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What has to become of it; a field that is None, or empty, is not looked at."""

    to: str | None = None
    """Cluster that it reaches; ``""``: none."""
    shares: Mapping[str, int] = field(default_factory=dict)
    """Clusters that many requests reach, by weight."""
    status: int | None = None
    virtual_host: str | None = None
    route: str | None = None
    path: str | None = None
    authority: str | None = None
    sent: Mapping[str, str | list[str] | None] = field(default_factory=dict)
    """Headers that the upstream sees: a value, all values in their order, or None: none."""
    got: Mapping[str, str | list[str] | None] = field(default_factory=dict)
    """Headers that the client sees."""
    location: str | None = None
    body: str | None = None
    mirrors: tuple[str, ...] | None = None
    """Clusters that get a copy."""
    timeout: float | None = None
    """Seconds that the route gives it; 0: no end."""
    attempts: int | None = None
    """How often the upstream sees it."""
    code: str | None = None
    """Code that a call of gRPC ends with; any of several, with ``|`` between."""
    same: bool = False
    """Whether all of many requests reach one instance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A request of a group, and what becomes of it."""

    id: str
    """``FILE/GROUP/NUMBER``."""
    ask: Ask
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A table, and the requests that are asked of it."""

    id: str
    needs: tuple[str, ...]
    """Features that a data plane has to honour, of features.yaml."""
    rule: str
    table: Mapping[str, Any]
    """Envoy's RouteConfiguration, in its own words."""
    cases: tuple[Case, ...]


class Invalid(ValueError):
    """A file of cases that is none."""


@cache
def groups() -> tuple[Group, ...]:
    """Return all groups. Raises Invalid where a file is not what README.md says."""
    known = features()
    read = tuple(group for path in sorted(CASES.glob("*.yaml")) for group in _file(path))
    for group in read:
        unknown = [name for name in group.needs if name not in known]
        if unknown:
            raise Invalid(f"{group.id}: features.yaml does not know {', '.join(unknown)}")
    twice = {one.id for one in read if sum(one.id == other.id for other in read) > 1}
    if twice:
        raise Invalid(f"{', '.join(sorted(twice))}: more than once")
    return read


@cache
def features(path: Path = FEATURES) -> dict[str, str]:
    """Return what each feature of a file is, by name."""
    plain = yaml.safe_load(path.read_text("utf-8"))
    return dict(plain["features"])


def clusters(table: object) -> set[str]:
    """Return the names of all clusters in a table, or a part of one."""
    if isinstance(table, list):
        return set().union(*map(clusters, table))
    if not isinstance(table, Mapping):
        return set()
    named = {value for key, value in table.items() if key == "cluster" and isinstance(value, str)}
    if isinstance(table.get("weighted_clusters"), Mapping):
        named |= {one["name"] for one in table["weighted_clusters"]["clusters"] if "name" in one}
    return named.union(*(clusters(value) for value in table.values()))


def _file(path: Path) -> list[Group]:
    plain = yaml.safe_load(path.read_text("utf-8"))
    return [_group(path.stem, entry) for entry in plain]


def _group(file: str, plain: Mapping[str, Any]) -> Group:
    rest = dict(plain)
    name = f"{file}/{rest.pop('group', '')}"
    cases = rest.pop("cases", ())
    group = Group(
        id=name,
        needs=tuple(listed(rest.pop("needs", ()))),
        rule=rest.pop("rule", ""),
        table=_table(name, rest),
        cases=tuple(case(f"{name}/{number}", one) for number, one in enumerate(cases, 1)),
    )
    if rest or not (group.needs and group.rule and group.cases):
        raise Invalid(f"{name}: needs, rule, a table and cases, not {', '.join(rest)}")
    return group


def _table(name: str, rest: dict[str, Any]) -> Mapping[str, Any]:
    """Take ``table``, or ``routes`` of one virtual host for everything."""
    if "table" in rest:
        table = dict(rest.pop("table"))
    else:
        hosts = [{"name": "all", "domains": ["*"], "routes": rest.pop("routes", [])}]
        table = {"virtual_hosts": hosts}
    return {"name": name, **table}


def case(name: str, plain: Mapping[str, Any]) -> Case:
    """Read a case. Raises Invalid where it is none."""
    rest = dict(plain)
    if "ask" not in rest:
        raise Invalid(f"{name}: asks nothing")
    method, _, target = str(rest.pop("ask")).rpartition(" ")
    ask = Ask(
        method=method or "GET",
        target=target,
        host=rest.pop("host", "x.test"),
        headers=tuple(_pairs(rest.pop("headers", {}))),
        body=rest.pop("sends", ""),
        metadata=rest.pop("metadata", {}),
        fails=tuple(rest.pop("fails", ())),
        takes=rest.pop("takes", 0.0),
        answers=tuple(_pairs(rest.pop("answers", {}))),
        times=rest.pop("times", 1),
    )
    to, mirrors = rest.pop("to", None), rest.pop("mirrors", None)
    shares = to if isinstance(to, Mapping) else {}
    answer = {
        "to": None if shares else to,
        "shares": shares,
        "mirrors": None if mirrors is None else tuple(sorted(mirrors)),
        **rest,
    }
    unknown = answer.keys() - {field.name for field in fields(Answer)}
    if unknown:
        raise Invalid(f"{name}: nobody knows {', '.join(sorted(unknown))}")
    if to and "status" not in answer:
        answer["status"] = 200
    if not any(value not in (None, {}, False) for value in answer.values()):
        raise Invalid(f"{name}: expects nothing")
    return Case(id=name, ask=ask, answer=Answer(**answer))


def _pairs(plain: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, value) for name, values in plain.items() for value in listed(values)]


def listed(value: Any) -> list[Any]:
    """Return `value`, or a list of it alone."""
    return list(value) if isinstance(value, list | tuple) else [value]
