"""Namespaces, as clients read and write them: Kubernetes' own kind, for ``kubectl label``.

Nobody has to make one: a namespace comes and goes with what is in it, and so a watch tells.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from fairlead.control.api import body as bodies
from fairlead.control.api.authored import inspect
from fairlead.control.api.objects import merge_patch
from fairlead.control.api.resources import Resources
from fairlead.control.api.served import Fault, Served
from fairlead.control.api.status import (
    Refused,
    bad_request,
    not_allowed,
    unsupported_media_type,
)
from fairlead.control.api.watch import list_or_watch
from fairlead.control.namespace_kind import NAMESPACE, mode_of
from fairlead.control.namespaces import NotEmpty
from fairlead.control.store import Object
from fairlead.kinds.kind import Column, Plain
from fairlead.kinds.schema import object_schema

PROTOBUF = "application/vnd.kubernetes.protobuf"
"""What ``kubectl create namespace`` sends, and nothing else that people type here."""

STRATEGIC = "application/strategic-merge-patch+json"
"""What kubectl sends for Kubernetes' own kinds, when it applies, edits or patches them."""

NOT_NEEDED = (
    "namespaces need not be made: one is there as soon as something is in it; "
    "to give it labels before, use kubectl apply -f"
)


def namespace_kind(default: str) -> Served:
    """Return the kind as it is served; `default` is the mode of those that name none."""

    def cell(plain: Plain, now: datetime) -> str:
        del now
        return mode_of(plain) or default

    described = "Whether rules are enforced: off, observe or on."
    column = Column(name="Governance", description=described, cell=cell)
    schema = object_schema(NAMESPACE)
    return Served(
        kind=NAMESPACE,
        schema=schema,
        inspect=_inspect,
        patches={STRATEGIC: strategic_patch},
        extra_columns=(column,),
    )


def strategic_patch(target: Any, patch: Any) -> Any:
    """Return `target` with a strategic merge patch applied: maps are merged, as by a merge patch.

    Lists have rules of their own there; what a namespace means has none. Raises Refused for
    directives.
    """
    if _directive(patch):
        raise bad_request("directives ($patch and the like) of a strategic patch are not supported")
    return merge_patch(target, patch)


def _directive(patch: Any) -> bool:
    if not isinstance(patch, dict):
        return False
    return any(name.startswith("$") or _directive(value) for name, value in patch.items())


def _inspect(own: Object) -> Sequence[Fault]:
    # Namespaces are written without a spec more often than with one.
    return inspect(NAMESPACE, {"spec": {}, **own})


@dataclass(frozen=True, slots=True, kw_only=True)
class NamespaceApi:
    """The verbs, on a store that is a view of namespaces (`control.namespaces`)."""

    resources: Resources
    served: Served
    stop: asyncio.Event

    async def collection(self, request: Request) -> Response:
        """``/api/v1/namespaces``."""
        if request.method == "GET":
            return await list_or_watch(self.resources, request, self.served, None, self.stop)
        if request.method == "POST":
            if bodies.media_type(request) == PROTOBUF:
                raise unsupported_media_type(NOT_NEEDED)
            return await self.resources.create(request, self.served, "")
        raise not_allowed(request.method, request.url.path)

    async def item(self, request: Request) -> Response:
        """``/api/v1/namespaces/NAME``."""
        served, key = self.served, self.served.key("", request.path_params["namespace"])
        match request.method:
            case "GET":
                return await self.resources.get(request, served, key)
            case "PUT":
                return await self.resources.replace(request, served, key)
            case "PATCH":
                return await self.resources.patch(request, served, key)
            case "DELETE":
                return await self._delete(request)
        raise not_allowed(request.method, request.url.path)

    async def _delete(self, request: Request) -> Response:
        key = self.served.key("", request.path_params["namespace"])
        try:
            return await self.resources.delete(request, self.served, key)
        except NotEmpty as error:
            subject = self.served.subject(key.name)
            code = HTTPStatus.CONFLICT
            raise Refused(code, "Conflict", str(error), subject=subject) from error
