"""How the name of an interface is spelt in labels of metrics, and read back from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fairlead.policy.resource import SQL as STATEMENT
from fairlead.policy.resource import is_rpc
from fairlead.telemetry import metrics
from fairlead.telemetry.metrics import Metric

SHOWN = 200
"""Characters of a statement that are shown."""

OTHER = "_OTHER"
"""The method of what has none (OpenTelemetry's conventions for HTTP)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """A histogram of interfaces: its labels but for the lane, which is the last."""

    metric: Metric
    write: Callable[[str], tuple[str, ...] | None]
    """The labels of a name, None where the histogram has no such interface."""
    read: Callable[[Mapping[str, str]], str]
    """The name that labels were written of."""


def _http(name: str) -> tuple[str, ...] | None:
    """Return method and route; no method of a path that nobody knows."""
    if is_rpc(name):  # a route of all methods may look alike
        return None
    method, colon, route = name.partition(":/")
    return (method, f"/{route}") if colon else (OTHER, name)


def _http_name(labels: Mapping[str, str]) -> str:
    method, route = labels.get("http_request_method", OTHER), labels.get("http_route", "")
    return route if method == OTHER else f"{method}:{route}"


def _rpc(name: str) -> tuple[str, ...] | None:
    return (name[1:],) if _http(name) is None else None


def _rpc_name(labels: Mapping[str, str]) -> str:
    return f"/{labels.get('rpc_method', '')}"


def _database(name: str) -> tuple[str, ...]:
    database, _, text = name.removeprefix(STATEMENT).partition(":")
    return (database, text[:SHOWN])


def _database_name(labels: Mapping[str, str]) -> str:
    text = labels.get("db_query_text", "")
    return f"{STATEMENT}{labels.get('db_namespace', '')}" + (f":{text}" if text else "")


def _function(name: str) -> tuple[str, ...]:
    return (name,)


def _function_name(labels: Mapping[str, str]) -> str:
    return labels.get("interface", "")


HTTP = Spelling(metric=metrics.HTTP_SERVER, write=_http, read=_http_name)
RPC = Spelling(metric=metrics.RPC_SERVER, write=_rpc, read=_rpc_name)
DATABASE = Spelling(metric=metrics.DATABASE, write=_database, read=_database_name)
FUNCTION = Spelling(metric=metrics.FUNCTION, write=_function, read=_function_name)
