"""``fairlead history``: who changed an object, when, and what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from fairlead.cli import command
from fairlead.cli.command import DEFAULT_SERVER, Namespace, Server
from fairlead.cli.control_plane import ControlPlane
from fairlead.cli.differing import differences
from fairlead.cli.objects import WRITTEN, Words, single
from fairlead.cli.printing import Form, Output, document
from fairlead.cli.revisions import Item, found, revisions_of, since
from fairlead.cli.table import tabled
from fairlead.kinds.violation import path_text

MOST_PATHS = 3
"""Fields that a row names; ``-o wide`` names all."""


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead history``."""
    return command.run("history", arguments, COMMANDS)


@command.examples(
    "fairlead history tlane gray --diff",
)
def history(
    *,
    words: Words,
    namespace: Namespace = None,
    revision: Annotated[
        int | None,
        typer.Option("--revision", help="Show the object as it was then.", show_default=False),
    ] = None,
    diff: Annotated[bool, typer.Option("--diff", help="Show what each revision changed.")] = False,
    output: Output = None,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Show who changed an object, when, and what, the newest change first."""
    one = single(words, namespace, WRITTEN)
    items = revisions_of(ControlPlane(server), one)
    if revision is not None:
        place = found(items, revision, one)
        items = items[place : place + (2 if diff else 1)]
    if diff:
        shown = items[:1] if revision is not None else items
        print("\n".join(_diffs(shown, items)))
    elif output in (Form.JSON, Form.YAML):
        print(document({"items": items} if revision is None else items[0]["object"], output))
    elif output is Form.NAME:
        print("\n".join(str(item["revision"]) for item in items))
    elif revision is not None:
        print(document(items[0]["object"], Form.YAML))
    else:
        print("\n".join(tabled([_HEADS, *_rows(items, None if output else MOST_PATHS)])))


_HEADS = ("REVISION", "AGE", "WHO", "TYPE", "CHANGED")


def _rows(items: Sequence[Item], most: int | None) -> Iterator[Sequence[str]]:
    for item, before in zip(items, [*items[1:], None], strict=True):
        paths = list(changed(before["object"] if before else {}, item["object"]))
        shown = ", ".join(paths[:most]) + (
            f" and {len(paths) - most} more" if most and len(paths) > most else ""
        )
        if item["type"] != "MODIFIED":
            shown = ""
        yield str(item["revision"]), since(item), item["who"] or "-", item["type"], shown


def changed(before: Any, after: Any, path: tuple[str | int, ...] = ()) -> Iterator[str]:
    """Yield the paths at which two values differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(name for name in after if name not in before)]:
            yield from changed(before.get(name), after.get(name), (*path, name))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for place, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from changed(old, new, (*path, place))
    elif before != after:
        yield path_text(path)


def _diffs(shown: Sequence[Item], items: Sequence[Item]) -> Iterator[str]:
    for place, item in enumerate(shown):
        before = items[place + 1] if place + 1 < len(items) else None
        gone = item["type"] == "DELETED"
        # A deletion carries the last object; what came before an ADDED is another object, if any.
        old = item["object"] if gone else before["object"] if before else None
        old = None if item["type"] == "ADDED" else old
        names = (
            f"revision {before['revision'] if before else '-'}",
            f"revision {item['revision']}",
        )
        words = (f"revision {item['revision']}", item["type"], item["who"], item["at"])
        yield "   ".join(str(word or "-") for word in words)
        yield from differences(old, None if gone else item["object"], names)


COMMANDS: command.Commands = {"history": history}
