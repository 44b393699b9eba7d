"""One condition of a TrafficLabelRule: which part of a request, compared how, with what.

What an operator takes, and which values are text, is contract 11. The model refuses wrong types;
`violations` refuses what does not fit together.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from fairlead.kinds import names, regex
from fairlead.kinds.number import number, percent_problem
from fairlead.kinds.spec import Spec, described, match_text
from fairlead.kinds.suggestion import choose
from fairlead.kinds.violation import Loc, Violation, refusal, refusals

Operator: TypeAlias = Literal[
    "==", "!=", "in", "not-in", "regex", "prefix", "range", "exists", "percentage"
]
Part: TypeAlias = Literal["header", "query", "cookie", "path", "uri", "method", "source-ip", "ip"]

OPERATORS: tuple[str, ...] = get_args(Operator)
PARTS: tuple[str, ...] = get_args(Part)
SYNONYMS = {"uri": "path", "ip": "source-ip"}
KEYED = ("header", "query", "cookie")

_LISTS = ("in", "not-in", "range")
_MOST_VALUES = 1024


def _operator(value: Any) -> Any:
    if isinstance(value, str) and value not in OPERATORS:
        raise refusal(choose("operator", value, OPERATORS))
    return value


def _part(value: Any) -> Any:
    if value == "body":
        raise refusal("body is not supported: a request is decided before its body is read")
    if isinstance(value, str) and value not in PARTS:
        raise refusal(choose("type", value, PARTS))
    return SYNONYMS.get(value, value) if isinstance(value, str) else value


def _value(value: Any) -> str | tuple[str, ...]:
    if not isinstance(value, list | tuple):
        return match_text(value)
    texts, found = [], []
    for position, item in enumerate(value):
        try:
            texts.append(match_text(item))
        except PydanticCustomError as error:
            found.append(((position,), error.message()))
    if found:
        raise refusals(found)
    return tuple(texts)


class Match(Spec):
    """A condition on a request. All conditions of a rule must hold."""

    type: Annotated[Part, BeforeValidator(_part)] | None = Field(
        default=None,
        description="Part of the request: header, query, cookie, path (or uri), method, "
        "source-ip (or ip). May be left out for a percentage without a key.",
    )
    key: str | None = Field(
        default=None,
        description="Name of the header, query parameter or cookie; header names ignore case.",
    )
    condition: Annotated[Operator, BeforeValidator(_operator)] = Field(
        description="How to compare: ==, !=, in, not-in, regex (of the whole text), prefix, range "
        "(closed), exists, percentage (0 to 100, sticky for the value of the key, or drawn per "
        "trace without one). A missing part makes every condition but != and not-in false."
    )
    value: Annotated[
        str | int | Sequence[str | int] | None,
        PlainValidator(_value),
        WithJsonSchema({"x-kubernetes-preserve-unknown-fields": True}),
    ] = Field(
        default=None,
        description="What to compare with: a string or an integer, compared as text; a list for "
        "in and not-in, [low, high] for range, nothing for exists. Quote everything else.",
    )

    @property
    def values(self) -> tuple[str, ...]:
        """The texts to compare with."""
        if self.value is None:
            return ()
        # Validated: a text or a tuple of texts, whatever was typed.
        texts = self.value if isinstance(self.value, tuple) else (self.value,)
        return tuple(map(str, texts))


def violations(raw: Any, loc: Loc) -> Iterator[Violation]:
    """Check what was typed for a Match at `loc`, as far as it can be read."""
    if not isinstance(raw, Mapping):
        return
    operator = raw.get("condition")
    part = raw.get("type")
    part = SYNONYMS.get(part, part) if isinstance(part, str) else None
    yield from _key_violations(raw, part, operator, loc)
    if operator == "exists":
        if "value" in raw:
            yield Violation(loc=(*loc, "value"), message="exists takes no value: remove it")
    elif operator in OPERATORS:
        yield from _value_violations(raw, part, str(operator), (*loc, "value"))


def _key_violations(
    raw: Mapping[str, Any], part: str | None, operator: object, loc: Loc
) -> Iterator[Violation]:
    key, where = raw.get("key"), (*loc, "key")
    if raw.get("type") is None and (operator != "percentage" or key is not None):
        yield Violation(loc=(*loc, "type"), message=f"required: one of {', '.join(PARTS)}")
    if part in KEYED and key is None and operator != "percentage":
        yield Violation(loc=where, message=f"required: the name of the {part}")
    if part in PARTS and part not in KEYED and key is not None:
        yield Violation(loc=where, message=f"{part} takes no key: remove it")
    if isinstance(key, str) and part in KEYED:
        problem = _key_problem(str(part), key)
        if problem:
            yield Violation(loc=where, message=problem)


def _key_problem(part: str, key: str) -> str | None:
    if part != "query":
        return names.token(key)
    return names.printable(key) if key else "is empty: name the query parameter"


def _value_violations(
    raw: Mapping[str, Any], part: str | None, operator: str, loc: Loc
) -> Iterator[Violation]:
    value = raw.get("value")
    if "value" not in raw:
        yield Violation(loc=loc, message=f"required: {_wanted(operator)}")
    elif value is None:
        yield Violation(loc=loc, message="null is no text: quote the value")
    elif isinstance(value, list | tuple) != (operator in _LISTS):
        if isinstance(value, list | tuple | str | int) and not isinstance(value, bool):
            wanted = f"{operator} takes {_wanted(operator)}, got {described(value)}"
            yield Violation(loc=loc, message=wanted)
    elif operator in _LISTS:
        yield from _list_violations(value, part, operator, loc)
    else:
        problem = _text_problem(value, part, operator)
        if problem:
            yield Violation(loc=loc, message=problem)


def _wanted(operator: str) -> str:
    forms = {"in": "a list", "not-in": "a list", "range": "a list of two numbers, [low, high]"}
    return forms.get(operator, "a string or an integer")


def _list_violations(
    value: Sequence[Any], part: str | None, operator: str, loc: Loc
) -> Iterator[Violation]:
    for position, item in enumerate(value):
        problem = _text_problem(item, part, operator)
        if problem:
            yield Violation(loc=(*loc, position), message=problem)
    if operator == "range":
        yield from _bounds_violations(value, loc)
    elif not value:
        yield Violation(loc=loc, message=f"{operator} needs at least one value")
    elif len(value) > _MOST_VALUES:
        yield Violation(loc=loc, message=f"has {len(value)} values, at most {_MOST_VALUES} fit")


def _bounds_violations(value: Sequence[Any], loc: Loc) -> Iterator[Violation]:
    if len(value) != 2:
        yield Violation(loc=loc, message=f"range takes two numbers, got {len(value)}")
        return
    low, high = (number(_text(item) or "") for item in value)
    if low is not None and high is not None and low > high:
        yield Violation(loc=loc, message=f"{low} is above {high}: write [low, high]")


def _text(value: Any) -> str | None:
    try:
        return match_text(value)
    except PydanticCustomError:
        return None


def _text_problem(value: Any, part: str | None, operator: str) -> str | None:
    text = _text(value)
    if text is None:
        return None
    if operator == "regex":
        return regex.problem(text)
    if operator == "percentage":
        return percent_problem(text)
    if operator == "range":
        if part in ("path", "method", "source-ip"):
            return f"range compares numbers, and a {part} is none"
        return None if number(text) is not None else f"{text!r} is not a number"
    return _PART_PROBLEMS.get(part or "", _no_problem)(text, operator)


def _no_problem(text: str, operator: str) -> str | None:
    del text, operator
    return None


def _path_problem(text: str, operator: str) -> str | None:
    del operator
    if text and not text.startswith("/"):
        return f"a path starts with '/': write {'/' + text!r}"
    return None


def _method_problem(text: str, operator: str) -> str | None:
    del operator
    return None if text == text.upper() else f"methods are upper case: write {text.upper()}"


def _address_problem(text: str, operator: str) -> str | None:
    if operator == "prefix":
        return None
    try:
        address = str(ipaddress.ip_address(text))
    except ValueError:
        return f"{text!r} is not an address: use prefix or regex for a network"
    return None if address == text else f"addresses are compared as text: write {address}"


_PART_PROBLEMS: dict[str, Callable[[str, str], str | None]] = {
    "path": _path_problem,
    "method": _method_problem,
    "source-ip": _address_problem,
}
