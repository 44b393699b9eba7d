"""Finds the first route that matches, in a time that hardly grows with the number of routes.

Each route of a virtual host is a bit. What the path could be for, and what the value of a header
could be for, are looked up as masks; their intersection holds the few routes whose other tests
are then asked, in order. Bit 0 is the first route.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from fairlead.policy.routing import expression, match, predicates
from fairlead.policy.routing import template as templates
from fairlead.policy.routing.match import HeaderMatch, PathMatch, RouteMatch
from fairlead.policy.routing.matchers import Matcher
from fairlead.policy.routing.predicates import Test
from fairlead.policy.routing.request import RequestLike

CACHED = 4096
"""Masks that are kept for requests that look alike; then all are dropped."""
LONGEST_KEY = 1024
"""Characters of a path that are worth keeping a mask for."""


class Index:
    """The matches of one virtual host."""

    def __init__(self, all_matches: Sequence[RouteMatch], matchers: Mapping[str, Matcher]) -> None:
        self._paths = _Paths([one.path for one in all_matches])
        self._headers = _header_masks(all_matches)
        self._names = tuple(name for name, _, _ in self._headers)
        self._tests = tuple(_left(one, matchers) for one in all_matches)
        self._seen: dict[tuple[str | None, ...], int] = {}

    def first(self, request: RequestLike, plain: str, remarks: list[str]) -> int:
        """Return the place of the first match, -1 for none.

        `plain` is the path without the query; why a test could not be asked is added to `remarks`.
        """
        left, tests = self._candidates(request, plain), self._tests
        while left:
            bit = left & -left
            place = bit.bit_length() - 1
            for test in tests[place]:
                if not test(request, plain, remarks):
                    break
            else:
                return place
            left ^= bit
        return -1

    def _candidates(self, request: RequestLike, plain: str) -> int:
        if request.repeated:
            return self._of_repeated(request, plain)
        header = request.header
        key = (plain, *[header(name) for name in self._names])
        found = self._seen.get(key)
        if found is None:
            found = self._paths.candidates(plain)
            for value, (_, masks, others) in zip(key[1:], self._headers, strict=True):
                found &= masks.get(value, others)
            if len(plain) <= LONGEST_KEY:
                if len(self._seen) >= CACHED:
                    self._seen = {}
                self._seen[key] = found
        return found

    def _of_repeated(self, request: RequestLike, plain: str) -> int:
        """Return the same where headers come several times: one value is enough."""
        found = self._paths.candidates(plain)
        for name, masks, others in self._headers:
            any_value = others
            for value in request.values(name):
                any_value |= masks.get(value, others)
            found &= any_value
        return found


class _Paths:
    """Which routes a path could be for."""

    def __init__(self, paths: Sequence[PathMatch]) -> None:
        self._always = 0
        exact: dict[str, int] = defaultdict(int)
        folded: dict[str, int] = defaultdict(int)
        heads: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for place, path in enumerate(paths):
            bit, head = 1 << place, _head(path)
            if path.kind == match.EXACT:
                if path.ignore_case:
                    folded[path.value.lower()] |= bit
                else:
                    exact[path.value] |= bit
            elif head:
                heads[len(head)][head.lower()] |= bit
            else:
                self._always |= bit
        self._exact, self._folded = dict(exact), dict(folded)
        self._heads = tuple((size, dict(masks)) for size, masks in sorted(heads.items()))

    def candidates(self, plain: str) -> int:
        lower = plain.lower()
        found = self._always | self._exact.get(plain, 0) | self._folded.get(lower, 0)
        size = len(plain)
        for length, masks in self._heads:
            if length > size:
                break
            found |= masks.get(lower[:length], 0)
        return found


def _head(path: PathMatch) -> str:
    """Return what every path begins with that `path` is for; ``""`` where that is not known."""
    if not path.value.isascii():  # whose lower case may be of another length
        return ""
    match path.kind:
        case "prefix" | "separated-prefix":
            return path.value
        case "regex":
            return expression.head(path.value)
        case "template":
            return templates.head(path.value)
    return ""


def _indexed(header: HeaderMatch) -> str | None:
    """Return the one value that a header has to have, where it has to have one."""
    text = header.text
    plain = text is not None and text.kind == match.EXACT and not text.ignore_case
    return text.value if text and plain and not (header.invert or header.missing_is_empty) else None


def _header_masks(
    all_matches: Sequence[RouteMatch],
) -> tuple[tuple[str, Mapping[str | None, int], int], ...]:
    """Return for each header: its name, masks by value, and the mask of any other value."""
    by_name: dict[str, dict[str | None, int]] = {}
    asking: dict[str, int] = defaultdict(int)
    for place, one in enumerate(all_matches):
        for header in _first_exact(one):
            masks = by_name.setdefault(header.name, defaultdict(int))
            masks[_indexed(header)] |= 1 << place
            asking[header.name] |= 1 << place
    everything = (1 << len(all_matches)) - 1
    found = []
    for name, masks in by_name.items():
        others = everything & ~asking[name]
        found.append((name, {value: mask | others for value, mask in masks.items()}, others))
    return tuple(found)


def _first_exact(one: RouteMatch) -> list[HeaderMatch]:
    found: dict[str, HeaderMatch] = {}
    for header in one.headers:
        if _indexed(header) is not None:
            found.setdefault(header.name, header)
    return list(found.values())


def _left(one: RouteMatch, matchers: Mapping[str, Matcher]) -> tuple[Test, ...]:
    """Return the tests that the masks have not answered."""
    answered = _first_exact(one)
    tests = [] if one.path.kind == match.EXACT else [predicates.path_test(one.path)]
    tests += [predicates.header_test(header) for header in one.headers if header not in answered]
    tests += map(predicates.query_test, one.queries)
    return (*tests, *predicates.rest(one, matchers))
