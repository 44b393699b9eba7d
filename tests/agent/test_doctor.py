"""`fairlead doctor`: what a process says of itself, and when something is called wrong."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fairlead.agent.inspect import ask
from fairlead.cli.doctor.command import main
from fairlead.cli.doctor.diagnosis import problems
from fairlead.policy.database import ShadowTable
from fairlead.policy.encode import seal
from tests.agent.program import SERVE, STAY, await_registered, parent_of
from tests.agent.wire import snapshot, until


def doctor(launch: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `fairlead doctor` with the launcher's state directory."""
    return subprocess.run(
        [sys.executable, "-m", "fairlead.cli.main", "doctor", *arguments],
        env={
            "PATH": os.environ["PATH"],
            "FAIRLEAD_STATE": str(launch.folder / "state"),
            "FAIRLEAD_CONTROL": launch.wire.url,
        },
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def examined(launch: Any, pid: int) -> dict[str, Any]:
    """Return what doctor says of one process."""
    answer: dict[str, Any] = json.loads(doctor(launch, str(pid), "-o", "json").stdout)
    return answer


def test_a_process_says_who_it_is_and_what_it_enforces(launch, wire):
    """Everything an operator asks first, on one screen."""
    wire.publish(snapshot(3, lane="gray", cart="127.0.0.1:1"))
    program = launch(
        "import httpx, socket\nother = socket.create_server(('127.0.0.1', 0))\n" + SERVE
        + "agent.counters.count('lane_outlived_request', 'gray')\n" + STAY,
        FAIRLEAD_LABELS="tag=gray", FAIRLEAD_PURE="1",
    )  # fmt: skip
    port = program.line()
    await_registered(wire, port)

    done = doctor(launch, str(program.pid))

    assert (done.returncode, done.stderr) == (0, "")
    facts = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert facts[0] == f"process {program.pid}"
    assert "app shop in namespace default" in facts
    assert "lane gray (from labels and rules) tag=gray" in facts
    assert "state registered: the first Python process below fairlead run" in facts
    assert f"address 127.0.0.1:{port} (named by the server)" in facts
    assert any(line.startswith("also listens on 127.0.0.1:") for line in facts)
    assert f"control {wire.url}, connected" in facts
    assert any(line.startswith("snapshot live, ") and " digest " in line for line in facts)
    assert "gates interpreted (FAIRLEAD_PURE)" in facts
    assert any(line.startswith("hook httpx ") for line in facts)
    assert "counter lane_outlived_request gray 1" in facts
    assert any(line.startswith("last good ") and "gray.json" in line for line in facts)


def test_all_processes_are_listed_and_children_say_why_they_do_not_register(launch, wire):
    """Contract 2 is hard to guess from outside."""
    wire.publish(snapshot(1))
    child = SERVE + "agent.ensure_ready(); print(os.getpid(), flush=True)\n" + STAY
    program = launch(SERVE + parent_of(child, 'subprocess.run([sys.executable, "-c", CODE])'))
    await_registered(wire, program.line())
    program.line()
    other = int(program.line())

    found = {
        one["pid"]: one for one in json.loads(doctor(launch, "-o", "json").stdout)["processes"]
    }
    lines = doctor(launch).stdout.splitlines()
    table = lines[lines.index("") + 1 :]

    assert found[program.pid]["standing"]["registered"]
    assert found[other]["standing"]["propagation_only"]
    assert found[other]["standing"]["why"] == (
        f"a child of process {program.pid} that serves none of its sockets"
    )
    assert table[0].split()[:3] == ["PID", "NAMESPACE", "APP"]
    states = {line.split()[0]: line for line in table[1:] if not line.startswith("!")}
    assert "registered" in states[str(program.pid)]
    assert "propagation only" in states[str(other)]


def test_a_lost_control_plane_is_wrong_and_what_is_in_force_is_told(launch, wire):
    """The exit status is for scripts."""
    wire.publish(snapshot(1, cart="127.0.0.1:1"))
    program = launch(SERVE + STAY)
    await_registered(wire, program.line())
    wire.close()

    until(lambda: not examined(launch, program.pid)["control"]["connected"])
    done = doctor(launch, str(program.pid))

    assert done.returncode == 1
    assert f"! not connected to {wire.url}: " in done.stdout
    assert "snapshot" in done.stdout
    assert "1 services" in done.stdout


def test_a_refused_snapshot_is_wrong(launch, wire):
    """Otherwise the operator would wait for a rule that never comes into force."""
    wire.publish(snapshot(1))
    program = launch(SERVE + STAY)
    await_registered(wire, program.line())
    wire.send(b'{"wire":9}\n')

    until(lambda: doctor(launch, str(program.pid)).returncode == 1)

    (problem,) = examined(launch, program.pid)["problems"]
    assert (problem["code"], problem["text"]) == (
        "refused",
        "refused: wire 9 is not spoken here, only 1",
    )
    assert "update fairlead" in problem["remedy"]


def test_a_process_without_an_agent_is_told_from_one(launch):
    """Every pid can be asked for."""
    done = doctor(launch, "1")

    assert done.returncode == 1
    assert done.stderr == "fairlead: process 1 has no agent; start it with fairlead run\n"


def test_a_process_that_has_not_needed_its_agent_is_silent_and_not_wrong(launch):
    """No thread before the first use: then there is nobody to answer."""
    program = launch("print('up', flush=True)\n" + STAY)
    program.line()

    found = {
        one["pid"]: one for one in json.loads(doctor(launch, "-o", "json").stdout)["processes"]
    }

    assert "nothing has needed its agent yet" in found[program.pid]["silent"]
    assert found[program.pid]["problems"] == []
    alone = doctor(launch, str(program.pid))
    assert alone.returncode == 0
    assert "  state  idle: nothing has needed" in alone.stdout


def test_an_agent_that_a_wrong_setting_switched_off_is_wrong(launch):
    """The gray instance that is none, for a blank in its lane."""
    program = launch("import httpx\nprint('up', flush=True)\n" + STAY, FAIRLEAD_LANE="a b")
    program.line()

    done = doctor(launch, str(program.pid))

    assert done.returncode == 1
    assert f"process {program.pid}\n! switched off: FAIRLEAD_LANE='a b': " in done.stdout


def test_the_socket_is_this_users_alone_and_goes_with_the_process(launch, wire):
    """Contract 21: mode 0600."""
    wire.publish(snapshot(1))
    program = launch(SERVE + STAY)
    await_registered(wire, program.line())
    path = launch.folder / "state" / f"{program.pid}.sock"

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ask(path)["pid"] == program.pid
    program.end()
    assert not path.exists()


def test_the_socket_of_a_killed_process_is_cleared_away(launch, wire):
    """Nobody else will."""
    wire.publish(snapshot(1))
    program = launch(SERVE + STAY)
    await_registered(wire, program.line())
    path = launch.folder / "state" / f"{program.pid}.sock"
    program.end(9)
    assert path.exists()

    doctor(launch)

    assert not path.exists()


def test_a_long_path_moves_the_socket_to_a_private_temporary_directory(launch, wire, tmp_path):
    """Contract 21: a Unix socket's path has 107 bytes at most."""
    wire.publish(snapshot(1))
    state = tmp_path / ("deep" * 30)
    temporary = tmp_path / "t"
    temporary.mkdir()
    program = launch(SERVE + STAY, FAIRLEAD_STATE=str(state), TMPDIR=str(temporary))
    await_registered(wire, program.line())

    folder = temporary / f"fairlead-{os.geteuid()}"

    assert ask(folder / f"{program.pid}.sock")["pid"] == program.pid
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (state / "default" / "shop" / "base.json").exists()


def test_a_temporary_directory_of_somebody_else_is_not_used(launch, wire, tmp_path):
    """Whoever made it could read what is in it, or answer in our place."""
    wire.publish(snapshot(1))
    temporary = tmp_path / "t"
    folder = temporary / f"fairlead-{os.geteuid()}"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    program = launch(SERVE + STAY, FAIRLEAD_STATE=str(tmp_path / ("deep" * 30)),
                     TMPDIR=str(temporary))  # fmt: skip
    await_registered(wire, program.line())

    assert list(folder.iterdir()) == []


def test_a_forked_child_answers_for_itself(launch, wire):
    """The parent's socket is the parent's."""
    wire.publish(snapshot(1))
    program = launch(
        SERVE + "pid = os.fork()\nif pid == 0:\n    agent.ensure_ready()\n"
        "    print(os.getpid(), flush=True)\n    sys.stdin.read()\n    os._exit(0)\n"
        "os.waitpid(pid, 0)\n"
    )
    program.line()
    child = int(program.line())
    state = launch.folder / "state"

    answers = {pid: ask(state / f"{pid}.sock") for pid in (program.pid, child)}

    assert {pid: answer["pid"] for pid, answer in answers.items()} == {p: p for p in answers}
    assert answers[child]["node"] != answers[program.pid]["node"]


def answer(**changes: Any) -> dict[str, Any]:
    """Return what a process says that is well."""
    well: dict[str, Any] = {
        "standing": {
            "registered": False,
            "propagation_only": False,
            "problem": "",
            "conflict": None,
        },
        "control": {"connected": True, "url": "http://c", "source": "watch", "problem": ""},
        "refusal": "",
        "hooks": [{"library": "httpx", "version": "1", "state": "hooked", "reason": ""}],
        "fault": "",
    }
    for name, value in changes.items():
        well[name] = {**well.get(name, {}), **value} if isinstance(value, dict) else value
    return well


def shadows(why: str, **lanes: list[str]) -> dict[str, Any]:
    """Return what a process says of shadows: lanes that have some, and why it is unfit."""
    none: dict[str, list[str]] = {"tables": [], "databases": []}
    return {
        "setting": "on",
        "unfit": {"tables": why, "databases": why},
        "lanes": none | lanes,
    }


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, []),
        ({"control": {"connected": False}}, ["not connected to http://c: not yet"]),
        (
            {"standing": {"propagation_only": True}, "control": {"connected": False}},
            [],
        ),
        ({"standing": {"problem": "no socket"}}, ["not registered: no socket"]),
        (
            {"standing": {"registered": True, "problem": "refused"}},
            ["its registration is not renewed: refused"],
        ),
        (
            {
                "standing": {"registered": True, "problem": "away"},
                "control": {"connected": False, "problem": "away"},
            },
            ["not connected to http://c: away"],
        ),
        ({"standing": {"conflict": "two lanes"}}, ["two lanes"]),
        (
            {"hooks": [{"library": "a", "version": "1", "state": "failed", "reason": "b"}]},
            ["a 1 is not hooked: b"],
        ),
        ({"hooks": [{"library": "a", "version": "1", "state": "skipped", "reason": "b"}]}, []),
        ({"shadows": shadows("PyMySQL 1 is not hooked: x")}, []),
        ({"shadows": shadows("", tables=["gray"])}, []),
        (
            {"shadows": shadows("why", tables=["blue", "gray"], databases=["blue"])},
            [
                "gets no calls of lanes with shadow tables (blue, gray): why",
                "gets no calls of lanes with shadow databases (blue): why",
            ],
        ),
        ({"doubts": ["FAIRLEAD_LANES is no setting"]}, ["FAIRLEAD_LANES is no setting"]),
        (
            {"unmatched": {"/greet1b": "/greet1a", "sql:x": ""}},
            [
                "a rule guards /greet1b, which the application has not, did you mean /greet1a?",
                "a rule guards sql:x, which the application has not",
            ],
        ),
        ({"unmatched": None}, []),
        ({"fault": "ready: OSError: x"}, ["a fault of the agent itself: ready: OSError: x"]),
    ],
)
def test_what_is_wrong_is_said_in_words(changes, found):
    """One line for each thing that somebody has to mend."""
    told = problems(answer(**changes))
    assert [one.text for one in told] == found
    assert all(one.remedy for one in told)


