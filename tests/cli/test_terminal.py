"""What people see who look, and what programs read."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout

import pytest
import yaml

from fairlead.cli import progress, terminal
from fairlead.cli.printing import Form, document
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


def test_what_turns_writing_around_is_spelt_too() -> None:
    """C1 controls are escapes of one character; a bidi override shows a name backwards."""
    assert terminal.safe("a\x9b2Jb") == "a\\x9b2Jb"
    assert terminal.safe("exe.\u202egpj") == "exe.\\u202egpj"
    assert terminal.safe("half \ud800") == "half \\ud800"
    assert terminal.safe("größe 中文") == "größe 中文"
    assert terminal.one_line("a\nb\tc") == "a b c"


@pytest.mark.parametrize("text", ["\x9b2J", "\x7f", "\u202e", "\ud800", "\U000e0001", "\x1b[2J"])
def test_json_and_yaml_hold_what_was_written_and_no_terminal_obeys_them(text: str) -> None:
    """`-o json` on a terminal is as harmless as a table, and as true."""
    found = {"name": text, text: ["größe\n中文"]}
    as_json, as_yaml = document(found, Form.JSON), document(found, Form.YAML)
    assert json.loads(as_json) == found
    assert all(one.isprintable() or one == "\n" for one in as_json + as_yaml)
    assert "größe" in as_json
    if text != "\ud800":  # YAML has no half letters
        assert yaml.safe_load(as_yaml) == found


def test_columns_stay_in_line_where_letters_are_wide() -> None:
    """A letter of Chinese takes two columns, and an accent none."""
    rows = list(tabled((("NAME", "X"), ("中文", "1"), ("e\u0301tude", "2"), ("abcdef", "3"))))
    assert [terminal.width(row[: row.rindex(" ")]) for row in rows] == [8, 8, 8, 8]
    assert terminal.cut("中文中文", 5) == "中文…"
    assert terminal.cut("abcdef", 5) == "abcd…"


def test_a_cell_is_one_line_and_as_long_as_may_be() -> None:
    """A name of a thousand letters, or with a line of its own, is no way to hide the others."""
    head, row = tabled((("NAME", "X"), ("a\nb" + "c" * 1000, "1")), 20)
    assert row == "a b" + "c" * 16 + "…   1"
    assert head.index("X") == row.index("1")


def bar_at(stream: Terminal | io.StringIO, now: list[float]) -> progress.Progress:
    """Return a bar of four steps, drawn by nobody but the test."""
    return progress.Progress("applying", 4, stream=stream, clock=lambda: now[0])


def test_a_bar_comes_after_a_second_and_goes_at_the_end(capsys: object) -> None:
    """What is over at once needs none, and what is printed must not be glued to it."""
    stream, now = Terminal(), [0.0]
    bar = bar_at(stream, now)
    bar.step()
    bar.draw()
    assert stream.getvalue() == ""
    now[0] = 1.5
    bar.step()
    bar.note("Live is False")
    bar.draw()
    assert stream.getvalue().startswith("\r\x1b[Kapplying  ████████████░░░░░░░░░░░░  2/4  2 s")
    assert stream.getvalue().endswith("Live is False")
    bar.say("lane created")
    assert stream.getvalue().endswith("\r\x1b[K")
    bar.draw()
    bar.__exit__()
    assert stream.getvalue().endswith("\r\x1b[K")
    bar.draw()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_a_pipe_sees_no_bar() -> None:
    stream, now = io.StringIO(), [0.0]
    with bar_at(stream, now) as bar:
        now[0] = 9.0
        bar.step()
        bar.draw()
    assert stream.getvalue() == ""


def test_a_thing_without_steps_tells_the_seconds_that_it_takes() -> None:
    """A control plane that does not answer is waited for, and one is told so."""
    stream, now = Terminal(), [0.0]
    bar = progress.Progress("asking http://x", stream=stream, clock=lambda: now[0])
    now[0] = 3.0
    bar.draw()
    assert stream.getvalue() == "\r\x1b[Kasking http://x  3 s"


def test_of_two_things_within_each_other_the_outer_one_is_shown() -> None:
    """A bar and the request that is a step of it would overwrite each other."""
    with progress.progress("outer", 2), progress.progress("inner") as inner:
        assert inner._over.is_set() is False
        assert progress._drawing.locked()
    assert not progress._drawing.locked()
