"""VirtualService (Istio): what is done with calls of a host: how long, how often, to whom."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from fairlead.kinds.authoring import Maker
from fairlead.kinds.istio_http import HttpRoute
from fairlead.kinds.istio_http_checks import violations
from fairlead.kinds.kind import AGE, ENFORCED, LIVE, NAME, Column, Kind, Plain, child
from fairlead.kinds.networking import ALSO, GROUP, VERSION, Istio, Later, later

MESH = "mesh"
MOST_ROUTES, MOST_HOSTS = 256, 256


class VirtualServiceSpec(Istio):
    """What is done with calls of some hosts."""

    hosts: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=(),
        max_length=MOST_HOSTS,
        description="Names of apps: app in this namespace, app.namespace, "
        "app.namespace.svc.cluster.local, *.namespace.svc.cluster.local or *.",
    )
    gateways: Annotated[tuple[str, ...], Field(strict=False)] | None = Field(
        default=None, description="mesh if left out; without mesh, it is for gateways alone."
    )
    http: Annotated[tuple[HttpRoute, ...], Field(strict=False)] | None = Field(
        default=None, max_length=MOST_ROUTES, description="In order: the first that matches."
    )
    export_to: Annotated[tuple[str, ...], Field(strict=False)] | None = Field(
        default=None, description='Namespaces that call: "." for its own, "*" for all.'
    )
    tls: Later = later("Calls that are encrypted.")
    tcp: Later = later("Calls of anything.")


def hosts_cell(plain: Plain, now: datetime) -> str:
    """Return the cell of a table that names hosts."""
    del now
    found = child(plain, "spec").get("hosts")
    return ",".join(map(str, found)) if isinstance(found, list) else ""


KIND: Kind[VirtualServiceSpec] = Kind(
    group=GROUP,
    version=VERSION,
    also=ALSO,
    kind="VirtualService",
    plural="virtualservices",
    singular="virtualservice",
    short_names=("vs",),
    spec=VirtualServiceSpec,
    rules=(violations,),
    columns=(
        NAME,
        Column(name="Hosts", description="Whose calls it is about.", cell=hosts_cell),
        ENFORCED,
        LIVE,
        AGE,
    ),
)

VirtualService = Maker(KIND)
"""Makes one in Python; fields in snake case."""
