"""DatabaseEndpoint: where a database is, for a Shadow to name. By itself it changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from fairlead.compiler.part import Endpoint, Part
from fairlead.kinds import Resource
from fairlead.kinds.database_endpoint import DatabaseEndpointSpec
from fairlead.policy.database import Database


def compile_database_endpoint(resource: Resource[DatabaseEndpointSpec]) -> Part:
    """Return what a DatabaseEndpoint compiles to."""
    server = resource.spec.server
    database = Database(
        name=server.location.database,
        host=server.location.host,
        port=server.location.port,
        user=server.username or "",
        password=server.password or "",
    )
    endpoint = Endpoint(engine=resource.spec.engine, database=database)
    ignored = tuple(_not_honoured(resource.spec))
    return Part(resource=resource, endpoint=endpoint, not_honoured=ignored)


def _not_honoured(spec: DatabaseEndpointSpec) -> Iterator[str]:
    if spec.server.pool_fields:
        yield f"{', '.join(spec.server.pool_fields)}: the application keeps its connections itself"
    if spec.server.location.parameters:
        names = ", ".join(spec.server.location.parameters)
        yield f"{names} of the url: a connection has the options that the application gives it"
