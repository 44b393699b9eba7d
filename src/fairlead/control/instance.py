"""What is stored about an instance: pure functions from registrations to objects and back.

An instance is all processes that serve one address (contract 1). They may disagree about labels
and lane when a new process took over the address of one that was killed: the last to come counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from ipaddress import IPv6Address
from typing import Any

from fairlead.compiler.instance import Instance
from fairlead.control.store import Key, Object
from fairlead.protocols.watch.codec import (
    BESIDE,
    DATABASES,
    TABLES,
    UNSAID,
    Labels,
    Registration,
)

RESOURCE = "instances.fairlead.io"
API_VERSION, KIND = "fairlead.io/v1alpha1", "Instance"

GO = "go"
"""What the version begins with that a process in Go says of its language: ``go1.26.8``."""

WARMUP = "warmup"
"""In a spec: seconds that the instance warms up for, as long as it does."""

_IDENTITY = ("lane", "labels", "zone")
_UNSAFE = re.compile(r"[^a-z0-9]+")


@dataclass(slots=True, kw_only=True)
class Renewal:
    """A process that renews its lease, as it was registered."""

    key: Key
    node: str
    app: str
    labels: Labels
    lane: str | None
    revision: int = 0
    """Of the instance that has all that it said, 0 where that is not known."""


def instance_name(app: str, address: str) -> str:
    """Return the name of an instance's object: app and address, in the letters a name may have.

    Where letters had to be replaced, or dots leave it open where the app ends, a hash keeps two
    instances from sharing a name.
    """
    host, _, port = address.rpartition(":")
    if host.startswith("["):
        groups = IPv6Address(host[1:-1]).exploded.split(":")
        host = "-".join(group.lstrip("0") or "0" for group in groups)
    name = f"{app}.{host}-{port}"
    parts = (_UNSAFE.sub("-", part.lower()).strip("-") for part in name.split("."))
    safe = ".".join(part for part in parts if part)
    if safe == name and len(safe) <= 253 and "." not in app:
        return safe
    return f"{safe[:240].rstrip('.-')}-{sha256(f'{app} {name}'.encode()).hexdigest()[:8]}"


def instance_key(namespace: str, app: str, address: str) -> Key:
    """Return where the store keeps an instance."""
    return Key(RESOURCE, namespace, instance_name(app, address))


def begins(spec: Object | None, registration: Registration) -> bool:
    """Tell whether the registration's process begins an instance, having no other beside it."""
    process = _process(registration)
    return spec is None or all(
        other["node"] != registration.node and _succeeds(process, other)
        for other in spec["processes"]
    )


def joined(spec: Object | None, registration: Registration) -> Object:
    """Return the spec with the registration's process in it, equal to `spec` if nothing is new."""
    warmup = registration.warmup if begins(spec, registration) else _warmup(spec)
    process = _process(registration)
    processes = list(spec["processes"]) if spec else []
    same = [p for p in processes if p["node"] == registration.node]
    if same and all(same[0].get(name) == process.get(name) for name in _IDENTITY):
        processes[processes.index(same[0])] = process
    else:
        # A process that took over the pid of another on its host has outlived it.
        processes = [p for p in processes if not _succeeds(process, p)]
        processes.append(process)
    return _spec(registration.app, registration.address, processes, warmup)


def left(spec: Object, nodes: Iterable[str]) -> Object | None:
    """Return the spec without the processes of `nodes`, None where no process is left."""
    gone = frozenset(nodes)
    processes = [process for process in spec["processes"] if process["node"] not in gone]
    if not processes:
        return None
    return _spec(spec["app"], spec["address"], processes, _warmup(spec))


def warmed(spec: Object) -> Object:
    """Return the spec of an instance that has warmed up."""
    return {name: value for name, value in spec.items() if name != WARMUP}


def nodes_of(spec: Object) -> list[str]:
    """Return the nodes of the processes that serve the address."""
    return [process["node"] for process in spec["processes"]]


def is_beside_envoy(spec: Object) -> bool:
    """Tell whether processes at the address have no agent, and an Envoy beside them."""
    hooks = [hook for process in spec["processes"] for hook in process.get("hooks", ())]
    return any(hook["library"] == BESIDE for hook in hooks)


def compiled(key: Key, spec: Object) -> Instance:
    """Return the instance as the compiler knows it."""
    return Instance(
        namespace=key.namespace,
        app=spec["app"],
        address=spec["address"],
        lane=spec.get("lane"),
        labels=pairs(spec.get("labels")),
        zone=spec.get("zone", ""),
        unfit_for_tables=_unfit(spec, TABLES),
        unfit_for_databases=_unfit(spec, DATABASES),
        warmup=_warmup(spec),
        protocol=_protocol(spec),
        unmatched=_unmatched(spec),
        alone=any(process.get("python", "").startswith(GO) for process in spec["processes"]),
    )


