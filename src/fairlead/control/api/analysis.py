"""``POST /fairlead/v1/analyze``: what is wrong with the objects of a namespace.

With objects in the body it is what would be wrong once they were applied: nothing is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fairlead.compiler.analyze import codes
from fairlead.compiler.analyze.analysis import Advice, Here, analyzed
from fairlead.control.access.caller import caller_of
from fairlead.control.access.roles import EXPLANATIONS
from fairlead.control.api import body as bodies
from fairlead.control.api.objects import check_namespace
from fairlead.control.api.status import bad_request, json_response, unsupported_media_type
from fairlead.control.called import Edges
from fairlead.control.publish import Publisher
from fairlead.control.store import Object
from fairlead.kinds import InvalidResource, Resource, parse
from fairlead.kinds.violation import path_text
from fairlead.policy.workload import DEFAULT_NAMESPACE
from fairlead.protocols.watch.codec import ROOT

MOST = 1000
"""Objects in a body."""

_Objects = dict[tuple[str, str], Resource[Any]]
"""The objects of a namespace, by kind and name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisApi:
    """The endpoint."""

    publisher: Publisher
    edges: Edges = lambda namespaces: ()
    """The calls that apps are seen to make."""
    _one: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)
    """One at a time: each keeps a thread busy."""

    def routes(self) -> Iterator[BaseRoute]:
        """Yield the route."""
        yield Route(f"{ROOT}/analyze", self.analyze, methods=["POST"])

    async def analyze(self, request: Request) -> Response:
        """Return what is wrong, the gravest first."""
        if bodies.media_type(request) not in bodies.JSON_TYPES:
            raise unsupported_media_type("the body is to be sent as application/json")
        asked, _ = bodies.parse_json(await bodies.read(request))
        if not isinstance(asked, dict):
            raise bad_request("the body is no object")
        namespace = str(asked.get("namespace") or DEFAULT_NAMESPACE)
        check_namespace(namespace)
        caller_of(request).require("create", EXPLANATIONS, namespace)
        # Who has just applied something asks about that, too.
        await self.publisher.caught_up()
        objects, invalid = self._stored(namespace)
        invalid += _posted(asked.get("objects"), namespace, objects)
        async with self._one:
            found = await asyncio.to_thread(analyzed, objects.values(), self._here(namespace))
        findings = [_shown(one) for one in (*invalid, *found)]
        return json_response({"namespace": namespace, "findings": findings})

    def _stored(self, namespace: str) -> tuple[_Objects, list[Advice]]:
        objects: _Objects = {}
        invalid = []
        inputs = self.publisher.inputs
        for key, one in inputs.authored.items():
            if key.namespace != namespace:
                continue
            kind = inputs.kinds[key.resource].called
            if one.resource is None:
                invalid.append(_invalid((kind, namespace, key.name), one.refused))
            else:
                objects[kind, key.name] = one.resource
        return objects, invalid

    def _here(self, namespace: str) -> Here:
        inputs = self.publisher.inputs
        own = (one for key, one in inputs.instances.items() if key.namespace == namespace)
        return Here(
            instances=tuple(own),
            apps=tuple(inputs.apps),
            governance=inputs.governance,
            calls=tuple((one.caller, one.callee) for one in self.edges([namespace])),
        )


def _posted(plain: Any, namespace: str, objects: _Objects) -> list[Advice]:
    """Put the objects of a body in the place of those that are stored; return what is invalid."""
    if plain is None:
        return []
    if not isinstance(plain, list) or len(plain) > MOST:
        raise bad_request(f"objects is no list of at most {MOST} objects")
    invalid = []
    for place, item in enumerate(plain):
        try:
            resource = parse(item, namespace=namespace)
        except InvalidResource as error:
            metadata = item.get("metadata") if isinstance(item, dict) else None
            name = metadata.get("name") if isinstance(metadata, dict) else None
            kind = item.get("kind") if isinstance(item, dict) else None
            named = (str(kind or "object"), namespace, str(name or f"objects[{place}]"))
            invalid += [_invalid(named, one.message, one.loc) for one in error.violations]
            continue
        if resource.namespace != namespace:
            raise bad_request(f"objects[{place}]: {resource} is not in namespace {namespace}")
        objects[resource.kind.called, resource.name] = resource
    return invalid


def _invalid(named: tuple[str, str, str], message: str, loc: tuple[str | int, ...] = ()) -> Advice:
    kind, namespace, name = named
    code = codes.INVALID
    return Advice(code=code, kind=kind, namespace=namespace, name=name, loc=loc, message=message)


def _shown(one: Advice) -> Object:
    return {
        "code": one.code.id,
        "severity": one.code.severity.value,
        "kind": one.kind,
        "namespace": one.namespace,
        "name": one.name,
        "path": path_text(one.loc),
        "loc": list(one.loc),
        "message": one.message,
        "remedy": one.code.remedy,
        "page": one.code.page,
    }