def test_who_may_not_register_is_told_of_the_token_and_not_of_the_address():
    """A token of a person, or of another app, is the likeliest reason."""
    (told,) = problems(answer(standing={"problem": "the control plane refuses (403): no"}))
    assert "fairlead token create NAME --app APP" in told.remedy


def test_a_process_that_is_unfit_says_so_and_is_wrong_only_where_lanes_have_shadows(launch, wire):
    """S1-18: off is never silent, and of no concern where nobody has a shadow."""
    wire.publish(snapshot(1))
    program = launch(SERVE + STAY, FAIRLEAD_SHADOW="off")
    await_registered(wire, program.line())

    done = doctor(launch, str(program.pid))

    assert done.returncode == 0
    facts = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "shadow not fit for lanes with shadow tables: FAIRLEAD_SHADOW=off" in facts
    assert "shadow not fit for lanes with shadow databases: FAIRLEAD_SHADOW=off" in facts

    table = ShadowTable(rule="r", lane="gray", database="d", table="t", shadow="t_gray")
    wire.publish(seal(replace(snapshot(2), shadow_tables=(table,))))
    until(lambda: doctor(launch, str(program.pid)).returncode == 1)
    done = doctor(launch, str(program.pid))

    facts = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "shadow tables on gray (FAIRLEAD_SHADOW=off)" in facts
    assert (
        "! gets no calls of lanes with shadow tables (gray): FAIRLEAD_SHADOW=off"
        in done.stdout.splitlines()
    )


