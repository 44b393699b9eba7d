"""Names of resources, as rules name what they guard."""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias

from pydantic import Field

from fairlead.kinds.names import printable
from fairlead.kinds.spec import checked
from fairlead.policy.resource import OUTBOUND, SQL, resource_name

_RPC = re.compile(r"/[^/]+/[^/]+")
_PORT = re.compile(r"([^:/]+):[0-9]{1,5}")


def _counted(text: str) -> str | None:
    method, _, path = resource_name(text).partition(":")
    return f"HEAD counts as GET: write GET:{path}" if method == "HEAD" else None


def unheard_of(text: str) -> str | None:
    """Say why no call will ever have the name `text`, None if one may. For names, not patterns."""
    if text.startswith(SQL):
        named = text.removeprefix(SQL).partition(":")[0]
        return None if named else "names no database: write sql:DATABASE"
    if not text.startswith(OUTBOUND):
        return None
    app, colon, method = text.removeprefix(OUTBOUND).partition(":/")
    if not app:
        return "names no app: write call:APP, or call:HOST"
    if colon and _RPC.fullmatch(f"/{method}") is None:
        return f"only gRPC has methods: write call:{app} or call:{app}:/pkg.Service/Method"
    port = _PORT.fullmatch(app)
    return f"a host counts at all of its ports together: write call:{port[1]}" if port else None


ResourceName: TypeAlias = Annotated[
    str, Field(min_length=1, max_length=1200), checked(printable), checked(_counted)
]
"""``METHOD:/template``, ``/template``, ``404``, or another name that `policy.resource` knows."""
