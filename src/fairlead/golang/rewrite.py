"""Edits in the text of Go files, found by their syntax and made byte for byte.

What an edit does not name stays as it is: comments, directives, and the lines that stack traces
show. Nothing is changed where an edit has no place, or more than one: that is `Drift`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from fairlead.golang.hooks import After, Edit, Field, Rename
from fairlead.golang.syntax import root, text_of

if TYPE_CHECKING:
    from tree_sitter import Node


class Drift(Exception):
    """A package is not as its hook knows it."""


class Change(NamedTuple):
    """Bytes from `start` to `end` of a file that become others."""

    path: str
    start: int
    end: int
    text: bytes


def edited(files: Mapping[str, bytes], edits: Sequence[Edit]) -> dict[str, bytes]:
    """Return the files that `edits` change, changed; `files` are those of the package, by path.

    Raises Drift where an edit has not exactly one place.
    """
    changes = [place(files, edit) for edit in edits]
    return {
        path: _changed(files[path], [one for one in changes if one.path == path])
        for path in dict.fromkeys(one.path for one in changes)
    }


def place(files: Mapping[str, bytes], edit: Edit) -> Change:
    """Return where `edit` is to be made, and what it makes of that. Raises Drift."""
    near: list[str] = []
    found = [
        Change(path, *change)
        for path, text in files.items()
        if any(one.encode() in text for one in _words(edit))
        for change in _places(edit, text, near)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise Drift(f"{sought(edit)} is there {len(found)} times")
    raise Drift(f"there is no {sought(edit)}" + (f"; there is {near[0]}" if near else ""))


def sought(edit: Edit) -> str:
    """Return what an edit looks for, as a person reads it."""
    match edit:
        case Rename(declarations):
            return declarations[0]
        case Field(struct):
            return f"type {struct} struct"
        case After(functions, anchor):
            uses = f" with {', '.join(edit.uses)}" if edit.uses else ""
            return f"`{anchor}` in {' or '.join(functions)}{uses}"


Found = Iterator[tuple[int, int, bytes]]


def _renames(edit: Rename, text: bytes, near: list[str]) -> Found:
    names = {_name_of(one) for one in edit.declarations}
    receivers = {_receiver_of(one) for one in edit.declarations}
    for node in _functions(text):
        name = node.child_by_field_name("name")
        if name is None or text_of(name) not in names:
            continue
        declaration = _declaration(node)
        if _receiver_of(declaration) not in receivers:
            continue
        if declaration in edit.declarations and not _body(node).has_error:
            yield name.start_byte, name.end_byte, edit.to.encode()
        else:
            near.append(declaration)


def _fields(edit: Field, text: bytes) -> Found:
    for declared in root(text).children:
        if declared.type != "type_declaration" or declared.has_error:
            continue
        for spec in declared.named_children:
            name, kind = (spec.child_by_field_name(one) for one in ("name", "type"))
            if name is None or kind is None or text_of(name) != edit.struct:
                continue
            if kind.type == "struct_type":
                yield kind.end_byte - 1, kind.end_byte - 1, f" {edit.field} ".encode()


def _statements(edit: After, text: bytes) -> Found:
    for node in _functions(text):
        name = node.child_by_field_name("name")
        if name is None or text_of(name) not in edit.functions:
            continue
        known = {text_of(one) for one in _below(node) if one.type == "identifier"}
        if not known.issuperset(edit.uses):
            continue
        for statement in _below(_body(node)):
            if statement.type.endswith("_statement") and text_of(statement) == edit.anchor:
                yield statement.end_byte, statement.end_byte, f"; {edit.statement}".encode()


def _words(edit: Edit) -> list[str]:
    """Return what a file has to have one of, to be worth reading."""
    match edit:
        case Rename(declarations):
            return [f" {_name_of(one)}(" for one in declarations]
        case Field(struct):
            return [f"type {struct} struct", f"\t{struct} struct"]
        case After(_, anchor):
            return [anchor]


def _places(edit: Edit, text: bytes, near: list[str]) -> Found:
    match edit:
        case Rename():
            return _renames(edit, text, near)
        case Field():
            return _fields(edit, text)
        case After():
            return _statements(edit, text)


def _functions(text: bytes) -> Iterator[Node]:
    for node in root(text).children:
        # Not all of the newest syntax is known: what counts is that this was understood.
        if node.type in ("function_declaration", "method_declaration"):
            yield node


def _body(node: Node) -> Node:
    return node.child_by_field_name("body") or node


def _below(node: Node) -> Iterator[Node]:
    for child in node.named_children:
        yield child
        yield from _below(child)


def _declaration(node: Node) -> str:
    """Return what stands before the body, on one line."""
    body = node.child_by_field_name("body")
    whole = node.text or b""
    head = whole if body is None else whole[: body.start_byte - node.start_byte]
    return " ".join(head.decode().split())


def _name_of(declaration: str) -> str:
    return split(declaration)[1]


def _receiver_of(declaration: str) -> str:
    """Return the type that a function is a method of, "" for none."""
    return split(declaration)[0].rpartition(" ")[2]


def split(declaration: str) -> tuple[str, str, str]:
    """Return receiver, name and the rest of a declaration."""
    rest = declaration.removeprefix("func ")
    receiver = ""
    if rest.startswith("("):
        receiver, _, rest = rest[1:].partition(") ")
    name, bracket, signature = rest.partition("(")
    return receiver, name, bracket + signature


def _changed(text: bytes, changes: Iterable[Change]) -> bytes:
    for one in sorted(changes, key=lambda change: change.start, reverse=True):
        text = text[: one.start] + one.text + text[one.end :]
    return text
