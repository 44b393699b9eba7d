"""The same statement on the shadows of its tables; nothing else in it changes.

A table's name is replaced where it stands. Where the statement goes on to use the name (a column's
qualifier, a whole row, a lock), the shadow is given the old name as an alias; where a dialect has
no alias in that place, the qualifiers are replaced too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from fairlead.sql.guard import check_words
from fairlead.sql.lexis import neutral
from fairlead.sql.opening import opening
from fairlead.sql.parsing import parse
from fairlead.sql.session import MYSQL, POSTGRES, SQLITE, SYSTEM_SCHEMAS, Session
from fairlead.sql.shadowing import Shadowing
from fairlead.sql.squeezing import Squeezed
from fairlead.sql.statement import Statement, Touched
from fairlead.sql.tables import Name, Names, Occurrence, Reader
from fairlead.sql.verdict import Refused

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

Edit = tuple[int, int, str]

LARGEST = 64 * 1024
"""Characters of a statement that are read, without its lists of values and its blanks."""

_STAR = re.compile(r"\s*\*")


def rewritten(
    text: str, style: str, shadowing: Shadowing, allowed: Collection[str] = ()
) -> Statement:
    """Return what `text` is on the lane of `shadowing`. Raises Refused.

    `style` says how the driver marks parameters (`lexis.py`), `allowed` which functions may be
    called beside those that are built in.
    """
    session = shadowing.session
    plain = neutral(text, session, style)
    short = Squeezed(text, plain)
    if len(short.plain) > LARGEST:
        reason = f"more than {LARGEST // 1024} KiB beside its lists of values: send it in parts"
        raise Refused("size", reason)
    start = opening(short.plain, session.dialect)
    if start.text is None:
        return Statement(text=text, word=start.word)
    tokens, tree = parse(start.text, session.dialect)
    names = Reader(short.text, session).read(tree)
    called = check_words(short.text, tokens, names, shadowing, allowed)
    found, pairs = _Splicing(short.text, names, shadowing, _parts_with_alias(tree)).edits()
    edits = [(short.place(begin), short.place(end - 1) + 1, new) for begin, end, new in found]
    if session.dialect == POSTGRES and "standard_conforming_strings" in text.lower():
        raise Refused("command", "it changes where a string ends")
    return Statement(
        text=_spliced(text, edits),
        word=start.word,
        writes=names.writes,
        shadowed=tuple(dict(pairs).items()),
        touched=tuple(_touched(names, shadowing, replaces=start.replaces)),
        called=called,
        fields=frozenset(names.fields),
    )


def _touched(names: Names, shadowing: Shadowing, *, replaces: bool) -> Iterable[Touched]:
    for table in names.tables:
        shadow = shadowing.of(table.database, table.name.key)
        key = table.name.key if shadow is None else shadowing.session.written(shadow)
        _check_system(table, shadowing.session)
        change = "replace" if replaces and table.target else table.target
        yield Touched(database=table.database, table=key, change=change)


def _check_system(table: Occurrence, session: Session) -> None:
    """Refuse a change of the server's own tables: they say what becomes of everybody's."""
    name = table.name.key.lower()
    own = session.dialect == SQLITE and name.startswith("sqlite_")
    if table.target and (own or table.database in SYSTEM_SCHEMAS):
        raise Refused("other", f"{name} belongs to the server")


def _spliced(text: str, edits: Iterable[Edit]) -> str:
    pieces, done = [], 0
    for start, end, replacement in sorted(edits):
        if start < done:
            raise Refused("other", "two changes meet in one place")
        pieces += [text[done:start], replacement]
        done = end
    return "".join((*pieces, text[done:]))


def _parts_with_alias(tree: Expression) -> bool:
    """Whether the statement may give any of its tables an alias: by its outermost form."""
    from sqlglot import exp

    return not isinstance(tree, exp.Copy)


class _Splicing:
    """The edits of one statement."""

    def __init__(
        self,
        text: str,
        names: Names,
        shadowing: Shadowing,
        aliases: bool,  # noqa: FBT001
    ) -> None:
        self._text = text
        self._names, self._shadowing = names, shadowing
        self._session = shadowing.session
        self._found = [
            (table, shadow)
            for table in names.tables
            if (shadow := shadowing.of(table.database, table.name.key)) is not None
        ]
        self._in_query = Counter(id(table.node.parent_select) for table in names.tables)
        self._bare = {table.name.key for table, _ in self._found if not table.aliased}
        for table, shadow in self._found:
            if table.database is None and self._session.written(shadow) in names.expressions:
                raise Refused("name", f"{shadow} is an expression here: rename the expression")
        self._used = self._keys_in_use()
        # A query inside of SQLite's RETURNING may mean the target, which has no alias there.
        returns = names.returns and self._session.dialect == SQLITE
        self._renames = not aliases or returns or self._meant_by_qualifier() or self._must()

    def _check_rows(self) -> None:
        """Refuse PostgreSQL's whole row under a name that is not kept."""
        if self._renames and self._session.dialect == POSTGRES:
            rows = [name for name in self._names.columns if name.key in self._bare]
            if rows and any(database for _, database in self._names.qualifiers):
                raise Refused("name", f"{rows[0].token} may be a row or a column: use an alias")

    def edits(self) -> tuple[list[Edit], list[tuple[str, str]]]:
        """Return the edits, and each table with its shadow."""
        self._check_rows()
        edits = [edit for table, shadow in self._found for edit in self._table(table, shadow)]
        if self._renames:
            shadows = {table.name.key: shadow for table, shadow in self._found if not table.aliased}
            for name, database in (*self._names.qualifiers, *self._names.references):
                edits += self._qualifier(name, database, shadows)
        edits += self._returned()
        return edits, [(table.name.key, shadow) for table, shadow in self._found]

    def _returned(self) -> Iterable[Edit]:
        """Replace what SQLite's RETURNING calls the target: by its name, whatever its alias is."""
        shadows = {table.name.key: shadow for table, shadow in self._found if table.target}
        for name in self._names.returned:
            if name.key in shadows:
                replacement = self._session.quote(shadows[name.key], name.token)
                yield name.start, name.end, replacement

    def _table(self, table: Occurrence, shadow: str) -> Iterable[Edit]:
        name = table.name
        replacement = self._session.quote(shadow, name.token)
        if not table.aliased and not self._renames and self._wants_alias(table):
            if _STAR.match(self._text, name.end):
                raise Refused("unparsed", f"{name.token} * is not supported: leave the * out")
            replacement += f" AS {self._alias(table)}"
        yield name.start, name.end, replacement

    def _alias(self, table: Occurrence) -> str:
        token = table.name.token
        if self._session.dialect == MYSQL and table.database is not None and token[0] != "`":
            # Behind a dot a reserved word needs no quotes, and here it does.
            return f"`{token}`"
        return token.replace("'", '"') if token[0] == "'" else token

    def _wants_alias(self, table: Occurrence) -> bool:
        if table.name.key in self._used:
            return True
        # PyMySQL's DictCursor tells columns of one name apart by the name of their table.
        return self._session.dialect == MYSQL and not table.target and self._beside_others(table)

    def _beside_others(self, table: Occurrence) -> bool:
        return self._in_query[id(table.node.parent_select)] > 1

    def _keys_in_use(self) -> set[str]:
        used = {name.key for name, _ in (*self._names.qualifiers, *self._names.references)}
        if self._session.dialect == POSTGRES:
            used |= {name.key for name in self._names.columns}
        return used

    def _qualifier(self, name: Name, database: str | None, shadows: dict[str, str]) -> list[Edit]:
        shadow = shadows.get(name.key)
        if shadow is None or (
            database is not None and self._shadowing.of(database, name.key) is None
        ):
            return []
        if database is None and name.key in self._names.aliases:
            raise Refused("name", f"{name.token} is both a table and an alias: rename the alias")
        return [(name.start, name.end, self._session.quote(shadow, name.token))]

    def _meant_by_qualifier(self) -> bool:
        return any(
            database is not None and name.key in self._bare
            for name, database in (*self._names.qualifiers, *self._names.references)
        )

    def _must(self) -> bool:
        """Whether a table that wants an alias stands where the dialect takes none."""
        return any(
            not table.aliased
            and table.name.key in self._used
            and not _takes_alias(table, self._session)
            for table, _ in self._found
        )


_BEFORE_ALIAS = ("partition", "version", "changes")
"""Parts of a table that stand between its name and its alias."""


def _takes_alias(table: Occurrence, session: Session) -> bool:
    if any(table.node.args.get(part) for part in _BEFORE_ALIAS):
        return False
    if session.dialect != MYSQL:
        return True
    if table.target in ("insert", "upsert", "replace"):
        return False
    return table.target != "delete" or _deletes_from_several(table)


def _deletes_from_several(table: Occurrence) -> bool:
    from sqlglot import exp

    statement = table.node.find_ancestor(exp.Delete)
    return bool(statement and (statement.args.get("tables") or statement.args.get("using")))
