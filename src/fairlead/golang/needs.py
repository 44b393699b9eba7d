"""What files of ours use of a package that Go promises to nobody, and whether it is there.

They say it in comments, ``//fairlead:needs NEED``. A need is written as Go's types are, without
names of parameters: ``response.status int`` is a field of a struct (or of a variable that is one),
``func (*conn) hijacked() bool`` a method, ``func valueOrDefault(string, string) string`` a
function; ``type response``, ``var x`` and ``const x`` are what they say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from fairlead.golang.syntax import root, text_of

if TYPE_CHECKING:
    from tree_sitter import Node


_SAID = re.compile(rb"^//fairlead:needs (.+)$", re.MULTILINE)


def needs_of(source: bytes) -> list[str]:
    """Return what a file of ours says that it needs of its package."""
    return [one.decode() for one in _SAID.findall(source)]


def declaring(files: Mapping[str, bytes], need: str) -> tuple[str, str]:
    """Return the path of the file that declares what is needed, and "", or "", and what is near."""
    head = _head(need)
    word, near = re.split(r"\W+", head)[-1].encode(), ""
    for path, text in files.items():
        declared = _declared(text).get(head, set()) if word in text else set()
        if need in declared:
            return path, ""
        near = near or min(declared, default="")
    return "", near


def _head(need: str) -> str:
    """Return a need without its type: what is declared once."""
    if need.startswith("func "):
        method = re.match(r"func (?:\([^)]*\) )?\w+", need)
        return method[0] if method else need
    return need if need.startswith(("type ", "var ", "const ")) else need.partition(" ")[0]


@cache
def _declared(text: bytes) -> Mapping[str, set[str]]:
    """Return what a file declares, as needs are written, by their heads."""
    found: dict[str, set[str]] = {}
    for node in root(text).children:
        for one in _of(node):
            found.setdefault(_head(one), set()).add(one)
    return found


def _of(node: Node) -> Iterator[str]:
    match node.type:
        case "function_declaration":
            yield f"func {_field(node, 'name')}{_signature(node)}"
        case "method_declaration":
            receiver = ", ".join(_types(node.child_by_field_name("receiver")))
            yield f"func ({receiver}) {_field(node, 'name')}{_signature(node)}"
        case "type_declaration":
            for spec in node.named_children:
                name = _field(spec, "name")
                yield f"type {name}"
                yield from _members(name, spec.child_by_field_name("type"))
        case "var_declaration" | "const_declaration":
            for spec in _specs(node):
                for one in spec.children_by_field_name("name"):
                    yield f"{node.type.partition('_')[0]} {text_of(one)}"
                    yield from _members(text_of(one), spec.child_by_field_name("type"))


def _specs(node: Node) -> Iterator[Node]:
    for child in node.named_children:
        if child.type.endswith("_spec"):
            yield child
        elif child.type == "var_spec_list":
            yield from _specs(child)


def _members(name: str, kind: Node | None) -> Iterator[str]:
    """Yield the fields of a struct, the methods of an interface."""
    if kind is None:
        return
    for part in kind.named_children:
        if part.type == "field_declaration_list":
            for field in part.named_children:
                for one in field.children_by_field_name("name"):
                    yield f"{name}.{text_of(one)} {_type(field.child_by_field_name('type'))}"
        elif part.type in ("method_elem", "method_spec"):
            yield f"func ({name}) {_field(part, 'name')}{_signature(part)}"


def _signature(node: Node) -> str:
    parameters = ", ".join(_types(node.child_by_field_name("parameters")))
    result = node.child_by_field_name("result")
    if result is None:
        return f"({parameters})"
    if result.type != "parameter_list":
        return f"({parameters}) {_type(result)}"
    results = list(_types(result))
    whole = ", ".join(results)
    return f"({parameters}) {whole if len(results) == 1 else f'({whole})'}"


def _types(parameters: Node | None) -> Iterator[str]:
    """Yield the type of each parameter; several names may share one."""
    for one in parameters.named_children if parameters else ():
        if one.type not in ("parameter_declaration", "variadic_parameter_declaration"):
            continue
        kind = _type(one.child_by_field_name("type"))
        dots = "..." if one.type.startswith("variadic") else ""
        for _ in one.children_by_field_name("name") or [one]:
            yield dots + kind


def _type(node: Node | None) -> str:
    text = " ".join(text_of(node).split()) if node else ""
    return text.replace("interface{}", "any").replace("struct {}", "struct{}")


def _field(node: Node, name: str) -> str:
    found = node.child_by_field_name(name)
    return text_of(found) if found else ""
