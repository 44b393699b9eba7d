"""Whether a statement on shadows can still reach a row of base: through views, triggers and keys.

The statement's own tables are known; what the server does beside it is not said in its text. Each
answer names the object that would do it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fairlead.sql.catalog import Body, Catalog, Key
from fairlead.sql.functions import native
from fairlead.sql.guard import SETTING
from fairlead.sql.session import MYSQL
from fairlead.sql.shadowing import Shadowing
from fairlead.sql.statement import Statement, Touched
from fairlead.sql.verdict import Refused

_EFFECTS = {
    "": (),
    "insert": ("insert",),
    "upsert": ("insert", "update"),
    "update": ("update",),
    "delete": ("delete",),
    "merge": ("insert", "update", "delete"),
    "replace": ("insert", "update", "delete"),
}
_EVERY = ("insert", "update", "delete")


def check_reach(touched: Iterable[Touched], catalog: Catalog, shadowing: Shadowing) -> None:
    """Raise Refused if one of the tables `touched` reaches a table of base."""
    reach = _Reach(catalog, shadowing)
    for table in touched:
        database = table.database if shadowing.session.dialect == MYSQL else None
        if database is None and shadowing.session.dialect == MYSQL:
            database = shadowing.session.key(shadowing.session.database)
        key = (database or "", table.table)
        reach.read(key)
        reach.change(key, _EFFECTS[table.change])


def check_calls(
    statement: Statement, catalog: Catalog, allowed: frozenset[str], dialect: str
) -> None:
    """Raise Refused if `statement` may call a function that is not the server's own.

    PostgreSQL chooses by the types of arguments, and calls a function of a row by the name of a
    column that is none.
    """
    for name in sorted((statement.called & catalog.functions) - native(dialect)):
        reason = f"{name}() is also a function of this database: what it writes cannot be seen"
        raise Refused("function", f"{reason}; if it writes no rows, add it to {SETTING}")
    for name in sorted((statement.fields & catalog.row_functions) - allowed):
        reason = f"{name} may call the function {name}() of a row"
        raise Refused("function", f"{reason}; if it writes no rows, add it to {SETTING}")


class _Reach:
    """Goes from a table to all that changes with it, once each."""

    def __init__(self, catalog: Catalog, shadowing: Shadowing) -> None:
        self._catalog, self._shadowing = catalog, shadowing
        self._bases = frozenset(name.casefold() for name in shadowing.names)
        self._changed: set[tuple[Key, str]] = set()
        self._read: set[Key] = set()

    def read(self, key: Key) -> None:
        """Go through what a table is made of."""
        if key in self._read:
            return
        self._read.add(key)
        self._check_family(key)
        view = self._catalog.views.get(key)
        if view is not None:
            self._check_body(view, "view", f"the view {key[1]}")
            for name in self._tables_of(view):
                for other in self._keys_named(name):
                    self.read(other)

    def change(self, key: Key, effects: Iterable[str]) -> None:
        """Go through what changes with the rows of a table."""
        for effect in effects:
            if (key, effect) in self._changed:
                continue
            self._changed.add((key, effect))
            self._through_view(key, effect)
            for child in sorted(c for c in self._catalog.parents if key in self._ancestors(c)):
                self.change(child, (effect,))
            self._fire(key, effect)
            self._cascade(key, effect)

    def _through_view(self, key: Key, effect: str) -> None:
        """A view that can be written to passes the change on to its tables."""
        view = self._catalog.views.get(key)
        if view is not None:
            for name in self._tables_of(view):
                for other in tuple(self._keys_named(name)):
                    self.change(other, (effect,))

    def _fire(self, key: Key, effect: str) -> None:
        rights = self._catalog.rights
        if rights is not None and not rights.show(*key):
            remedy = f"GRANT TRIGGER ON {'.'.join(filter(None, key))} to this user"
            raise Refused("trigger", f"triggers of {key[1]} cannot be seen: {remedy}")
        for trigger in self._catalog.triggers.get(key, ()):
            if effect not in trigger.changes:
                continue
            self._check_body(
                trigger.body, trigger.sort, f"the {trigger.sort} {trigger.name} of {key[1]}"
            )
            for name in self._tables_of(trigger.body):
                for other in self._keys_named(name):
                    self.read(other)
                    self.change(other, _EVERY)

    def _cascade(self, key: Key, effect: str) -> None:
        if effect == "insert":
            return
        for cascade in self._catalog.cascades.get(key, ()):
            if not (cascade.on_delete if effect == "delete" else cascade.on_update):
                continue
            if self._is_base(cascade.child):
                reason = (
                    f"a foreign key of {cascade.child[1]} would change its rows with those of"
                    f" {key[1]}, and {cascade.child[1]} has a shadow"
                )
                raise Refused("cascade", reason)
            self.change(cascade.child, ("update", "delete") if effect == "delete" else ("update",))

    def _check_family(self, key: Key) -> None:
        parents = self._catalog.parents
        for one in self._ancestors(key):
            if self._is_base(one):
                reason = f"{key[1]} is a part of {one[1]}, which has a shadow: name {one[1]} itself"
                raise Refused("partition", reason)
        for child in parents:
            if self._is_base(child) and key in self._ancestors(child):
                reason = f"{key[1]} includes the rows of {child[1]}, which has a shadow"
                raise Refused("inherit", reason)

    def _ancestors(self, key: Key) -> set[Key]:
        found: set[Key] = set()
        todo = list(self._catalog.parents.get(key, ()))
        while todo:
            one = todo.pop()
            if one not in found:
                found.add(one)
                todo += self._catalog.parents.get(one, ())
        return found

    def _check_body(self, body: Body, cause: str, what: str) -> None:
        if body.opaque:
            raise Refused(cause, f"{what} cannot be followed: {body.opaque}")
        named = sorted(body.names & self._bases)
        if named:
            raise Refused(cause, f"{what} reaches {named[0]}, which has a shadow")

    def _tables_of(self, body: Body) -> Iterator[str]:
        yield from sorted(body.names & self._catalog.tables)

    def _keys_named(self, name: str) -> Iterator[Key]:
        catalog = self._catalog
        for known in (catalog.views, catalog.triggers, catalog.cascades, catalog.parents):
            yield from (key for key in known if key[1].casefold() == name)

    def _is_base(self, key: Key) -> bool:
        dialect = self._shadowing.session.dialect
        return self._shadowing.is_base(key[0] if dialect == MYSQL else None, key[1])
