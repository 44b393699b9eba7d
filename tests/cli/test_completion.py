"""``fairlead completion``: in a real bash, with names that are there."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fairlead.cli.complete import offered
from fairlead.cli.completion import SCRIPTS, Shell
from fairlead.cli.main import VERBS
from tests.cli.conftest import Say
from tests.cli.rules_text import lane

BASH = """
source {script}
COMP_LINE={line} COMP_POINT={point}
_fairlead
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def names(*words: str) -> list[str]:
    return [word for word, _ in offered(words)]


@pytest.fixture
def bash(tmp_path: Path, server):
    """Return a function that presses Tab behind a line, in a bash of its own."""
    (tmp_path / "fairlead").write_text(
        f'#!/bin/sh\nexec {sys.executable} -m fairlead.cli.main "$@"\n'
    )
    (tmp_path / "fairlead").chmod(0o755)
    script = tmp_path / "script"
    script.write_text(SCRIPTS[Shell.BASH])

    def tab(line: str) -> list[str]:
        text = BASH.format(script=script, line=shlex.quote(line), point=len(line))
        environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "FAIRLEAD_CONTROL": server.url}
        done = subprocess.run(
            ["bash", "-c", text],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            env=environ,
            cwd=tmp_path,
        )
        assert done.stderr == ""
        return done.stdout.split()

    return tab


def test_bash_completes_verbs_kinds_and_names(bash, say: Say, namespace):
    """From the first letter to the name of an object in a namespace."""
    say("apply", "-f", "-", "-n", namespace, stdin=f"{lane('gray')}---\n{lane('green')}".encode())
    assert bash("fairlead ro") == ["rollback", "route-check"]
    assert "trafficlanes" in bash("fairlead get traffic")
    assert bash(f"fairlead get -n {namespace} tlane gr") == ["gray", "green"]
    assert bash(f"fairlead get -n {namespace} tlane/gra") == ["tlane/gray"]
    assert bash(f"fairlead describe tlane gray gr -n {namespace}"[: -len(f" -n {namespace}")]) == []
    assert namespace in bash(f"fairlead get tlane -n {namespace[:-2]}")
    assert bash("fairlead wait tlane x --for=cond") == ["condition=Live", "condition=Enforced"]
    assert bash("fairlead apply -f scri") == ["script"]


def test_every_verb_can_be_completed_without_a_control_plane(monkeypatch):
    """Silent where nobody answers: an error in the middle of a line is worse than nothing."""
    monkeypatch.setenv("FAIRLEAD_CONTROL", "http://127.0.0.1:9")
    for verb in VERBS:
        assert any(word.startswith("-") for word in names(verb.name, "-")) or names(verb.name, "")
    assert names("get", "tlane", "") == []


def test_options_and_their_values_are_offered():
    assert "--all-namespaces" in names("get", "--al")
    assert names("get", "-o", "") == ["json", "yaml", "wide", "name"]
    assert names("get", "--output=y") == ["--output=yaml"]
    assert names("token", "") == ["create", "list", "revoke"]
    assert names("completion", "") == ["bash", "zsh", "fish"]
    assert names("run", "--ap") == ["--app"]
    assert names("nothing", "") == []


def test_a_control_plane_that_does_not_answer_is_not_waited_for(monkeypatch):
    """Whoever presses Tab looks at a frozen line."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("FAIRLEAD_CONTROL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        before = time.monotonic()
        assert names("get", "tlane", "") == []
        assert time.monotonic() - before < 5  # the patience of a request is ten


def test_lists_of_kinds_and_names_of_several_kinds_are_completed(say: Say, namespace, server):
    """What `get` takes, Tab writes."""
    assert "trafficlanes,trafficlabelrules" in names("get", "trafficlanes,trafficla")
    assert "tlane,trafficlanes" not in names("get", "tlane,trafficl")
    assert names("describe", "tlane/gray", "trafficlab") == ["trafficlabelrule/"]
    assert "apps" in names("get", "")
    assert "apps" not in names("delete", "")


def test_apps_are_completed_where_they_are_asked_for(bash, shop):
    shop.register("orders", 7001)
    assert bash(f"fairlead get -n {shop.namespace} app or") == ["orders"]
    assert bash(f"fairlead describe -n {shop.namespace} contract/or") == ["contract/orders"]
    assert bash(f"fairlead top -n {shop.namespace} o") == ["orders"]


def test_revisions_are_offered_with_what_they_are(say: Say, namespace, server, monkeypatch):
    monkeypatch.setenv("FAIRLEAD_CONTROL", server.url)
    say("apply", "-f", "-", "-n", namespace, stdin=lane("gray").encode())
    ((revision, meaning),) = offered(["rollback", "tlane/gray", "-n", namespace, "--to", ""])
    assert revision.isdigit()
    assert meaning.startswith("ADDED anonymous")


@pytest.mark.parametrize("shell", list(Shell))
def test_each_shell_has_a_script_that_asks_us(say: Say, shell):
    said = say("completion", shell)
    assert said.status == 0
    assert "fairlead __complete" in said.out
