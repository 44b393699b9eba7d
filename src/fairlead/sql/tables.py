"""Which tables a statement names, where, and what else in it means one of them.

Scoping follows the servers: a name without a database is a common table expression where one is
visible, except where rows are written, which is always a table.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from fairlead.sql.session import MYSQL, SQLITE, Session, matching, unquoted
from fairlead.sql.verdict import Refused

if TYPE_CHECKING:
    from sqlglot.expressions import Expression


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """One identifier in the text, from `start` up to `end`."""

    start: int
    end: int
    token: str
    key: str
    """As the server compares it."""


@dataclass(frozen=True, slots=True, eq=False)
class Occurrence:
    """A table that the statement reads or writes."""

    node: Any
    name: Name
    database: str | None
    """Key of the database or schema that stands before it."""
    aliased: bool
    target: str
    """How its rows change, as in `statement.Touched`; ``""`` where it is read."""


@dataclass(slots=True)
class Names:
    """Everything in a statement that a name of a table can be."""

    tables: list[Occurrence] = field(default_factory=list)
    qualifiers: list[tuple[Name, str | None]] = field(default_factory=list)
    """Names before a column, each with the database before it."""
    columns: list[Name] = field(default_factory=list)
    references: list[tuple[Name, str | None]] = field(default_factory=list)
    """Names of tables that mean one of FROM: ``FOR UPDATE OF x``, ``DELETE x FROM …``."""
    returned: list[Name] = field(default_factory=list)
    """SQLite: names before a column in RETURNING, which knows no alias of the table."""
    returns: bool = False
    """Whether there is a RETURNING."""
    fields: set[str] = field(default_factory=set)
    """Names of columns: in PostgreSQL ``orders.total`` may be the call ``total(orders)``."""
    aliases: set[str] = field(default_factory=set)
    """Keys of aliases and common table expressions."""
    expressions: set[str] = field(default_factory=set)
    """Keys of common table expressions."""
    explained: set[int] = field(default_factory=set)
    """Where each identifier of the tree starts."""
    writes: bool = False


@cache
def _sorts(kind: Hashable) -> str:
    """Return what a kind of node is to us; most are nothing."""
    from sqlglot import exp

    # In this order: an INSERT is a kind of DDL to the parser.
    sorts: tuple[tuple[str, tuple[type, ...]], ...] = (
        ("identifier", (exp.Identifier,)),
        ("column", (exp.Column,)),
        ("table", (exp.Table,)),
        ("write", (exp.Insert, exp.Update, exp.Delete, exp.Merge)),
        ("copy", (exp.Copy,)),
        ("into", (exp.Into,)),
        ("in", (exp.In,)),
        ("returning", (exp.Returning,)),
        ("", (exp.Query,)),
        ("strange", (exp.Command, exp.DDL, exp.Drop, exp.Alter)),
    )
    matching = (sort for sort, kinds in sorts if issubclass(kind, kinds))  # type: ignore[arg-type]
    return next(matching, "")


class Reader:
    """Reads the names out of one tree."""

    def __init__(self, text: str, session: Session) -> None:
        from sqlglot import exp

        self._exp, self._text, self._session = exp, text, session

    def read(self, tree: Expression) -> Names:
        """Return the names in `tree`.

        Raises Refused for a table that has no place in the text, and for parts of a tree that do
        more than read and write rows.
        """
        names = Names()
        for node in tree.walk():
            kind: Any = type(node)
            sort = _sorts(kind)
            if sort == "identifier":
                self._identifier(node, names)
            elif sort == "column":
                self._column(node, names)
            elif sort == "table":
                self._table(node, names)
            elif sort:
                self._other(node, sort, names)
        return names

    def _other(self, node: Any, sort: str, names: Names) -> None:
        if sort == "strange":
            raise Refused("unparsed", "a part of it is not understood")
        if sort == "into":
            if self._session.dialect != MYSQL or node.args.get("this") is not None:
                raise Refused("ddl", "SELECT … INTO makes a table: make it in a base instance")
            return
        if sort == "in":
            self._check_in(node)
            return
        if sort == "returning":
            names.returns = True
            return
        names.writes = True
        if sort == "copy":
            _check_copy(node)

    def _identifier(self, node: Any, names: Names) -> None:
        parent = node.parent
        if self._in_place(node) and not isinstance(parent, self._exp.Func):
            names.explained.add(node.meta["start"])
        if isinstance(parent, self._exp.TableAlias) and node.arg_key == "this":
            # The alias of a common table expression is its name.
            names.aliases.add(self._key(node))
            if isinstance(parent.parent, self._exp.CTE):
                names.expressions.add(self._key(node))

    def _check_in(self, node: Any) -> None:
        """Refuse SQLite's ``x IN 'orders'``, which reads a table."""
        operand = node.args.get("field")
        if self._session.dialect == SQLITE and isinstance(operand, self._exp.Literal):
            raise Refused("name", "a table behind IN is to be named without quotes")

    def _column(self, node: Any, names: Names) -> None:
        table, database = node.args.get("table"), node.args.get("db")
        if isinstance(node.parent, self._exp.In) and node.arg_key == "field":
            self._table_behind_in(node, names)
            return
        names.fields.add(node.name.lower())
        if table is not None and self._is_returned(node):
            names.returned.append(self._name(table))
        elif table is not None:
            names.qualifiers.append((self._name(table), self._key(database) if database else None))
        elif self._in_place(node.this):
            names.columns.append(self._name(node.this))

    def _is_returned(self, node: Any) -> bool:
        """Whether a column stands in SQLite's RETURNING, and not in a query inside of it."""
        if self._session.dialect != SQLITE:
            return False
        around = node.find_ancestor(self._exp.Returning, self._exp.Select)
        return isinstance(around, self._exp.Returning)

    def _table_behind_in(self, node: Any, names: Names) -> None:
        """Take in SQLite's ``x IN orders``, which is a sub-query of all its columns."""
        database = node.args.get("table")
        name = self._name(node.this)
        if database is None and self._is_expression(node, name.key):
            return
        key = self._key(database) if database is not None else None
        # As if it had an alias: nothing can refer to it.
        names.tables.append(Occurrence(node, name, key, aliased=True, target=""))

    def _table(self, node: Any, names: Names) -> None:
        if not isinstance(node.this, self._exp.Identifier):
            self._not_a_name(node)
            return
        name, database = self._name(node.this), self._database(node)
        if self._refers(node):
            names.references.append((name, database))
            return
        target = self._target(node)
        if database is None and not target and self._is_expression(node, name.key):
            return
        alias = node.args.get("alias")
        aliased = alias is not None and alias.args.get("this") is not None
        names.tables.append(Occurrence(node, name, database, aliased, target))

    def _not_a_name(self, node: Any) -> None:
        named = node.this
        while isinstance(named, self._exp.Dot):
            named = named.expression
        if not isinstance(named, self._exp.Func | self._exp.Subquery):
            raise Refused("name", "a table is named by something that is no name")

    def _database(self, node: Any) -> str | None:
        """Return the qualifier that tells databases apart: PostgreSQL's catalog is the same."""
        database = node.args.get("db")
        return self._key(database) if database is not None else None

    def _refers(self, node: Any) -> bool:
        exp = self._exp
        if self._session.dialect != MYSQL:
            return isinstance(node.parent, exp.Lock)
        key, parent = self._in_list(node)
        if isinstance(parent, exp.Delete):
            # DELETE FROM x, y USING x JOIN y: what is deleted from is named by USING.
            using = bool(parent.args.get("using"))
            return key == "tables" or (key in ("this", "joins") and using)
        return isinstance(parent, exp.Lock)

    def _in_list(self, node: Any) -> tuple[str, Any]:
        """Return what the list of tables that `node` is in is of, and which part of that."""
        key, parent = node.arg_key, node.parent
        while isinstance(parent, self._exp.Join | self._exp.Table):
            key, parent = parent.arg_key, parent.parent
        return key, parent

    def _target(self, node: Any) -> str:
        exp, parent, key = self._exp, node.parent, node.arg_key
        if isinstance(parent, exp.Schema):
            parent, key = parent.parent, parent.arg_key
        if key == "this":
            for kind, word in ((exp.Insert, "insert"), (exp.Copy, "insert"), (exp.Merge, "merge")):
                if isinstance(parent, kind):
                    return _insertion(parent) if word == "insert" else _merge(parent)
        return self._changed(node)

    def _changed(self, node: Any) -> str:
        """Return how the statement changes a table of its FROM list: MySQL changes several."""
        exp = self._exp
        key, parent = self._in_list(node)
        if isinstance(parent, exp.Update) and key in ("this", "joins"):
            return "update"
        if isinstance(parent, exp.Delete):
            several = self._session.dialect == MYSQL
            return "delete" if key == "this" or several else ""
        return ""

    def _is_expression(self, node: Any, key: str) -> bool:
        """Whether `key`, where `node` stands, is a common table expression."""
        child: Any = node
        parent: Any = node.parent
        while parent is not None:
            if isinstance(parent, self._exp.With):
                if key in self._visible(parent, child, key):
                    return True
                # Seen from inside of one: the statement that has them says nothing more.
                child = parent.parent
                parent = child.parent
                continue
            with_ = parent.args.get("with_")
            if with_ is not None and self._is_one_of(key, self._expressions(with_)):
                return True
            child, parent = parent, parent.parent
        return False

    def _visible(self, with_: Any, child: Any, key: str) -> list[str]:
        """Return the expressions that `child`, one of `with_`, can see."""
        names = self._expressions(with_)
        if self._session.dialect == SQLITE:
            return names
        place = next(i for i, one in enumerate(with_.expressions) if one is child)
        recursive = with_.args.get("recursive")
        if recursive and self._session.dialect == MYSQL and key in names[place + 1 :]:
            # MariaDB sees what comes later, MySQL does not.
            raise Refused("name", f"{key!r} is used before it is defined: define it first")
        return names if recursive else names[:place]

    def _is_one_of(self, key: str, names: list[str]) -> bool:
        if key in names:
            return True
        if self._session.dialect == MYSQL and matching(key, names):
            # Its servers do not agree whether these are the same.
            raise Refused("name", f"{key!r} differs from an expression's name by its case alone")
        return False

    def _expressions(self, with_: Any) -> list[str]:
        return [self._key(one.args["alias"].this) for one in with_.expressions]

    def _name(self, node: Any) -> Name:
        if not self._in_place(node):
            if node.name and not node.name.strip("x"):
                raise Refused("name", "a string stands where a table's name is looked for")
            raise Refused("name", f"the place of the name {node.name!r} cannot be told")
        start, end = node.meta["start"], node.meta["end"] + 1
        token = self._text[start:end]
        if token[0] not in _QUOTES and _part_of_more(self._text, start, end):
            raise Refused("name", f"{token!r} is a part of a longer name, which is not understood")
        return Name(start, end, token, self._key(node))

    def _in_place(self, node: Any) -> bool:
        """Whether the text has the name where the parser says: it is wrong for a few."""
        start, end = node.meta.get("start"), node.meta.get("end")
        if start is None or end is None:
            return False
        token = self._text[start : end + 1]
        # What was a string is shown to the parser with other letters.
        return token[:1] == "'" or unquoted(token)[0] == node.name

    def _key(self, node: Any) -> str:
        if not self._in_place(node):
            return self._session.key(node.name, quoted=bool(node.args.get("quoted")))
        name, quoted = unquoted(self._text[node.meta["start"] : node.meta["end"] + 1])
        return self._session.key(name, quoted=quoted)


_QUOTES = "`\"'["
_LETTER = re.compile(r"[\w$\u0080-\U0010ffff]")


def _part_of_more(text: str, start: int, end: int) -> bool:
    """Whether a server would read on: it may take for a letter what the parser does not."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return bool(_LETTER.match(before) or _LETTER.match(after))


def _check_copy(node: Any) -> None:
    files = [str(file.name).upper() for file in node.args.get("files") or ()]
    if files not in (["STDIN"], ["STDOUT"]):
        reason = "COPY from or to a file or program of the server: use STDIN or STDOUT"
        raise Refused("file", reason)


def _merge(statement: Any) -> str:
    """Return what a MERGE may do."""
    actions = [
        str(getattr(when.args.get("then"), "name", "")).upper() for when in _whens(statement)
    ]
    return "merge" if "DELETE" in actions else "upsert"


def _whens(statement: Any) -> list[Any]:
    whens = statement.args.get("whens")
    return list(whens.expressions) if whens is not None else []


def _insertion(statement: Any) -> str:
    """Return what an INSERT may do beside inserting."""
    if str(statement.args.get("alternative") or "").upper() == "REPLACE":
        return "replace"
    return "upsert" if statement.args.get("conflict") else "insert"
