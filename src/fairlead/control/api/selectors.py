"""Label and field selectors, as in ``kubectl get -l`` and ``--field-selector``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from fairlead.control.api.status import bad_request
from fairlead.control.store import Object

Selector: TypeAlias = Callable[[Object], bool]
Labels: TypeAlias = Mapping[str, str]
Requirement: TypeAlias = Callable[[Labels], bool]

_KEY = r"[A-Za-z0-9](?:[-A-Za-z0-9_./]{0,315}[A-Za-z0-9])?"
_VALUE = r"[-A-Za-z0-9_.]{0,63}"
_REQUIREMENT = re.compile(
    rf"\s*(?:"
    rf"!\s*(?P<absent>{_KEY})"
    rf"|(?P<set>{_KEY})\s+(?P<in>in|notin)\s*\((?P<values>[^()]*)\)"
    rf"|(?P<key>{_KEY})\s*(?:(?P<op>==|=|!=)\s*(?P<value>{_VALUE}))?"
    rf")\s*(?:,|$)"
)
_FIELDS = {"metadata.name": "name", "metadata.namespace": "namespace"}


def everything(_: Object) -> bool:
    """Select every object."""
    return True


def selector(labels: str, fields: str) -> Selector:
    """Return what both selectors select. Raises Refused for text that is none."""
    if not labels and not fields:
        return everything
    by_labels, by_fields = label_requirements(labels), field_requirements(fields)

    def select(plain: Object) -> bool:
        metadata = plain["metadata"]
        own = metadata.get("labels") or {}
        return all(r(own) for r in by_labels) and all(r(metadata) for r in by_fields)

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
    if match["op"] == "!=":
        return lambda labels: labels.get(key) != value
    return lambda labels: labels.get(key) == value


def field_requirements(text: str) -> list[Requirement]:
    """Parse ``metadata.name=x,metadata.namespace!=y``. Raises Refused."""
    return [_field(part) for part in text.split(",") if part.strip()]


def _field(part: str) -> Requirement:
    match = re.fullmatch(r"\s*([A-Za-z.]+)\s*(==|=|!=)\s*(\S*)\s*", part)
    if match is None or match[1] not in _FIELDS:
        raise bad_request(
            f"field selector {part[:80]!r}: only {' and '.join(_FIELDS)} are selected"
        )
    name, same, value = _FIELDS[match[1]], match[2] != "!=", match[3]
    return lambda metadata: (metadata.get(name) == value) is same
