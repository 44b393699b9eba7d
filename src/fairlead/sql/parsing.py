"""The parser, imported when the first statement asks for it, and heard by nobody.

sqlglot is used for what it reads only: its tokens and its tree. What it would write is not used.
"""

from __future__ import annotations

import logging
import re
import threading
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from fairlead.sql.verdict import Refused

if TYPE_CHECKING:
    from sqlglot.expressions import Expression
    from sqlglot.tokenizer_core import Token

DEEPEST = 50
"""Levels of brackets, CASE and signs: a compiled parser that is given more ends the process where
a thread's stack is small."""

_NESTING = re.compile(
    r"(?i)\b(?:array|char|date|datetime|decimal|numeric|struct|time|timestamp|varchar)\s*[(\[]"
    r"|[(\[{]|[)\]}]|\bcase\b|\bend\b"
)
TYPED = 8
"""Levels of words that may be a type or a function: each doubles what the parser tries."""

_SIGNS = re.compile(rf"(?i)(?:\bnot\s*+|[-+~!@]\s*+){{{DEEPEST}}}")

_CLASS = re.compile(r"<class '[\w.]*?(\w+)'>")

_DIGITS = re.compile(r"\d{5,}")

_parsing = threading.local()


def installed() -> bool:
    """Whether statements can be parsed here: without importing anything."""
    return find_spec("sqlglot") is not None


def parse(text: str, dialect: str) -> tuple[list[Token], Expression]:
    """Return the tokens and the tree of the one statement in `text`. Raises Refused."""
    _check_depth(text)
    try:
        parser = _parser(dialect)
    except ImportError as error:
        raise Refused("off", "SQL cannot be read here: install fairlead[sql]") from error
    from sqlglot.errors import SqlglotError

    _parsing.now = True
    try:
        tokens = parser.tokenize(text)
        trees = [tree for tree in parser.parser().parse(tokens, text) if tree is not None]
    except (SqlglotError, RecursionError, ValueError, TypeError, AttributeError) as error:
        raise Refused("unparsed", f"it is not understood: {_first_line(error)}") from error
    finally:
        _parsing.now = False
    if len(trees) != 1:
        raise Refused("multi", "it is not one statement")
    return tokens, trees[0]


def _check_depth(text: str) -> None:
    levels: list[bool] = []
    for match in _NESTING.finditer(text):
        word = match[0].lower()
        if word[-1] in "([{" or word == "case":
            levels.append(len(word) > 1 and word != "case")
        elif levels:
            levels.pop()
        if len(levels) > DEEPEST or sum(levels) > TYPED:
            break
    else:
        if not _SIGNS.search(text):
            return
    raise Refused("size", f"it is nested more than {DEEPEST} levels deep")


@cache
def _parser(dialect: str) -> Any:
    from sqlglot.dialects.dialect import Dialect

    logging.getLogger("sqlglot").addFilter(_Quiet())
    return Dialect.get_or_raise(dialect)


class _Quiet(logging.Filter):
    """Keep back what the parser logs while we parse: the refusal says it, to whom it concerns."""

    def filter(self, record: logging.LogRecord) -> bool:
        del record
        return not getattr(_parsing, "now", False)


def _first_line(error: BaseException) -> str:
    line = str(error).partition("\n")[0].replace("\x1b[4m", "").replace("\x1b[0m", "")
    # What it got is a value of the application's as likely as not.
    line = _CLASS.sub(r"\1", line.partition(" but got ")[0])
    return _DIGITS.sub("…", line)[:160]
