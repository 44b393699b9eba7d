"""TrafficRouter (OpenSergo): Istio's VirtualService, with who stands in for an empty subset.

Specification: opensergo-specification, traffic-routing; the schema is that of its control plane.
"""

from __future__ import annotations

from fairlead.kinds.authoring import Maker
from fairlead.kinds.istio_http_checks import violations
from fairlead.kinds.kind import AGE, ENFORCED, LIVE, NAME, Column, Kind
from fairlead.kinds.virtual_service import VirtualServiceSpec, hosts_cell


class TrafficRouterSpec(VirtualServiceSpec):
    """What is done with calls of some hosts, in the words of a VirtualService."""


KIND: Kind[TrafficRouterSpec] = Kind(
    group="traffic.opensergo.io",
    version="v1alpha1",
    kind="TrafficRouter",
    plural="trafficrouters",
    singular="trafficrouter",
    short_names=("tr",),
    spec=TrafficRouterSpec,
    rules=(violations,),
    columns=(
        NAME,
        Column(name="Hosts", description="Whose calls it is about.", cell=hosts_cell),
        ENFORCED,
        LIVE,
        AGE,
    ),
)

TrafficRouter = Maker(KIND)
"""Makes one in Python; fields in snake case."""
