"""The kinds that nobody writes through the API: what agents registered, and what has happened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fairlead.control.api.served import Served
from fairlead.control.event_kind import EVENT, event_schema
from fairlead.control.event_kind import FIELDS as EVENT_FIELDS
from fairlead.control.instance import nodes_of
from fairlead.control.instance_kind import INSTANCE
from fairlead.kinds.kind import Column, Plain
from fairlead.kinds.schema import object_schema


def event_kind() -> Served:
    """Return Kubernetes' events, as they are served."""
    return Served(kind=EVENT, schema=event_schema(), fields=EVENT_FIELDS)


def registered_kind(live: Callable[[list[str]], bool]) -> Served:
    """Return the kind as it is served; `live` says of nodes whether they are up to date."""

    def cell(plain: Plain, now: datetime) -> str:
        del now
        return str(live(nodes_of(plain["spec"])))

    column = Column(name="Live", description="Whether it enforces the newest policy.", cell=cell)
    return Served(
        kind=INSTANCE,
        schema=object_schema(INSTANCE),
        fields=("spec.app", "spec.address", "spec.zone", "status.lane"),
        extra_columns=(column,),
    )
