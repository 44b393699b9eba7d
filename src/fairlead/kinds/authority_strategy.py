"""AuthorityStrategy: which apps may call. Our extension of the group."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pydantic import Field

from fairlead.kinds.authoring import Maker
from fairlead.kinds.kind import AGE, LIVE, NAME, Column, Kind, Plain, child
from fairlead.kinds.mode import MODE
from fairlead.kinds.strategy import Callers, StrategySpec, in_spec
from fairlead.kinds.violation import Loc, Violation

WAYS = ("allow", "deny")

SHOWN = 3
"""Names that a table shows; of the rest it says how many there are."""


class AuthorityStrategySpec(StrategySpec):
    """Callers by name: those of one list only, or everybody but them. Our extension.

    A call without the name of its app passes: names are what apps say of themselves, and keep no
    stranger out.
    """

    allow: Callers | None = Field(
        default=None,
        description="Only these apps may call: web, and web.shop for one of another namespace. A "
        "call without the name of its app passes.",
    )
    deny: Callers | None = Field(default=None, description="These apps may not call.")


def violations(raw: Plain, loc: Loc) -> Iterator[Violation]:
    """Check that there is one list."""
    found = [way for way in WAYS if raw.get(way) is not None]
    if len(found) != 1:
        message = f"needs exactly one of {', '.join(WAYS)}; has {' and '.join(found) or 'none'}"
        yield Violation(loc=loc, message=message)


def _callers(plain: Plain, now: datetime) -> str:
    del now
    for way in WAYS:
        found = child(plain, "spec").get(way)
        if isinstance(found, list):
            more = f",+{len(found) - SHOWN}" if len(found) > SHOWN else ""
            return f"{way} {','.join(map(str, found[:SHOWN]))}{more}"
    return ""


KIND: Kind[AuthorityStrategySpec] = Kind(
    group="fault-tolerance.opensergo.io",
    version="v1alpha1",
    kind="AuthorityStrategy",
    plural="authoritystrategies",
    singular="authoritystrategy",
    short_names=("aus",),
    spec=AuthorityStrategySpec,
    rules=in_spec(violations),
    columns=(
        NAME,
        Column(name="Callers", description="Who may call, or may not.", cell=_callers),
        MODE,
        LIVE,
        AGE,
    ),
)

AuthorityStrategy = Maker(KIND)
"""Makes one in Python; fields in snake case."""
