"""StringMatch: one text compared in one of three ways, as in Istio and the TrafficLane draft."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from fairlead.kinds import regex
from fairlead.kinds.kind import child
from fairlead.kinds.spec import MatchText, Spec
from fairlead.kinds.violation import Loc, Violation

WAYS = ("exact", "prefix", "regex")


class StringMatch(Spec):
    """Exactly one of `exact`, `prefix` and `regex`."""

    exact: MatchText | None = Field(default=None, description="The whole text is this.")
    prefix: MatchText | None = Field(default=None, description="The text starts with this.")
    regex: MatchText | None = Field(
        default=None, description="The whole text matches this regular expression."
    )

    @property
    def operator(self) -> str:
        """The operator of policy.match that this is."""
        if self.exact is not None:
            return "=="
        return "prefix" if self.prefix is not None else "regex"

    @property
    def text(self) -> str:
        """The text to compare with."""
        return self.exact or self.prefix or self.regex or ""


def violations(raw: Any, loc: Loc) -> Iterator[Violation]:
    """Check what was typed for a StringMatch at `loc`, as far as it can be read."""
    if not isinstance(raw, dict):
        return
    ways = [way for way in WAYS if way in raw]
    if len(ways) != 1:
        found = " and ".join(ways) or "none"
        yield Violation(loc=loc, message=f"needs exactly one of {', '.join(WAYS)}; has {found}")
    for way in ways:
        if raw[way] is None:
            yield Violation(loc=(*loc, way), message="null is no text: quote the value")
    pattern = child(raw).get("regex")
    if isinstance(pattern, str):
        problem = regex.problem(pattern)
        if problem:
            yield Violation(loc=(*loc, "regex"), message=problem)


def path_violations(raw: Any, loc: Loc) -> Iterator[Violation]:
    """Check a StringMatch on a path besides: no path lacks the leading slash."""
    yield from violations(raw, loc)
    for way in ("exact", "prefix"):
        text = child(raw).get(way)
        if isinstance(text, str) and text and not text.startswith("/"):
            yield Violation(
                loc=(*loc, way), message=f"a path starts with '/': write {'/' + text!r}"
            )
