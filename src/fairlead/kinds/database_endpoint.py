"""DatabaseEndpoint: one database on one server, for other objects to name.

OpenSergo, 2022; `PostgreSQL` is fairlead's. Its password is the name of a place that agents read,
never the text: a stored object is shown to everybody who may read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Field

from fairlead.kinds.admission import authored
from fairlead.kinds.jdbc import JdbcUrl, read_jdbc
from fairlead.kinds.kind import AGE, LIVE, NAME, Column, Kind, Plain, Resource, child, text_at
from fairlead.kinds.names import printable
from fairlead.kinds.spec import Spec, checked, described
from fairlead.kinds.violation import Violation
from fairlead.policy.workload import DEFAULT_NAMESPACE

Engine: TypeAlias = Literal["MySQL", "PostgreSQL"]

ENGINES: tuple[Engine, ...] = ("MySQL", "PostgreSQL")

_VARIABLE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]{0,254}")
_FILE = re.compile(r"file:/[^/].{0,1000}")


def _password(text: str) -> str | None:
    if _VARIABLE.fullmatch(text) or (_FILE.fullmatch(text) and text.isprintable()):
        return None
    return (
        "is not stored as text: write env:NAME or file:/absolute/path, which agents read where "
        "the application runs"
    )


_Count: TypeAlias = Annotated[int, Field(ge=0, le=(1 << 31) - 1)]


class Server(Spec):
    """A database on a server, and how connections to it were to be kept."""

    SUBPROTOCOL: ClassVar[str]

    url: str = Field(description="JDBC URL: jdbc:mysql://HOST:PORT/DATABASE.")
    username: Annotated[str, checked(printable)] | None = Field(
        default=None, description="User; as the application has it if left out."
    )
    password: Annotated[str, checked(_password)] | None = Field(
        default=None,
        description="Where agents find the password: env:NAME or file:/absolute/path.",
    )
    connection_timeout: _Count | None = Field(
        default=None, alias="connectionTimeout", description="Milliseconds; not honoured."
    )
    idle_timeout: _Count | None = Field(
        default=None, alias="idleTimeoutMilliseconds", description="Milliseconds; not honoured."
    )
    max_lifetime: _Count | None = Field(
        default=None, alias="maxLifetimeMilliseconds", description="Milliseconds; not honoured."
    )
    max_pool_size: _Count | None = Field(
        default=None, alias="maxPoolSize", description="Connections; not honoured."
    )
    min_pool_size: _Count | None = Field(
        default=None, alias="minPoolSize", description="Connections; not honoured."
    )

    @property
    def location(self) -> JdbcUrl:
        """Where the database is."""
        return read_jdbc(self.url, self.SUBPROTOCOL)

    @property
    def pool_fields(self) -> tuple[str, ...]:
        """Fields about keeping connections that the author has written."""
        written = self.model_dump(by_alias=True, exclude_none=True)
        return tuple(name for name in written if name not in ("url", "username", "password"))


def _url_of(subprotocol: str) -> Any:
    def problem(text: str) -> str | None:
        try:
            read_jdbc(text, subprotocol)
        except ValueError as error:
            return str(error)
        return None

    return checked(problem)


class MySQL(Server):
    """A MySQL or MariaDB database."""

    SUBPROTOCOL: ClassVar[str] = "mysql"

    url: Annotated[str, _url_of("mysql")] = Field(
        description="JDBC URL: jdbc:mysql://HOST:PORT/DATABASE."
    )


class PostgreSQL(Server):
    """A PostgreSQL database."""

    SUBPROTOCOL: ClassVar[str] = "postgresql"

    url: Annotated[str, _url_of("postgresql")] = Field(
        description="JDBC URL: jdbc:postgresql://HOST:PORT/DATABASE."
    )


class Database(Spec):
    """Exactly one of `MySQL` and `PostgreSQL`."""

    mysql: MySQL | None = Field(default=None, alias="MySQL", description="A MySQL database.")
    postgresql: PostgreSQL | None = Field(
        default=None, alias="PostgreSQL", description="A PostgreSQL database."
    )


class DatabaseEndpointSpec(Spec):
    """One database on one server."""

    database: Database = Field(description="The database, under the name of its engine.")

    @property
    def engine(self) -> Engine:
        """Which engine's it is."""
        return "MySQL" if self.database.mysql else "PostgreSQL"

    @property
    def server(self) -> Server:
        """The one that is written."""
        server = self.database.mysql or self.database.postgresql
        if server is None:
            raise ValueError("an endpoint without a server was not refused")
        return server


def violations(plain: Plain) -> Iterator[Violation]:
    """Check that one engine is named, and no second one."""
    written = [name for name in ENGINES if child(plain, "spec", "database").get(name) is not None]
    if len(written) != 1:
        got = " and ".join(written) or described(child(plain, "spec").get("database"))
        message = f"needs exactly one of {' and '.join(ENGINES)}, got {got}"
        yield Violation(loc=("spec", "database"), message=message)


def _engine(plain: Plain, now: datetime) -> str:
    del now
    return ",".join(name for name in ENGINES if name in child(plain, "spec", "database"))


def _url(plain: Plain, now: datetime) -> str:
    engine = _engine(plain, now)
    return text_at(plain, "spec", "database", engine, "url").partition("?")[0]


KIND: Kind[DatabaseEndpointSpec] = Kind(
    group="database.opensergo.io",
    version="v1alpha1",
    kind="DatabaseEndpoint",
    plural="databaseendpoints",
    singular="databaseendpoint",
    short_names=("dbe",),
    spec=DatabaseEndpointSpec,
    rules=(violations,),
    columns=(
        NAME,
        Column(name="Engine", description="Which engine's it is.", cell=_engine),
        Column(name="URL", description="Where it is.", cell=_url),
        LIVE,
        AGE,
    ),
)


def DatabaseEndpoint(  # noqa: N802 - reads as the kind it makes
    *,
    name: str,
    namespace: str = DEFAULT_NAMESPACE,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    database: Mapping[str, Any],
) -> Resource[DatabaseEndpointSpec]:
    """Return the endpoint, equal to the same one from YAML. Raises InvalidResource.

    `database` has the shape of YAML: ``{"MySQL": {"url": "jdbc:mysql://db:3306/shop"}}``.
    """
    metadata = {"name": name, "namespace": namespace, "labels": labels, "annotations": annotations}
    return authored(KIND, metadata, {"database": database})
