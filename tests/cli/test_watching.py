"""``-w``: a picture that is drawn again, on a screen of its own or below the last one."""

from __future__ import annotations

import io
import json
import os
from contextlib import redirect_stdout

import pytest

from fairlead.cli import looking
from fairlead.cli.failure import ENVIRONMENT, REFUSED, Failed
from fairlead.cli.printing import Form

Pictures = list[list[str] | Failed]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def looked(pictures: Pictures, form: Form | None = None, out: io.StringIO | None = None) -> str:
    """Look at `pictures` one after the other, press Ctrl-C, and return what was printed."""
    left = iter(pictures)

    def ask() -> list[str]:
        found = next(left, None)
        if found is None:
            raise KeyboardInterrupt
        if isinstance(found, Failed):
            raise found
        return found

    stream = out or io.StringIO()
    with redirect_stdout(stream):
        looking.on(ask, iter, form, pause=lambda _: None)
    return stream.getvalue()


def test_in_a_pipe_a_picture_is_printed_where_it_is_another_one() -> None:
    """A log of what changed, with a line between."""
    assert looked([["a"], ["a"], ["b", "c"]]) == "a\n\nb\nc\n"
    assert looked([["a"], ["b"]], Form.NAME) == "a\nb\n"
    assert [json.loads(line) for line in looked([["a"], ["b"]], Form.JSON).splitlines()] == [
        ["a"],
        ["b"],
    ]
    assert looked([["a"], ["b"]], Form.YAML) == "---\n- a\n---\n- b\n"


def test_a_control_plane_that_is_away_is_waited_for_and_said_so_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is restarted while somebody looks."""
    away = Failed("no control plane", ENVIRONMENT)
    assert looked([["a"], away, away, ["b"]]) == "a\n\nb\n"
    assert capsys.readouterr().err == "no news: no control plane\n"


@pytest.mark.parametrize(
    "pictures",
    [[Failed("away", ENVIRONMENT)], [["a"], Failed("refused", REFUSED)]],
    ids=["at first", "for good"],
)
def test_what_cannot_be_looked_at_ends(pictures: Pictures) -> None:
    """Who has never answered, or says no, is not asked again each second."""
    with pytest.raises(Failed):
        looked(pictures)


def test_on_a_terminal_each_picture_takes_the_place_of_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And what was there before is there again."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("shutil.get_terminal_size", lambda *_, **__: os.terminal_size((9, 4)))
    text = looked([["a", "b", "c", "d"], ["wider than it is"]], out=Terminal())
    assert text.startswith("\x1b[?1049h\x1b[?25l\x1b[Ha\x1b[K\r\nb\x1b[K\r\n")
    assert "d" not in text.partition("wider")[0].partition("Ctrl")[0]
    assert "wider th…" in text
    assert text.endswith("\x1b[?25h\x1b[?1049l")


def test_nobody_is_told_to_wait_on_a_terminal_that_cannot_move_its_cursor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """TERM=dumb is an editor's window."""
    monkeypatch.setenv("TERM", "dumb")
    assert looked([["a"], ["b"]], out=Terminal()) == "a\n\nb\n"
