"""Label and field selectors, as in ``kubectl get -l`` and ``--field-selector``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from fairlead.control.api.status import bad_request
from fairlead.control.store import Object
from fairlead.kinds.kind import text_at

Selector: TypeAlias = Callable[[Object], bool]
Labels: TypeAlias = Mapping[str, str]
Requirement: TypeAlias = Callable[[Labels], bool]

_KEY = r"[A-Za-z0-9](?:[-A-Za-z0-9_./]{0,315}[A-Za-z0-9])?"
_VALUE = r"[-A-Za-z0-9_.]{0,63}"
_REQUIREMENT = re.compile(
    rf"\s*(?:"
    rf"!\s*(?P<absent>{_KEY})"
    rf"|(?P<set>{_KEY})\s+(?P<in>in|notin)\s*\((?P<values>[^()]*)\)"
    rf"|(?P<key>{_KEY})\s*(?:(?P<op>==|=|!=|[<>])\s*(?P<value>{_VALUE}))?"
    rf")\s*(?:,(?!\s*$)|$)"
)
FIELDS = ("metadata.name", "metadata.namespace")
"""Fields that objects of every kind are selected by."""


def everything(_: Object) -> bool:
    """Select every object."""
    return True


def selected(query: Mapping[str, str], fields: Sequence[str]) -> Selector:
    """Return what both selectors of a request select; `fields` may be selected by, too.

    Raises Refused for text that is no selector.
    """
    labels = label_requirements(query.get("labelSelector", ""))
    others = field_requirements(query.get("fieldSelector", ""), (*FIELDS, *fields))
    if not labels and not others:
        return everything

    def select(plain: Object) -> bool:
        own = plain["metadata"].get("labels") or {}
        return all(r(own) for r in labels) and all(r(plain) for r in others)

    return select


def label_requirements(text: str) -> list[Requirement]:
    """Parse ``a=b,c!=d,e in (f,g),h,!i``. Raises Refused."""
    found: list[Requirement] = []
    position = 0
    while position < len(text):
        match = _REQUIREMENT.match(text, position)
        if match is None:
            raise bad_request(f"unable to parse the label selector at {text[position:][:80]!r}")
        found.append(_requirement(match))
        position = match.end()
    return found


def _requirement(match: re.Match[str]) -> Requirement:
    absent, key, chosen = match["absent"], match["key"], match["set"]
    if absent:
        return lambda labels: absent not in labels
    if chosen:
        values = frozenset(value.strip() for value in match["values"].split(","))
        if match["in"] == "in":
            return lambda labels: labels.get(chosen) in values
        return lambda labels: labels.get(chosen) not in values
    value = match["value"]
    if match["op"] is None:
        return lambda labels: key in labels
    if match["op"] in ("<", ">"):
        return _compared(key, match["op"], value)
    if match["op"] == "!=":
        return lambda labels: labels.get(key) != value
    return lambda labels: labels.get(key) == value


def _compared(key: str, op: str, value: str) -> Requirement:
    if not value.isdigit():
        raise bad_request(f"label selector {key}{op}{value}: {op} compares with a number")
    sign, bound = (1 if op == ">" else -1), int(value)

    def requirement(labels: Labels) -> bool:
        text = labels.get(key, "")
        return text.isascii() and text.isdigit() and sign * (int(text) - bound) > 0

    return requirement


def field_requirements(text: str, fields: Sequence[str]) -> list[Selector]:
    """Parse ``metadata.name=x,spec.app!=y`` for some of `fields`. Raises Refused."""
    return [_field(part, fields) for part in text.split(",") if part.strip()]


def _field(part: str, fields: Sequence[str]) -> Selector:
    match = re.fullmatch(r"\s*([A-Za-z.]+)\s*(==|=|!=)\s*(\S*)\s*", part)
    if match is None or match[1] not in fields:
        raise bad_request(
            f"field selector {part[:80]!r}: objects of this kind are selected by "
            f"{', '.join(fields)}"
        )
    path, same, value = match[1].split("."), match[2] != "!=", match[3]
    return lambda plain: (text_at(plain, *path) == value) is same
