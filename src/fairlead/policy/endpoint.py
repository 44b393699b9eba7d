"""Where a service can be reached."""

from __future__ import annotations

from dataclasses import dataclass

HTTP, GRPC = "http", "grpc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One instance's address, ``host:port``, and the lane it serves (``""`` is base)."""

    address: str
    lane: str = ""
    zone: str = ""
    unfit_for_shadow_tables: str | None = None
    """Why it may not serve a lane that has shadow tables; None where it may (contract 12)."""
    unfit_for_shadow_databases: str | None = None
    """Why it may not serve a lane that has shadow databases; None where it may."""
    warmup: float | None = None
    """Seconds over which its share of calls is to grow; None for one that has been there."""
    protocol: str | None = None
    """What its server speaks, HTTP or GRPC; None where nobody has said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """An app that can be called by name, with its live endpoints in address order.

    A service without endpoints stays in a snapshot as long as the control plane remembers the app:
    callers then get a connect error that names it, instead of a DNS lookup.
    """

    namespace: str
    app: str
    endpoints: tuple[Endpoint, ...] = ()
    shadow_table_lanes: tuple[str, ...] = ()
    """Lanes that have shadow tables in its namespace: what serves them must be fit for it."""
    shadow_database_lanes: tuple[str, ...] = ()
    """Lanes that have shadow databases in its namespace."""
    host: str | None = None
    """The one name that it is called by, where it is no app of the mesh."""
