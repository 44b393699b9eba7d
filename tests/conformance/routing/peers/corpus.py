"""The cases of ``cases/*.yaml``: policies, instances, calls, and what has to become of them.

The notation is in README.md; calls, and what becomes of them, are those of the tables of routes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.conformance.routing import corpus
from tests.conformance.routing.corpus import Case, Invalid, features, listed

CASES = Path(__file__).with_name("cases")
FEATURES = Path(__file__).with_name("features.yaml")
GRPC, HTTP = "grpc", "http"
CALLER, LABELS = "front", {"app": "front", "tier": "web"}
"""Namespace and app of who calls, and its labels."""
PLACE = "eu/a"
"""Where it is."""
DEADLINE = 8.0
"""Seconds that a caller waits where a case does not say."""
VERSIONS = {
    "VirtualService": "networking.istio.io/v1",
    "DestinationRule": "networking.istio.io/v1",
    "HTTPRoute": "gateway.networking.k8s.io/v1",
    "GRPCRoute": "gateway.networking.k8s.io/v1",
    "TrafficRouter": "traffic.opensergo.io/v1alpha1",
    "VirtualWorkload": "traffic.opensergo.io/v1alpha1",
}
_INSTANCE = re.compile(
    r"(?P<app>[a-z]+)(?:-(?P<version>\w+))?(?:~(?P<lane>\w+))?(?:@(?P<place>[\w/]+))?"
)


@dataclass(frozen=True, slots=True)
class Server:
    """An instance, as it is named: ``APP-VERSION~LANE@PLACE``."""

    name: str
    app: str
    version: str
    lane: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """Objects and instances of a namespace, and calls from another one."""

    id: str
    needs: tuple[str, ...]
    """Features that a data plane has to honour, of features.yaml."""
    rule: str
    protocol: str
    namespace: str
    serves: tuple[Server, ...]
    objects: tuple[Mapping[str, Any], ...]
    cases: tuple[Case, ...]
    deadlines: Mapping[str, float]
    """Seconds that the caller waits, by the id of a case."""

    def deadline(self, case: Case) -> float:
        """Return how long a call may take, in seconds."""
        return self.deadlines.get(case.id, DEADLINE)


@cache
def policies() -> tuple[Policies, ...]:
    """Return all groups. Raises Invalid where a file is not what README.md says."""
    known = features(FEATURES)
    read = tuple(
        group_of(path.stem, entry)
        for path in sorted(CASES.glob("*.yaml"))
        for entry in yaml.safe_load(path.read_text("utf-8"))
    )
    for group in read:
        if unknown := [name for name in group.needs if name not in known]:
            raise Invalid(f"{group.id}: features.yaml does not know {', '.join(unknown)}")
    if len({group.namespace for group in read}) < len(read):
        raise Invalid("two groups have one name")
    return read


def of(protocol: str) -> tuple[Policies, ...]:
    """Return the groups of a protocol."""
    return tuple(group for group in policies() if group.protocol == protocol)


def names(groups: Iterable[Policies]) -> set[str]:
    """Return the instances of groups, by name."""
    return {one.name for group in groups for one in group.serves}


def group_of(file: str, plain: Mapping[str, Any]) -> Policies:
    """Read a group of a file. Raises Invalid where it is none."""
    rest = dict(plain)
    name = f"{file}/{rest.pop('group', '')}"
    namespace = re.sub("[^a-z0-9]+", "-", name.lower())
    protocol = rest.pop("protocol", GRPC)
    serves = tuple(map(_server, rest.pop("serves", ("orders-v1", "orders-v2"))))
    cases = [dict(one) for one in rest.pop("cases", ())]
    waits = {f"{name}/{n}": one.pop("deadline", DEADLINE) for n, one in enumerate(cases, 1)}
    group = Policies(
        id=name,
        needs=tuple(listed(rest.pop("needs", ()))),
        rule=rest.pop("rule", ""),
        protocol=protocol,
        namespace=namespace,
        serves=serves,
        objects=tuple(_completed(one, namespace) for one in _objects(rest, serves)),
        cases=tuple(
            _case(f"{name}/{n}", one, namespace, protocol) for n, one in enumerate(cases, 1)
        ),
        deadlines=waits,
    )
    if rest or not (group.needs and group.rule and group.cases) or protocol not in (GRPC, HTTP):
        raise Invalid(f"{name}: needs, rule and cases, not {', '.join(rest)}")
    return group


def _server(name: str) -> Server:
    found = _INSTANCE.fullmatch(name)
    if found is None:
        raise Invalid(f"{name}: no instance")
    return Server(
        name, found["app"], found["version"] or "", found["lane"] or "", found["place"] or ""
    )


def _objects(rest: dict[str, Any], serves: Iterable[Server]) -> list[dict[str, Any]]:
    """Take ``objects``, or ``http`` of the app orders with a subset for each version, or ``v2``."""
    found = list(rest.pop("objects", ()))
    http = list(rest.pop("http", ()))
    if (match := rest.pop("v2", None)) is not None:
        http = [{"match": match, "route": [_to("v2")]}, {"route": [_to("v1")]}]
    if not http:
        return found
    versions = sorted({one.version for one in serves if one.app == "orders" and one.version})
    subsets = [{"name": one, "labels": {"version": one}} for one in versions]
    if subsets:
        rule = {"host": "orders", "subsets": subsets}
        found.append({"kind": "DestinationRule", "spec": rule})
    return [*found, {"kind": "VirtualService", "spec": {"hosts": ["orders"], "http": http}}]


def _to(subset: str) -> dict[str, Any]:
    return {"destination": {"host": "orders", "subset": subset}}


def _completed(plain: Mapping[str, Any], namespace: str) -> Mapping[str, Any]:
    name = plain.get("name", "orders")
    return {
        "apiVersion": VERSIONS[plain["kind"]],
        "kind": plain["kind"],
        "metadata": {"name": name, "namespace": namespace},
        "spec": plain["spec"],
    }


def _case(name: str, plain: dict[str, Any], namespace: str, protocol: str) -> Case:
    host = plain.pop("host", "orders")
    plain["host"] = host if "." in host else f"{host}.{namespace}"
    if lane := plain.pop("lane", ""):
        baggage = {"baggage": f"x-opensergo-traffic={lane}"}
        plain["headers"] = {**plain.get("headers", {}), **baggage}
    if protocol == HTTP:
        return corpus.case(name, plain)
    if plain.get("to") and isinstance(plain["to"], str):
        plain.setdefault("code", "OK")
    case = corpus.case(name, {**plain, "ask": f"POST {plain['ask']}"})
    return replace(case, answer=replace(case.answer, status=None))
