"""Snapshot to plain JSON and back, derived from the dataclasses.

A field added to a policy is on the wire at once. Of routes, of which there are many, fields that
say nothing are not: their defaults are a part of the wire. Reading is for bytes of strangers: a
wrong type is refused with its path, a field this version does not know is left out and reported, so
that a newer control plane can be served by an older agent.
"""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Callable, Hashable
from functools import cache
from hashlib import sha256
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from fairlead.policy.lane import Colouring
from fairlead.policy.match import InvalidCondition, compile_all
from fairlead.policy.routing.action import Action
from fairlead.policy.routing.table import Route
from fairlead.policy.snapshot import InvalidSnapshot, Snapshot
from fairlead.policy.sound import sound

_NAMES = ("digest", "revision")
_Reader = Callable[[Any, str, list[str]], Any]


KIND = "is"
"""Field that says which of several dataclasses an object is."""


def to_plain(value: Any) -> Any:
    """Return dataclasses as dicts and tuples as lists; None fields are left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        if type(value) in _lean():
            return _lean_plain(value)
        pairs = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {name: to_plain(item) for name, item in pairs if item is not None}
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    return value


def _lean_plain(value: Any) -> dict[str, Any]:
    """Return one part of a route: which one where there are several, and what it says."""
    kind: Any = type(value)
    found: dict[str, Any] = {KIND: _named(kind)} if kind in get_args(Action) else {}
    for name, usual in _usual(kind):
        item = getattr(value, name)
        if item is not None and item != usual:
            found[name] = to_plain(item)
    return found


@cache
def _usual(kind: Hashable) -> tuple[tuple[str, Any], ...]:
    return tuple((field.name, field.default) for field in dataclasses.fields(cast(Any, kind)))


@cache
def _lean() -> frozenset[type]:
    """Return the dataclasses that routes are made of."""
    found: set[type] = set()
    left: list[Any] = [Route]
    while left:
        one = left.pop()
        if dataclasses.is_dataclass(one) and one not in found:
            assert isinstance(one, type)  # noqa: S101 - a hint
            found.add(one)
            left += get_type_hints(one).values()
        left += get_args(one)
    return frozenset(found)


def _named(kind: type) -> str:
    return kind.__name__.lower()


def canonical(plain: Any) -> bytes:
    """Return the one JSON text of `plain` that digests are taken of."""
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def digest(plain: dict[str, Any]) -> str:
    """Name the content of a plain snapshot: equal content, equal digest."""
    content = {key: value for key, value in plain.items() if key not in _NAMES}
    return sha256(canonical(content)).hexdigest()[:32]


def seal(snapshot: Snapshot) -> Snapshot:
    """Return `snapshot` with the digest of its content."""
    return dataclasses.replace(snapshot, digest=digest(to_plain(snapshot)))


def read_snapshot(plain: Any) -> tuple[Snapshot, tuple[str, ...]]:
    """Return the snapshot in `plain` and what was refused in it, each with its path.

    An unknown field, an unknown kind of condition or a rule about calls that cannot be enforced
    refuses that part only. Raises InvalidSnapshot where a known part has the wrong shape, the parts
    disagree, or the digest is not the content's.
    """
    if not isinstance(plain, dict):
        raise InvalidSnapshot(f"a snapshot is an object, got {type(plain).__name__}")
    if plain.get("digest") != digest(plain):
        raise InvalidSnapshot("digest: does not name the content")
    refused: list[str] = []
    snapshot: Snapshot = _reader(Snapshot)(plain, "", refused)
    if snapshot.entry is not None:
        kept = tuple(c for c in snapshot.entry.colourings if _enforceable(c, refused))
        entry = dataclasses.replace(snapshot.entry, colourings=kept)
        snapshot = dataclasses.replace(snapshot, entry=entry)
    if snapshot.calls is not None:
        snapshot = dataclasses.replace(snapshot, calls=sound(snapshot.calls, refused))
    snapshot.check()
    return snapshot, tuple(refused)


def _enforceable(colouring: Colouring, refused: list[str]) -> bool:
    try:
        compile_all(colouring.conditions)
    except InvalidCondition as error:
        refused.append(f"entry: {colouring.rule}: {error}")
        return False
    return True


@cache
def _reader(kind: Any) -> _Reader:
    if dataclasses.is_dataclass(kind):
        return _dataclass_reader(kind)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is tuple:
        return _tuple_reader(arguments)
    if origin in (Union, types.UnionType):
        members = [one for one in arguments if one is not type(None)]
        if len(members) > 1:
            return _kind_reader({_named(one): _reader(one) for one in members})
        return _optional_reader(members[0])
    return _scalar_reader(kind)


def _dataclass_reader(kind: Any) -> _Reader:
    hints = get_type_hints(kind)
    readers = {field.name: _reader(hints[field.name]) for field in dataclasses.fields(kind)}

    def read(plain: Any, path: str, refused: list[str]) -> Any:
        _expect(plain, dict, path)
        known = {}
        for name, value in plain.items():
            where = f"{path}.{name}" if path else name
            if name in readers:
                known[name] = readers[name](value, where, refused)
            else:
                refused.append(f"{where}: unknown to this version")
        try:
            return kind(**known)
        except TypeError as error:
            raise InvalidSnapshot(f"{path or 'snapshot'}: {error}") from error

    return read


def _tuple_reader(arguments: tuple[Any, ...]) -> _Reader:
    if arguments[-1] is not Ellipsis:
        readers = tuple(_reader(argument) for argument in arguments)

        def read_fixed(plain: Any, path: str, refused: list[str]) -> Any:
            _expect(plain, list, path)
            if len(plain) != len(readers):
                raise InvalidSnapshot(f"{path}: expected {len(readers)} items, got {len(plain)}")
            pairs = zip(readers, plain, strict=True)
            return tuple(r(v, f"{path}[{i}]", refused) for i, (r, v) in enumerate(pairs))

        return read_fixed
    reader = _reader(arguments[0])

    def read(plain: Any, path: str, refused: list[str]) -> Any:
        _expect(plain, list, path)
        return tuple(reader(item, f"{path}[{i}]", refused) for i, item in enumerate(plain))

    return read


def _kind_reader(readers: dict[str, _Reader]) -> _Reader:
    def read(plain: Any, path: str, refused: list[str]) -> Any:
        _expect(plain, dict, path)
        kind = plain.get(KIND)
        if not isinstance(kind, str) or kind not in readers:
            raise InvalidSnapshot(f"{path}.{KIND}: expected one of {', '.join(sorted(readers))}")
        rest = {name: value for name, value in plain.items() if name != KIND}
        return readers[kind](rest, path, refused)

    return read


def _optional_reader(argument: Any) -> _Reader:
    reader = _reader(argument)
    return lambda plain, path, refused: None if plain is None else reader(plain, path, refused)


def _scalar_reader(kind: Any) -> _Reader:
    if kind is float:
        return _number

    def read(plain: Any, path: str, refused: list[str]) -> Any:
        _expect(plain, kind, path)
        return plain

    return read


def _number(plain: Any, path: str, refused: list[str]) -> float:
    """Read a number; JSON does not tell 1 from 1.0, and other writers write the shorter one."""
    if type(plain) is int:
        return float(plain)
    _expect(plain, float, path)
    return float(plain)


def _expect(plain: Any, kind: type, path: str) -> None:
    if type(plain) is not kind:
        where = path or "snapshot"
        raise InvalidSnapshot(f"{where}: expected {kind.__name__}, got {type(plain).__name__}")
