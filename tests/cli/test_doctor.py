"""``fairlead doctor`` of this environment and of an app, against a real control plane."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.agent.program import SERVE, STAY, Launcher, launch, wire
from tests.agent.wire import until
from tests.cli.conftest import Said, Say
from tests.control.serving import Server

__all__ = ["launch", "wire"]

DATABASE = f"import sqlite3\n{SERVE}"
ROUTES = """
class Shop: pass
shop = Shop()
agent.interfaces.note(shop, lambda _: [("/greet1a", ("GET",))])
"""


@pytest.fixture
def serve(launch: Launcher, server: Server, namespace: str) -> Callable[..., Any]:
    """Return a function that starts a program against the server."""

    def run(code: str = SERVE, **variables: str) -> Any:
        own: dict[str, Any] = {"FAIRLEAD_CONTROL": server.url, "FAIRLEAD_NAMESPACE": namespace}
        return launch(code + STAY, **{**own, **variables})

    return run


def settled(say: Say, *words: str, status: int) -> Said:
    """Return the answer once its exit status is the one awaited."""
    found: Said = until(lambda: said if (said := say(*words)).status == status else None)
    return found


def test_an_app_is_shown_with_every_process_and_is_well(
    say: Say, serve: Callable[..., Any], namespace: str
):
    """Where the app runs, what each process enforces, for how long and from where."""
    first, second = serve(), serve()
    ports = {int(first.line()), int(second.line())}
    words = ("doctor", "app/shop", "-n", namespace)
    until(lambda: say(*words).out.count(" live ") == 4 and "note" not in say(*words).out)

    said = until(lambda: None if "note" in (found := say(*words)).out else found)

    assert (said.status, said.err) == (0, "")
    head, columns, *rows = said.out.splitlines()
    assert head.startswith(f"app shop in namespace {namespace}: 2 processes on 1 host,")
    assert columns.split() == [
        *("HOST", "PID", "ADDRESS", "LANE", "STATE", "REVISION", "FOR", "SOURCE", "HOOKS"),
    ]
    assert {row.split()[1] for row in rows} == {str(first.pid), str(second.pid)}
    assert {int(row.split()[2].rpartition(":")[2]) for row in rows} == ports

    def examined() -> Any:
        # Others use the control plane too: each instance of theirs is a moment in which ours lag.
        answer = json.loads(say("doctor", "--app", "shop", "-n", namespace, "-o", "json").out)
        return answer if {one["source"] for one in answer["processes"]} == {"live"} else None

    answer = until(examined)
    assert {one["pid"] for one in answer["processes"]} == {first.pid, second.pid}
    assert all(one["held_seconds"] >= 0 for one in answer["processes"])
    assert all(one["problems"] == [] for one in answer["processes"])


def test_an_app_that_is_unknown_is_wrong_and_the_nearest_is_named(
    say: Say, serve: Callable[..., Any], namespace: str
):
    """At three in the morning a letter is easily left out."""
    serve().line()
    words = ("doctor", "app/shpo", "-n", namespace)
    until(lambda: "shop" in say(*words).out)

    said = say(*words)

    assert said.status == 1
    assert f"! no process of an app called shpo is known in namespace {namespace}" in said.out
    assert "did you mean shop?" in said.out


def test_a_killed_process_is_away_and_what_to_do_is_said(
    say: Say, serve: Callable[..., Any], namespace: str
):
    """Its lease runs for seconds yet: callers go there, and somebody may ask why."""
    program = serve()
    program.line()
    words = ("doctor", "app/shop", "-n", namespace)
    until(lambda: f" {program.pid} " in say(*words).out)
    program.end(9)

    said = settled(say, *words, status=1)

    assert f" {program.pid}: its agent is not connected" in said.out
    assert "    → look there: fairlead doctor PID" in said.out


def test_a_process_that_lanes_with_shadows_pass_by_says_why(
    say: Say, serve: Callable[..., Any], namespace: str
):
    """Contract 12, told where the operator looks first."""
    text = (
        "apiVersion: traffic.opensergo.io/v1alpha1\nkind: WorkloadLabelRule\n"
        "metadata: {name: orders}\n"
        "spec:\n  selector: {db: d, table: orders_gray}\n  workloadLabels: [gray]\n"
    )
    serve(DATABASE, FAIRLEAD_SHADOW="off").line()
    words = ("doctor", "app/shop", "-n", namespace)
    settled(say, *words, status=0)
    applied = say("apply", "-f", "-", "-n", namespace, stdin=text.encode())
    assert applied.status == 0, applied.err

    said = settled(say, *words, status=1)

    assert "gets no calls of lanes with shadow tables (gray): FAIRLEAD_SHADOW=off" in said.out
    assert "    → take FAIRLEAD_SHADOW=off away" in said.out


def test_a_target_that_an_app_has_not_is_told_for_the_app_as_for_its_process(
    say: Say, serve: Callable[..., Any], namespace: str
):
    """Its limit guards nothing, and whoever looks from afar must not hear that all is well."""
    text = (
        "apiVersion: fault-tolerance.opensergo.io/v1alpha1\nkind: RateLimitStrategy\n"
        "metadata: {name: one}\nspec: {metricType: RequestAmount, limitMode: Local,"
        " threshold: 1, statDuration: 1s}\n---\n"
        "apiVersion: fault-tolerance.opensergo.io/v1alpha1\nkind: FaultToleranceRule\n"
        "metadata: {name: greet}\nspec: {selector: {app: shop},"
        " targets: [{targetResourceName: /greet1b}], strategies: [{name: one}]}\n"
    )
    serve(f"{SERVE}{ROUTES}").line()
    words = ("doctor", "app/shop", "-n", namespace)
    settled(say, *words, status=0)
    applied = say("apply", "-f", "-", "-n", namespace, stdin=text.encode())
    assert applied.status == 0, applied.err

    said = settled(say, *words, status=1)

    assert (
        "a rule guards /greet1b, which the application has not, did you mean /greet1a?" in said.out
    )
    assert "    → correct the target of the rule" in said.out


def test_what_a_process_counted_is_noted_and_not_wrong(
    say: Say, serve: Callable[..., Any], namespace: str
):
    """It may have been mended since; who gates on the exit status must not be held up for good."""
    serve(f"{SERVE}agent.counters.count('sql_refused', 'ddl')\n").line()
    words = ("doctor", "app/shop", "-n", namespace)

    said = until(lambda: found if "refused on" in (found := say(*words)).out else None)

    assert said.status == 0
    assert "statements were refused on lanes: ddl 1" in said.out


@pytest.mark.parametrize("words", [("abc",), ("app/",), ("1", "--app", "x"), ("--app", "")])
def test_a_subject_that_is_none_is_a_usage_error(say: Say, words: tuple[str, ...]):
    """`fairlead doctor shop` is told how an app is named."""
    with pytest.raises(SystemExit) as ended:
        say("doctor", *words)
    assert ended.value.code == 2


def test_without_a_control_plane_an_app_cannot_be_looked_at(say: Say, capsys: Any):
    """Another exit status than for an app that is ill: nothing is known of it."""
    said = say("doctor", "app/shop", "--server", "http://127.0.0.1:1")

    assert said.status == 3
    assert said.err.startswith("fairlead: http://127.0.0.1:1: ")
    assert "--server" in said.err


def test_this_environment_is_looked_at(
    say: Say, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, server: Server
):
    """Before the first start: does the agent load, what would it hook, is the control plane up?"""
    monkeypatch.setattr("fairlead.cli.doctor.command.candidates", lambda settings: [])
    monkeypatch.setattr("fairlead.cli.doctor.command.others", lambda found: [])
    monkeypatch.setenv("FAIRLEAD_STATE", str(tmp_path))

    said = say("doctor")

    assert (said.status, said.err) == (0, "")
    lines = [" ".join(line.split()) for line in said.out.splitlines()]
    assert lines[0] == "this environment"
    assert lines[1].startswith(f"python {sys.executable}")
    assert "start-up runs: programs below fairlead run" in lines
    assert f"control {server.url}, answers" in lines
    (hooks,) = (line for line in lines if line.startswith("would hook"))
    assert "httpx " in hooks


def test_what_is_wrong_with_this_environment_is_said(
    say: Say, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """Each with what to do; programs get the same."""
    monkeypatch.setattr("fairlead.cli.doctor.command.candidates", lambda settings: [])
    monkeypatch.setattr("fairlead.cli.doctor.command.others", lambda found: [])
    monkeypatch.setenv("FAIRLEAD_STATE", str(tmp_path))
    monkeypatch.setenv("FAIRLEAD_LANES", "gray")

    said = say("doctor", "--server", "http://127.0.0.1:1", "-o", "json")

    assert said.status == 1
    answer = json.loads(said.out)
    assert answer["processes"] == []
    found = {one["code"]: one for one in answer["environment"]["problems"]}
    assert found.keys() == {"setting", "unconnected"}
    assert "did you mean FAIRLEAD_LANE?" in found["setting"]["text"]
    assert "fairlead serve" in found["unconnected"]["remedy"]
