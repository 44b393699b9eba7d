"""Whether two rules can match one request. Says no only where that is certain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from fairlead.policy.match import Condition, compile_condition

Conditions = tuple[Condition, ...]


def may_both_match(one: Conditions, other: Conditions) -> bool:
    """Return whether a request may meet all conditions of both.

    Conditions on different parts of a request are taken to be independent.
    """
    subjects: dict[tuple[str, str], list[Condition]] = defaultdict(list)
    for condition in (*one, *other):
        subjects[(condition.source, condition.key)].append(condition)
    return all(_satisfiable(conditions) for conditions in subjects.values())


def _satisfiable(conditions: list[Condition]) -> bool:
    shares = [c for c in conditions if c.operator == "percentage"]
    if any(Decimal(share.values[0]) == 0 for share in shares):
        return False
    texts = [c for c in conditions if c.operator != "percentage"]
    listed = [c for c in texts if c.operator in ("==", "in")]
    if listed:
        candidates = set(listed[0].values)
        return any(_meets(text, texts) for text in candidates)
    return _ranges_meet(texts) and _prefixes_meet(texts)


def _ranges_meet(conditions: Iterable[Condition]) -> bool:
    ranges = [tuple(map(Decimal, c.values)) for c in conditions if c.operator == "range"]
    return not ranges or max(low for low, _ in ranges) <= min(high for _, high in ranges)


def _prefixes_meet(conditions: Iterable[Condition]) -> bool:
    prefixes = sorted((c.values[0] for c in conditions if c.operator == "prefix"), key=len)
    return all(prefixes[-1].startswith(prefix) for prefix in prefixes)


def _meets(text: str, conditions: Iterable[Condition]) -> bool:
    view = _Text(text)
    return all(compile_condition(condition)(view, _no_dice) for condition in conditions)


def _no_dice() -> float:
    return 0.0


class _Text:
    """A request every part of which is one text: a RequestView for conditions on one part."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def header(self, name: str) -> str | None:
        del name
        return self._text

    def query(self, name: str) -> str | None:
        del name
        return self._text

    def cookie(self, name: str) -> str | None:
        del name
        return self._text

    def path(self) -> str | None:
        return self._text

    def method(self) -> str | None:
        return self._text

    def source_ip(self) -> str | None:
        return self._text

    def trace(self) -> str | None:
        return self._text
