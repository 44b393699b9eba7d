"""A script taken apart into its statements, each with the semicolon that ends it."""

from __future__ import annotations

from collections.abc import Iterator

from fairlead.sql.lexis import PLAIN, neutral
from fairlead.sql.session import Session


def statements(script: str, dialect: str) -> Iterator[str]:
    """Yield the statements of `script` in order; together they are the script. Raises Refused."""
    plain = neutral(script, Session(dialect=dialect, database=""), PLAIN)
    done = 0
    while (end := plain.find(";", done)) >= 0:
        yield script[done : end + 1]
        done = end + 1
    if script[done:]:
        yield script[done:]
