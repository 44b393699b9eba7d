"""``fairlead explain KIND[.FIELD]``: what can be written, as kubectl explains it. Asks nobody."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from fairlead.cli import command, terminal
from fairlead.cli.failure import USAGE, Failed
from fairlead.cli.objects import SHOWN, named
from fairlead.cli.table import tabled
from fairlead.control.event_kind import EVENT, event_schema
from fairlead.kinds import Kind
from fairlead.kinds.schema import Schema, object_schema
from fairlead.kinds.suggestion import meant

_COLUMNS = 80


@command.examples(
    "fairlead explain tlane.spec.rules",
    "fairlead explain tlane --recursive",
    "fairlead explain kind",
)
def kind(
    path: Annotated[
        str | None,
        typer.Argument(
            metavar="[KIND[.FIELD...]]", help="As tlane.spec.rules; all kinds if left out."
        ),
    ] = None,
    *,
    recursive: Annotated[
        bool, typer.Option("--recursive", help="The names of all fields below, and no more.")
    ] = False,
) -> None:
    """Say what can be written in an object of a kind."""
    print("\n".join(kinds() if path is None else described(path, recursive=recursive)))


def kinds() -> Iterator[str]:
    """Yield a table of all kinds."""
    rows = [("NAME", "SHORT", "API VERSION", "KIND", "NAMESPACED")]
    for one in SHOWN:
        short = ",".join(one.short_names) or "-"
        rows.append((one.plural, short, one.api_version, one.kind, str(one.namespaced).lower()))
    yield from tabled(rows)


def described(path: str, *, recursive: bool = False) -> Iterator[str]:
    """Yield the lines about a kind or a field of it. Raises Failed."""
    found, names = _split(path)
    schema = _schema(found)
    for place, name in enumerate(names):
        inner = _inside(schema)
        if name not in inner:
            whole = ".".join([found.singular, *names[:place]])
            known = f" it has {', '.join(inner)}" if inner else f" it is {_type(schema)}"
            hint = meant(name, inner) or f":{known}"
            raise Failed(f"{whole} has no field {name!r}{hint}", USAGE)
        schema = inner[name]
    yield f"KIND:     {found.kind}"
    yield f"VERSION:  {found.api_version}"
    if names:
        yield f"FIELD:    {'.'.join(names)} <{_type(schema)}>"
    yield ""
    yield terminal.head("DESCRIPTION:")
    yield from _text(_says(schema), 4)
    if _inside(schema):
        yield ""
        yield terminal.head("FIELDS:")
        yield from _names(schema, 2) if recursive else _fields(schema)


def _split(path: str) -> tuple[Kind[Any], list[str]]:
    """Return the kind of a path, whose name may have the group behind it, and the fields."""
    word, _, rest = path.partition(".")
    found = named(word, SHOWN)
    if found.group and (rest + ".").startswith(f"{found.group}."):
        rest = rest[len(found.group) + 1 :]
    return found, [name for name in rest.split(".") if name]


def _schema(found: Kind[Any]) -> Schema:
    return event_schema() if found is EVENT else object_schema(found)


def _inside(schema: Mapping[str, Any]) -> dict[str, Schema]:
    """Return the fields of an object, of the items of a list, or of the values of a map."""
    for inner in ("items", "additionalProperties"):
        if isinstance(schema.get(inner), dict):
            return _inside(schema[inner])
    found: dict[str, Schema] = schema.get("properties", {})
    return found


def _type(schema: Mapping[str, Any]) -> str:
    if isinstance(schema.get("items"), dict):
        return f"[]{_type(schema['items'])}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"map[string]{_type(schema['additionalProperties'])}"
    if schema.get("x-kubernetes-int-or-string"):
        return "integer or string"
    return str(schema.get("type", "any")).replace("object", "Object")


def _says(schema: Mapping[str, Any]) -> str:
    text = str(schema.get("description", "")) or "<none>"
    if schema.get("enum"):
        text += f" One of: {', '.join(map(str, schema['enum']))}."
    return text


def _fields(schema: Mapping[str, Any]) -> Iterator[str]:
    required = _required(schema)
    for name, inner in _inside(schema).items():
        mark = " -required-" if name in required else ""
        yield f"  {terminal.painted(name, terminal.BOLD)} <{_type(inner)}>{mark}"
        yield from _text(_says(inner), 6)
        yield ""


def _required(schema: Mapping[str, Any]) -> frozenset[str]:
    for inner in ("items", "additionalProperties"):
        if isinstance(schema.get(inner), dict):
            return _required(schema[inner])
    return frozenset(schema.get("required", ()))


def _names(schema: Mapping[str, Any], indent: int) -> Iterator[str]:
    for name, inner in _inside(schema).items():
        yield f"{' ' * indent}{name} <{_type(inner)}>"
        yield from _names(inner, indent + 2)


def _text(text: str, indent: int) -> Iterator[str]:
    for paragraph in text.split("\n\n"):
        yield from textwrap.wrap(
            " ".join(paragraph.split()),
            _COLUMNS,
            initial_indent=" " * indent,
            subsequent_indent=" " * indent,
        )
