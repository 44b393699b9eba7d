"""A statement that shows a fault, made as short as it still shows it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from tests.sql.differential.statement import Args, Statement

Shows = Callable[[Statement], bool]

_TOKEN = re.compile(
    r"""/\*.*?\*/|--[^\n]*\n|'(?:[^'\\]|\\.|'')*'|"(?:[^"]|"")*"|`[^`]*`|\$\w*\$.*?\$\w*\$"""
    r"""|%\(\w+\)s|%s|%%|[?:@$]?\w+|\{[^}]*\}|::|\s+|.""",
    re.DOTALL,
)
_PLACEHOLDERS = ("%s", "?")
PATIENCE = 500
"""Statements that are tried at most."""


def shrunk(statement: Statement, shows: Shows) -> Statement:
    """Return a shorter statement of which `shows` is true, as it is of `statement`."""
    if statement.rows is not None or statement.hand is not None:
        return statement
    return _Shrinking(statement, shows).done()


class _Shrinking:
    """Leaves out parts of a statement, larger ones first, for as long as it shows the fault."""

    def __init__(self, statement: Statement, shows: Shows) -> None:
        self._best, self._shows = statement, shows
        self._left = PATIENCE

    def done(self) -> Statement:
        self._try([self._plain(token) for token in self._tokens()], 0, 0)
        before = ""
        while before != self._best.text and self._left > 0:
            before = self._best.text
            self._leave_out_brackets()
            size = len(self._tokens()) // 2
            while size >= 1:
                self._leave_out(size)
                size //= 2
        return self._best

    def _tokens(self) -> list[str]:
        return _TOKEN.findall(self._best.text)

    def _plain(self, token: str) -> str:
        return " " if token.isspace() or token.startswith(("--", "/*")) else token

    def _try(self, tokens: list[str], start: int, end: int) -> bool:
        candidate = _without(self._best, tokens, start, end)
        if self._left <= 0 or candidate.text == self._best.text:
            return False
        self._left -= 1
        if not self._shows(candidate):
            return False
        self._best = candidate
        return True

    def _leave_out_brackets(self) -> None:
        for start, end in _brackets(self._tokens()):
            tokens = self._tokens()
            if (start, end) in _brackets(tokens):
                self._try(tokens, start, end) or self._try(tokens, start + 1, end - 1)

    def _leave_out(self, size: int) -> None:
        start = 0
        while start + size <= len(tokens := self._tokens()):
            if not self._try(tokens, start, start + size):
                start += max(1, size // 2)


def _brackets(tokens: list[str]) -> list[tuple[int, int]]:
    """Return where the contents of brackets are, the longest first."""
    found, open_ = [], []
    for index, token in enumerate(tokens):
        if token == "(":
            open_.append(index)
        elif token == ")" and open_:
            found.append((open_.pop(), index + 1))
    return sorted(found, key=lambda pair: pair[0] - pair[1])


def _without(statement: Statement, tokens: list[str], start: int, end: int) -> Statement:
    return replace(
        statement,
        text="".join((*tokens[:start], *tokens[end:])),
        args=_args(statement.args, tokens, start, end),
    )


def _args(args: Args, tokens: list[str], start: int, end: int) -> Args:
    """Return `args` without those whose placeholders are between `start` and `end`."""
    if not isinstance(args, tuple):
        return args
    kept = []
    values = iter(args)
    for index, token in enumerate(tokens):
        if token in _PLACEHOLDERS:
            value = next(values, None)
            if not start <= index < end:
                kept.append(value)
    return tuple(kept)
