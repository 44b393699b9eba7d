"""Files of Go as trees: of what tree-sitter understands, which is not all of the newest syntax."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser


@cache
def _parser() -> Parser:
    import tree_sitter
    import tree_sitter_go

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_go.language()))


@cache
def root(text: bytes) -> Node:
    """Return the tree of a file."""
    return _parser().parse(text).root_node


def text_of(node: Node) -> str:
    """Return what stands there."""
    return (node.text or b"").decode()