def pairs(labels: Any) -> tuple[tuple[str, str], ...]:
    """Return stored labels as pairs, in their order."""
    return tuple((label["key"], label["value"]) for label in labels or ())


def status_of(
    spec: Object, lane: str, conflict: str | None, protected: Object | None = None
) -> Object:
    """Return what `kubectl get` shows beside the spec. `lane` is the one it was found to be on.

    `protected` is the condition of an instance that is held without a lease.
    """
    status: Object = {"lane": lane, "pids": len(spec["processes"]), "hooks": _hooks(spec)}
    unfit = {sort: reason for sort in (TABLES, DATABASES) if (reason := _unfit(spec, sort))}
    if unfit:
        status["unfit"] = unfit
    if conflict:
        status["conflict"] = conflict
    if protected:
        status["conditions"] = [protected]
    return status


def object_of(key: Key, before: Object | None, spec: Object, status: Object, new: Object) -> Object:
    """Return the object to store; `new` is the metadata of one that was not there before."""
    metadata = dict(before["metadata"]) if before else new
    metadata["generation"] = metadata.get("generation", 0) + (
        before is None or before["spec"] != spec
    )
    # First come, first kept: a selector sees one value per key, the compiler sees all.
    labels = {label["key"]: label["value"] for label in reversed(spec.get("labels", ()))}
    metadata |= {"name": key.name, "namespace": key.namespace}
    metadata["labels"] = {**labels, "app": spec["app"]}
    names = {"apiVersion": API_VERSION, "kind": KIND}
    return {**names, "metadata": metadata, "spec": spec, "status": status}


def new_metadata(uid: str, moment: datetime) -> Object:
    """Return the metadata of an instance that was not there before."""
    return {"uid": uid, "creationTimestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}


def _spec(app: str, address: str, processes: list[Object], warmup: float) -> Object:
    identity = {name: processes[-1][name] for name in _IDENTITY if name in processes[-1]}
    warming = {WARMUP: warmup} if warmup else {}
    return {"app": app, "address": address, **identity, **warming, "processes": processes}


def _warmup(spec: Object | None) -> float:
    return float(spec.get(WARMUP, 0.0)) if spec else 0.0


def _process(registration: Registration) -> Object:
    process: Object = {
        "node": registration.node,
        "pid": registration.pid,
        "host": registration.host,
        "python": registration.python,
        "version": registration.version,
        "hooks": [dict(hook) for hook in registration.hooks],
        "unfit": dict(registration.unfit),
    }
    if registration.protocol:
        process["protocol"] = registration.protocol
    if registration.unmatched is not None:
        process["unmatched"] = dict(registration.unmatched)
    if registration.lane is not None:
        process["lane"] = registration.lane
    if registration.labels:
        process["labels"] = [{"key": k, "value": v} for k, v in registration.labels]
    if registration.zone:
        process["zone"] = registration.zone
    return process


def _succeeds(process: Object, other: Object) -> bool:
    if process["node"] == other["node"]:
        return True
    return bool(process["pid"]) and all(process[name] == other[name] for name in ("host", "pid"))


def _protocol(spec: Object) -> str:
    """Return what all processes say that they speak, ``""`` where one says nothing or another."""
    said = {process.get("protocol", "") for process in spec["processes"]}
    return said.pop() if len(said) == 1 else ""


def _unmatched(spec: Object) -> tuple[tuple[str, str], ...] | None:
    """Return what all processes that know their resources say that rules name in vain."""
    told = [p["unmatched"] for p in spec["processes"] if p.get("unmatched") is not None]
    if not told:
        return None
    everywhere = set(told[0]).intersection(*told[1:])
    return tuple((name, told[0][name]) for name in sorted(everywhere))


def _unfit(spec: Object, sort: str) -> str:
    """Return why one of the processes may not serve lanes with shadows of this sort, or ``""``.

    A call may reach any of them. One that was stored by an older version has not been asked.
    """
    reasons = (process.get("unfit", {}).get(sort, UNSAID) for process in spec["processes"])
    return next(filter(None, reasons), "")


def _hooks(spec: Object) -> str:
    """Return hooked of found libraries, of the process that has hooked the least."""
    counts = [
        (sum(hook["state"] == "hooked" for hook in process["hooks"]), len(process["hooks"]))
        for process in spec["processes"]
    ]
    hooked, found = min(counts, key=lambda count: count[0] - count[1])
    return f"{hooked}/{found}"
