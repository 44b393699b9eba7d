"""Predicates on a request: what a condition says, and a closure that answers it.

Knows no framework and no rule kind. Conditions arrive validated; compiling one can still fail (a
snapshot is a stranger's bytes), and then says which.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Protocol

SUBJECT_LIMIT = 1024
"""Characters of a subject that a regular expression is shown; a longer subject does not match."""

BUCKETS = 1 << 64

SOURCES = ("header", "query", "cookie", "path", "method", "source-ip", "trace")
OPERATORS = ("==", "!=", "in", "not-in", "regex", "prefix", "range", "exists", "percentage")

_NUMBER = re.compile(r"[+-]?\d{1,40}(?:\.\d{1,40})?")


class InvalidCondition(ValueError):
    """A condition that no request can be held against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One test of a request.

    `source` is one of SOURCES; `key` names the header, query parameter or cookie. `operator` is
    one of OPERATORS; `values` holds one text, two for ``range``, any number for ``in`` and
    ``not-in``.
    `salt` makes the buckets of ``percentage`` independent between lanes.
    """

    source: str
    key: str = ""
    operator: str
    values: tuple[str, ...] = ()
    salt: str = ""


class RequestView(Protocol):
    """What a condition may ask of a request. A missing part is None."""

    def header(self, name: str) -> str | None:
        """Value of a header, repeated ones joined by ``,``; `name` is lower case."""

    def query(self, name: str) -> str | None:
        """First value of a query parameter, decoded."""

    def cookie(self, name: str) -> str | None:
        """First value of a cookie."""

    def path(self) -> str | None:
        """Decoded path without the query string."""

    def method(self) -> str | None:
        """Method, upper case."""

    def source_ip(self) -> str | None:
        """Address of the direct peer."""

    def trace(self) -> str | None:
        """Trace id of the request."""


Dice = Callable[[], float]
"""A number in [0, 1): decides a percentage where there is nothing to hash."""

Subject = Callable[[RequestView], str | None]
Predicate = Callable[[RequestView, Dice], bool]


def compile_condition(condition: Condition) -> Predicate:
    """Return the closure for `condition`, or raise InvalidCondition."""
    subject = _subject(condition)
    operator, values = condition.operator, condition.values
    if operator == "exists":
        return lambda request, dice: subject(request) is not None
    if operator == "percentage":
        return _percentage(subject, condition)
    if operator == "==":
        # Most rules are this, and every request of an entry asks them: one call instead of two. A
        # missing part is equal to no text.
        wanted = _single(operator, values)
        return lambda request, dice: subject(request) == wanted
    if operator in ("!=", "not-in"):
        excluded = frozenset(values)
        return lambda request, dice: subject(request) not in excluded
    test = _text_test(operator, values)

    def predicate(request: RequestView, dice: Dice) -> bool:
        text = subject(request)
        return text is not None and test(text)

    return predicate


def compile_all(conditions: tuple[Condition, ...]) -> Predicate:
    """Return a closure that is true where every condition is."""
    predicates = tuple(compile_condition(condition) for condition in conditions)
    if len(predicates) == 1:
        return predicates[0]
    return lambda request, dice: all(test(request, dice) for test in predicates)


def value_test(operator: str, pattern: str) -> Callable[[str], bool] | None:
    """Return what tells the values that a limit of single values is for; None: it is for all.

    `operator` is ``exact``, ``prefix``, ``contains`` or ``regex``. Raises InvalidCondition.
    """
    if not operator or not pattern:
        return None
    if operator not in ("exact", "prefix", "contains", "regex"):
        raise InvalidCondition(f"unknown operator {operator!r}")
    return _text_test(operator, (pattern,))


def bucket(salt: str, text: str) -> int:
    """Place `text` in [0, BUCKETS), alike in every process and language.

    It is the first eight bytes, big-endian, of the SHA-256 of salt, a zero byte and text.
    """
    digest = sha256(f"{salt}\0{text}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big")


def _subject(condition: Condition) -> Subject:
    key = condition.key
    match condition.source:
        case "header":
            name = key.lower()
            return lambda request: request.header(name)
        case "query":
            return lambda request: request.query(key)
        case "cookie":
            return lambda request: request.cookie(key)
        case "path":
            return lambda request: request.path()
        case "method":
            return lambda request: request.method()
        case "source-ip":
            return lambda request: request.source_ip()
        case "trace":
            return lambda request: request.trace()
    raise InvalidCondition(f"unknown source {condition.source!r}")


def _text_test(operator: str, values: tuple[str, ...]) -> Callable[[str], bool]:
    match operator:
        case "in" | "exact":
            return frozenset(values).__contains__
        case "contains":
            part = _single(operator, values)
            return lambda text: part in text
        case "prefix":
            prefix = _single(operator, values)
            return lambda text: text.startswith(prefix)
        case "regex":
            return _regex(_single(operator, values))
        case "range":
            return _range(values)
    raise InvalidCondition(f"unknown operator {operator!r}")


def _single(operator: str, values: tuple[str, ...]) -> str:
    if len(values) != 1:
        raise InvalidCondition(f"{operator} takes one value, got {len(values)}")
    return values[0]


def _regex(pattern: str) -> Callable[[str], bool]:
    try:
        fullmatch = re.compile(pattern).fullmatch
    except (re.error, OverflowError, RecursionError) as error:
        raise InvalidCondition(f"not a regular expression: {error}") from error
    return lambda text: len(text) <= SUBJECT_LIMIT and fullmatch(text) is not None


def _range(values: tuple[str, ...]) -> Callable[[str], bool]:
    bounds = [number for number in map(_number, values) if number is not None]
    if len(values) != 2 or len(bounds) != 2:
        raise InvalidCondition(f"range takes two numbers, got {list(values)}")
    low, high = bounds

    def test(text: str) -> bool:
        number = _number(text)
        return number is not None and low <= number <= high

    return test


def _number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) and text.isascii() else None


def _percentage(subject: Subject, condition: Condition) -> Predicate:
    share = _number(_single("percentage", condition.values))
    if share is None or not 0 <= share <= 100:
        raise InvalidCondition(
            f"percentage takes a number from 0 to 100, got {condition.values[0]!r}"
        )
    chance, salt = float(share / 100), condition.salt
    limit = int(share * BUCKETS / 100)
    # Without a key every request is its own draw; with one, a request that lacks it is not counted
    # in: half of a user's requests must not wander over because a client forgot a header.
    unkeyed = condition.source == "trace"

    def predicate(request: RequestView, dice: Dice) -> bool:
        text = subject(request)
        if text is None:
            return unkeyed and dice() < chance
        return bucket(salt, text) < limit

    return predicate
