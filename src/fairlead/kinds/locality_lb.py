"""localityLbSetting of a DestinationRule (Istio): what places say about who is called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from fairlead.kinds.kind import Plain, child
from fairlead.kinds.networking import Istio
from fairlead.kinds.violation import Loc, Violation
from fairlead.policy.locality import ANY, REGION, SUBZONE, ZONE, keys

MOST, MOST_TO = 64, 256
PLACES = (REGION, ZONE, SUBZONE)

Text = Annotated[str, Field(min_length=1, max_length=253)]
Percent = Annotated[int, Field(ge=1, le=100)]


class Distribute(Istio):
    """Where calls of one place go."""

    from_: Text = Field(
        alias="from", description="Where callers are: region/zone/subzone, * for any at its end."
    )
    to: dict[str, Percent] = Field(
        min_length=1,
        max_length=MOST_TO,
        description="Percents by place, 100 together; other places get nothing.",
    )


class Failover(Istio):
    """Which region comes first where one's own fails."""

    from_: Text = Field(alias="from", description="Region of callers.")
    to: Text = Field(description="Region that comes before others.")


class LocalityLbSetting(Istio):
    """What places say about who is called."""

    enabled: bool | None = Field(default=None, description="false: places say nothing.")
    distribute: Annotated[tuple[Distribute, ...], Field(strict=False)] | None = Field(
        default=None, max_length=MOST, description="Shares of places."
    )
    failover: Annotated[tuple[Failover, ...], Field(strict=False)] | None = Field(
        default=None, max_length=MOST, description="Where to, with outlierDetection."
    )
    failover_priority: Annotated[tuple[Text, ...], Field(strict=False)] | None = Field(
        default=None,
        max_length=MOST,
        description="Labels, key or key=value: whoever has the first as the caller has is nearer, "
        "with outlierDetection.",
    )


def violations(plain: Plain, loc: Loc) -> Iterator[Violation]:
    """Check what types cannot say."""
    distribute, failover, labels = (
        _items(plain.get(name)) for name in ("distribute", "failover", "failoverPriority")
    )
    if distribute and (failover or labels):
        other = "failover" if failover else "failoverPriority"
        yield Violation(loc=loc, message=f"has distribute and {other}: choose one")
    yield from _distributed(distribute, (*loc, "distribute"))
    yield from _failing_over(failover, (*loc, "failover"))
    yield from _labelled(labels, (*loc, "failoverPriority"), beside=bool(failover))


def _distributed(items: list[Any], loc: Loc) -> Iterator[Violation]:
    sources: list[str] = []
    for at, one in enumerate(items):
        if not isinstance(one, dict):
            continue
        where = (*loc, at)
        yield from _place(one.get("from"), (*where, "from"), sources)
        to, seen = child(one, "to"), list[str]()
        for name in to:
            yield from _place(name, (*where, "to", name), seen)
        percents = [percent for percent in to.values() if type(percent) is int]
        if len(percents) == len(to) and to and sum(percents) != 100:
            message = f"adds up to {sum(percents)}, and has to be 100"
            yield Violation(loc=(*where, "to"), message=message)


def _place(name: Any, loc: Loc, before: list[str]) -> Iterator[Violation]:
    """Check one place, and that none of `before` has any of it; it is added to them."""
    if not isinstance(name, str) or not name:
        return
    parts = name.split("/")
    if len(parts) > 3 or not all(parts):
        message = f"{name!r} is no place: region, region/zone or region/zone/subzone"
        yield Violation(loc=loc, message=message)
        return
    if ANY in name[:-1] or parts[-1] not in (ANY, parts[-1].rstrip(ANY)):
        yield Violation(loc=loc, message=f"{name!r} has a * that is not the whole of its end")
        return
    other = next((one for one in before if _meet(parts, one.split("/"))), None)
    if other is not None:
        yield Violation(loc=loc, message=f"{name!r} has places of {other!r}, which comes before")
    before.append(name)


def _meet(one: list[str], other: list[str]) -> bool:
    return all(ANY in pair or pair[0] == pair[1] for pair in zip(one, other, strict=False))


def _failing_over(items: list[Any], loc: Loc) -> Iterator[Violation]:
    seen: set[str] = set()
    for at, one in enumerate(items):
        if not isinstance(one, dict):
            continue
        for name in ("from", "to"):
            region = one.get(name)
            if isinstance(region, str) and (ANY in region or "/" in region):
                yield Violation(loc=(*loc, at, name), message=f"{region!r} is no region")
        source = one.get("from")
        if source == one.get("to"):
            yield Violation(loc=(*loc, at, "to"), message=f"{source!r} is where it fails")
        if isinstance(source, str) and source in seen:
            yield Violation(loc=(*loc, at, "from"), message=f"{source} is an earlier one's region")
        seen.add(str(source))


def _labelled(items: list[Any], loc: Loc, *, beside: bool) -> Iterator[Violation]:
    texts = [one for one in items if isinstance(one, str)]
    seen: set[str] = set()
    for at, key in enumerate(keys(texts)):
        if not key:
            yield Violation(loc=(*loc, at), message=f"{texts[at]!r} names no label")
        if key in seen:
            yield Violation(loc=(*loc, at), message=f"{key} is an earlier one's label")
        seen.add(key)
        if beside and key in PLACES:
            message = f"{key} with failover, which is about regions, too: choose one"
            yield Violation(loc=(*loc, at), message=message)


def _items(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []
