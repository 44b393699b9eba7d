"""TrafficRouter: what is done with calls of some hosts, as a VirtualService says it."""

from __future__ import annotations

from fairlead.compiler.istio.service import routed
from fairlead.compiler.part import Part
from fairlead.kinds import Resource
from fairlead.kinds.traffic_router import TrafficRouterSpec


def compile_traffic_router(resource: Resource[TrafficRouterSpec]) -> Part:
    """Return what a TrafficRouter compiles to."""
    return routed(resource)
