"""What a statement that nobody parses does to its connection, told from how it begins.

Of base and of shadow databases nothing is rewritten; but a USE, a SET or an open transaction is
there for whoever uses the connection next.
"""

from __future__ import annotations

import re

HEADS = {"SELECT": False, "INSERT": True, "UPDATE": True, "DELETE": True}
HEADS |= {head.lower(): writes for head, writes in HEADS.items()}
"""How most statements begin, and whether they write. What else there is, is looked at closely."""

WRITES = frozenset(("INSERT", "UPDATE", "DELETE", "insert", "update", "delete"))
# Possessive: of many comments, each could otherwise end with any of the later ones.
_FIRST = r"(?is)(?:\s++|(?>/\*(?!M?!).*?\*/)|--[^\n]*+\n|\#[^\n]*+\n|\()*+"
STATE = re.compile(_FIRST + r"(use|set(?!\s+statement\b)|attach|detach|reset)\b")
READS = re.compile(_FIRST + r"(?:select|show|desc|describe|savepoint|release)\b")
WARNINGS = re.compile(_FIRST + r"show\s+(?:warnings|errors|count)\b")
STRING = re.compile(r"'(?:[^'\\]|\\.)*+'|\"(?:[^\"\\]|\\.)*+\"", re.DOTALL)
"""A literal: a semicolon in it ends no statement."""
BEGIN = re.compile(_FIRST + r"(?:begin|start)\b")
CREATES = re.compile(r"(?i)\bcreate\b")
TEMPORARY = re.compile(r"(?i)\btemp(?:orary)?\b")
ROLE = re.compile(r"(?i)\brole\b")
"""MySQL: what a user may see is also what the role in force may."""
CONTROL = re.compile(
    r"(?i)\s*(?:set|begin|start|commit|rollback|end|abort|savepoint|release)\b[^;]*;?\s*"
)
"""PostgreSQL: what names no rows, with nothing before it: comments nest there."""
END = re.compile(_FIRST + r"(?:commit|rollback(?!\s+to)|end|abort)\b")


def is_ours(error: Exception) -> bool:
    """Whether `error` is a fault of our own code: a driver's says what the server said."""
    root = type(error).__module__.partition(".")[0]
    if root != "builtins":
        return root in ("fairlead", "sqlglot", "re")
    trace, last = error.__traceback__, ""
    while trace is not None:
        last, trace = trace.tb_frame.f_globals.get("__name__", ""), trace.tb_next
    return str(last).partition(".")[0] in ("fairlead", "sqlglot", "re")
