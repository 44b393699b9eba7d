"""A statement as plain as a parser can be shown it, character for character in the same place.

Strings, comments and placeholders are where servers differ most, and where a name can hide. They
are read here, by the server's own rules, and handed on as neutral text of the same length: what a
parser finds at an offset stands at that offset in the statement. Long lists of values are blanked
after their first, so that a statement with a thousand rows is parsed as one with one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from functools import cache

from fairlead.sql.session import MYSQL, POSTGRES, SQLITE, Session
from fairlead.sql.squeezing import STRETCH
from fairlead.sql.verdict import Refused

FORMAT, QMARK, NAMED, PLAIN = "format", "qmark", "named", "plain"
"""How a driver marks parameters: ``%s`` and ``%(name)s``, ``?``, ``:name``; or not at all, as in a
statement that goes to the server as it stands."""

_JOINED = re.compile(
    r"(?<![\w$.`\"\]\u0080-\U0010ffff])(?:(?>\d++\.\d*+|\.\d++)(?>(?:[eE][+-]?\d++)?)"
    r"|(?>\d++[eE][+-]?\d++))[A-Za-z_$\u0080-\U0010ffff]"
)

_STRANGE = re.compile(
    r"[\x01-\x08\x0b\x0e-\x1f\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]"
)

LONG = 512
"""Characters from which on lists of values are blanked."""

_STRING = {
    MYSQL: r"""'(?:[^'\\]|\\.|'')*+'|"(?:[^"\\]|\\.|"")*+\"""",
    "mysql-plain": r"""'(?:[^']|'')*+'|"(?:[^"]|"")*+\"""",
    POSTGRES: r"""\b[eE]'(?:[^'\\]|\\.|'')*+'|(?:\b[uU]&)?'(?:[^']|'')*+'"""
    r"""|(?<![\w$])\$(?P<tag>[^\W\d]\w*)?\$.*?\$(?(tag)(?P=tag))\$""",
    SQLITE: r"""'(?:[^']|'')*+'""",
}
_COMMENT = {
    MYSQL: r"/\*.*?\*/|--(?=[\x00-\x20\x7f]|$)[^\n]*|\#[^\n]*",
    POSTGRES: r"--[^\n\r]*|/\*",
    SQLITE: r"--[^\n]*|/\*.*?(?:\*/|\Z)",
}
_NAME = {
    MYSQL: r"`(?:[^`]|``)*+`",
    POSTGRES: r'(?:\b[uU]&)?"(?:[^"]|"")*+"',
    SQLITE: r'"(?:[^"]|"")*+"|`(?:[^`]|``)*+`|\[[^\]]*+\]',
}
_PLACEHOLDER = {
    FORMAT: r"%(?:%|\((?:[^()]|\([^()]*\))*\)[a-zA-Z]|[sbt])",
    QMARK: r"\?",
    NAMED: r"\?\d*|[:@$][^\W\d]\w*",
    PLAIN: r"(?!)",
}
# Not what only begins like a number: 2orders is a name in MySQL.
_WORD = (
    r"[+-]?(?:0[xX][0-9a-fA-F]++|\d++(?:\.\d*+)?(?:[eE][+-]?\d++)?)(?![\w$.\u0080-\U0010ffff])"
    r"|(?i:null|true|false|default)\b"
)
_INSIDE = re.compile(r"%(?:%|(?P<parameter>\(|[sbt]))")
_CONTINUED = re.compile(r"(?:\s|--[^\n\r]*)*'")
_EXECUTED = re.compile(r"/\*M?!")


