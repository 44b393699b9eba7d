"""JSON patches (RFC 6902): a list of operations, all of which are done or none. Pure.

Bounded: an operation may copy what another has copied, and a short patch would fill the memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from http import HTTPStatus
from typing import Any, TypeAlias

from fairlead.control.api.status import Refused, bad_request, too_large

OPERATIONS = 1_000
"""Operations of one patch."""

COPIED = 50_000
"""Values that the copies of one patch may hold together: as many as a body."""

_INDEX_DIGITS = 9


class _Impossible(Exception):
    """The object is not as the operation expects it."""


_Operation: TypeAlias = Mapping[str, Any]


def json_patch(target: Any, patch: Any) -> Any:
    """Return `target` with the operations of `patch` applied in order; neither is changed.

    Raises Refused: 400 for what is no patch, 422 for one that does not fit, a failed test among
    them, with the place of the operation.
    """
    if not isinstance(patch, list):
        raise bad_request("the JSON patch is no list of operations")
    if len(patch) > OPERATIONS:
        raise too_large(f"the JSON patch has more than {OPERATIONS} operations")
    document = _Document(deepcopy(target))
    for place, operation in enumerate(patch):
        where = f"operation {place} of the JSON patch"
        name = _checked(operation, where)
        try:
            _OPERATIONS[name](document, operation)
        except _Impossible as error:
            code = HTTPStatus.UNPROCESSABLE_ENTITY
            raise Refused(code, "Invalid", f"{where}, {name}: {error}") from error
    return document.root


def _checked(operation: Any, where: str) -> str:
    """Return the name of an operation that says all it has to. Raises Refused."""
    name = operation.get("op") if isinstance(operation, dict) else None
    if not isinstance(name, str) or name not in _OPERATIONS:
        raise bad_request(f"{where} is none of {', '.join(_OPERATIONS)}: {name!r:.80}")
    for member in ("path", "from") if name in ("move", "copy") else ("path",):
        pointer = operation.get(member)
        if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
            raise bad_request(f"{where}, {name}: {member} {pointer!r:.80} is no JSON pointer")
    if name in ("add", "replace", "test") and "value" not in operation:
        raise bad_request(f"{where}, {name}: value is missing")
    return name


class _Document:
    """What is being patched."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self._copied = 0

    def add(self, operation: _Operation) -> None:
        self._put(operation["path"], deepcopy(operation["value"]))

    def remove(self, operation: _Operation) -> None:
        self._take(operation["path"])

    def replace(self, operation: _Operation) -> None:
        path = operation["path"]
        self._at(path)
        if path:
            holder, name = self._holder(path)
            holder[_index(holder, name, path)] = deepcopy(operation["value"])
        else:
            self.root = deepcopy(operation["value"])

    def move(self, operation: _Operation) -> None:
        source, path = operation["from"], operation["path"]
        if path.startswith(f"{source}/"):
            raise _Impossible(f"{source!r:.200} cannot be moved into itself")
        if path == source:
            self._at(path)
        else:
            self._put(path, self._take(source))

    def copy(self, operation: _Operation) -> None:
        value = self._at(operation["from"])
        self._copied += _size(value)
        if self._copied > COPIED:
            raise too_large(f"the JSON patch copies more than {COPIED} values")
        self._put(operation["path"], deepcopy(value))

    def test(self, operation: _Operation) -> None:
        path = operation["path"]
        if not _same(self._at(path), operation["value"]):
            raise _Impossible(f"the value at {path!r:.200} is another one")

    def _at(self, path: str) -> Any:
        value = self.root
        for name in _names(path):
            value = value[_index(value, name, path)]
        return value

    def _holder(self, path: str) -> tuple[Any, str]:
        *way, name = _names(path)
        holder = self.root
        for step in way:
            holder = holder[_index(holder, step, path)]
        return holder, name

    def _put(self, path: str, value: Any) -> None:
        if not path:
            self.root = value
            return
        holder, name = self._holder(path)
        if isinstance(holder, dict):
            holder[name] = value
        elif isinstance(holder, list):
            at = len(holder) if name == "-" else _number(name, path)
            if at > len(holder):
                raise _Impossible(f"{path!r:.200} is behind the end of its list")
            holder.insert(at, value)
        else:
            raise _missing(path)

    def _take(self, path: str) -> Any:
        if not path:
            raise _Impossible("the whole object cannot be removed")
        holder, name = self._holder(path)
        return holder.pop(_index(holder, name, path))


_OPERATIONS: Mapping[str, Callable[[_Document, _Operation], None]] = {
    "add": _Document.add,
    "remove": _Document.remove,
    "replace": _Document.replace,
    "move": _Document.move,
    "copy": _Document.copy,
    "test": _Document.test,
}


def _names(path: str) -> list[str]:
    parts = path.split("/")[1:]
    return [part.replace("~1", "/").replace("~0", "~") for part in parts]


def _index(holder: Any, name: str, path: str) -> str | int:
    """Return the key or index of what is there in `holder`."""
    if isinstance(holder, dict) and name in holder:
        return name
    if isinstance(holder, list) and (at := _number(name, path)) < len(holder):
        return at
    raise _missing(path)


def _number(name: str, path: str) -> int:
    canonical = name == "0" or not name.startswith("0")
    if not (name.isascii() and name.isdigit() and canonical and len(name) <= _INDEX_DIGITS):
        raise _Impossible(f"{path!r:.200} leads through a list by {name!r:.80}, which is no index")
    return int(name)


def _missing(path: str) -> _Impossible:
    return _Impossible(f"there is nothing at {path!r:.200}")


def _same(one: Any, other: Any) -> bool:
    """Say whether two values are equal in JSON, where 1 is 1.0 and is not true."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _size(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(1 + _size(item) for item in value.values())
    return 1 + sum(map(_size, value)) if isinstance(value, list) else 1
