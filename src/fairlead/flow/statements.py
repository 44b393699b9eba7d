"""Which resource a statement is: its own where a rule means it, else that of its database.

A statement that has its values in its text is another one each time. So it has a gate of its own
only where some rule is about that very statement, and is none at all where no rule is about either.
"""

from __future__ import annotations

import re

from fairlead.policy.flow_rules import FlowRules
from fairlead.policy.limit import RateLimit
from fairlead.policy.resource import SQL, statement_name

MOST_KNOWN, LONGEST_KNOWN, MOST_READ = 4096, 2048, 65_536
"""Statements whose answer is kept until there are more, the characters of one, and how many of a
longer one its name is made of, blanks included."""


class Statements:
    """The statements that rules concern."""

    __slots__ = ("_known", "_names", "_patterns")

    def __init__(self, rules: FlowRules) -> None:
        names = {rule.resource for rule in rules if not rule.regex}
        names |= {rule.related for rule in rules if isinstance(rule, RateLimit)}
        self._names = frozenset(name for name in names if name.startswith(SQL))
        self._patterns = tuple(
            re.compile(pattern) for pattern in {rule.resource for rule in rules if rule.regex}
        )
        self._known: dict[tuple[str, str], str] = {}

    def resource(self, database: str, text: str) -> str:
        """Return the resource of a statement sent to `database`, ``""`` where no rule concerns it.

        `text` is the statement as the application wrote it.
        """
        found = self._known.get((database, text))
        if found is None:
            found = self._found(database, text)
            if len(text) <= LONGEST_KNOWN:
                if len(self._known) >= MOST_KNOWN:
                    self._known = {}
                self._known[database, text] = found
        return found

    def _found(self, database: str, text: str) -> str:
        name = statement_name(database, text[:MOST_READ])
        if self._ruled(name):
            return name
        wide = SQL + database
        return wide if self._ruled(wide) else ""

    def _ruled(self, name: str) -> bool:
        return name in self._names or any(one.fullmatch(name) for one in self._patterns)
