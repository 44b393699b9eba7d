"""Shadow: which database a lane is led to instead of which, both by the names of endpoints."""

from __future__ import annotations

from collections.abc import Iterator

from fairlead.compiler.part import Part, Redirect
from fairlead.kinds import Resource
from fairlead.kinds.shadow import ShadowSpec


def compile_shadow(resource: Resource[ShadowSpec]) -> Part:
    """Return what a Shadow compiles to; `shadows.py` finds the endpoints that it names."""
    spec = resource.spec
    redirects = tuple(
        Redirect(lanes=spec.lanes, source=pair.source, shadow=pair.shadow)
        for _, pair in sorted(spec.data_sources.items())
    )
    return Part(
        resource=resource, redirects=redirects, not_honoured=tuple(_not_honoured(resource.spec))
    )


def _not_honoured(spec: ShadowSpec) -> Iterator[str]:
    if spec.tables:
        yield f"tables {', '.join(sorted(spec.tables))}: a lane moves with the whole database"
    if spec.hints_without_a_lane:
        names = ", ".join(spec.hints_without_a_lane)
        yield f"shadowAlgorithms {names}: only the property lane chooses traffic"
