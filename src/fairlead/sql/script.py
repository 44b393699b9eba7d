"""A script taken apart into its statements, each with the semicolon that ends it."""

from __future__ import annotations

from collections.abc import Iterator

from fairlead.sql.lexis import PLAIN, neutral, outline
from fairlead.sql.session import Session


def statements(script: str, dialect: str) -> Iterator[str]:
    """Yield the statements of `script` in order; together they are the script. Raises Refused."""
    yield from _parts(script, neutral(script, Session(dialect=dialect, database=""), PLAIN))


def outlined(script: str, dialect: str) -> Iterator[tuple[str, str]]:
    """Yield the statements of `script`, also of a faulty one, each with its outline."""
    plain = outline(script, Session(dialect=dialect, database=""))
    return zip(_parts(script, plain), _parts(plain, plain), strict=True)


def _parts(script: str, plain: str) -> Iterator[str]:
    done = 0
    while (end := plain.find(";", done)) >= 0:
        yield script[done : end + 1]
        done = end + 1
    if script[done:]:
        yield script[done:]