def neutral(text: str, session: Session, style: str) -> str:
    """Return `text` with strings, comments and placeholders made plain, of the same length.

    Raises Refused for what a server would execute inside a comment, and for what does not end.
    """
    if "\0" in text:
        raise Refused("unparsed", "a character NUL, where drivers and servers stop reading")
    plain = _scanned(text, session, style)
    seen = STRETCH.sub(" ", plain) if len(plain) >= LONG else plain
    strange = _STRANGE.search(seen)
    if strange is not None:
        what = f"U+{ord(strange[0]):04X}"
        raise Refused("unparsed", f"{what} is a blank to some and a letter to others: take it out")
    joined = _JOINED.search(seen)
    if joined is not None:
        # MySQL goes on after 1.5FROM as if there were a blank; a parser does not.
        raise Refused("unparsed", f"a number and a word in one: {joined[0]!r}; put a blank between")
    return plain


def outline(text: str, session: Session) -> str:
    """Return `text` with its strings and comments made plain, of the same length.

    For whoever takes a script apart: what does not end goes on to the end of the text, and nothing
    is refused.
    """
    scanner = _scanner(_lexicon(session), PLAIN, session.ansi_quotes, long=False, lenient=True)
    with suppress(Refused):
        text = _without_nested_comments(text) if session.dialect == POSTGRES else text
    return scanner(text)


def _scanned(text: str, session: Session, style: str) -> str:
    scanner = _scanner(_lexicon(session), style, session.ansi_quotes, len(text) >= LONG)
    if session.dialect != POSTGRES:
        return scanner(text)
    if not session.backslashes:
        raise Refused(
            "unparsed", "standard_conforming_strings is off: where a string ends cannot be told"
        )
    return scanner(_without_nested_comments(text))


def _lexicon(session: Session) -> str:
    if session.dialect == MYSQL and not session.backslashes:
        return "mysql-plain"
    return session.dialect


@cache
def _scanner(
    lexicon: str,
    style: str,
    ansi: bool,  # noqa: FBT001
    long: bool,  # noqa: FBT001
    lenient: bool = False,  # noqa: FBT001, FBT002
) -> Callable[[str], str]:
    dialect = lexicon.partition("-")[0]
    string, placeholder = _STRING[lexicon], _PLACEHOLDER[style]
    if ansi:
        # Then it is a name, in which a backslash is one.
        string = string.partition('|"')[0] + '|"(?:[^"]|"")*+"'
    if dialect == POSTGRES:
        placeholder = rf"{placeholder}|(?<![\w$])\$\d+"
    kinds = ("comment", "string", "name", "placeholder")
    found = (_COMMENT[dialect], string, _NAME[dialect], placeholder)
    parts = [f"(?P<{kind}>{part})" for kind, part in zip(kinds, found, strict=True)]
    if dialect == MYSQL:
        parts.append(r"(?P<minus>--)")
    if long:
        # What names a table somewhere is no value: SQLite's strings, MySQL's double quotes.
        values = "(?!)" if dialect == SQLITE else string.partition('|"')[0] if ansi else string
        parts.insert(0, _lists(values, placeholder))
    # What is left of a string that does not end would be read as code.
    parts.append(r"(?P<open>['\"`]|/\*)" + (".*" if lenient else ""))
    pattern = re.compile("|".join(parts), re.DOTALL)
    # Two of PostgreSQL's own, $1,$2, would be taken for the quotes of a string.
    marker = "0" if dialect == POSTGRES else "?"

    def replace(match: re.Match[str]) -> str:
        if lenient and match.lastgroup in ("comment", "open"):
            return _outlined(match)
        if style == FORMAT and match.lastgroup in _QUOTED:
            _check_inside(match[0])
        return _plain(match, dialect, marker, ansi=ansi)

    return lambda text: pattern.sub(replace, text)


def _outlined(match: re.Match[str]) -> str:
    """Return what does not end, or what MySQL executes, as a word: it is part of a statement."""
    code = match.lastgroup == "open" or _EXECUTED.match(match[0])
    return ("x" if code else " ") * len(match[0])


