"""Names of resources, as rules name what they guard."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from fairlead.kinds.names import printable
from fairlead.kinds.spec import checked
from fairlead.policy.resource import resource_name


def _counted(text: str) -> str | None:
    method, _, path = resource_name(text).partition(":")
    return f"HEAD counts as GET: write GET:{path}" if method == "HEAD" else None


ResourceName: TypeAlias = Annotated[
    str, Field(min_length=1, max_length=1200), checked(printable), checked(_counted)
]
"""``METHOD:/template``, ``/template``, ``404``, or another name that `policy.resource` knows."""
