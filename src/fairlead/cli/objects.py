"""Objects as a command line names them: ``KIND NAME …`` or ``KIND/NAME …``; and reading them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, NamedTuple, TypeAlias

import typer

from fairlead.cli.control_plane import ControlPlane, Refused
from fairlead.cli.failure import REFUSED, USAGE, Failed
from fairlead.control.event_kind import EVENT
from fairlead.control.instance_kind import INSTANCE
from fairlead.control.namespace_kind import NAMESPACE
from fairlead.kinds import KINDS, Kind, kind_named
from fairlead.kinds.metadata import without_server_fields
from fairlead.kinds.suggestion import meant
from fairlead.policy.workload import DEFAULT_NAMESPACE

Plain: TypeAlias = Mapping[str, Any]

SHOWN = (*KINDS, INSTANCE, EVENT, NAMESPACE)
"""Kinds that can be shown: those that people write, and what is there beside them."""

WRITTEN = (*KINDS, NAMESPACE)
"""Kinds that people write, and whose history is kept."""

Words: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="KIND [NAME...]", help="Kind and names, or KIND/NAME.", show_default=False
    ),
]


class Named(NamedTuple):
    """One object, by name. `namespace` is ``""`` where its kind is in none."""

    kind: Kind[Any]
    namespace: str
    name: str

    @property
    def label(self) -> str:
        """As kubectl's ``-o name`` has it."""
        group = f".{self.kind.group}" if self.kind.group else ""
        return f"{self.kind.singular}{group}/{self.name}"

    @property
    def shown(self) -> str:
        """As messages name it."""
        group = f".{self.kind.group}" if self.kind.group else ""
        return f'{self.kind.singular}{group} "{self.name}"'

    def path(self, control: ControlPlane) -> str:
        """Return where the control plane has it."""
        return control.path(self.kind, self.namespace, self.name)


def named(word: str, kinds: Sequence[Kind[Any]] = SHOWN) -> Kind[Any]:
    """Return the kind that `word` means. Raises Failed."""
    kind = kind_named(word, kinds)
    if kind is None:
        hint = meant(word, spellings(kinds))
        known = ", ".join(f"{k.plural} ({', '.join(k.short_names)})" for k in kinds)
        raise Failed(f"there is no kind {word!r}{hint or ';'} say one of {known}", USAGE)
    return kind


def spellings(kinds: Iterable[Kind[Any]]) -> Iterator[str]:
    """Yield every word that means one of `kinds`."""
    for kind in kinds:
        yield from (kind.plural, kind.singular, *kind.short_names)


def parsed(
    words: Sequence[str], namespace: str | None, kinds: Sequence[Kind[Any]] = SHOWN
) -> tuple[Kind[Any], list[Named]]:
    """Return the kind of `words` and the objects that they name, none for a kind alone.

    Raises Failed, also where they name objects of two kinds.
    """
    first, slash, _ = words[0].partition("/")
    kind = named(first, kinds)
    names = list(words) if slash else list(words[1:])
    where = (namespace or DEFAULT_NAMESPACE) if kind.namespaced else ""
    found = []
    for word in names:
        before, parted, name = word.rpartition("/")
        if bool(parted) != bool(slash) or (parted and named(before, kinds) != kind):
            raise Failed(
                f"{word!r}: write KIND NAME NAME, or KIND/NAME KIND/NAME of one kind", USAGE
            )
        if not name:
            raise Failed(f"{word!r}: the name is missing", USAGE)
        found.append(Named(kind, where, name))
    return kind, found


def exactly(
    words: Sequence[str], namespace: str | None, kinds: Sequence[Kind[Any]] = SHOWN
) -> list[Named]:
    """Return the objects that `words` name, at least one. Raises Failed."""
    kind, found = parsed(words, namespace, kinds)
    if not found:
        raise Failed(f"name the {kind.singular}: {kind.singular} NAME", USAGE)
    return found


def single(
    words: Sequence[str], namespace: str | None, kinds: Sequence[Kind[Any]] = SHOWN
) -> Named:
    """Return the one object that `words` name. Raises Failed."""
    one, *more = exactly(words, namespace, kinds)
    if more:
        raise Failed(f"{more[0].name!r}: this is about one object", USAGE)
    return one


def fetched(control: ControlPlane, one: Named) -> dict[str, Any]:
    """Return an object. Raises Failed, with the name that was probably meant."""
    try:
        return control.call("GET", one.path(control))
    except Refused as refusal:
        if refusal.code != 404:
            raise
        raise missing(control, one) from refusal


def missing(control: ControlPlane, one: Named) -> Failed:
    """Return the failure of an object that is not there."""
    where = f" in namespace {one.namespace}" if one.namespace else ""
    return Failed(f"{one.shown} is not{where or ' there'}{_hint(control, one)}", REFUSED)


def _hint(control: ControlPlane, one: Named) -> str:
    try:
        listed = control.call("GET", control.path(one.kind, one.namespace))
    except Failed:
        return ""
    return meant(one.name, [item["metadata"]["name"] for item in listed["items"]])


def authored(plain: Plain) -> dict[str, Any]:
    """Return an object as its author would write it."""
    metadata = without_server_fields(plain.get("metadata", {}))
    own = {name: value for name, value in plain.items() if name not in ("metadata", "status")}
    metadata = {name: value for name, value in metadata.items() if value not in ({}, None)}
    order: dict[str, Any] = {name: own.pop(name) for name in ("apiVersion", "kind") if name in own}
    return {**order, "metadata": metadata, **own}
