"""Verdicts on statements: kept while they hold, worked out once, asked of the catalogue when due.

A `Rewriter` belongs to one lane's rules, one server and one state of a session. It does no I/O:
what it needs to know of the server it yields as a query, and is sent the rows.
"""

from __future__ import annotations

from _thread import allocate_lock
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from typing import Any
from weakref import WeakSet

from fairlead.policy.database import ShadowTable
from fairlead.sql.asking import read_catalog
from fairlead.sql.catalog import Catalog
from fairlead.sql.lexis import LONG
from fairlead.sql.reach import check_calls, check_reach
from fairlead.sql.rewrite import rewritten
from fairlead.sql.session import MYSQL, POSTGRES, Session
from fairlead.sql.shadowing import Shadowing
from fairlead.sql.statement import Statement
from fairlead.sql.verdict import Refused, Verdict

KEPT_LENGTH = 8 * 1024
"""Characters of a statement whose verdict is kept: a longer one is full of values."""

KEPT_CHARACTERS = 4 * 1024 * 1024
"""Characters of all statements whose verdicts are kept, about half of the memory they take."""

CATALOG_SECONDS = 30.0
"""Seconds for which what the server's catalogue said is relied on."""

_OF_BEFORE = frozenset(("found_rows", "last_insert_id", "row_count"))
"""Functions of MySQL that tell of the statement before."""

Rows = Iterable[Sequence[Any]]
Judging = Generator[str, Rows, Verdict]
Clock = Callable[[], float]
Count = Callable[[], object]


class Catalogs:
    """What is known of one server, shared by everybody who is connected to it."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._catalog: Catalog | None = None
        self._readers: WeakSet[Rewriter] = WeakSet()
        self._lock = allocate_lock()
        self.version = 0
        """Grows with every catalogue that says something else."""
        self.until = 0.0
        """When the catalogue has to be asked again."""

    @property
    def said(self) -> Catalog | None:
        """What the catalogue said last."""
        return self._catalog

    def assume(self, catalog: Catalog) -> None:
        """Take `catalog` for what the server says, for a while."""
        with self._lock:
            changed, self._catalog = catalog != self._catalog, catalog
            self.version += changed
            readers = tuple(self._readers) if changed else ()
        for reader in readers:
            reader.forget()
        self.until = self.clock() + CATALOG_SECONDS

    def join(self, rewriter: Rewriter) -> None:
        """Let `rewriter` forget its verdicts when the catalogue says something else than before."""
        with self._lock:
            self._readers.add(rewriter)

    def current(self, session: Session) -> Generator[str, Rows, Catalog]:
        """Return the catalogue, read anew when it is due."""
        catalog = self._catalog
        if catalog is not None and self.clock() < self.until:
            return catalog
        new = yield from read_catalog(session)
        self.assume(new)
        return new


class Rewriter:
    """Judges statements of one session's state on one lane."""

    def __init__(
        self,
        session: Session,
        tables: tuple[ShadowTable, ...],
        catalogs: Catalogs,
        *,
        listed: Collection[str] | None = None,
        allowed: Collection[str] = (),
        counts: tuple[Count, Count] = (int, int),
    ) -> None:
        """Judge by `tables`; `listed` are the ones that may be rewritten, None for all of them.

        `allowed` are functions that may be called beside those that are built in; `counts` count a
        statement that was changed, and one that was not.
        """
        self._shadowing = Shadowing(session, tables)
        self._listed = None if listed is None else {session.written(name) for name in listed}
        self._allowed = frozenset(name.lower() for name in allowed)
        self._counts = counts
        self.catalogs = catalogs
        self._known: dict[str, dict[str, Verdict]] = {}
        self._characters = 0
        catalogs.join(self)

    def known(self, style: str) -> dict[str, Verdict]:
        """Return the verdicts there are, by statement; the dictionary stays the same one.

        They hold until the time `catalogs.until`.
        """
        return self._known.setdefault(style, {})

    def forget(self) -> None:
        """Forget all verdicts."""
        for verdicts in self._known.values():
            verdicts.clear()
        self._characters = 0

    def judge(self, text: str, style: str) -> Judging:
        """Return the verdict on `text`, whose parameters are marked in `style`."""
        version = self.catalogs.version
        if not self._shadowing.concerned():
            return self._keep(text, style, Verdict(text, writes=True, count=self._counts[1]))
        try:
            statement = rewritten(text, style, self._shadowing, self._allowed)
            self._check_list(statement)
            if statement.touched or self._may_call_others(statement):
                # A statement that names no table is not held up by questions.
                catalog = yield from self.catalogs.current(self._shadowing.session)
                check_calls(statement, catalog, self._allowed, self._shadowing.session.dialect)
                check_reach(statement.touched, catalog, self._shadowing)
                version = self.catalogs.version if catalog is self.catalogs.said else -1
            count = self._counts[0 if statement.shadowed else 1]
            pairs = statement.shadowed
            verdict = Verdict(statement.text, statement.writes, pairs, count=count)
        except Refused as refusal:
            verdict = Verdict(text, writes=True, refused=refusal)
        # Another thread may have heard something else meanwhile: then it is asked again.
        kept = self._keep(text, style, verdict)
        if version != self.catalogs.version:
            self.forget()
        return kept

    def _may_call_others(self, statement: Statement) -> bool:
        """Whether a function of the database's own may be meant by a built-in one's name."""
        dialect = self._shadowing.session.dialect
        # A question of ours would be answered for: FOUND_ROWS() is about the statement before.
        asks = dialect == POSTGRES or (dialect == MYSQL and not statement.called & _OF_BEFORE)
        return asks and bool(statement.called)

    def _check_list(self, statement: Statement) -> None:
        for table, _ in statement.shadowed:
            if self._listed is not None and table not in self._listed:
                raise Refused("list", f"{table} is not among the tables of FAIRLEAD_SHADOW")

    def _keep(self, text: str, style: str, verdict: Verdict) -> Verdict:
        if len(text) <= KEPT_LENGTH:
            self._characters += len(text) + LONG
            if self._characters > KEPT_CHARACTERS:
                self.forget()
            self.known(style)[text] = verdict
        return verdict


def answered(judging: Judging, ask: Callable[[str], Rows]) -> Verdict:
    """Drive `judging` with `ask`, which sends a query to the server and returns its rows."""
    rows: Rows | None = None
    while True:
        try:
            query = judging.send(rows)  # type: ignore[arg-type]
        except StopIteration as done:
            verdict: Verdict = done.value
            return verdict
        rows = ask(query)
