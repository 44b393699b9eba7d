"""The statements of the corpus, which is written by hand: `tests/sql/corpus/`.

Blocks with a line ``----`` in between; the lines of a block that begin with ``--:`` are about it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.sql.differential.statement import Args, Statement, is_session

CORPUS = Path(__file__).parents[1] / "corpus"
_SERVERS = {"mysql": "mariadb"}
"""Servers that a statement may need; where it needs another, it is left out."""


def schema(dialect: str) -> str:
    """Return the script that makes the tables of the corpus."""
    return (CORPUS / f"{dialect}-schema.sql").read_text("utf-8")


def statements(dialect: str) -> Iterator[Statement]:
    """Yield the statements for `dialect` that the server at hand can be asked."""
    path = CORPUS / f"{dialect}.sql"
    line = 1
    for block in path.read_text("utf-8").split("\n----\n"):
        directives, text = _parted(block)
        place = f"{path.name}:{line}"
        line += block.count("\n") + 2
        if directives.get("needs", _SERVERS.get(dialect)) == _SERVERS.get(dialect):
            yield _statement(text, directives, place)


def _parted(block: str) -> tuple[dict[str, str], str]:
    directives, lines = {}, []
    for line in block.split("\n"):
        if line.startswith("--:"):
            word, _, rest = line[3:].strip().partition(" ")
            directives[word] = rest.strip()
        else:
            lines.append(line)
    return directives, "\n".join(lines)


def _statement(text: str, directives: dict[str, str], place: str) -> Statement:
    return Statement(
        text=text,
        args=_args(json.loads(directives["args"])) if "args" in directives else None,
        ordered="unordered" not in directives,
        explains=text.lstrip().lower().startswith(("explain", "describe", "desc ", "analyze")),
        reads=is_session(text),
        refused=directives.get("refused", ""),
        place=place,
    )


def _args(value: Any) -> Args:
    return value if isinstance(value, dict) else tuple(value)
