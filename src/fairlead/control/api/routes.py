"""Which path is answered by what, and how every refusal becomes a Status."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from fairlead.control.api import body as bodies
from fairlead.control.api.discovery import Discovery, server_version
from fairlead.control.api.namespaces import NamespaceApi
from fairlead.control.api.openapi import ROOT, OpenApi, no_schemas
from fairlead.control.api.resources import Resources
from fairlead.control.api.served import Catalogue, Served
from fairlead.control.api.status import (
    Refused,
    expired,
    json_response,
    no_such_path,
    not_allowed,
    too_many,
)
from fairlead.control.api.watch import list_or_watch
from fairlead.control.store import Busy, Expired, StoreFailed

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """Dispatches a path below ``/apis`` to the verb on the kind it names."""

    resources: Resources
    catalogue: Catalogue
    stop: asyncio.Event

    async def everywhere(self, request: Request) -> Response:
        """``/apis/G/V/PLURAL``: objects of all namespaces."""
        served = self._served(request)
        if request.method != "GET":
            raise not_allowed(request.method, request.url.path)
        return await list_or_watch(self.resources, request, served, None, self.stop)

    async def collection(self, request: Request) -> Response:
        """``/apis/G/V/namespaces/NS/PLURAL``."""
        served, namespace = self._served(request), request.path_params["namespace"]
        match request.method:
            case "GET":
                return await list_or_watch(self.resources, request, served, namespace, self.stop)
            case "POST" if served.inspect is not None:
                return await self.resources.create(request, served, namespace)
            case "DELETE" if served.inspect is not None:
                return await self.resources.delete_all(request, served, namespace)
        raise not_allowed(request.method, request.url.path)

    async def item(self, request: Request) -> Response:
        """``/apis/G/V/namespaces/NS/PLURAL/NAME``."""
        served = self._served(request)
        key = served.key(request.path_params["namespace"], request.path_params["name"])
        if request.method == "GET":
            return await self.resources.get(request, served, key)
        if served.inspect is not None:
            match request.method:
                case "PUT":
                    return await self.resources.replace(request, served, key)
                case "PATCH":
                    return await self.resources.patch(request, served, key)
                case "DELETE":
                    return await self.resources.delete(request, served, key)
        raise not_allowed(request.method, request.url.path)

    async def status(self, request: Request) -> Response:
        """``…/NAME/status``: read like the object; only the control plane writes it."""
        if request.method != "GET":
            raise not_allowed(request.method, request.url.path)
        return await self.item(request)

    def _served(self, request: Request) -> Served:
        parameters = request.path_params
        # The paths of the core group name none.
        group = parameters.get("group", "")
        names = (group, parameters.get("version", "v1"), parameters["plural"])
        served = self.catalogue.find(*names)
        if served is None:
            raise no_such_path(request.url.path)
        return served


def application(
    rest: Rest,
    namespaces: NamespaceApi,
    extra: Sequence[BaseRoute] = (),
    middleware: Sequence[Middleware] = (),
) -> Starlette:
    """Return the whole HTTP application.

    `extra` are routes beside the Kubernetes-style ones, `middleware` is what stands before all of
    them, the outermost first.
    """
    app = Starlette(
        routes=[*extra, *_routes(rest, namespaces)],
        middleware=middleware,
        exception_handlers={
            Refused: _refused,
            Expired: _expired,
            Busy: _busy,
            StoreFailed: _failed,
            HTTPException: _http,
            Exception: _fault,
        },
    )
    app.router.redirect_slashes = False
    return app


def _routes(rest: Rest, namespaces: NamespaceApi) -> list[BaseRoute]:
    discovery, openapi = Discovery(rest.catalogue), OpenApi(rest.catalogue, [namespaces.served])
    below = "/apis/{group}/{version}"
    return [
        *(Route(f"/{name}", _healthy) for name in ("healthz", "livez", "readyz")),
        Route("/version", _version),
        Route("/api", discovery.core),
        Route("/api/v1", discovery.core_resources),
        _route("/api/v1/namespaces", namespaces.collection),
        _route("/api/v1/namespaces/{namespace}", namespaces.item),
        *_kinds("/api/v1", rest),
        Route("/apis", discovery.groups),
        Route("/apis/{group}", discovery.group),
        Route(below, discovery.group_resources),
        *_kinds(below, rest),
        Route("/openapi/v2", no_schemas),
        Route(ROOT, openapi.index),
        Route(f"{ROOT}/{{path:path}}", openapi.document),
    ]


def _kinds(below: str, rest: Rest) -> Iterator[Route]:
    within = f"{below}/namespaces/{{namespace}}/{{plural}}"
    yield _route(f"{below}/{{plural}}", rest.everywhere)
    yield _route(within, rest.collection)
    yield _route(f"{within}/{{name}}", rest.item)
    yield _route(f"{within}/{{name}}/status", rest.status)


def _route(path: str, handler: Handler) -> Route:
    return Route(path, handler, methods=METHODS)


async def _healthy(request: Request) -> Response:
    return PlainTextResponse("ok")


async def _version(request: Request) -> Response:
    return json_response(server_version())


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, Refused):
        raise error
    if error.code != HTTPStatus.REQUEST_TIMEOUT:
        # A client that is hung up on while it still sends never reads why.
        await bodies.take_in(request)
    return error.response()


async def _expired(request: Request, error: Exception) -> Response:
    return expired(str(error)).response()


async def _busy(request: Request, error: Exception) -> Response:
    refused = too_many(str(error))
    return refused.response()


async def _failed(request: Request, error: Exception) -> Response:
    log.error("%s %s: %s", request.method, request.url.path, error)
    return Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError", str(error)).response()


async def _http(request: Request, error: Exception) -> Response:
    """Turn the router's own refusals into Status objects."""
    await bodies.take_in(request)
    if isinstance(error, HTTPException) and error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return not_allowed(request.method, request.url.path).response()
    return no_such_path(request.url.path).response()


async def _fault(request: Request, error: Exception) -> Response:
    """Say that it was our fault, without saying more to a stranger; the log has the rest."""
    message = "the server failed to answer; its log says why"
    response = Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError", message).response()
    # It is answered outside of all middleware.
    response.headers["x-content-type-options"] = "nosniff"
    return response
