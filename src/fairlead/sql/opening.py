"""What a statement's first words say: what need not be parsed, what is refused, what is hidden.

Works on neutral text (`lexis.py`). A sort of statement that is not listed here is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fairlead.sql import functions
from fairlead.sql.session import MYSQL, POSTGRES, SQLITE
from fairlead.sql.verdict import Refused

_FIRST = re.compile(r"[\s(]*([A-Za-z]+)")

READ_TREE = frozenset(
    ("copy", "delete", "insert", "merge", "replace", "select", "table", "update", "values", "with")
)
"""Statements that are parsed."""

_PASSED = {
    "abort": None,
    "attach": (SQLITE,),
    "begin": None,
    "close": None,
    "commit": None,
    "deallocate": None,
    "detach": (SQLITE,),
    "discard": (POSTGRES,),
    "end": None,
    "fetch": (POSTGRES,),
    "listen": (POSTGRES,),
    "move": (POSTGRES,),
    "notify": (POSTGRES,),
    "pragma": (SQLITE,),
    "release": None,
    "reset": (POSTGRES,),
    "rollback": None,
    "savepoint": None,
    "show": None,
    "start": None,
    "unlisten": (POSTGRES,),
    "unlock": (MYSQL,),
    "use": (MYSQL,),
    "xa": (MYSQL,),
}
"""Statements that name no rows, and the dialects that know them; None for all."""

_DDL = frozenset(
    [
        "alter",
        "analyze",
        "cluster",
        "comment",
        "create",
        "drop",
        "grant",
        "import",
        "optimize",
        "reassign",
        "refresh",
        "reindex",
        "rename",
        "repair",
        "revoke",
        "security",
        "truncate",
        "vacuum",
    ]
)
_RUNS_TEXT = {
    "call": "a stored procedure can reach any table",
    "do": "what it runs cannot be seen",
    "execute": "a prepared statement is not seen when it runs: send its text instead",
    "handler": "HANDLER reads a table by itself: use SELECT",
    "load": "LOAD DATA is not rewritten: insert the rows instead",
    "prepare": "a prepared statement is not seen when it runs: send its text instead",
}
_CAUSE = {"execute": "prepare"}

# MariaDB: SET STATEMENT … FOR runs a statement, BEGIN NOT ATOMIC a whole program.
_HIDING = re.compile(r"(?i)\s*(?:set\s+statement\b|begin\s+not\b)")
_CALL = re.compile(r"([\w$\u0080-\U0010ffff]+|`[^`]*`)\s*\(")
_TABLE = re.compile(r"(?i)\btable\b")
_TWO_PHASE = re.compile(r"(?i)\s*prepare\s+transaction\s+'x*'[\s;]*")
_SELECTS = re.compile(r"(?i)\bselect\b")
_DANGEROUS_PRAGMA = re.compile(r"(?i)\s*pragma\s+(?:\w+\s*\.\s*)?writable_schema\b")
_OUTFILE = re.compile(r"(?i)\binto\s+(?:outfile|dumpfile)\b")

_OPTION = r"(?:analyze|extended|formatted|partitions|verbose|query\s+plan|format\s*=\s*\w+)"
_EXPLAIN = re.compile(
    rf"(?i)\s*(?:explain|describe|desc|analyze)\s+(?:\([^()]*\)\s*)?(?:{_OPTION}\s+)*"
    r"(?=[\s(]*(?:select|insert|update|delete|replace|with|table|values|merge)\b)"
)
_DECLARE = re.compile(
    r"""(?ix)\s*declare\s+(?:"(?:[^"]|"")*"|\w+)\s+
    (?:(?:binary|asensitive|insensitive|no|scroll)\s+)*cursor\s+(?:(?:with|without)\s+hold\s+)?for\s
    """
)
_ANALYZES_TABLE = re.compile(r"(?i)\s*analyze\s+(?:local\s+|no_write_to_binlog\s+)?tables?\b")
_DESCRIBE = re.compile(
    r"(?i)\s*(?:describe|desc|explain)\s+(?:[\w$]+|`[^`]*`)(?:\s*\.\s*(?:[\w$]+|`[^`]*`))?"
    r"(?:\s+(?:[\w$]+|`[^`]*`|'x*'))?[\s;]*"
)
_REPLACE = re.compile(r"(?i)([\s(]*)replace\b(?:\s+(?:low_priority|delayed)\b)?")
_PRIORITY = re.compile(
    r"(?i)\b(?:low_priority|high_priority|delayed|sql_calc_found_rows|sql_no_cache|sql_cache"
    r"|sql_buffer_result|sql_small_result|sql_big_result)\b"
)


# The modifier of a query; between tables it is a join, and the parser knows that.
_STRAIGHT = re.compile(r"(?i)(?<=select)\s+straight_join\b")
_COPY_QUERY = re.compile(r"(?is)(\s*copy\s*\()(.*)(\)\s*to\s+stdout\b.*)")
_COPY_OPTIONS = re.compile(r"(?is)\b(?:from\s+stdin|to\s+stdout)\b(.*)")
_OVERRIDING = re.compile(r"(?i)\boverriding\s+(?:system|user)\s+value\b")
_WHERE = re.compile(r"(?i)\bwhere\b")


_VARIABLE = r"@(?:\w+|`[^`]*`)"
_INTO_VARIABLES = re.compile(rf"(?i)\binto\s+{_VARIABLE}(?:\s*,\s*{_VARIABLE})*")
_MODIFIERS = re.compile(r"(?i)[\s(]*(?:update|delete)((?:\s+(?:quick|ignore))+)\b")
_EVERY_COLUMN = re.compile(r"(?i)\.\s*\*(?=\s*(?:,|from\b|using\b))")
_AFTER_LIST = re.compile(r"(?i)\b(?:where|returning|select|order)\b")
_DEFAULT = re.compile(r"(?i)\bd(?=efault\s*\()")
_DUPLICATE = re.compile(r"(?i)\bon\s+duplicate\s+key\s+update\b")
_VALUES = re.compile(r"(?i)\bv(?=alues\s*\()")


_STRING_AS_NAME = re.compile(r"'x*'\s*\.")
_OR = re.compile(r"(?i)\s*update(\s+or\s+(rollback|abort|replace|fail|ignore))\b")


@dataclass(frozen=True, slots=True)
class Opening:
    """The text to parse, or None where the statement passes as it is."""

    text: str | None
    word: str = ""
    """First word of what is parsed, in lower case."""
    replaces: bool = False
    """REPLACE, shown to the parser as INSERT, and UPDATE OR REPLACE: they delete rows too."""


def opening(text: str, dialect: str) -> Opening:
    """Read the first words of the neutral `text`. Raises Refused."""
    found = _FIRST.match(text)
    if found is None:
        if not text.strip("; \t\r\n\f\v"):
            return Opening(None)
        raise Refused("unparsed", "it does not begin with a word")
    word = found[1].lower()
    _one_statement(text)
    if word in ("explain", "describe", "desc", "analyze", "declare"):
        return _inner(text, dialect, word)
    if word in READ_TREE:
        return _to_parse(text, dialect, word)
    if word == "prepare" and dialect == POSTGRES and _TWO_PHASE.fullmatch(text):
        return Opening(None, word)
    if word == "set" or (word in _PASSED and dialect in (_PASSED[word] or (dialect,))):
        return _passed(text, word, dialect)
    raise _refusal(word)


def _one_statement(text: str) -> None:
    end = text.find(";")
    if end >= 0 and text[end:].strip("; \t\r\n\f\v\0"):
        raise Refused("multi", "several statements in one are not supported: send them one by one")


def _inner(text: str, dialect: str, word: str) -> Opening:
    """Blank what stands before the statement that is explained or declared."""
    found = (_DECLARE if word == "declare" else _EXPLAIN).match(text)
    if word == "analyze" and _ANALYZES_TABLE.match(text):
        raise _refusal(word)
    if found is None:
        if dialect == MYSQL and _DESCRIBE.fullmatch(text):
            return Opening(None)  # the columns of a table
        raise _refusal(word)
    rest = " " * found.end() + text[found.end() :]
    first = _FIRST.match(rest)
    return _to_parse(rest, dialect, first[1].lower() if first else "")


def _to_parse(text: str, dialect: str, word: str) -> Opening:
    if word not in READ_TREE:
        raise _refusal(word)
    if dialect == POSTGRES:
        return _postgres(text, word)
    if dialect != MYSQL:
        return _sqlite(text, word)
    if _OUTFILE.search(text):
        raise Refused("file", "the server would write a file")
    text = _mysql(text, word)
    if word == "replace":
        return Opening(_insert_for_replace(text), word, replaces=True)
    return Opening(text, word)


def _postgres(text: str, word: str) -> Opening:
    """Blank what the parser does not know and what names nothing."""
    if word == "replace":
        raise _refusal(word)
    if word != "copy":
        return Opening(_OVERRIDING.sub(_blank, text), word)
    query = _COPY_QUERY.fullmatch(text)
    if query is not None:
        before, inner, after = query.groups()
        return Opening(" " * len(before) + inner + " " * len(after), word)
    options = _COPY_OPTIONS.search(text)
    if options is None:
        reason = "COPY from or to a file or program of the server: use STDIN or STDOUT"
        raise Refused("file", reason)
    if _WHERE.search(options[1]):
        raise Refused("unparsed", "COPY … WHERE is not supported: insert the rows instead")
    return Opening(text[: options.start(1)] + " " * len(options[1]), word)


def _sqlite(text: str, word: str) -> Opening:
    if _STRING_AS_NAME.search(text):
        raise Refused("name", "a name in single quotes before a dot: use double quotes")
    if word == "replace":
        return Opening(_insert_for_replace(text), word, replaces=True)
    found = _OR.match(text)
    if found is None:
        return Opening(text, word)
    start, end = found.span(1)
    text = text[:start] + " " * (end - start) + text[end:]
    return Opening(text, word, replaces=found[2].lower() == "replace")


def _mysql(text: str, word: str) -> str:
    """Show the parser what it does not know as what it does, in the same places."""
    text = _INTO_VARIABLES.sub(_blank, _PRIORITY.sub(_blank, text))
    text = _STRAIGHT.sub(_blank, text)
    # DEFAULT(x) and VALUES(x) are read as functions of other names; the guard sees the true ones.
    text = _DEFAULT.sub("x", text)
    update = _DUPLICATE.search(text)
    if update is not None:
        text = text[: update.end()] + _VALUES.sub("x", text[update.end() :])
    modifiers = _MODIFIERS.match(text)
    if modifiers is not None:
        start, end = modifiers.span(1)
        text = text[:start] + " " * (end - start) + text[end:]
    if word != "delete":
        return text
    # In the list of what is deleted from, and not in what is returned of it.
    rest = _AFTER_LIST.search(text)
    end = rest.start() if rest else len(text)
    return _EVERY_COLUMN.sub(_blank, text[:end]) + text[end:]


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _insert_for_replace(text: str) -> str:
    def insert(match: re.Match[str]) -> str:
        return (match[1] + "insert").ljust(len(match[0]))

    return _REPLACE.sub(insert, text, count=1)


def _passed(text: str, word: str, dialect: str) -> Opening:
    if word in ("set", "show"):
        _check_calls(text, word, dialect)
    if _HIDING.match(text):
        raise Refused("command", "it runs another statement inside: send that by itself")
    if _DANGEROUS_PRAGMA.match(text):
        raise Refused("command", "it would let the schema be written")
    if word != "begin" and _SELECTS.search(text):
        raise Refused("command", f"a query inside {word.upper()} is not supported")
    return Opening(None, word)


def _check_calls(text: str, word: str, dialect: str) -> None:
    """Refuse a function of the database's own, and MySQL's ``SET @x = (TABLE orders)``."""
    for match in _CALL.finditer(text):
        name = match[1].lower()
        if not (functions.known(name, dialect) or functions.syntax(name, dialect)):
            raise Refused("function", f"{name}() in {word.upper()} is not known to be built in")
    if word == "set" and _TABLE.search(text):
        raise Refused("command", "a query inside SET is not supported")


def _refusal(word: str) -> Refused:
    if word in _DDL:
        reason = "the schema is changed by base only: run migrations in a base instance"
        return Refused("ddl", f"{word.upper()} on a lane: {reason}")
    if word in _RUNS_TEXT:
        return Refused(_CAUSE.get(word, word), f"{word.upper()}: {_RUNS_TEXT[word]}")
    if word == "lock":
        return Refused("lock", "LOCK would hold up base: use SELECT … FOR UPDATE")
    return Refused("command", f"{word.upper()} is not supported on a lane")
