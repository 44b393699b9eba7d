"""What people see who look, and what programs read."""

from __future__ import annotations

import io
from contextlib import redirect_stdout

import pytest

from fairlead.cli import progress, terminal
from fairlead.cli.table import tabled


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return monkeypatch


def table() -> list[str]:
    """Return a table as a terminal gets it."""
    with redirect_stdout(Terminal()):
        return list(tabled(ROWS))


ROWS = (("NAME", "LIVE"), ("a", "3/3"), ("b", "1/3"))


def test_a_terminal_has_colour_and_the_columns_stay_in_line(environ: object) -> None:
    """Escapes have no width."""
    head, good, bad = table()
    assert head == "\x1b[1mNAME   LIVE\x1b[0m"
    assert good == "a      \x1b[32m3/3\x1b[0m"
    assert bad == "b      \x1b[33m1/3\x1b[0m"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_who_wants_no_colour_gets_none(environ: pytest.MonkeyPatch, name: str, value: str) -> None:
    """no-color.org: set and not empty."""
    environ.setenv(name, value)
    assert table() == ["NAME   LIVE", "a      3/3", "b      1/3"]


def test_an_empty_no_color_is_none(environ: pytest.MonkeyPatch) -> None:
    environ.setenv("NO_COLOR", "")
    assert table()[0].startswith("\x1b[1m")


def test_what_an_app_wrote_moves_no_cursor() -> None:
    """A name with an escape in it could else rewrite the screen."""
    assert terminal.safe("a\x1b[2Jb\n") == "a\\x1b[2Jb\n"


def test_a_bar_comes_after_a_second_and_goes_at_the_end() -> None:
    """What is over at once needs none, and what follows must not be glued to it."""
    stream, now = Terminal(), [0.0]
    bar = progress.Progress("applying", 4, stream=stream, clock=lambda: now[0])
    bar.step()
    assert stream.getvalue() == ""
    now[0] = 1.5
    bar.step()
    assert "applying" in stream.getvalue()
    assert "2/4" in stream.getvalue()
    bar.end()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_a_pipe_sees_no_bar() -> None:
    stream, now = io.StringIO(), [0.0]
    bar = progress.Progress("applying", 4, stream=stream, clock=lambda: now[0])
    now[0] = 9.0
    bar.step()
    bar.end()
    assert stream.getvalue() == ""
