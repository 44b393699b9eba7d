"""A kind as the REST API serves it: its names, its schema, its table, and who may write it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeAlias

from fairlead.control.api.status import Cause, Subject
from fairlead.control.store import Key, Object
from fairlead.kinds.kind import Column, Kind

READ = ("get", "list", "watch")
WRITE = ("create", "update", "patch", "delete", "deletecollection")

Clock: TypeAlias = Callable[[], datetime]
"""The time of day, for creationTimestamp and AGE."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something wrong with an object; `unknown` where a field is there that its kind has not."""

    loc: tuple[str | int, ...]
    cause: Cause
    unknown: bool = False


Inspect: TypeAlias = Callable[[Object], Sequence[Fault]]
"""Returns everything that is wrong with the author's part of an object, nothing where it may be
stored. Never raises for what a body can hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One namespaced kind behind ``/apis/GROUP/VERSION/namespaces/NS/PLURAL``."""

    kind: Kind[Any]
    schema: Object
    """OpenAPI v3 schema of the whole object, naming its group, version and kind."""
    inspect: Inspect | None = None
    """None where clients may only read: the control plane itself writes these objects."""
    fields: tuple[str, ...] = ()
    """Fields of text that objects are selected by, besides name and namespace."""
    patches: Mapping[str, Callable[[Any, Any], Any]] = field(default_factory=dict)
    """What applies patches, by media types that only this kind takes."""
    extra_columns: tuple[Column, ...] = ()
    """Columns whose cells need more than the object."""
    at: str = ""
    """Version that its objects are shown in, ``""`` for the one that they are kept in."""

    @property
    def api_version(self) -> str:
        """Group and version that objects carry in answers."""
        return f"{self.kind.group}/{self.at}" if self.at else self.kind.api_version

    @property
    def resource(self) -> str:
        """Name under which the store keeps this kind: it outlives versions."""
        return self.kind.resource

    @property
    def columns(self) -> tuple[Column, ...]:
        """Every column of the table: AGE last, behind it those that only ``-o wide`` shows."""
        own, age = self.kind.columns[:-1], self.kind.columns[-1]
        shown = [column for column in self.extra_columns if not column.priority]
        wide = [column for column in self.extra_columns if column.priority]
        return (*own, *shown, age, *wide)

    @property
    def verbs(self) -> tuple[str, ...]:
        """What clients may do."""
        return READ if self.inspect is None else (*READ, *WRITE)

    def key(self, namespace: str, name: str) -> Key:
        """Where the store keeps an object of this kind."""
        return Key(self.resource, namespace, name)

    def subject(self, name: str = "") -> Subject:
        """Name an object of this kind in a refusal about the resource."""
        return Subject(group=self.kind.group, kind=self.kind.plural, name=name)

    def body_subject(self, name: str = "") -> Subject:
        """Name an object of this kind in a refusal about its body."""
        return Subject(group=self.kind.group, kind=self.kind.kind, name=name)


class Catalogue:
    """Everything served, found by path and listed by group version."""

    def __init__(self, served: Iterable[Served], core: Iterable[Served] = ()) -> None:
        """Serve kinds of groups, and those `core` kinds of Kubernetes that have a meaning here."""
        self.served, self.core = tuple(served), tuple(core)
        every = (*self.core, *self.served)
        self._found = {
            (s.kind.group, version, s.kind.plural): replace(s, at=version)
            if version in s.kind.also
            else s
            for s in every
            for version in (s.kind.version, *s.kind.also)
        }

    def find(self, group: str, version: str, plural: str) -> Served | None:
        """Return the kind behind a path."""
        return self._found.get((group, version, plural))

    def groups(self) -> Iterator[tuple[str, str, tuple[Served, ...]]]:
        """Yield every group, each version of it and its kinds, in the catalogue's order."""
        found: dict[tuple[str, str], list[Served]] = {}
        for served in self.served:
            for version in (served.kind.version, *served.kind.also):
                found.setdefault((served.kind.group, version), []).append(served)
        for (group, version), members in found.items():
            yield group, version, tuple(members)

    def versions(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield every group and its versions, the one that is kept first."""
        found: dict[str, list[str]] = {}
        for group, version, _ in self.groups():
            found.setdefault(group, []).append(version)
        for group, versions in found.items():
            yield group, tuple(versions)