def test_no_process_at_all_is_said(capsys, monkeypatch, tmp_path):
    """An empty table would leave a newcomer guessing."""
    monkeypatch.setenv("FAIRLEAD_STATE", str(tmp_path))
    monkeypatch.setattr("fairlead.cli.doctor.command.candidates", lambda settings: [])
    monkeypatch.setattr("fairlead.cli.doctor.command.others", lambda found: [])

    main([])
    assert capsys.readouterr().out.endswith(
        "\nno process of this user has an agent; start one with: fairlead run -- CMD\n"
    )


def test_a_wrong_setting_is_wrong_usage(capsys, monkeypatch):
    """Doctor looks where the settings say."""
    monkeypatch.setenv("FAIRLEAD_APP", "a b")

    assert main([]) == 2
    assert capsys.readouterr().err.startswith("fairlead: FAIRLEAD_APP='a b': ")


def test_what_answers_something_else_is_told_from_an_agent(tmp_path: Path):
    """A socket of that name may be anybody's."""
    import socket
    import threading

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "1.sock"))
        server.listen()

        def strange() -> None:
            for reply in (b"[1]", b"", b"{"):
                peer, _ = server.accept()
                peer.sendall(reply)
                peer.close()

        threading.Thread(target=strange, daemon=True).start()
        for _ in range(3):
            with pytest.raises(ValueError, match=r"did not answer|Expecting"):
                ask(tmp_path / "1.sock")
