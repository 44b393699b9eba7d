"""VirtualService: what is done with calls of some hosts, in the order of its list."""

from __future__ import annotations

from fairlead.compiler.istio.service import routed
from fairlead.compiler.part import Part
from fairlead.kinds import Resource
from fairlead.kinds.virtual_service import VirtualServiceSpec


def compile_virtual_service(resource: Resource[VirtualServiceSpec]) -> Part:
    """Return what a VirtualService compiles to."""
    return routed(resource)
