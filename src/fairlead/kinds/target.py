"""What a rule guards: a resource by name, or all whose names match a pattern."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, TypeAlias

from pydantic import Field

from fairlead.kinds import regex as regular
from fairlead.kinds.kind import child
from fairlead.kinds.resource_name import ResourceName, unheard_of
from fairlead.kinds.spec import Spec
from fairlead.kinds.violation import Loc, Violation


class Target(Spec):
    """What is guarded."""

    resource: ResourceName = Field(
        alias="targetResourceName",
        description="GET:/orders/{id}, or /orders/{id} for every method; 404 for every unknown "
        "path; /pkg.Service/Method or /pkg.Service of gRPC; call:APP for calls to an app; "
        "sql:DATABASE or sql:DATABASE:STATEMENT; or the name of a guarded function.",
    )
    regex: bool = Field(
        default=False,
        description="The name is a regular expression: every resource whose whole name matches is "
        "guarded, each with counters of its own. Our extension.",
    )


Targets: TypeAlias = Annotated[
    tuple[Target, ...], Field(strict=False, min_length=1, max_length=256)
]


def violations(raw: Any, loc: Loc) -> Iterator[Violation]:
    """Check a list of targets as typed: that none is there twice, patterns, and what is called."""
    seen: set[tuple[str, bool]] = set()
    for position, item in enumerate(raw if isinstance(raw, list) else ()):
        name, regex = str(child(item).get("targetResourceName")), bool(child(item).get("regex"))
        at = (*loc, position, "targetResourceName")
        if (name, regex) in seen:
            yield Violation(loc=at, message=f"{name} is there already: remove one")
        elif (wrong := (regular.problem if regex else unheard_of)(name)) is not None:
            yield Violation(loc=at, message=wrong)
        seen.add((name, regex))
