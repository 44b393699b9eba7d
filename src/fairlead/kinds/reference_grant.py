"""ReferenceGrant (Gateway API): which namespaces may refer to objects of this one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pydantic import Field

from fairlead.kinds.authoring import Maker
from fairlead.kinds.gateway_api import (
    ALSO,
    GROUP,
    VERSION,
    Group,
    KindName,
    Many,
    Namespace,
    ObjectName,
    Written,
    items,
)
from fairlead.kinds.kind import AGE, NAME, Column, Kind, Plain, child


class GrantedFrom(Written):
    """Who may refer."""

    group: Group = Field(description=f"Group of what refers: {GROUP}.")
    kind: KindName = Field(description="Kind of what refers: HTTPRoute, GRPCRoute or Gateway.")
    namespace: Namespace = Field(description="Namespace of what refers.")


class GrantedTo(Written):
    """What may be referred to."""

    group: Group = Field(description="Its group; empty for Services and Secrets.")
    kind: KindName = Field(description="Its kind: Service or Secret.")
    name: ObjectName | None = Field(default=None, description="Its name; any if left out.")


class ReferenceGrantSpec(Written):
    """Each of `from` may refer to each of `to` in the namespace of the grant."""

    from_: Many[GrantedFrom] = Field(
        alias="from", min_length=1, max_length=16, description="Who may refer."
    )
    to: Many[GrantedTo] = Field(min_length=1, max_length=16, description="To what.")


def _from(plain: Plain, now: datetime) -> str:
    del now
    found = [one for _, one in items(child(plain, "spec").get("from"), ())]
    return ",".join(dict.fromkeys(f"{one.get('kind')}s of {one.get('namespace')}" for one in found))


def _to(plain: Plain, now: datetime) -> str:
    del now
    found: Iterator[Plain] = (one for _, one in items(child(plain, "spec").get("to"), ()))
    return ",".join(str(one.get("name") or f"{one.get('kind')}s") for one in found)


KIND: Kind[ReferenceGrantSpec] = Kind(
    group=GROUP,
    version=VERSION,
    also=ALSO,
    kind="ReferenceGrant",
    plural="referencegrants",
    singular="referencegrant",
    short_names=("refgrant",),
    spec=ReferenceGrantSpec,
    columns=(
        NAME,
        Column(name="From", description="Who may refer.", cell=_from),
        Column(name="To", description="To what.", cell=_to),
        AGE,
    ),
)

ReferenceGrant = Maker(KIND)
"""Makes one in Python; fields in snake case."""
