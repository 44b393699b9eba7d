"""What is done with calls of some hosts, as a VirtualService and its kin say it."""

from __future__ import annotations

from collections.abc import Iterator

from fairlead.compiler.istio.routes import ruled
from fairlead.compiler.part import Calling, Part
from fairlead.kinds import Resource
from fairlead.kinds.istio_http_checks import FOREIGN_CONDITIONS, conditions
from fairlead.kinds.networking import waiting
from fairlead.kinds.virtual_service import MESH, VirtualServiceSpec

CLAIMS = "@"


def routed(resource: Resource[VirtualServiceSpec]) -> Part:
    """Return what it compiles to; `calls.py` finds whom it is about."""
    spec = resource.spec
    for_mesh = spec.gateways is None or MESH in spec.gateways
    named = f"{resource.kind.kind}/{resource.name}"
    ways = tuple(
        one
        for place, route in enumerate(spec.http or ())
        for one in ruled(f"{named} http[{place}]", route, resource.namespace)
    )
    return Part(
        resource=resource,
        calling=Calling(
            destination=False,
            hosts=spec.hosts if for_mesh else (),
            exported=spec.export_to or (),
            ways=ways,
            unenforced=_unenforced(spec, for_mesh),
        ),
        not_honoured=(
            *(f"{path}: not enforced in this version" for path in waiting(spec)),
            *_elsewhere(spec),
            *_ours(spec),
            *(_browsers(spec) if for_mesh else ()),
        ),
    )


def _unenforced(spec: VirtualServiceSpec, for_mesh: bool) -> str:  # noqa: FBT001
    if not for_mesh and spec.hosts:
        return ""  # it is for gateways alone
    if not spec.hosts:
        return "no hosts: it is for others to go on with, and none does"
    if not spec.http:
        return "no http: nothing of it is enforced in this version"
    return ""


def _elsewhere(spec: VirtualServiceSpec) -> Iterator[str]:
    for place, route in enumerate(spec.http or ()):
        for word in conditions(route.retries.retry_on if route.retries else None):
            if word in FOREIGN_CONDITIONS:
                yield f"http[{place}].retries.retryOn: {word}: nothing meets it"
        for at, match in enumerate(route.match or ()):
            for name in match.headers or ():
                if name.startswith(CLAIMS):
                    path = f"http[{place}].match[{at}].headers.{name}"
                    yield f"{path}: nobody verifies tokens here, so that it matches nothing"


def _ours(spec: VirtualServiceSpec) -> Iterator[str]:
    said = "agents know it, data planes of xDS do not: for them the match holds of nothing"
    for place, route in enumerate(spec.http or ()):
        for at, match in enumerate(route.match or ()):
            for name in ("arguments", "custom"):
                if getattr(match, name):
                    yield f"http[{place}].match[{at}].{name}: {said}"


def _browsers(spec: VirtualServiceSpec) -> Iterator[str]:
    for place, route in enumerate(spec.http or ()):
        if route.cors_policy is not None:
            yield f"http[{place}].corsPolicy: data planes of xDS carry it out, agents do not"
