"""The hops of a request, as ``fairlead explain request`` prints them: a tree of who calls whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

SHOWN = 3
"""Addresses of a hop that are shown; of the rest it is said how many there are."""

SHOWN_LIMITS = 8
"""Rules about the flow of calls that are shown of a hop."""


def tree(chain: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of an answer of `compiler.chain`."""
    hops = [dict(hop) for hop in chain["hops"]]
    _shadows_once(hops)
    behind: dict[int | None, list[int]] = {}
    for place, hop in enumerate(hops):
        behind.setdefault(hop["from"], []).append(place)
    yield f"hop by hop, along calls that were observed {chain['ago']}:"
    for place in behind.get(None, ()):
        yield from _branch(hops, behind, place, "  ", "")


def _shadows_once(hops: list[dict[str, Any]]) -> None:
    """Leave the shadows of a lane at the first of its hops: they are the whole namespace's."""
    told: set[tuple[str, str]] = set()
    for hop in hops:
        place = (hop["namespace"], hop["lane"])
        if place in told:
            hop["shadows"] = ()
        told.add(place)


def _branch(
    hops: list[dict[str, Any]],
    behind: dict[int | None, list[int]],
    place: int,
    margin: str,
    mark: str,
) -> Iterator[str]:
    hop, children = hops[place], behind.get(place, [])
    yield f"{margin}{mark}{_head(hop)}"
    inner = margin + {"": "", "├─ ": "│  ", "└─ ": "   "}[mark]
    rest = [*_words(hop), *_end(hop)]
    stem = "│  " if children else "   "
    yield from (f"{inner}{stem}   {line}" for line in rest)
    for child in children:
        last = child == children[-1]
        yield from _branch(hops, behind, child, inner, "└─ " if last else "├─ ")


def _head(hop: dict[str, Any]) -> str:
    name = hop["app"]
    lane = f"lane {hop['lane']}" if hop["lane"] else "base"
    seen = hop["observed"]
    counts = ""
    if seen:
        on_lane = f", {seen['onLane']} on lane {hop['label']}" if hop["label"] else ""
        counts = f" ({_count(seen['calls'], 'call')}{on_lane})"
    return f"{name}  {lane}  {_where(hop)}{counts}"


def _where(hop: dict[str, Any]) -> str:
    found = hop["endpoints"]
    if not found:
        return "nobody" if hop["side"] == "none" else ""
    named = ", ".join(found[:SHOWN])
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    sort = {"lane": "of the lane ", "base": "of base ", "entry": ""}[hop["side"]]
    return f"{_count(len(found), 'instance')} {sort}at {named}{more}"


def _words(hop: dict[str, Any]) -> Iterator[str]:
    if hop["depth"]:
        yield from _decided(hop)
    for one in hop["excluded"]:
        yield f"not {one['address']}: {one['why']}"
    for note in hop["notes"]:
        yield f"! {note['text']}"
    if hop["interfaces"]:
        names = ", ".join(one["name"] for one in hop["interfaces"])
        more = f" and {hop['moreInterfaces']} more" if hop["moreInterfaces"] else ""
        yield f"serves {names}{more}"
    for one in hop["limits"][:SHOWN_LIMITS]:
        why = f": {one['why']}" if "why" in one else ""
        place = "on the way: " if one["at"] == "caller" else ""
        says = f"{one['resource']}: {one['says']} ({one['rule']}, {one['strategy']})"
        yield f"{place}{says} {one['result']}{why}"
    if len(hop["limits"]) > SHOWN_LIMITS:
        yield f"and {len(hop['limits']) - SHOWN_LIMITS} more limits"
    for one in hop["shadows"]:
        yield f"on lane {hop['lane']}, {one['of']} is {one['shadow']} ({one['rule']})"
    if hop["statements"]:
        yield "sends SQL"


def _decided(hop: dict[str, Any]) -> Iterator[str]:
    """Yield how an entry behind the first decides anew; any other app takes the label it gets."""
    if not hop["entry"]:
        return
    yield hop["why"]
    for rule in hop["rules"]:
        yield f"{rule['rule']} → {rule['lane']}: {rule['result']}"
    if hop["runner_up"]:
        yield f"runner-up: {hop['runner_up']['rule']} → {hop['runner_up']['lane']}"


def _end(hop: dict[str, Any]) -> Iterator[str]:
    if hop["says"]:
        yield hop["says"]
    if hop["leftOut"]:
        yield f"{hop['leftOut']} more apps that it calls are left out"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
