"""``fairlead get``: show resources, with kubectl's habits. The control plane makes the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeAlias

import typer

from fairlead.cli import command, inventory, terminal
from fairlead.cli.command import DEFAULT_SERVER, AllNamespaces, Files, Namespace, Selector, Server
from fairlead.cli.control_plane import TABLE, ControlPlane, Refused
from fairlead.cli.failure import REFUSED, USAGE, Failed
from fairlead.cli.following import Following, Plain
from fairlead.cli.jsonpath import InvalidPath, JsonPath
from fairlead.cli.objects import Asked, Named, SomeWords, missing
from fairlead.cli.printing import Form, Objects, Output, Table, document, nothing, ordered
from fairlead.cli.sources import chosen
from fairlead.control.event_kind import EVENT
from fairlead.kinds import Kind
from fairlead.policy.workload import DEFAULT_NAMESPACE


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead get``."""
    return command.run("get", arguments, COMMANDS)


def _flag(*words: str, says: str) -> Any:
    return typer.Option(*words, help=says)


Watch: TypeAlias = Annotated[
    bool, _flag("--watch", "-w", says="Then show every change, until interrupted.")
]
Events: TypeAlias = Annotated[
    bool, _flag("--output-watch-events", says="With -w, say what each change is.")
]
Bare: TypeAlias = Annotated[bool, _flag("--no-headers", says="A table without its first line.")]
Labels: TypeAlias = Annotated[bool, _flag("--show-labels", says="A table with a column of labels.")]
Path: TypeAlias = Annotated[
    str | None,
    typer.Option("--jsonpath", help="What it leads to; also -o jsonpath=PATH.", show_default=False),
]
Order: TypeAlias = Annotated[
    str | None,
    typer.Option("--sort-by", help="Path: {.metadata.creationTimestamp}.", show_default=False),
]


