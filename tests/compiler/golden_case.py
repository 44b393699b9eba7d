"""A golden case: a world in ``in.yaml``, and what it compiles to in ``out.json``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fairlead.compiler import Instance, World
from fairlead.compiler.gateways.standing import Standing
from fairlead.kinds import Resource, parse
from fairlead.kinds.document import read_documents
from fairlead.policy.encode import to_plain
from fairlead.policy.snapshot import Snapshot

REVISION = 7


def pairs(raw: list[list[str]]) -> tuple[tuple[str, str], ...]:
    """Return lists of two as pairs."""
    return tuple((key, value) for key, value in raw)


def workload(raw: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments that name a workload."""
    return {"namespace": "default", **raw, "labels": pairs(raw.get("labels", []))}


def instance(raw: dict[str, Any]) -> Instance:
    """Return the instance."""
    told = raw.get("unmatched")
    return Instance(**{**workload(raw), "unmatched": None if told is None else pairs(told)})


def world(path: Path) -> tuple[World, dict[str, Any]]:
    """Return the world in the file, and what is asked about it."""
    asked, *objects = (document.plain for document in read_documents(path.read_bytes(), str(path)))
    return (
        World.of(
            [parse(plain) for plain in objects],
            [instance(raw) for raw in asked["instances"]],
            REVISION,
            [(namespace, app) for namespace, app in asked.get("known", [])],
        ),
        asked,
    )


def compiled(path: Path) -> dict[str, Any]:
    """Return everything the compiler says about the case, as plain JSON."""
    found, asked = world(path)
    snapshots = [found.snapshot(**workload(raw)) for raw in asked["workloads"]]
    for snapshot in snapshots:
        snapshot.check()
    members = {
        "/".join(which): list(found.members(which[0], "default", which[1]))
        for which in asked.get("members", [])
    }
    return {
        "services": to_plain(found.services),
        "snapshots": [_brief(to_plain(snapshot)) for snapshot in snapshots],
        "findings": [to_plain(finding) for finding in found.findings()],
        **({"members": members} if members else {}),
        **_hosts(found, snapshots),
        **_gateways(found, asked),
    }


def _hosts(found: World, snapshots: list[Snapshot]) -> dict[str, Any]:
    """Return the hosts that are no apps, by the namespace of callers."""
    if not found.registry.every:
        return {}
    seen = {one.workload.namespace: one.services[len(found.services) :] for one in snapshots}
    return {"hosts": {where: to_plain(services) for where, services in seen.items()}}


def _gateways(found: World, asked: dict[str, Any]) -> dict[str, Any]:
    """Return what is asked about gateways and meshes, by the namespace of callers."""
    if "gateways" not in asked:
        return {}
    gateways = found.gateways
    standings = [
        {"of": f"{part.resource}", **to_plain(_standing(found, part.resource))}
        for part in gateways.parts
    ]
    meshes = {where: to_plain(gateways.mesh(where)) for where in asked["gateways"]}
    return {"served": to_plain(gateways.served), "meshes": meshes, "standings": standings}


def _standing(found: World, resource: Resource[Any]) -> Standing:
    return found.standing(resource.kind.called, resource.namespace, resource.name)


def _brief(plain: dict[str, Any]) -> dict[str, Any]:
    """Return a snapshot without what all of them share, and without its hash."""
    return {key: value for key, value in plain.items() if key not in {"services", "digest"}}
