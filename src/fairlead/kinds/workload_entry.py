"""WorkloadEntry (Istio): one instance that registered nowhere, for ServiceEntries to select."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from ipaddress import ip_address
from typing import Annotated, Any

from pydantic import Field

from fairlead.kinds.authoring import Maker
from fairlead.kinds.kind import AGE, ENFORCED, NAME, Column, Kind, Plain, child, text_at
from fairlead.kinds.networking import ALSO, GROUP, VERSION, Istio, Later, later
from fairlead.kinds.spec import Labels
from fairlead.kinds.violation import Loc, Violation

PortNumber = Annotated[int, Field(ge=1, le=65535)]
PORT_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
UNIX = "unix://"
LARGEST_WEIGHT = 1_000_000
_LABEL = r"[a-z0-9]([-a-z0-9_]*[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*\.?", re.IGNORECASE)


class WorkloadEntrySpec(Istio):
    """Where an instance is, and what it carries."""

    address: str | None = Field(
        default=None,
        max_length=1024,
        description="IP address, or the name of a host where it is looked up.",
    )
    ports: dict[str, PortNumber] | None = Field(
        default=None, max_length=128, description="Its ports, by name of the ServiceEntry's."
    )
    labels: Labels | None = Field(default=None, description="Labels that it carries.")
    locality: str | None = Field(
        default=None, max_length=253, description="Its place: region/zone/subzone."
    )
    weight: int | None = Field(
        default=None, ge=0, le=LARGEST_WEIGHT, description="Its share of calls; 1 if left out."
    )
    network: Later = later("Network that it is in.")
    service_account: Later = later("Who it is.")


def is_address(text: str) -> bool:
    """Tell whether `text` is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_host(text: str) -> bool:
    """Tell whether `text` is the name of one host, and no address."""
    return len(text) <= 253 and bool(_HOST.fullmatch(text)) and not is_address(text)


def port_violations(ports: Any, loc: Loc) -> Iterator[Violation]:
    """Check the names of a map of ports."""
    for name in ports if isinstance(ports, dict) else ():
        if not (isinstance(name, str) and PORT_NAME.fullmatch(name)):
            message = f"{name!r} is no name of a port: lower case letters, digits and -"
            yield Violation(loc=(*loc, str(name)), message=message)


def endpoint_violations(plain: Plain, loc: Loc) -> Iterator[Violation]:
    """Check what types cannot say of one instance."""
    address = plain.get("address")
    if not address and not plain.get("network"):
        yield Violation(loc=(*loc, "address"), message="is missing: an instance needs an address")
    elif isinstance(address, str) and address and address.startswith(UNIX):
        if not address.removeprefix(UNIX).startswith(("/", "@")):
            yield Violation(loc=(*loc, "address"), message=f"{address!r} is no absolute path")
        if plain.get("ports"):
            message = "an address of a Unix socket has no ports"
            yield Violation(loc=(*loc, "ports"), message=message)
    elif isinstance(address, str) and address and not (is_address(address) or is_host(address)):
        message = f"{address!r} is neither an IP address nor the name of a host"
        yield Violation(loc=(*loc, "address"), message=message)
    yield from port_violations(plain.get("ports"), (*loc, "ports"))
    yield from _locality(plain.get("locality"), (*loc, "locality"))


def _locality(locality: Any, loc: Loc) -> Iterator[Violation]:
    parts = locality.split("/") if isinstance(locality, str) and locality else ()
    if len(parts) > 3 or not all(parts):
        message = f"{locality!r} is no place: region, region/zone or region/zone/subzone"
        yield Violation(loc=loc, message=message)


def violations(plain: Plain) -> Iterator[Violation]:
    """Check what types cannot say."""
    yield from endpoint_violations(child(plain, "spec"), ("spec",))


def _labels(plain: Plain, now: datetime) -> str:
    del now
    found = child(plain, "spec", "labels")
    return ",".join(f"{key}={value}" for key, value in found.items()) or "-"


KIND: Kind[WorkloadEntrySpec] = Kind(
    group=GROUP,
    version=VERSION,
    also=ALSO,
    kind="WorkloadEntry",
    plural="workloadentries",
    singular="workloadentry",
    short_names=("we",),
    spec=WorkloadEntrySpec,
    rules=(violations,),
    columns=(
        NAME,
        Column(
            name="Address",
            description="Where it is.",
            cell=lambda plain, _: text_at(plain, "spec", "address") or "-",
        ),
        Column(name="Labels", priority=1, description="What it carries.", cell=_labels),
        ENFORCED,
        AGE,
    ),
)

WorkloadEntry = Maker(KIND)
"""Makes one in Python; fields in snake case."""
