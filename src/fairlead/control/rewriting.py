"""Statements of agents that have no parser: judged as a Python agent judges its own.

Nothing is stored or logged of what is asked. What a server's catalogue says is kept for a while,
known by its digest, because many statements are asked about with the same one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import orjson

from fairlead.protocols.watch.statements import Question
from fairlead.sql.asking import read_catalog, read_session
from fairlead.sql.catalog import Catalog
from fairlead.sql.parsing import installed
from fairlead.sql.replies import Wanted, gone_through
from fairlead.sql.rewriter import Catalogs, Rewriter
from fairlead.sql.session import Session
from fairlead.sql.verdict import Refused, Verdict

MOST_CATALOGS, MOST_KEPT = 128, 64 << 20
"""Catalogues that are kept, and bytes of what they were read from; the oldest makes room."""

NO_PARSER = "the control plane cannot read SQL: install fairlead[sql] there"

Answer = dict[str, Any]


class Rewriting:
    """Answers questions about statements; for one thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Keep what servers said; `clock` gives seconds."""
        self._clock = clock
        self._catalogs: OrderedDict[str, tuple[Catalog, int]] = OrderedDict()
        self._kept = 0

    def answer(self, question: Question) -> Answer:
        """Return the verdict, or what is to be asked on the connection first."""
        if not installed():
            return _refusal(Refused("off", NO_PARSER))
        try:
            return self._answer(question)
        except Refused as refused:
            return _refusal(refused)
        except Exception as error:  # what cannot be judged is refused; its message may have values
            reason = f"it could not be judged: {type(error).__name__}"
            return _refusal(Refused("other", reason))

    def _answer(self, question: Question) -> Answer:
        session = gone_through(read_session(question.dialect), question.session)
        if isinstance(session, Wanted):
            return {"ask": "session", "queries": list(session.queries)}
        # The files of an SQLite database tell agents' connections apart, and not catalogues.
        session = replace(session, sight="")
        digest, catalog = question.catalog, self._kept_of(question.catalog)
        if catalog is None and question.answers:
            found = gone_through(read_catalog(session), question.answers)
            if isinstance(found, Wanted):
                return _asked(found)
            catalog, digest = found, self._keep(found, session, question)
        verdict = self._judged(question, session, catalog)
        if isinstance(verdict, Wanted):
            wanted = gone_through(read_catalog(session), {})
            return _asked(wanted if isinstance(wanted, Wanted) else verdict)
        return {"catalog": digest if catalog is not None else "", **_told(verdict, question)}

    def _judged(
        self, question: Question, session: Session, catalog: Catalog | None
    ) -> Verdict | Wanted:
        catalogs = Catalogs(self._clock)
        if catalog is not None:
            catalogs.assume(catalog)
        rewriter = Rewriter(
            session,
            question.tables,
            catalogs,
            listed=question.listed,
            allowed=question.functions,
        )
        return gone_through(rewriter.judge(question.statement, question.style), {})

    def _kept_of(self, digest: str) -> Catalog | None:
        found = self._catalogs.get(digest)
        if found is None:
            return None
        self._catalogs.move_to_end(digest)
        return found[0]

    def _keep(self, catalog: Catalog, session: Session, question: Question) -> str:
        answers = sorted(question.answers.items())
        plain = orjson.dumps([repr(session), answers])
        digest = sha256(plain).hexdigest()
        if digest not in self._catalogs:
            self._catalogs[digest] = catalog, len(plain)
            self._kept += len(plain)
        while len(self._catalogs) > MOST_CATALOGS or (
            self._kept > MOST_KEPT and len(self._catalogs) > 1
        ):
            _, (_, size) = self._catalogs.popitem(last=False)
            self._kept -= size
        return digest


def _asked(wanted: Wanted) -> Answer:
    return {"ask": "catalog", "queries": list(wanted.queries)}


def _told(verdict: Verdict, question: Question) -> Answer:
    if verdict.refused is not None:
        return _refusal(verdict.refused)
    return {
        "statement": verdict.text,
        "changed": verdict.text != question.statement,
        "writes": verdict.writes,
        "tables": [list(pair) for pair in verdict.tables],
    }


def _refusal(refused: Refused) -> Answer:
    return {"refused": {"cause": refused.cause, "reason": refused.reason}}
