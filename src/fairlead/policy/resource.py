"""How a resource of an app is called: ``METHOD:/template``, the same for every framework.

Frameworks spell the variables of a path in their own ways, ``{id:int}``, ``<int:id>`` or ``<id>``;
here it is ``{id}``.
"""

from __future__ import annotations

import re
from functools import lru_cache

from fairlead.policy.limit import NOT_FOUND

OUTBOUND = "call:"
"""What the name of a call to an app or a host begins with."""

INBOUND = r"(?:[A-Z]{1,32}:)?/.*|404"
"""Pattern of every call that comes in: routes of all methods, methods of gRPC, unknown paths."""

SQL = "sql:"
"""What the name of a statement begins with: ``sql:DATABASE:TEXT``, or of all of a database."""

LONGEST_STATEMENT = 1024
"""Characters of a statement that its name has."""

CALLER = "fairlead-caller"
"""Header in which a call to an app names the app that calls: ``APP``, and ``APP.NAMESPACE`` where
that is not the callee's namespace."""

METHODS = frozenset(
    ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY")
)
"""Methods that resources are named by without a rule that names them."""

_ANGLES = re.compile(r"<(?:[^<>:]{0,256}:)?([^<>:]{1,256})>")
_TYPED = re.compile(r"\{([^{}:]{1,256}):[^{}]{0,256}\}")
_RPC = re.compile(r"(/[^/{}]{1,512})/[^/{}]{1,512}")
_METHOD = re.compile(r"([A-Za-z]{1,32}):(?=/)")


@lru_cache(maxsize=4096)
def template(path: str) -> str:
    """Return a framework's path, prefixes included, with its variables as ``{name}``."""
    return _TYPED.sub(r"{\1}", _ANGLES.sub(r"{\1}", path))


def resource_name(text: str) -> str:
    """Return the name that agents know for what an author calls a resource."""
    method = _METHOD.match(text)
    if method is not None:
        return f"{method[1].upper()}:{template(text[method.end() :])}"
    if text.startswith("/"):
        return template(text)
    if text.startswith(OUTBOUND):
        app, colon, rpc = text.partition(":/")
        return f"{app.lower()}{colon}{rpc}"
    if text.startswith(SQL):
        database, colon, statement = text.removeprefix(SQL).partition(":")
        return statement_name(database, statement) if colon else text
    return text


def is_route(name: str) -> bool:
    """Tell whether `name` is that of a route, or of a method of gRPC: of what has a template."""
    return name.startswith("/") or _METHOD.match(name) is not None


def is_rpc(name: str) -> bool:
    """Tell whether `name` may be that of a method of gRPC: a route of all methods looks alike."""
    return _RPC.fullmatch(name) is not None


def is_function(name: str) -> bool:
    """Tell whether `name` is one that an application gives to a part of itself."""
    return not is_route(name) and name != NOT_FOUND and not name.startswith((OUTBOUND, SQL))


def has_source(name: str, source: str) -> bool:
    """Tell whether calls of `name` may have a value from `source`, where their protocol decides.

    Arguments are functions', ``sql`` is statements', ``grpc`` is of what may be a method of gRPC.
    """
    if source == "argument":
        return is_function(name)
    if source == "sql":
        return name.startswith(SQL)
    return source != "grpc" or name.startswith(("/", OUTBOUND))


def statement_name(database: str, text: str) -> str:
    """Return the name of a statement, as an application gives it to its driver."""
    return f"{SQL}{database}:{' '.join(text.split())[:LONGEST_STATEMENT]}"


def database_of(name: str) -> str:
    """Return the resource of the database that the statement `name` is sent to."""
    return scopes(name)[0]


def scopes(name: str) -> tuple[str, ...]:
    """Return a resource and the wider ones that its calls are calls of too, the widest first.

    A route of one method is part of the route, a method of gRPC part of its service, a statement
    part of its database, and a method that an app is called for part of what it is called for.
    """
    method = _METHOD.match(name)
    if method is not None:
        return (name[method.end() :], name)
    rpc = _RPC.fullmatch(name)
    if rpc is not None:
        return (rpc[1], name)
    kind, _, rest = name.partition(":")
    if kind == "call":
        app, colon, _ = rest.partition(":/")
        return (f"call:{app}", name) if colon else (name,)
    if kind == "sql":
        database, colon, _ = rest.partition(":")
        return (f"sql:{database}", name) if colon else (name,)
    return (name,)
