"""The first snapshot is awaited, for so long; then the last known good; then nothing."""

from __future__ import annotations

import json
import time

import pytest

from fairlead.policy.encode import to_plain
from tests.agent.program import STAY
from tests.agent.wire import snapshot, until

READY = """
import fairlead, time
agent = fairlead.current()
before = time.monotonic()
agent.ensure_ready()
print(round(time.monotonic() - before, 3), "cart" in agent.engine.plan.routes, flush=True)
"""
"""Print how long it took to be ready, and whether app ``cart`` is known."""

KEPT = """
while not agent.kept.path.exists():
    time.sleep(0.01)
"""
"""Live until the snapshot is on disk."""

NOWHERE = "http://127.0.0.1:1"


def deadline(seconds: float) -> str:
    return repr(time.monotonic() + seconds)


def test_the_first_snapshot_is_there_when_the_first_call_goes_out(launch, wire):
    """A script that makes its first call late must still resolve names."""
    wire.delay = 0.02
    wire.publish(snapshot(1, cart="127.0.0.1:1"))
    program = launch(READY, FAIRLEAD_DEADLINE=deadline(-100))

    _, known = program.line().split()

    assert known == "True"


@pytest.mark.parametrize(("left", "least"), [(100.0, 0.9), (-100.0, 0.2)])
def test_a_control_plane_that_is_silent_holds_nobody_up(launch, wire, left, least):
    """Contract 20: at most a second from `fairlead run`, and a quarter where that has passed."""
    # Far beyond either, so that a slow machine cannot make one look like the other.
    wire.delay = 20.0
    program = launch(READY, FAIRLEAD_DEADLINE=deadline(left))

    seconds, known = program.line().split()

    assert known == "False"
    assert least <= float(seconds) < wire.delay


def test_a_child_process_shares_the_deadline(launch):
    """Ten workers that start one after the other must not wait for a second each."""
    program = launch("""
        import fairlead, os
        print(os.environ["FAIRLEAD_DEADLINE"], flush=True)
    """)

    left = float(program.line()) - time.monotonic()

    assert 0.0 < left < 1.0


def test_without_a_control_plane_the_last_known_good_is_in_force(launch, wire):
    """F02: a client that restarts while the control plane is down goes on as it was."""
    wire.publish(snapshot(1, cart="127.0.0.1:1"))
    first = launch(READY + KEPT)
    assert first.line().endswith("True")
    assert first.end() == 0

    second = launch(READY, FAIRLEAD_CONTROL=NOWHERE)

    assert second.line().endswith("True")
    assert second.end() == 0
    assert second.errors.startswith("fairlead: the last known good, of ")
    assert second.errors.count("\n") == 1


@pytest.mark.parametrize("damage", ["truncated", "flipped", "mode", "folder"])
def test_a_damaged_last_known_good_costs_one_line(launch, wire, damage):
    """F03: rejected, said, and never a crash."""
    wire.publish(snapshot(1, cart="127.0.0.1:1"))
    assert launch(READY + KEPT).wait() == 0
    (path,) = (launch.folder / "state").glob("*/*/*.json")
    content = path.read_bytes()
    if damage == "truncated":
        path.write_bytes(content[:50])
    elif damage == "flipped":
        path.write_bytes(content.replace(b"cart", b"cbrt"))
    elif damage == "mode":
        path.chmod(0o644)
    else:
        path.unlink()
        path.mkdir()

    program = launch(READY, FAIRLEAD_CONTROL=NOWHERE)

    assert program.line().endswith("False")
    assert program.end() == 0
    assert program.errors.startswith("fairlead: the last known good is not used: ")
    assert program.errors.count("\n") == 1


def test_a_live_snapshot_takes_the_place_of_the_last_known_good(launch, wire):
    """Also one with a lower revision: the control plane may have been set up anew."""
    wire.publish(snapshot(900, cart="127.0.0.1:1"))
    assert launch(READY + KEPT).wait() == 0
    wire.delay = 0.6
    wire.publish(snapshot(2, till="127.0.0.1:2"))

    program = launch(
        READY + "while 'till' not in agent.engine.plan.routes: time.sleep(0.01)\n"
        "print(agent.engine.plan.snapshot.revision, flush=True)",
        FAIRLEAD_DEADLINE=deadline(-1),
    )

    assert program.line().endswith("True")
    assert program.line() == "2"


def test_where_no_state_can_be_kept_the_agent_works_all_the_same(launch, wire):
    """Containers with a read-only file system are common."""
    wire.publish(snapshot(1, cart="127.0.0.1:1"))
    (launch.folder / "file").touch()

    program = launch(READY, FAIRLEAD_STATE=str(launch.folder / "file"))

    assert program.line().endswith("True")
    assert program.end() == 0
    assert program.errors == ""


def test_a_snapshot_that_is_refused_leaves_the_one_in_force(launch, wire):
    """The refusal is answered, said, and shown by doctor."""
    wire.publish(snapshot(1, cart="127.0.0.1:1"))
    program = launch(READY + "import sys; sys.stdin.readline(); print(agent.engine.plan.routes and "
                     "agent.process.follower.source.refusal, flush=True)")  # fmt: skip
    assert program.line().endswith("True")
    until(lambda: wire.answers)
    wire.send(b'{"wire":1,"type":"snapshot","snapshot":{"digest":"x"}}\n')
    until(lambda: len(wire.answers) == 2)
    program.say("look")

    assert program.line() == "digest: does not name the content"
    assert wire.answers[1]["error"] == "digest: does not name the content"
    program.end()
    assert program.errors == (
        "fairlead: refused from the control plane: digest: does not name the content\n"
    )


def test_a_file_takes_the_place_of_a_control_plane(launch, wire):
    """No server at all: the file is followed, and nothing registers."""
    path = launch.folder / "snapshot.json"
    path.write_text(json.dumps(to_plain(snapshot(1, cart="127.0.0.1:1"))))
    follow = """
agent.serving("test", None)
while "till" not in agent.engine.plan.routes:
    time.sleep(0.01)
print("till", flush=True)
"""
    program = launch(READY + follow, FAIRLEAD_SOURCE=f"file:{path}")
    assert program.line().endswith("True")

    path.write_text("{broken")
    path.with_suffix(".new").write_text(json.dumps(to_plain(snapshot(2, till="127.0.0.1:2"))))
    path.with_suffix(".new").rename(path)

    assert program.line() == "till"
    program.end()
    assert (wire.watches, wire.registrations) == ([], [])


def test_a_token_is_sent_as_a_bearer_and_read_again(launch, wire):
    """Tokens rotate under a running process."""
    token = launch.folder / "token"
    token.write_text("first\n")
    token.chmod(0o600)
    wire.publish(snapshot(1))
    program = launch(READY + STAY, FAIRLEAD_TOKEN_FILE=str(token))
    program.line()
    token.write_text("second\n")
    wire.cut()

    until(lambda: len(wire.headers) == 2)

    assert [headers["authorization"] for headers in wire.headers] == [
        "Bearer first", "Bearer second",
    ]  # fmt: skip


def test_a_token_that_others_could_have_written_is_not_sent(launch, wire):
    """It may be theirs."""
    token = launch.folder / "token"
    token.write_text("theirs")
    token.chmod(0o666)
    wire.publish(snapshot(1))
    program = launch(READY, FAIRLEAD_TOKEN_FILE=str(token))

    program.line()
    program.end()

    assert "authorization" not in wire.headers[0]
    assert "not sent, others may write it" in program.errors
