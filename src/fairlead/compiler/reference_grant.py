"""ReferenceGrant: `gateways` asks it who may refer to what."""

from __future__ import annotations

from fairlead.compiler.part import Part
from fairlead.kinds import Resource
from fairlead.kinds.reference_grant import ReferenceGrantSpec


def compile_reference_grant(resource: Resource[ReferenceGrantSpec]) -> Part:
    """Return what a ReferenceGrant compiles to: itself."""
    return Part(resource=resource)
