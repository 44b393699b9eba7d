"""Objects as a command line names them: ``KIND NAME …``, ``KIND/NAME …``, ``KIND,KIND``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, NamedTuple, TypeAlias

import typer

from fairlead.cli.control_plane import ControlPlane, Refused
from fairlead.cli.failure import REFUSED, USAGE, Failed
from fairlead.cli.terminal import one_line
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

EVERYTHING = ("all", "fairlead")
"""What all kinds together are called: by people, and by kubectl as a category."""

Words: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="KIND [NAME...]", help="Kinds and names, or KIND/NAME.", show_default=False
    ),
]

SomeWords: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="KIND [NAME...]", help="Kinds and names, or KIND/NAME.", show_default=False
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
        return f"{self.kind.singular}{group}/{one_line(self.name)}"

    @property
    def shown(self) -> str:
        """As messages name it."""
        group = f".{self.kind.group}" if self.kind.group else ""
        return f'{self.kind.singular}{group} "{one_line(self.name)}"'

    def path(self, control: ControlPlane) -> str:
        """Return where the control plane has it."""
        return control.path(self.kind, self.namespace, self.name)


_LISTED = 5
"""Names that a message lists."""

_ELSEWHERE = {
    **dict.fromkeys(("lane", "lanes"), "lane list` shows them, `get trafficlanes` their rules"),
    **dict.fromkeys(("token", "tokens"), "token list` shows them"),
    **dict.fromkeys(("workload", "workloads", "node", "nodes"), "status` shows them"),
    **dict.fromkeys(("pod", "pods"), "get instances` shows what agents registered"),
    **dict.fromkeys(("rule", "rules"), "get all` shows every kind of them"),
}
"""What people ask for that is no kind, and where it is."""


def named(word: str, kinds: Sequence[Kind[Any]] = SHOWN) -> Kind[Any]:
    """Return the kind that `word` means. Raises Failed."""
    kind = kind_named(word, kinds)
    if kind is None:
        if word.lower() in _ELSEWHERE:
            raise Failed(f"{word!r} is no kind: `fairlead {_ELSEWHERE[word.lower()]}", USAGE)
        hint = meant(word, spellings(kinds))
        raise Failed(f"there is no kind {word!r}{hint or f'; say one of {_known(kinds)}'}", USAGE)
    return kind


def _known(kinds: Iterable[Kind[Any]]) -> str:
    return ", ".join(f"{kind.plural} ({', '.join(kind.short_names)})" for kind in kinds)


def spellings(kinds: Iterable[Kind[Any]]) -> Iterator[str]:
    """Yield every word that means one of `kinds`."""
    for kind in kinds:
        yield from (kind.plural, kind.singular, *kind.short_names)


class Asked(NamedTuple):
    """What a command line asks for: objects of a kind, all of them where none is named."""

    kind: Kind[Any]
    names: tuple[Named, ...]


def asked(
    words: Sequence[str], namespace: str | None, kinds: Sequence[Kind[Any]] = SHOWN
) -> list[Asked]:
    """Return what `words` ask for: ``KIND[,KIND] [NAME…]``, ``KIND/NAME…`` or ``all``.

    Each kind comes once, in the order in which it is named first. Raises Failed.
    """
    if not words:
        raise Failed(f"say what: KIND, KIND NAME or KIND/NAME, of {_known(kinds)}", USAGE)
    first, *names = words
    if "/" in first:
        return _grouped(words, namespace, kinds)
    if first.lower() in EVERYTHING:
        if names:
            raise Failed(f"{first!r} is all there is, and goes without names", USAGE)
        return [Asked(kind, ()) for kind in kinds if kind.group]
    found = dict.fromkeys(named(word, kinds) for word in first.split(",") if word)
    if not found:
        raise Failed(f"{first!r}: the kind is missing", USAGE)
    strange = next((name for name in names if "/" in name or not name), None)
    if strange is not None:
        raise _mixed(strange)
    return [
        Asked(kind, tuple(Named(kind, _place(kind, namespace), name) for name in names))
        for kind in found
    ]


def _grouped(
    words: Sequence[str], namespace: str | None, kinds: Sequence[Kind[Any]]
) -> list[Asked]:
    found: dict[Kind[Any], list[Named]] = {}
    for word in words:
        before, parted, name = word.partition("/")
        if not parted or not name or "/" in name:
            raise _mixed(word)
        kind = named(before, kinds)
        found.setdefault(kind, []).append(Named(kind, _place(kind, namespace), name))
    return [Asked(kind, tuple(names)) for kind, names in found.items()]


def named_or_listed(
    control: ControlPlane,
    wanted: Sequence[Asked],
    namespace: str | None,
    selector: str | None,
    *,
    every: bool,
) -> list[Named]:
    """Return the objects that are named, or those of the kinds that are there.

    The latter have to be asked for, by `every` or a `selector`: nobody is to act on all objects of
    a kind because a name was forgotten. Raises Failed.
    """
    names = [name for one in wanted for name in one.names]
    chosen = bool(selector) or every
    if chosen == bool(names) or (names and not all(one.names for one in wanted)):
        raise Failed("name the objects, or say --all, or -l SELECTOR", USAGE)
    query = {"labelSelector": selector} if selector else {}
    for kind, _ in wanted if chosen else ():
        place = _place(kind, namespace)
        items = control.call("GET", control.path(kind, place), query=query)["items"]
        names += [Named(kind, place, item["metadata"]["name"]) for item in items]
    return names


def _mixed(word: str) -> Failed:
    return Failed(f"{word!r}: write KIND NAME NAME, or KIND/NAME KIND/NAME", USAGE)


def _place(kind: Kind[Any], namespace: str | None) -> str:
    return (namespace or DEFAULT_NAMESPACE) if kind.namespaced else ""


def exactly(
    words: Sequence[str], namespace: str | None, kinds: Sequence[Kind[Any]] = SHOWN
) -> list[Named]:
    """Return the objects that `words` name, at least one of each kind. Raises Failed."""
    found = asked(words, namespace, kinds)
    for one in found:
        if not one.names:
            raise Failed(f"name the {one.kind.singular}: {one.kind.singular} NAME", USAGE)
    return [name for one in found for name in one.names]


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
    names = [str(item["metadata"]["name"]) for item in listed["items"]]
    hint = meant(one.name, names)
    longer = sorted(name for name in names if name.startswith(one.name))
    if hint or not longer:
        return hint
    # Of an instance people know the app.
    more = f" and {len(longer) - _LISTED} more" if len(longer) > _LISTED else ""
    return f": there is {one_line(', '.join(longer[:_LISTED]))}{more}"


def authored(plain: Plain) -> dict[str, Any]:
    """Return an object as its author would write it."""
    metadata = without_server_fields(plain.get("metadata", {}))
    own = {name: value for name, value in plain.items() if name not in ("metadata", "status")}
    metadata = {name: value for name, value in metadata.items() if value not in ({}, None)}
    order: dict[str, Any] = {name: own.pop(name) for name in ("apiVersion", "kind") if name in own}
    return {**order, "metadata": metadata, **own}
