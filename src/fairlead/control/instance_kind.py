"""The kind `Instance`: what agents registered. Read with kubectl, written by nobody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from pydantic import Field

from fairlead.kinds.kind import AGE, NAME, Column, Kind, Plain, child, text_at
from fairlead.kinds.spec import Spec


class Label(Spec):
    """One label. A key may stand more than once."""

    key: str = Field(description="Key; `tag` for a bare label.")
    value: str = Field(description="Value.")


class Hook(Spec):
    """A library that the agent found in a process."""

    library: str = Field(description="Name of the library.")
    version: str = Field(description="Version that was found.")
    state: str = Field(description="hooked, skipped or failed.")
    reason: str = Field(description="Why it is not hooked.")


class Unfit(Spec):
    """Why calls of lanes with shadows are not sent here; empty where they are."""

    tables: str = Field(description="For lanes with shadow tables.")
    databases: str = Field(description="For lanes with shadow databases.")


class Process(Spec):
    """One process that serves the address."""

    node: str = Field(description="The agent's name for the process.")
    pid: int = Field(description="Process id on its host.")
    host: str = Field(description="Host it runs on.")
    python: str = Field(description="Version of Python, or of Go as in go1.26.8.")
    version: str = Field(description="Version of the agent.")
    hooks: tuple[Hook, ...] = Field(description="Libraries that were found in it.")
    unfit: Unfit | None = Field(default=None, description="What it may not serve, and why.")
    unmatched: dict[str, str] | None = Field(
        default=None,
        description="Resources that rules name and it has not, each with the one that may be "
        "meant.",
    )
    protocol: str | None = Field(
        default=None, description="What is spoken at its address, http or grpc."
    )
    lane: str | None = Field(default=None, description="Lane it names itself.")
    labels: tuple[Label, ...] = Field(default=(), description="Its labels.")
    zone: str | None = Field(default=None, description="Its zone.")


class InstanceSpec(Spec):
    """An address that serves an app, with all processes behind it."""

    app: str = Field(description="The app.")
    address: str = Field(description="host:port under which it is called.")
    lane: str | None = Field(default=None, description="Lane it names itself.")
    labels: tuple[Label, ...] = Field(default=(), description="Its labels.")
    zone: str | None = Field(default=None, description="Its zone.")
    warmup: float | None = Field(
        default=None, description="Seconds that it warms up for, as long as it does."
    )
    processes: tuple[Process, ...] = Field(description="Processes that serve the address.")


def _lane(plain: Plain, now: datetime) -> str:
    del now
    if text_at(plain, "status", "conflict"):
        return "<conflict>"
    return text_at(plain, "status", "lane") or "base"


def _pids(plain: Plain, now: datetime) -> int:
    del now
    return int(child(plain, "status").get("pids", 0))


def _unfit(plain: Plain, now: datetime) -> str:
    del now
    return ",".join(child(plain, "status", "unfit")) or "-"


def _protected(plain: Plain, now: datetime) -> str:
    del now
    for condition in child(plain, "status").get("conditions", ()):
        if condition["type"] == "Protected":
            return str(condition["reason"])
    return "-"


def _text(*path: str) -> Callable[[Plain, datetime], str]:
    return lambda plain, _: text_at(plain, *path)


INSTANCE: Kind[Any] = Kind(
    group="fairlead.io",
    version="v1alpha1",
    kind="Instance",
    plural="instances",
    singular="instance",
    short_names=("inst",),
    spec=InstanceSpec,
    columns=(
        NAME,
        Column(name="App", description="The app it serves.", cell=_text("spec", "app")),
        Column(name="Address", description="Where.", cell=_text("spec", "address")),
        Column(name="Lane", description="Lane it was found to be on.", cell=_lane),
        Column(name="Zone", description="Its zone.", cell=_text("spec", "zone")),
        Column(name="Pids", type="integer", description="Processes behind it.", cell=_pids),
        Column(
            name="Hooks",
            description="Hooked of the libraries found, in the process with most unhooked.",
            cell=_text("status", "hooks"),
        ),
        Column(
            name="Protected",
            description="Held without a lease: what became of asking its address.",
            cell=_protected,
        ),
        Column(
            name="Unfit",
            priority=1,
            description="Sorts of shadow whose lanes send it no calls; status.unfit says why.",
            cell=_unfit,
        ),
        AGE,
    ),
)