def _lists(string: str, placeholder: str) -> str:
    """Return the pattern of values in a row, from the second of a list or the second row on."""
    string = string.partition(r"|(?<![\w$])\$")[0]  # without $$: a group cannot stand here twice
    prefix = r"(?:_[a-zA-Z]\w*\s*+)?"
    value = rf"\s*+(?:{prefix}(?:{string})|{placeholder}|{_WORD})(?:::[a-zA-Z]\w*+)?\s*+"
    row = rf"\({value}(?:,{value})*+\)"
    return rf"(?P<list>(?<=\))\s*+(?:,\s*+{row}\s*+){{2,}}+|(?<=[(,])(?:{value},){{4,}}+)"


def _plain(match: re.Match[str], dialect: str, marker: str, *, ansi: bool) -> str:
    text, kind = match[0], match.lastgroup
    width = len(text)
    _check(kind, text, dialect)
    if kind in ("string", "tag"):
        return _plain_string(match, dialect, ansi=ansi)
    if kind == "placeholder":
        return ("%" if text == "%%" else marker).ljust(width)
    if kind == "minus":
        return "+ "  # 5--1 is 5 minus -1 in MySQL, and a comment elsewhere
    if kind == "name":
        return text
    return " " * width


def _plain_string(match: re.Match[str], dialect: str, *, ansi: bool) -> str:
    text = match[0]
    if ansi and text[0] == '"':
        if "`" in text:
            raise Refused("unparsed", f"a name with a backquote in it, {text}, is not supported")
        return f"`{text[1:-1]}`"
    inner = len(text) - 2
    if dialect == POSTGRES and text[0] != "'":
        if text[0] in "eE" and _CONTINUED.match(match.string, match.end()):
            raise Refused("unparsed", "a string with escapes that goes on after a line")
        # E'', U&'' and $tag$: what announces the string is blanked, its end stays where it was.
        start = text.find("'") if text[0] != "$" else 0
        return " " * start + "'" + "x" * (inner - start) + "'"
    before = match.string[max(0, match.start() - 2) : match.start()]
    digits = before[-1:] in ("x", "X", "b", "B") and not (before[:1].isalnum() or before[:1] == "_")
    return "'" + ("0" if digits else "x") * inner + "'"


_QUOTED = ("comment", "name", "string", "tag")


def _check_inside(text: str) -> None:
    """Refuse a parameter in quotes: the driver's own quotes would end them, and let it be code."""
    if "%" in text and any(found["parameter"] for found in _INSIDE.finditer(text)):
        raise Refused("unparsed", f"a parameter stands inside of {text[:40]}: take it out")


def _check(kind: str | None, text: str, dialect: str) -> None:
    if kind == "open":
        raise Refused("unparsed", f"what begins with {text} does not end")
    if kind == "comment" and dialect == MYSQL and _EXECUTED.match(text):
        reason = f"the server executes what stands in the comment {text[:40]!r}"
        raise Refused("comment", reason)
    if kind == "name" and text[0] in "uU":
        raise Refused("unparsed", f"a name spelt by code points, {text[:40]}, is not supported")


def _without_nested_comments(text: str) -> str:
    """Blank PostgreSQL's block comments, which nest, where there are any."""
    if "/*" not in text:
        return text
    pattern = re.compile(rf"{_STRING[POSTGRES]}|{_NAME[POSTGRES]}|{_COMMENT[POSTGRES]}", re.DOTALL)
    pieces, done = [], 0
    while (match := pattern.search(text, done)) is not None:
        end = match.end()
        pieces.append(text[done : match.start()])
        if match[0] == "/*":
            end = _end_of_comment(text, match.start())
            pieces.append(" " * (end - match.start()))
        else:
            pieces.append(match[0])
        done = end
    return "".join((*pieces, text[done:]))


def _end_of_comment(text: str, start: int) -> int:
    depth = 0
    for match in re.compile(r"/\*|\*/").finditer(text, start):
        depth += 1 if match[0] == "/*" else -1
        if depth == 0:
            return match.end()
    raise Refused("unparsed", "a comment does not end")
