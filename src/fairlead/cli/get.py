"""``fairlead get``: show resources, with kubectl's habits. The control plane makes the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from fairlead.cli import command, inventory
from fairlead.cli.command import DEFAULT_SERVER, AllNamespaces, Files, Namespace, Selector, Server
from fairlead.cli.control_plane import TABLE, ControlPlane, Refused
from fairlead.cli.failure import REFUSED, USAGE, Failed
from fairlead.cli.following import Following, Plain
from fairlead.cli.objects import Asked, Named, SomeWords, missing
from fairlead.cli.printing import Form, Objects, Output, Table, document, nothing
from fairlead.cli.sources import chosen
from fairlead.kinds import Kind
from fairlead.policy.workload import DEFAULT_NAMESPACE


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead get``."""
    return command.run("get", arguments, COMMANDS)


def get(  # noqa: PLR0913 - one parameter for each option
    *,
    words: SomeWords = None,
    filename: Files = None,
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    output: Output = None,
    selector: Selector = None,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Then show every change, until interrupted.")
    ] = False,
    events: Annotated[
        bool, typer.Option("--output-watch-events", help="With -w, say what each change is.")
    ] = False,
    no_headers: Annotated[
        bool, typer.Option("--no-headers", help="A table without its first line.")
    ] = False,
    show_labels: Annotated[
        bool, typer.Option("--show-labels", help="A table with a column of labels.")
    ] = False,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Show resources: KIND, KIND,KIND or all; KIND NAME... or KIND/NAME...; or those of files."""
    names, control = list(words or ()), ControlPlane(server)
    where = None if all_namespaces else namespace or DEFAULT_NAMESPACE
    if names and inventory.knows(names[0]):
        inventory.show(control, names, where, output)
        return
    asked = chosen(names, filename or (), namespace)
    if any(one.names for one in asked) and (all_namespaces or selector):
        raise Failed("NAME goes without -A and -l: it is one object", USAGE)
    query = {"labelSelector": selector} if selector else {}
    look = Look(control, where, query, output, {"heads": not no_headers, "labels": show_labels})
    if watch:
        look.on(asked, events=events)
    elif output in (None, Form.WIDE):
        look.tables(asked)
    else:
        look.objects(asked)


@dataclass(slots=True)
class Look:
    """How objects are asked for, and printed."""

    control: ControlPlane
    place: str | None
    """Namespace, None for all of them."""
    query: Mapping[str, str]
    form: Form | None
    table: Mapping[str, Any]

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
            if rows:
                print("\n" * some, end="")
                shown = self._table(one.kind, several=len(asked) > 1)
                some = shown.listed({**tables[0], "rows": rows})
        if not some and not absent:
            nothing(self.place)
        if absent:
            raise Failed(absent, REFUSED)

    def objects(self, asked: Sequence[Asked]) -> None:
        """Show objects, whole or by name, and fail where one is not there."""
        absent: list[str] = []
        items: list[Plain] = []
        (first, *more) = asked
        if not more and not first.names and self.form is not Form.NAME:
            print(document(self._listed(first.kind, Objects.accept), self.form))
            return
        for one in asked:
            if one.names:
                found = list(self._named(one.names, Objects.accept, absent))
            else:
                found = self._listed(one.kind, Objects.accept)["items"]
            if self.form is Form.NAME:
                Objects(one.kind, self.form).listed({"items": found})
            items += found
        if self.form is not Form.NAME and not more and len(first.names) == 1:
            print("\n".join(document(item, self.form) for item in items), end="\n" * bool(items))
        elif self.form is not Form.NAME:
            whole = {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": items}
            print(document(whole, self.form))
        if absent:
            raise Failed(absent, REFUSED)

    def on(self, asked: Sequence[Asked], *, events: bool) -> None:
        """Show what there is, and every change from then on."""
        if len(asked) > 1 or len(asked[0].names) > 1:
            raise Failed("-w follows one object, or all of a kind", USAGE)
        ((kind, names),) = asked
        query = dict(self.query)
        if names:
            query["fieldSelector"] = f"metadata.name={names[0].name}"
        plainly = self.form in (None, Form.WIDE)
        shown: Table | Objects = self._table(kind) if plainly else Objects(kind, self.form)
        path = self.control.path(kind, self.place)
        following = Following(self.control, path, query, shown.accept)
        if shown.listed(following.begin(), "ADDED" if events else "") is False:
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
        return self.control.call("GET", path, query=self.query, accept=accept)

    def _named(self, names: Sequence[Named], accept: str, absent: list[str]) -> Iterator[Plain]:
        for one in names:
            try:
                yield self.control.call("GET", one.path(self.control), accept=accept)
            except Refused as refusal:
                if refusal.code != 404:
                    raise
                absent += missing(self.control, one).lines


COMMANDS: command.Commands = {"get": get}
