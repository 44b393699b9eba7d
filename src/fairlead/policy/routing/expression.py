"""Regular expressions in RE2's language, by Python's `re`.

What RE2 has and `re` has not is translated or refused, and what `re` has and RE2 has not is
refused. Classes are of ASCII in both. A subject of more than SUBJECT_LIMIT characters does not
match, as `re` goes back and RE2 never does.
"""

from __future__ import annotations

import re
from functools import lru_cache

from fairlead.policy.match import SUBJECT_LIMIT

_TOKEN = re.compile(r"\\Q(.*?)(?:\\E|$)|\\(.)|\[\^?\]?|\]|\(\?|[*+?}]\+|.", re.DOTALL)
_GROUPS = re.compile(r"\(\?(?:[is]*(?:-[is]+)?:|P<\w+>|<\w+>)")
_CLASS = re.compile(r"\[:\^?\w+:\]")
_CLOSED = "]"
_INLINE = re.compile(r"\(\?([is]+)\)")
_ESCAPES = frozenset("abBdDsSwWAznrtfvx") | frozenset("-_/.,:;!@#$%&'\"<>=~`^*+?()[]{}|\\ ")
_SPECIAL = frozenset(".^$*+?{}[]\\|()")
_TEXT = re.compile(r"\\(\d|\\)")


class InvalidExpression(ValueError):
    """Text that is no regular expression, or none that RE2 knows."""


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return `pattern` as Python's.

    Raises:
        InvalidExpression: RE2 would refuse it, or it cannot be said in Python.
    """
    try:
        return re.compile(_translated(pattern), re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise InvalidExpression(f"{pattern!r} is not a regular expression: {error}") from error


def matches(pattern: re.Pattern[str], subject: str) -> bool:
    """Whether all of `subject` matches."""
    return len(subject) <= SUBJECT_LIMIT and pattern.fullmatch(subject) is not None


def replaced(pattern: re.Pattern[str], text: str, subject: str) -> str:
    r"""Return `subject` with every match replaced; ``\1`` in `text` stands for a group."""
    if len(subject) > SUBJECT_LIMIT:
        return subject

    def filled(found: re.Match[str]) -> str:
        return _TEXT.sub(lambda part: "\\" if part[1] == "\\" else found[int(part[1])] or "", text)

    # Unlike Python, RE2 passes over an empty match right behind another match.
    pieces: list[str] = []
    end = 0
    for found in pattern.finditer(subject):
        if found.start() == found.end() == end and pieces:
            continue
        pieces += [subject[end : found.start()], filled(found)]
        end = found.end()
    return "".join((*pieces, subject[end:]))


def checked_text(pattern: re.Pattern[str], text: str) -> None:
    """Raise InvalidExpression where `text` asks for a group that `pattern` lacks."""
    most = max((int(one) for one in _TEXT.findall(text) if one != "\\"), default=0)
    if most > pattern.groups:
        raise InvalidExpression(
            f"{text!r} asks for group {most}: {pattern.pattern!r} has {pattern.groups}"
        )


def head(pattern: str) -> str:
    """Return the text that everything begins with which matches `pattern`; ``""``: not known."""
    if "|" in pattern:
        return ""
    end = next((at for at, letter in enumerate(pattern) if letter in _SPECIAL), len(pattern))
    # A repetition is of the letter before it, which then need not be there.
    return (
        pattern[: end - 1] if pattern[end : end + 1] in ("*", "?", "{") and end else pattern[:end]
    )


def _translated(pattern: str) -> str:
    inline = _INLINE.match(pattern)
    start = inline.end() if inline else 0
    parts = [pattern[:start]]
    within = False
    for found in _TOKEN.finditer(pattern, start):
        part = found[0]
        if found[1] is not None and not within:
            parts.append(re.escape(found[1]))
        elif found[2] is not None:
            parts.append(_escape(pattern, found[2]))
        elif within:
            within = part != _CLOSED
            parts.append(_in_class(pattern, found))
        elif part.startswith("["):
            within = True
            parts.append(_in_class(pattern, found, start=True))
        else:
            parts.append(_plain(pattern, found))
    return "".join(parts)


def _in_class(pattern: str, found: re.Match[str], *, start: bool = False) -> str:
    part = found[0]
    if _CLASS.match(pattern, found.start() + start):
        raise InvalidExpression(f"{pattern!r}: classes like [[:alpha:]] are not known here")
    return part if start else part.replace("[", "\\[")


def _plain(pattern: str, found: re.Match[str]) -> str:
    part = found[0]
    if len(part) == 2 and part[1] == "+":
        raise InvalidExpression(f"{pattern!r}: RE2 has no possessive repetition {part!r}")
    if part == "{" and pattern.startswith(",", found.end()):
        raise InvalidExpression(f"{pattern!r}: a repetition needs its least number")
    if part == "(?":
        if _GROUPS.match(pattern, found.start()) is None:
            told = pattern[found.start() : found.start() + 4]
            raise InvalidExpression(f"{pattern!r}: a group of this kind is not known: {told!r}")
        return "(?P" if pattern.startswith("<", found.end()) else part
    return "\\Z" if part == "$" else part


def _escape(pattern: str, letter: str) -> str:
    if letter not in _ESCAPES:
        raise InvalidExpression(f"{pattern!r}: \\{letter} is not known here")
    return "\\Z" if letter == "z" else "\\" + letter
