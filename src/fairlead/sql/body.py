"""The text of a view, a trigger or a rule: which tables it can reach."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from fairlead.sql.catalog import Body
from fairlead.sql.functions import known, syntax
from fairlead.sql.guard import check_words
from fairlead.sql.lexis import PLAIN, neutral
from fairlead.sql.parsing import parse
from fairlead.sql.session import Session, unquoted
from fairlead.sql.shadowing import Shadowing
from fairlead.sql.tables import Reader
from fairlead.sql.verdict import Refused
from fairlead.sql.words import Word, words_of

UNREADABLE = Body(frozenset(), "its text cannot be read: the user lacks the right to it")


def body_of(text: str, session: Session) -> Body:
    """Return what a program may reach: every word of it could be a table."""
    if not text:
        return UNREADABLE
    try:
        plain = neutral(text, session, PLAIN)
    except Refused as error:
        return Body(frozenset(), error.reason)
    words = words_of(text, plain)
    names = frozenset(session.key(unquoted(word.token)[0]).casefold() for word in words)
    return Body(names, _opacity(words, session.dialect))


@lru_cache(maxsize=4096)
def query_body(text: str, session: Session) -> Body:
    """Return what a query reaches: the tables it names, where it can be parsed."""
    if not text:
        return UNREADABLE
    try:
        plain = neutral(text, session, PLAIN)
        tokens, tree = parse(plain, session.dialect)
        names = Reader(text, session).read(tree)
        check_words(text, tokens, names, Shadowing(session, ()), ())
    except Refused:
        return body_of(text, session)
    return Body(frozenset(table.name.key.casefold() for table in names.tables))


def _opacity(words: Iterable[Word], dialect: str) -> str:
    for word in words:
        name = unquoted(word.token)[0].lower()
        if name in ("execute", "call", "prepare") and not word.quoted:
            return f"it runs {name.upper()}"
        if word.before_bracket and not (
            word.may_be_table or known(name, dialect) or syntax(name, dialect)
        ):
            return f"it calls {name}(), which is not known to be built in"
    return ""
