"""What docs/cli.md says of exit statuses, of every verb: scripts branch on them."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fairlead.cli.main import VERBS, main
from tests.cli.conftest import Say
from tests.cli.rules_text import lane, rule

ASKING: tuple[tuple[str, ...], ...] = (
    ("get", "tlr"),
    ("get", "apps"),
    ("get", "contracts", "a"),
    ("get", "tlr", "-w"),
    ("describe", "tlr/x"),
    ("describe", "app", "x"),
    ("apply", "-f", "-"),
    ("diff", "-f", "-"),
    ("edit", "tlr/x"),
    ("delete", "tlr/x"),
    ("delete", "tlr", "--all"),
    ("wait", "tlr", "--all", "--for=create"),
    ("history", "tlr/x"),
    ("rollback", "tlr/x"),
    ("status",),
    ("status", "-w"),
    ("lane", "list"),
    ("lane", "coverage", "gray"),
    ("lane", "coverage", "gray", "-w"),
    ("lane", "create", "gray", "--app", "a", "-H", "x: y"),
    ("lane", "delete", "gray"),
    ("top",),
    ("top", "-w"),
    ("tap",),
    ("analyze",),
    ("analyze", "--live", "-f", "-"),
    ("explain", "request", "/", "--app", "a"),
    ("explain", "flow", "GET:/", "--app", "a"),
    ("doctor", "--app", "a"),
    ("token", "list"),
    ("token", "create", "x", "--role", "view"),
    ("token", "revoke", "x"),
    ("version",),
)


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Return how a command line ends, and what it says on standard error."""
    try:
        status = main(words)
    except SystemExit as end:  # argparse's way
        status = end.code if isinstance(end.code, int) else 1
    return status, capsys.readouterr().err


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(rule().encode())))


@pytest.fixture
def hanging_up() -> Iterator[str]:
    """The URL of a server that takes every connection, and hangs up: a TLS server does."""
    code = "import socket,sys; s=socket.create_server(('127.0.0.1',0));"
    code += "print(s.getsockname()[1],flush=True)\nwhile 1:\n c,_=s.accept(); c.recv(9); c.close()"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.kill()


@pytest.mark.parametrize("words", ASKING, ids=" ".join)
def test_a_control_plane_that_is_away_is_three(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str], stdin: None
) -> None:
    """In one line, with what to do; never a traceback."""
    status, err = said(capsys, *words, "--server", "http://127.0.0.1:9")
    assert status == 3, err
    assert "Traceback" not in err
    assert len(err.splitlines()) == (2 if words[0] == "doctor" else 1)
    assert "fairlead serve" in err


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS])
def test_an_option_that_there_is_not_is_two(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Of every verb, also of those that have more words."""
    status, err = said(capsys, verb, "--nothing-of-the-kind")
    assert status == 2
    assert err


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS])
def test_help_is_zero(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, verb, "--help") == (0, "")


@pytest.mark.parametrize(
    "words",
    [
        ("get", "tlr/none"),
        ("describe", "tlr/none"),
        ("describe", "app", "none"),
        ("get", "contracts", "none"),
        ("delete", "tlr/none"),
        ("edit", "tlr/none"),
        ("history", "tlr/none"),
        ("rollback", "tlr/none"),
        ("wait", "tlr/none", "--for=condition=Live"),
        ("lane", "coverage", "none"),
        ("lane", "delete", "none"),
        ("top", "none"),
        ("token", "revoke", "none"),
        ("explain", "request", "/", "--app", "none"),
        ("doctor", "--app", "none"),
    ],
    ids=" ".join,
)
def test_what_is_not_there_is_one(say: Say, namespace: str, words: tuple[str, ...]) -> None:
    """A name that is misspelt is no mistake of the command line."""
    said = say(*words, *(() if words[0] == "token" else ("-n", namespace)))
    assert said.status == 1, said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize("verb", ["apply", "diff", "analyze", "delete", "get", "wait"])
def test_a_file_that_is_not_there_is_three(say: Say, verb: str) -> None:
    more = ("--for=create",) if verb == "wait" else ()
    said = say(verb, "-f", "/nowhere/x.yaml", *more)
    assert said.status == 3
    assert "/nowhere/x.yaml: No such file" in said.err


def test_differences_are_one_and_what_cannot_be_compared_is_two(say: Say, namespace: str) -> None:
    """As diff(1) has it."""
    words = ("-f", "-", "-n", namespace)
    assert say("diff", *words, stdin=lane().encode()).status == 1
    assert say("apply", *words, stdin=lane().encode()).status == 0
    assert say("diff", *words, stdin=lane().encode()).status == 0
    assert say("diff", *words, stdin=b"kind: Nothing").status == 2


def test_a_check_that_finds_something_is_one(say: Say, namespace: str, shop: object) -> None:
    """Or three where nothing was there to look at."""
    assert say("status", "--check", "-n", namespace).status == 0
    shop.register("orders", 7001, lane="gray")  # type: ignore[attr-defined]
    assert say("status", "--check", "-n", namespace).status == 1
    assert say("lane", "coverage", "gray", "-n", namespace).status == 3
    assert say("analyze", "-f", "-", stdin=b"kind: Nothing").status == 1


def test_a_server_that_hangs_up_may_speak_tls(
    capsys: pytest.CaptureFixture[str], hanging_up: str
) -> None:
    """http:// where https:// is meant is the mistake of everybody's first day."""
    status, err = said(capsys, "get", "tlr", "--server", hanging_up)
    assert status == 3
    assert f"write --server {hanging_up.replace('http:', 'https:')}" in err


def test_a_server_that_does_not_speak_tls_is_called_by_http(say: Say, server: object) -> None:
    url = server.url.replace("http:", "https:")  # type: ignore[attr-defined]
    said = say("get", "tlr", "--server", url)
    assert said.status == 3
    assert said.err.endswith(f"does not speak TLS: write --server {server.url}\n")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "url", ["http://[::1", "http://h:99999", "http://h:x", "http://u:secret@h", "h:1", ""]
)
def test_what_is_no_url_is_two(capsys: pytest.CaptureFixture[str], url: str) -> None:
    status, err = said(capsys, "get", "tlr", "--server", url)
    assert status == 2
    assert "secret" not in err


@pytest.mark.parametrize("verb", ["explain kind", "explain tlane --recursive"])
def test_who_reads_no_further_is_no_failure(verb: str) -> None:
    """`| head -1`, in a script with pipefail."""
    reader, writer = os.pipe()
    os.close(reader)
    words = [sys.executable, "-m", "fairlead.cli.main", *verb.split()]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        words, stdout=writer, stderr=subprocess.PIPE, env=env, timeout=30, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_ctrl_c_is_one_hundred_and_thirty(tmp_path: Path) -> None:
    """Whoever waits may give up, and a script knows."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        words = [sys.executable, "-m", "fairlead.cli.main", "get", "tlr", "--server", url]
        with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
            connection, _ = silent.accept()
            connection.recv(1)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=30)
            connection.close()
    assert process.returncode == 130
    assert "Traceback" not in err
