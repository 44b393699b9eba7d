"""Whether a request may pass the rate limits of its resource.

A permit admits one request and can be used again when a whole window has passed. So no window of
that length, wherever it begins, holds more requests than there are permits: the limit is exact, and
sliding. Taking and putting back are single operations on a deque, which threads may share without a
lock, also across a fork.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

from fairlead.policy.fallback import Fallback
from fairlead.policy.limit import NOT_FOUND, RateLimit

METHODS = frozenset(
    ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY")
)

_Key = tuple[str, str, str, float, int]


@dataclass(frozen=True, slots=True)
class Rejection:
    """A request that a limit does not let pass, and the answer to it."""

    limit: RateLimit
    resource: str

    @property
    def fallback(self) -> Fallback:
        """What is configured for it."""
        return self.limit.fallback

    @property
    def body(self) -> str:
        """Text of the answer (contract 23)."""
        configured = self.limit.fallback.body
        return f"rate limited: {self.resource}" if configured is None else configured


class Window:
    """The permits of one limit."""

    __slots__ = ("_fresh", "_length", "_most", "_used")

    def __init__(self, threshold: float, length: float, before: Sequence[float] = ()) -> None:
        """Keep `threshold` permits, rounded down, for windows of `length` seconds.

        Those of `before` are used already, the longest ago first: whoever changes a limit again and
        again does not open it each time.
        """
        self._most = int(threshold)
        self._length = length
        self._used: deque[float] = deque(before[max(0, len(before) - self._most) :])
        """When each permit was used last, the longest ago first."""
        self._fresh = count(len(self._used))
        """Permits that were never used are numbered as they are; nothing is made in advance."""

    def uses(self) -> list[float]:
        """Return when each permit was used last, the longest ago first."""
        return list(self._used)

    def take(self, now: float) -> float | None:
        """Use a permit at `now`, in seconds; return when it was used before, None for a refusal."""
        try:
            before = self._used.popleft()
        except IndexError:
            return self._first(now)
        if now - before >= self._length:
            self._used.append(now)
            return before
        self._used.appendleft(before)
        return self._first(now)

    def give_back(self, before: float, now: float) -> None:
        """Undo the use at `now`: another limit refused the same request."""
        newer: list[float] = []
        try:
            while (used := self._used.pop()) != now:
                newer.append(used)  # another thread's, which passed
        except IndexError:
            pass  # others have it in hand, and put it back as a permit that was used
        else:
            self._used.appendleft(before)
        self._used.extend(reversed(newer))

    def _first(self, now: float) -> float | None:
        if self._most > len(self._used) and next(self._fresh) < self._most:
            self._used.append(now)
            return now - self._length
        return None


_Limiters = tuple[tuple[RateLimit, Window], ...]


class Limits:
    """The rate limits of one workload by resource, compiled from its snapshot."""

    __slots__ = ("_by_template", "_unknown", "none", "observing", "windows")

    def __init__(
        self,
        limits: Iterable[RateLimit] = (),
        kept: Mapping[_Key, Window] | None = None,
        *,
        observing: bool = False,
    ) -> None:
        """Compile `limits`; each goes on counting with its window among `kept`."""
        kept = kept or {}
        same = {key[:3]: window for key, window in kept.items()}
        self.observing = observing
        """Whether a rejection is only counted, and the request goes on."""
        self.windows: dict[_Key, Window] = {}
        by_resource: dict[str, list[tuple[RateLimit, Window]]] = {}
        for limit in limits:
            key = _key(limit)
            if key in self.windows:
                continue  # said twice, it would take two permits of the same window
            window = kept.get(key)
            if window is None:
                window = _changed(limit, same.get(key[:3]))
            self.windows[key] = window
            by_resource.setdefault(limit.resource, []).append((limit, window))
        self._unknown = tuple(by_resource.pop(NOT_FOUND, ()))
        self._by_template = _by_template(by_resource)
        self.none: Final = not self.windows
        """Whether nothing is limited: asked on every request."""

    def check(self, method: str, template: str, now: float) -> Rejection | None:
        """Take a permit of every limit of a resource at `now`; return who refuses, if one does.

        What HEAD asks for is what GET would answer: it is limited as GET, or a limit could be gone
        around. A refused request costs no permit of the limits that would have let it pass.
        """
        by_method = self._by_template.get(template)
        if by_method is None:
            return None
        method = method.upper()  # frameworks differ in whether ``get`` is GET
        method = "GET" if method == "HEAD" else method
        # What a stranger makes up is no name of a counter, nor a word of an answer.
        known = method in by_method or method in METHODS
        resource = f"{method}:{template}" if known else template
        return _take(by_method.get(method, by_method[""]), resource, now)

    def check_unknown(self, now: float) -> Rejection | None:
        """Do the same for a request to a path that the app does not know."""
        return _take(self._unknown, NOT_FOUND, now)


def _by_template(
    by_resource: dict[str, list[tuple[RateLimit, Window]]],
) -> dict[str, dict[str, _Limiters]]:
    """Return the limits of each template by method, those of every method under ``""`` too."""
    found: dict[str, dict[str, _Limiters]] = {}
    for resource, limits in sorted(by_resource.items()):  # what is for every method comes first
        method, colon, path = resource.partition(":/")
        template = f"/{path}" if colon and "/" not in method else resource
        by_method = found.setdefault(template, {"": ()})
        if template == resource:
            by_method[""] = tuple(limits)
        else:
            by_method[method] = (*by_method[""], *limits)
    return found


def _take(limits: _Limiters, resource: str, now: float) -> Rejection | None:
    taken: list[tuple[Window, float]] = []
    for limit, window in limits:
        before = window.take(now)
        if before is None:
            for other, time in taken:
                other.give_back(time, now)
            return Rejection(limit, resource)
        taken.append((window, before))
    return None


def _changed(limit: RateLimit, before: Window | None) -> Window:
    """Return the window of a limit that is new, or had another threshold or length `before`."""
    uses = before.uses() if before else []
    (window,) = limit.windows
    return Window(window.threshold, window.window_ms / 1000, uses)


def _key(limit: RateLimit) -> _Key:
    """What a limit counts: another answer to the rejected does not begin a new window."""
    (window,) = limit.windows
    return (limit.rule, limit.strategy, limit.resource, window.threshold, window.window_ms)
