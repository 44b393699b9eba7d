"""``fairlead`` itself: which verbs there are, and what happens without their packages."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from fairlead.cli.control_plane import Refused
from fairlead.cli.main import VERBS, main, verb_first
from tests.cli.rules_text import rule

BARE = """
import sys
for name in ("typer", "click", "rich", "pydantic", "yaml", "starlette", "uvicorn", "orjson"):
    sys.modules[name] = None
from fairlead.cli.main import main
sys.exit(main({words!r}))
"""


def bare(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a command line where only the base install is."""
    code = BARE.format(words=list(words))
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False
    )


def test_help_lists_every_verb_and_needs_no_package():
    """The first thing anybody types."""
    done = bare("--help")
    assert done.returncode == 0
    assert done.stderr == ""
    assert all(f"  {verb.name} " in done.stdout for verb in VERBS)
    assert len(done.stdout.splitlines()) <= 48


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS if verb.extra])
def test_a_verb_whose_packages_are_missing_names_the_extra(verb):
    """An application's image has the base install; people try `get` there."""
    done = bare(verb, "x")
    assert done.returncode == 3
    assert done.stderr.startswith(f"fairlead: `fairlead {verb}` needs ")
    assert "pip install 'fairlead[control]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_front_door_imports_nothing_heavy():
    """`fairlead run` starts every worker of an application."""
    code = "import sys, fairlead.cli.main; print([m for m in ('typer','yaml') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("words", "taken"),
    [
        (["-n", "x", "get", "tlane"], ["get", "tlane", "-n", "x"]),
        (["--server=u", "-A", "lane", "list"], ["lane", "list", "--server=u", "-A"]),
        (["-n", "x", "run", "--", "cmd"], ["run", "-n", "x", "--", "cmd"]),
        (["help", "get"], ["get", "--help"]),
        (["help"], ["help"]),
        (["--version"], ["--version"]),
        (["-n"], ["-n"]),
        (["get", "-n", "x"], ["get", "-n", "x"]),
        ([], []),
    ],
)
def test_options_before_the_verb_are_taken_as_kubectl_takes_them(words, taken):
    """`kubectl -n shop get` is in everybody's fingers."""
    assert verb_first(words) == taken


@pytest.mark.parametrize(
    ("word", "told"), [("lanes", "lane list"), ("pods", "get instances"), ("rules", "get all")]
)
def test_what_is_no_kind_is_answered_with_where_it_is(word, told, capsys):
    assert main(["get", word]) == 2
    assert f"`fairlead {told}`" in capsys.readouterr().err


def test_an_unknown_verb_is_a_usage_error(capsys):
    """With the one that was meant, where one is close."""
    assert main(["aply"]) == 2
    assert "there is no command 'aply', did you mean apply?" in capsys.readouterr().err
    assert main(["xyzzy"]) == 2
    assert "fairlead --help" in capsys.readouterr().err


def test_both_versions_are_told(say):
    """An agent, a command line and a server of different versions are what bug reports forget."""
    said = say("version")
    assert said.status == 0
    own, theirs = said.out.splitlines()
    assert own.startswith("fairlead ")
    assert theirs.startswith("control plane ")
    assert json.loads(say("version", "-o", "json").out)["server"]["url"].startswith("http")
    alone = say("version", "--client", "--server", "http://127.0.0.1:9")
    assert (alone.status, len(alone.out.splitlines())) == (0, 1)
    away = say("version", "--server", "http://127.0.0.1:9")
    assert away.status == 3
    assert away.out.startswith("fairlead ")


def test_an_option_that_is_misspelt_is_answered_with_the_one_that_was_meant(capsys):
    """A list of twenty options is no answer."""
    assert main(["get", "tlane", "--namspace", "x"]) == 2
    assert "there is no option --namspace, did you mean --namespace?" in capsys.readouterr().err


def test_no_verb_is_a_usage_error_too(capsys):
    """A script that lost its arguments must not look like a success."""
    assert main([]) == 2
    assert "usage:" in capsys.readouterr().out


def test_the_version_is_told(capsys):
    """For bug reports."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("fairlead ")


@pytest.mark.parametrize("words", [["apply"], ["get"], ["delete"], ["explain"], ["serve", "x"]])
def test_a_verb_without_what_it_needs_is_a_usage_error(words, capsys):
    """Exit status 2, and how it should have been."""
    assert main(words) == 2
    assert capsys.readouterr().err


@pytest.mark.parametrize("verb", ["apply", "get", "delete", "explain", "serve"])
def test_every_verb_explains_itself(verb, capsys):
    """-h as well, as with kubectl."""
    for flag in ("--help", "-h"):
        assert main([verb, flag]) == 0
        assert f"fairlead {verb}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["get", "tlr"],
        ["apply", "-f", "-"],
        ["delete", "tlr", "x"],
        ["explain", "request", "--app=a"],
    ],
)
def test_a_control_plane_that_is_not_there_is_one_line_with_url_and_remedy(
    words, capsys, monkeypatch
):
    """Not a traceback of urllib."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(rule().encode())))
    assert main([*words, "--server", "http://127.0.0.1:9"]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert "http://127.0.0.1:9" in line
    assert "fairlead serve" in line


class Nothing(BaseHTTPRequestHandler):
    """A server that has nothing of ours."""

    def do_DELETE(self) -> None:
        self.send_response(404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@contextmanager
def stranger() -> Iterator[str]:
    """Serve it, and yield its URL."""
    with HTTPServer(("127.0.0.1", 0), Nothing) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_anothers_404_is_not_an_object_that_is_not_there(capsys):
    """Or deleting at the wrong port would succeed."""
    with stranger() as url:
        words = ["tlr", "x", "--ignore-not-found", "--server", url]
        assert main(["delete", *words]) == 3
    said = capsys.readouterr().err
    assert said == f"fairlead: what answers at {url} is no control plane (HTTP status 404)\n"


def test_a_server_that_is_no_url_is_a_usage_error(capsys):
    """`localhost:8580` is what people write first."""
    for url in ("localhost:8580", "ftp://x", "http://"):
        assert main(["get", "tlr", "--server", url]) == 2
        assert "http://HOST:PORT" in capsys.readouterr().err


def test_a_control_plane_that_is_older_than_the_command_is_said():
    """An endpoint that is not there is no object that is not there."""
    message = "the server could not find the requested resource: /fairlead/v1/history"
    refused = Refused(404, {"kind": "Status", "reason": "NotFound", "message": message})
    assert refused.unknown_path
    assert "it is older than this command" in str(refused)
    assert not Refused(404, {"message": 'trafficlanes "x" not found'}).unknown_path
