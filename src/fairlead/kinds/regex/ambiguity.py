r"""Which regular expressions are let in: those whose search stays short (contract 19).

An agent matches with a backtracking engine. It is slow where one text can be matched in many
ways, so a pattern is refused unless its syntax shows that this cannot happen:

- what repeats must leave no choice: wherever matching inside a repeat may go two ways, the next
  character decides (so ``(a+)+``, ``(a|a)*``, ``(.*,)*`` are refused, ``(/[^/]+)*`` is let in);
- two repeats side by side must not compete for a character (``\d+\d+``, ``(.*)(.*)``);
- outside repeats the cost may grow with the square of the subject, which is capped at 1,024
  characters, and no further (``.*gray.*`` is let in, ``.*a.*b.*`` is refused).

Back-references and look-around are refused because a linear engine, used where installed, has
none. The rules err on the side of refusing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from fairlead.kinds.regex.charset import Charset
from fairlead.kinds.regex.pattern import Part, Unsupported, parse

LONGEST = 1024
"""Characters of a pattern."""

_STEEPEST = 2
_MOST_WAYS = 16
_FEW = 3
"""A repeat with at most this much play multiplies the ways instead of raising the degree."""


class _Ambiguous(Exception):
    """One text could be matched in many ways."""


# The same rule is looked at when it is written, read, compiled, and written again.
@lru_cache(maxsize=1024)
def problem(pattern: str) -> str | None:
    """Say why `pattern` is not let in, or return None."""
    if len(pattern) > LONGEST:
        return f"is {len(pattern)} characters long, a regular expression has at most {LONGEST}"
    try:
        cost = _sequence(parse(pattern).parts, _After())
    except re.error as error:
        return f"is not a regular expression: {error}"
    except Unsupported as error:
        return f"is not supported in a regular expression: {error}"
    except _Ambiguous as error:
        return f"{error}: the search could take too long on some texts"
    if cost.degree + cost.scans > _STEEPEST and cost.degree:
        return "has too many open repeats (like .*a.*b.*): use several conditions, or prefix"
    if cost.ways > _MOST_WAYS:
        return "has too many alternatives that start alike: use in, or several rules"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _After:
    """What may come next after a part.

    `within`: while the repeats around the part go on. `beyond`: outside of any repeat. `rival`:
    taken by a repeat, with nothing firm in between. `inside`: whether there is a repeat around.
    """

    within: Charset = 0
    beyond: Charset = 0
    rival: Charset = 0
    inside: bool = False

    def preceded(self, part: Part) -> _After:
        """Return what may come next before `part`."""
        rival = part.rival | (self.rival if part.nullable else 0)
        within = self.within if part.nullable else 0
        beyond = self.beyond if part.nullable else 0
        if self.inside:
            within |= part.first
        else:
            beyond |= part.first
        return _After(within=within, beyond=beyond, rival=rival, inside=self.inside)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cost:
    """How often the search can turn back.

    `degree`: repeats that may end at several places, each a factor of the subject's length. `ways`:
    a constant factor. `scans`: a repeat after the last of those is read again at each turn.
    """

    degree: int = 0
    ways: int = 1
    scans: bool = False


def _sequence(parts: Iterable[Part], after: _After) -> _Cost:
    total = _Cost()
    for part in reversed(tuple(parts)):
        cost = _part(part, after)
        total = _Cost(
            degree=total.degree + cost.degree,
            ways=min(total.ways * cost.ways, _MOST_WAYS + 1),
            scans=total.scans or (cost.scans and not total.degree),
        )
        after = after.preceded(part)
    return total


def _part(part: Part, after: _After) -> _Cost:
    if part.kind == "sequence":
        return _sequence(part.parts, after)
    if part.kind == "choice":
        return _choice(part.parts, after)
    if part.kind == "repeat":
        return _optional(part, after) if part.high == 1 else _repeat(part, after)
    return _Cost()


def _optional(part: Part, after: _After) -> _Cost:
    body = part.parts[0]
    cost = _sequence(body.parts, after)
    if part.low == part.high:
        return cost
    _refuse_rivals(part.first, after)
    either = 2 if body.nullable or part.first & after.beyond else 1
    return _Cost(degree=cost.degree, ways=cost.ways * either, scans=cost.scans)


def _repeat(part: Part, after: _After) -> _Cost:
    body = part.parts[0]
    if body.nullable:
        raise _Ambiguous("repeats what may be empty")
    around = _After(
        within=after.within | body.first,
        beyond=after.beyond,
        rival=after.rival,
        inside=True,
    )
    cost = _sequence(body.parts, around)
    play = part.high - part.low
    degree = cost.degree + (cost.ways > 1)
    if play:
        _refuse_rivals(part.first, after)
    if not (play and part.first & after.beyond):
        return _Cost(degree=degree, scans=cost.scans or part.high > _FEW)
    if play <= _FEW:
        return _Cost(degree=degree, ways=play + 1, scans=cost.scans)
    return _Cost(degree=degree + 1)


def _choice(branches: tuple[Part, ...], after: _After) -> _Cost:
    starts = []
    for branch in branches:
        if branch.nullable:
            if after.inside:
                raise _Ambiguous("has an alternative that may be empty inside a repeat")
            others = (other.first for other in branches if other is not branch)
            _refuse_rivals(_union(others), after)
        starts.append(branch.first | (after.beyond if branch.nullable else 0))
    alike = max(_most_overlap(starts), sum(branch.nullable for branch in branches))
    if alike > 1 and after.inside:
        raise _Ambiguous("has alternatives that start alike inside a repeat")
    costs = [_sequence(branch.parts, after) for branch in branches]
    return _Cost(
        degree=max(cost.degree for cost in costs),
        ways=alike * max(cost.ways for cost in costs),
        scans=any(cost.scans for cost in costs),
    )


def _refuse_rivals(first: Charset, after: _After) -> None:
    if first & after.within:
        raise _Ambiguous("repeats a part that can itself go on with the same character, as (a+)+")
    if first & after.rival:
        raise _Ambiguous("has repeats side by side that take the same character, as a*a*")


def _union(sets: Iterable[Charset]) -> Charset:
    found = 0
    for one in sets:
        found |= one
    return found


def _most_overlap(sets: Iterable[Charset]) -> int:
    """Return how many of `sets` share a character, at most _MOST_WAYS + 1."""
    levels: list[Charset] = []
    for one in sets:
        for index in range(len(levels) - 1, -1, -1):
            shared = levels[index] & one
            if index + 1 < len(levels):
                levels[index + 1] |= shared
            elif shared and len(levels) <= _MOST_WAYS:
                levels.append(shared)
        if levels:
            levels[0] |= one
        elif one:
            levels.append(one)
    return max(1, len(levels))
