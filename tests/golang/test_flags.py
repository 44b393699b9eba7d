"""The command line of ``go``, taken apart and put together again."""

from __future__ import annotations

import pytest

from fairlead.golang.flags import Misused, fields, inherited, joined, parse


def test_our_flags_stand_before_the_verb_or_behind_it() -> None:
    for words in (
        ["--strict", "--gls=off", "build", "./..."],
        ["build", "-strict", "--gls=off", "./..."],
    ):
        line = parse(words)
        assert (line.verb, line.strict, line.gls, line.rest) == ("build", True, False, ["./..."])


def test_flags_of_go_stay_as_they_are() -> None:
    line = parse(["build", "-race", "-o", "app", "-ldflags=-s -w", "--tags", "a,b", "./cmd"])
    assert line.flags == ["-race", "-o", "app", "-ldflags=-s -w", "--tags", "a,b"]
    assert line.rest == ["./cmd"]


def test_what_stands_behind_a_program_is_the_programs() -> None:
    line = parse(["run", "-race", ".", "--strict", "--dry-run", "-C", "x"])
    assert line.rest == [".", "--strict", "--dry-run", "-C", "x"]
    assert not line.strict


def test_what_means_something_to_hooks_is_noted() -> None:
    line = parse(["test", "-C", "x", "-overlay=o.json", "-toolexec", "time -v", "-vet=off", "."])
    assert (line.folder, line.overlay, line.toolexec, line.vet) == ("x", "o.json", "time -v", True)
    assert line.flags == ["-vet=off"]


@pytest.mark.parametrize("word", ["--gls=maybe", "--gls", "--dry-run=yaml", "--strict=2"])
def test_a_wrong_value_of_ours_is_told(word: str) -> None:
    with pytest.raises(Misused, match=f"{word}: may be"):
        parse(["build", word, "."])


def test_a_flag_without_its_value_is_told() -> None:
    with pytest.raises(Misused, match="-o needs a value"):
        parse(["build", "-o"])


def test_the_command_line_wins_over_goflags() -> None:
    line = parse(["build", "-overlay=mine.json"])
    inherited(line, "-overlay=theirs.json '-toolexec=time -v' -mod=mod")
    assert (line.overlay, line.toolexec, line.flags) == ("mine.json", "time -v", [])


@pytest.mark.parametrize("words", [["a"], ["a b", "c"], ["it's", 'say "x"'], ["", "-x=y z"]])
def test_words_are_read_as_they_were_written(words: list[str]) -> None:
    assert fields(joined(words)) == words


def test_what_go_cannot_read_is_told() -> None:
    with pytest.raises(Misused, match="both quotes"):
        joined(["'\""])
    with pytest.raises(Misused, match="without its end"):
        fields("'a b")


def test_a_line_without_a_verb_says_so() -> None:
    """`go` would print its help to a mistake of ours."""
    with pytest.raises(Misused, match="no verb: build, run, test, install"):
        parse(["--nothing-of-the-kind"])
