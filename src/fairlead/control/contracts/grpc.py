"""Two versions of gRPC services compared: methods, and fields of messages by their numbers.

A field that is renamed is the same on the wire; one whose number has another type is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fairlead.control.contracts.change import ADDED, CHANGED, REMOVED, Change


def compared(before: Any, after: Any) -> Iterator[Change]:
    """Yield what is different in `after`."""
    old, new = _methods(before), _methods(after)
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) == new.get(name):
            continue
        yield _told(name, "method", "", old.get(name), new.get(name), breaking=True)
    for message in sorted(_part(before, "messages").keys() & _part(after, "messages").keys()):
        yield from _fields(message, _part(before, "messages"), _part(after, "messages"))
    for enum in sorted(_part(before, "enums").keys() & _part(after, "enums").keys()):
        yield from _values(enum, _part(before, "enums"), _part(after, "enums"))


def _fields(message: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    old, new = _part(before, message), _part(after, message)
    for number in sorted(old.keys() | new.keys(), key=_number):
        a, b = old.get(number), new.get(number)
        if a == b:
            continue
        same = _wire(a) == _wire(b)
        name = str((b or a or {}).get("name", ""))
        yield _told(
            message, "field", f"{name} = {number}", _worded(a), _worded(b), breaking=not same
        )


def _values(enum: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    old, new = _part(before, enum), _part(after, enum)
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield _told(enum, "value", name, old.get(name), new.get(name), breaking=True)


def _told(where: str, part: str, name: str, old: Any, new: Any, *, breaking: bool) -> Change:
    if old is None:
        return Change(where=where, part=part, name=name, change=ADDED)
    if new is None:
        return Change(where=where, part=part, name=name, change=REMOVED, breaking=True)
    detail = f"{old} → {new}"
    return Change(
        where=where, part=part, name=name, change=CHANGED, detail=detail, breaking=breaking
    )


def _methods(document: Any) -> dict[str, str]:
    """Return what each method takes and answers, in the words of a .proto file."""
    return {
        f"/{service}/{name}": (
            f"({_stream(one, 'clientStreaming')}{one.get('input')}) returns"
            f" ({_stream(one, 'serverStreaming')}{one.get('output')})"
        )
        for service, methods in _part(document, "services").items()
        for name, one in methods.items()
        if isinstance(one, Mapping)
    }


def _stream(method: Mapping[str, Any], which: str) -> str:
    return "stream " if method.get(which) else ""


def _wire(one: Any) -> Any:
    return (one.get("type"), one.get("repeated")) if isinstance(one, Mapping) else None


def _worded(one: Any) -> str | None:
    if not isinstance(one, Mapping):
        return None
    return f"{'repeated ' if one.get('repeated') else ''}{one.get('type')} {one.get('name')}"


def _number(text: str) -> tuple[int, str]:
    return (int(text), text) if text.isdecimal() else (0, text)


def _part(plain: Any, name: str) -> Mapping[str, Any]:
    found = plain.get(name) if isinstance(plain, Mapping) else None
    return found if isinstance(found, Mapping) else {}