@command.examples(
    "fairlead get tlane,tlr -A",
    "fairlead get tlane/gray tlr/vip -o yaml",
    "fairlead get all -l app=cart",
    "fairlead get apps",
    "fairlead get tlane -w",
)
def get(  # noqa: PLR0913 - one parameter for each option
    *,
    words: SomeWords = None,
    filename: Files = None,
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    output: Output = None,
    jsonpath: Path = None,
    sort_by: Order = None,
    selector: Selector = None,
    watch: Watch = False,
    events: Events = False,
    no_headers: Bare = False,
    show_labels: Labels = False,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Show resources: KIND, KIND,KIND or all; KIND NAME... or KIND/NAME...; or those of files."""
    names, control = list(words or ()), ControlPlane(server)
    where = None if all_namespaces else namespace or DEFAULT_NAMESPACE
    if names and inventory.knows(names[0]):
        if watch or selector or filename or jsonpath or sort_by:
            raise Failed(f"{names[0]} goes without -w, -l, -f and paths", USAGE)
        inventory.show(control, names, where, output)
        return
    asked = chosen(names, filename or (), namespace)
    if any(one.names for one in asked) and (all_namespaces or selector):
        raise Failed("NAME goes without -A and -l: it is one object", USAGE)
    look = Look(control, where, {"labelSelector": selector} if selector else {}, output)
    look.table = {"heads": not no_headers, "labels": show_labels}
    look.path, look.order = _path("--jsonpath", jsonpath), _path("--sort-by", sort_by)
    if watch:
        look.on(asked, events=events)
    elif output in (None, Form.WIDE) and look.path is None:
        look.tables(asked)
    else:
        look.objects(asked)


def _path(option: str, text: str | None) -> JsonPath | None:
    try:
        return None if text is None else JsonPath(text)
    except InvalidPath as error:
        raise Failed(f"{option} {error}", USAGE) from error


_LATEST = JsonPath("{.lastTimestamp}")
"""What Events are sorted by: the newest is the one that is looked for, and stands last."""


@dataclass(slots=True)
class Look:
    """How objects are asked for, and printed."""

    control: ControlPlane
    place: str | None
    """Namespace, None for all of them."""
    query: Mapping[str, str]
    form: Form | None
    table: Mapping[str, Any] = field(default_factory=dict)
    path: JsonPath | None = None
    order: JsonPath | None = None

    def tables(self, asked: Sequence[Asked]) -> None:
        """Show a table of each kind, and fail where an object is not there."""
        absent: list[str] = []
        some = False
        for one in asked:
            if one.names:
                tables = list(self._named(one.names, TABLE, absent))
            else:
                tables = [self._listed(one.kind, TABLE)]
            rows = [row for table in tables for row in table.get("rows") or ()]
            rows = self._sorted(one.kind, rows, lambda row: row["object"])
            if rows:
                print("\n" * some, end="")
                shown = self._table(one.kind, several=len(asked) > 1)
                some = shown.listed({**tables[0], "rows": rows})
        if not some and not absent:
            nothing(self.place)
        if absent:
            raise Failed(absent, REFUSED)

    def objects(self, asked: Sequence[Asked]) -> None:
        """Show objects, whole, by name or what is in them, and fail where one is not there."""
        absent: list[str] = []
        found = [(one, self._listing(one, absent)) for one in asked]
        items = [item for _, listing in found for item in listing["items"]]
        if self.form is Form.NAME:
            for one, listing in found:
                Objects(one.kind, self.form).listed(listing)
        elif len(asked) == 1 and not asked[0].names:
            self._put(found[0][1])
        elif len(asked) == 1 and len(asked[0].names) == 1:
            for item in items:
                self._put(item)
        else:
            self._put({"apiVersion": "v1", "kind": "List", "metadata": {}, "items": items})
        if absent:
            raise Failed(absent, REFUSED)

    def _listing(self, one: Asked, absent: list[str]) -> dict[str, Any]:
        if one.names:
            found: dict[str, Any] = {"items": list(self._named(one.names, Objects.accept, absent))}
        else:
            found = self._listed(one.kind, Objects.accept)
        return {**found, "items": self._sorted(one.kind, found["items"], lambda item: item)}

    def _sorted(
        self, kind: Kind[Any], found: Sequence[Plain], of: Callable[[Plain], Plain]
    ) -> list[Plain]:
        path = self.order or (_LATEST if kind is EVENT else None)
        if path is None:
            return list(found)
        return sorted(found, key=lambda one: _rank(path.texts(of(one))))

    def _put(self, found: Plain) -> None:
        if self.path is None:
            print(document(ordered(found), self.form))
        else:
            print(terminal.safe(" ".join(self.path.texts(found))))

    def on(self, asked: Sequence[Asked], *, events: bool) -> None:
        """Show what there is, and every change from then on."""
        if len(asked) > 1 or len(asked[0].names) > 1:
            raise Failed("-w follows one object, or all of a kind", USAGE)
        if self.path or self.order:
            raise Failed("-w goes without --jsonpath and --sort-by", USAGE)
        ((kind, names),) = asked
        query = {**self.query, **self._whole(kind)}
        if names:
            query["fieldSelector"] = f"metadata.name={names[0].name}"
        plainly = self.form in (None, Form.WIDE)
        shown: Table | Objects = self._table(kind) if plainly else Objects(kind, self.form)
        path = self.control.path(kind, self.place)
        following = Following(self.control, path, query, shown.accept)
        listed = following.begin()
        if plainly:
            rows = self._sorted(kind, listed.get("rows") or [], lambda row: row["object"])
            listed = {**listed, "rows": rows}
        if shown.listed(listed, "ADDED" if events else "") is False:
            nothing(self.place)
        with suppress(KeyboardInterrupt):
            for what, found in following.events():
                shown.one(found, what if events else "")

    def _table(self, kind: Kind[Any], *, several: bool = False) -> Table:
        everywhere = self.place is None and kind.namespaced
        return Table(
            wide=self.form is Form.WIDE,
            namespaces=everywhere,
            kind=kind if several else None,
            **self.table,
        )

    def _listed(self, kind: Kind[Any], accept: str) -> dict[str, Any]:
        path = self.control.path(kind, self.place)
        query = {**self.query, **self._whole(kind)}
        return self.control.call("GET", path, query=query, accept=accept)

    def _whole(self, kind: Kind[Any]) -> dict[str, str]:
        """Return what asks for rows with whole objects, where what is in them sorts them."""
        return {"includeObject": "Object"} if self.order or kind is EVENT else {}

    def _named(self, names: Sequence[Named], accept: str, absent: list[str]) -> Iterator[Plain]:
        for one in names:
            try:
                path, query = one.path(self.control), self._whole(one.kind)
                yield self.control.call("GET", path, accept=accept, query=query)
            except Refused as refusal:
                if refusal.code != 404:
                    raise
                absent += missing(self.control, one).lines


def _rank(texts: Sequence[str]) -> tuple[int, float, str]:
    """Return the place of a value among others: those that are not there, numbers, texts."""
    if not texts:
        return 0, 0.0, ""
    try:
        return 1, float(texts[0]), ""
    except ValueError:
        return 2, 0.0, texts[0]


COMMANDS: command.Commands = {"get": get}
