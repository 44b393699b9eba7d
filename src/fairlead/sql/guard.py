"""Refuse the words that the tree does not explain: names in odd places, functions nobody knows.

The tree is the parser's opinion. Here every word of the statement is held against it: a word that
is the name of a shadowed table has to stand where the tree has a name, and a word before a bracket
has to be a function that the server has built in.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from fairlead.sql import functions
from fairlead.sql.session import MYSQL, POSTGRES, Session, unquoted
from fairlead.sql.shadowing import Shadowing
from fairlead.sql.tables import Names
from fairlead.sql.verdict import Refused

if TYPE_CHECKING:
    from sqlglot.tokenizer_core import Token

_WORD = re.compile(r"[\w$`\"\[\u0080-\U0010ffff]")
_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|0[xX][0-9a-fA-F]+|[?$]")

SETTING = "FAIRLEAD_SQL_FUNCTIONS"
"""The agent's setting for functions that may be called."""


def check_words(
    text: str,
    tokens: Sequence[Token],
    names: Names,
    shadowing: Shadowing,
    allowed: Collection[str],
) -> frozenset[str]:
    """Return the functions that `text` calls; `allowed` are those beside the built-in ones.

    Raises Refused for a word that is not explained.
    """
    from sqlglot.tokenizer_core import TokenType

    session = shadowing.session
    dot, bracket, string = TokenType.DOT, TokenType.L_PAREN, TokenType.STRING
    called = set()
    for index, token in enumerate(tokens):
        if token.start in names.explained or token.token_type == string:
            continue
        word = text[token.start : token.end + 1]
        if not _WORD.match(word) or _NUMBER.fullmatch(word):
            continue
        if session.dialect == MYSQL and text[token.start - 1 : token.start] == "@":
            continue  # a variable
        if index + 1 < len(tokens) and tokens[index + 1].token_type == bracket:
            before = tokens[index - 1] if index else None
            qualifier = tokens[index - 2] if before and before.token_type == dot else None
            spaced = tokens[index + 1].start > token.end + 1
            if session.dialect == MYSQL and before is not None and word.lower() == "conflict":
                _check_conflict(text[before.start : before.end + 1])
            if session.dialect == POSTGRES and unquoted(word)[0].lower() == _SEQUENCE_OF:
                _check_sequence(text[tokens[index + 1].end + 1 :], shadowing)
            called.add(_checked(text, word, qualifier, session, allowed, spaced=spaced))
        _check_name(word, shadowing)
    return frozenset(called - {""})


_SEQUENCE_OF = "pg_get_serial_sequence"


_TABLE = re.compile(r"""\s*'([^'\s]+)'\s*,""")


def _check_sequence(arguments: str, shadowing: Shadowing) -> None:
    """Refuse to ask for the sequence of a shadowed table: the string is its name, base's."""
    table = _TABLE.match(arguments)
    if table is not None:
        name, quoted = unquoted(table[1].rpartition(".")[2])
        if shadowing.session.key(name, quoted=quoted) not in shadowing.names:
            return
    reason = f"{_SEQUENCE_OF}() may name the sequence of a table that has a shadow"
    raise Refused("function", f"{reason}: use RETURNING")


def _check_conflict(before: str) -> None:
    """Refuse what MySQL does not know and looks like a function: ``ON CONFLICT (id)``."""
    if before.lower() == "on":
        remedy = "write ON DUPLICATE KEY UPDATE"
        raise Refused("unparsed", f"ON CONFLICT is not known to MySQL and MariaDB: {remedy}")


def _check_name(word: str, shadowing: Shadowing) -> None:
    name, quoted = unquoted(word)
    if shadowing.session.key(name, quoted=quoted) in shadowing.names:
        raise Refused("name", f"{name!r} stands where it cannot be told what it means")


def _checked(
    text: str,
    word: str,
    qualifier: Token | None,
    session: Session,
    allowed: Collection[str],
    *,
    spaced: bool,
) -> str:
    """Return the function that `word` calls, ``""`` for one that was allowed by name."""
    # A token of several words, ORDER BY, is known by its last.
    name = unquoted(word)[0].lower().rpartition(" ")[2]
    if qualifier is not None:
        schema = unquoted(text[qualifier.start : qualifier.end + 1])[0].lower()
        if f"{schema}.{name}" in allowed:
            return ""
        if session.dialect != POSTGRES or schema != "pg_catalog":
            raise _unknown(f"{schema}.{name}")
        if functions.known(name, session.dialect):
            return ""
    if name in allowed:
        return ""
    dialect = session.dialect
    if qualifier is None and functions.syntax(name, dialect):
        return name
    # In MySQL `lower`(x), and count (x), are functions of the database's own.
    own = dialect == MYSQL and (word[0] == "`" or (spaced and name in functions.NOT_SPACED))
    if own or not functions.known(name, dialect):
        raise _unknown(name)
    return name


def _unknown(name: str) -> Refused:
    return Refused(
        "function",
        f"{name}() is not known to be built in, and what it writes cannot be seen:"
        f" if it writes no rows, add it to {SETTING}",
    )
