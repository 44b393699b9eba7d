"""HotParameterStrategy: a limit for each value of a part of a call. Our extension of the group."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal, get_args

from pydantic import Field

from fairlead.kinds import regex
from fairlead.kinds.authoring import Maker
from fairlead.kinds.kind import AGE, LIVE, NAME, Column, Kind, Plain, child
from fairlead.kinds.mode import MODE
from fairlead.kinds.quantity import Amount, Duration, Threshold, Wait, duration_ms
from fairlead.kinds.spec import MatchText, Spec
from fairlead.kinds.strategy import SelectiveSpec, in_spec, required, selection_violations
from fairlead.kinds.violation import Loc, Violation

Source = Literal[
    "header", "query", "cookie", "path", "client-ip", "host", "grpc", "sql", "argument", "constant"
]
SOURCES: tuple[str, ...] = get_args(Source)
NAMELESS = ("client-ip", "host", "constant")
"""Sources of which a call has one."""

REJECT, THROTTLE, CONCURRENCY = "Reject", "Throttle", "Concurrency"

WAYS = ("exact", "prefix", "contains", "regex")

MOST_EXCEPTIONS = 1024
MOST_CAPACITY = 1_000_000
"""Values that are told apart: each is a number in memory."""


class ValueMatch(Spec):
    """Exactly one of `exact`, `prefix`, `contains` and `regex`."""

    exact: MatchText | None = Field(default=None, description="The whole value is this.")
    prefix: MatchText | None = Field(default=None, description="The value starts with this.")
    contains: MatchText | None = Field(default=None, description="This is in the value.")
    regex: MatchText | None = Field(
        default=None, description="The whole value matches this regular expression."
    )

    @property
    def way(self) -> str:
        """Which of the four it is."""
        return next(way for way in WAYS if getattr(self, way) is not None)

    @property
    def text(self) -> str:
        """What to compare with."""
        return str(getattr(self, self.way))


class Param(Spec):
    """The part of a call."""

    source: Source = Field(
        description="header, query, cookie, path (a variable of the template), client-ip, host, "
        "grpc (a field of the message), sql (a parameter of the statement), argument (of a "
        "guarded function), or constant: all calls have one value."
    )
    name: MatchText | None = Field(
        default=None,
        description="Its name; user.id for a field in a field. For sql and argument a position "
        "too, from 0, and from the end if negative. Not for client-ip, host and constant.",
    )
    match: ValueMatch | None = Field(
        default=None, description="Only values like this are limited; all if left out."
    )


class ValueException(Spec):
    """A value with a threshold of its own."""

    value: MatchText = Field(description="The value, compared as text.")
    threshold: Threshold = Field(description="Its threshold.")


class HotParameterStrategySpec(SelectiveSpec):
    """At most `threshold` calls of each value of a part of the call. Our extension."""

    param: Param = Field(description="The part; a call without it is not limited.")
    behavior: Literal["Reject", "Throttle", "Concurrency"] = Field(
        default="Reject",
        description="Reject rejects what is too much in a window; Throttle spreads the calls of a "
        "value over the window, and they wait; Concurrency counts those under way. Reject if "
        "left out.",
    )
    threshold: Threshold = Field(description="Calls of each value.")
    burst: Amount = Field(
        default=0, description="Calls that a value may save up beside: for Reject."
    )
    duration: Duration | None = Field(
        default=None, description="Length of the window; 1s if left out. Not for Concurrency."
    )
    queue_timeout: Wait | None = Field(
        default=None,
        alias="queueTimeout",
        description="Longest wait: for Throttle. Nobody waits if left out.",
    )
    exceptions: Annotated[tuple[ValueException, ...], Field(strict=False)] = Field(
        default=(),
        max_length=MOST_EXCEPTIONS,
        description="Values with thresholds of their own.",
    )
    each_element: bool = Field(
        default=True,
        alias="eachElement",
        description="Whether each element of a list counts by itself, or the list is one value.",
    )
    capacity: Annotated[int, Field(ge=1, le=MOST_CAPACITY)] | None = Field(
        default=None,
        description="Values that are told apart at a time. The agent chooses if left out.",
    )

    @property
    def window_ms(self) -> int:
        """Length of the window in milliseconds."""
        return duration_ms(self.duration or "1s") or 0

    @property
    def queue_ms(self) -> int:
        """Longest wait in milliseconds."""
        return duration_ms(self.queue_timeout or "0s") or 0


def violations(raw: Plain, loc: Loc) -> Iterator[Violation]:
    """Check that a part is named as it has to be, and that a behavior has what it needs."""
    yield from selection_violations(raw, loc)
    yield from _param_violations(child(raw, "param"), (*loc, "param"))
    behavior = raw.get("behavior", REJECT)
    for field, needed in (("burst", REJECT), ("queueTimeout", THROTTLE)):
        others = {REJECT, THROTTLE, CONCURRENCY} - {needed}
        if raw.get(field) is not None and behavior in others:
            message = f"{behavior} has none, only {needed}: remove it"
            yield Violation(loc=(*loc, field), message=message)
    if raw.get("duration") is not None and behavior == CONCURRENCY:
        message = "Concurrency has no window: remove it"
        yield Violation(loc=(*loc, "duration"), message=message)
    seen: set[str] = set()
    exceptions = raw.get("exceptions")
    for position, item in enumerate(exceptions if isinstance(exceptions, list) else ()):
        value = str(child(item).get("value"))
        if value in seen:
            at = (*loc, "exceptions", position, "value")
            yield Violation(loc=at, message=f"{value[:80]} is there already: remove one")
        seen.add(value)


def _param_violations(raw: Plain, loc: Loc) -> Iterator[Violation]:
    source = raw.get("source")
    if source in NAMELESS and raw.get("name") is not None:
        yield Violation(loc=(*loc, "name"), message=f"a call has one {source}: remove the name")
    elif source in SOURCES and source not in NAMELESS:
        yield from required(raw, loc, "name", f"which {source}")
    match = raw.get("match")
    if isinstance(match, dict):
        ways = [way for way in WAYS if match.get(way) is not None]
        if len(ways) != 1:
            found = " and ".join(ways) or "none"
            message = f"needs exactly one of {', '.join(WAYS)}; has {found}"
            yield Violation(loc=(*loc, "match"), message=message)
        for way in ways:
            if match[way] == "":
                yield Violation(loc=(*loc, "match", way), message="is empty: leave match out")
        pattern = match.get("regex")
        if isinstance(pattern, str) and (wrong := regex.problem(pattern)) is not None:
            yield Violation(loc=(*loc, "match", "regex"), message=wrong)


def _limit(plain: Plain, now: datetime) -> str:
    del now
    spec = child(plain, "spec")
    if spec.get("behavior") == CONCURRENCY:
        return f"{spec.get('threshold')} at a time"
    return f"{spec.get('threshold')} in {spec.get('duration', '1s')}"


def _param(plain: Plain, now: datetime) -> str:
    del now
    param = child(plain, "spec", "param")
    return " ".join(str(param[key]) for key in ("source", "name") if key in param)


KIND: Kind[HotParameterStrategySpec] = Kind(
    group="fault-tolerance.opensergo.io",
    version="v1alpha1",
    kind="HotParameterStrategy",
    plural="hotparameterstrategies",
    singular="hotparameterstrategy",
    short_names=("hps",),
    spec=HotParameterStrategySpec,
    rules=in_spec(violations),
    columns=(
        NAME,
        Column(name="Param", description="Part of the call.", cell=_param),
        Column(name="Limit", description="Calls of each value.", cell=_limit),
        MODE,
        LIVE,
        AGE,
    ),
)

HotParameterStrategy = Maker(KIND)
"""Makes one in Python; fields in snake case."""
