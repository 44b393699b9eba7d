"""A guest in a strange process: cheap to have, hard to notice, and impossible to break by it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

from tests.agent.program import SERVE, STAY, await_registered
from tests.agent.wire import snapshot, until

MODULES = "import sys; print(*sorted(sys.modules))"
HEAVY = (
    "asyncio dataclasses email hashlib http importlib.metadata inspect json logging re socket ssl"
    " subprocess threading typing urllib uuid"
)


def run(code: str, *flags: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `code` in a bare environment with these variables."""
    return subprocess.run(
        [sys.executable, *flags, "-c", code],
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )


def test_without_the_switch_nothing_of_ours_is_loaded():
    """The package may be installed where nobody wants it to do anything."""
    for variables in ({}, {"FAIRLEAD_ENABLED": ""}, {"FAIRLEAD_APP": "shop"}):
        assert "fairlead.agent" not in run(MODULES, **variables).stdout.split()


def test_with_the_switch_an_interpreter_that_needs_nothing_loads_little():
    """Every Python below `fairlead run` pays for it, pip and linters too."""
    names = set(run(MODULES, FAIRLEAD_ENABLED="1", FAIRLEAD_APP="shop").stdout.split())

    assert "fairlead.agent.bootstrap" in names
    assert names & set(HEAVY.split()) == set()
    assert "fairlead.agent.agent" not in names
    # Five milliseconds, when it was measured; each module more is a part of one.
    assert len(names) - len(run(MODULES).stdout.split()) <= 30


@pytest.mark.parametrize("flags", [("-E",), ("-I",), ("-s",), ("-P",), ("-I", "-B", "-O")])
def test_the_agent_loads_under_isolating_flags(flags):
    """PYTHONPATH would not survive ``-E``; the start-up file does."""
    names = run(MODULES, *flags, FAIRLEAD_ENABLED="1", FAIRLEAD_APP="shop").stdout.split()

    assert "fairlead.agent.bootstrap" in names


def test_without_site_packages_the_application_runs_alone():
    """``-S``: `fairlead run` refuses it, and by hand it is harmless."""
    assert "fairlead.agent" not in run(MODULES, "-S", FAIRLEAD_ENABLED="1").stdout


@pytest.mark.parametrize("value", ["0", "off", "false", " No "])
def test_the_switch_can_say_no(value):
    """Operators write such things."""
    code = "import fairlead; print(fairlead.current())"

    assert run(code, FAIRLEAD_ENABLED=value).stdout == "None\n"


def test_no_thread_and_no_socket_before_anything_needs_them():
    """A thread at import does not survive the fork that follows it."""
    code = """
import fairlead, os, flask, httpx
agent = fairlead.current()
threads = len(os.listdir("/proc/self/task"))
sockets = sum(os.readlink(f"/proc/self/fd/{n}").startswith("socket:")
              for n in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{n}"))
print(threads, sockets, agent.ready, [hook.library for hook in agent.hooks])
"""
    done = run(code, FAIRLEAD_ENABLED="1", FAIRLEAD_APP="shop")

    assert done.stdout.startswith("1 0 False [")
    assert "httpx" in done.stdout


def test_a_driver_that_cannot_be_hooked_is_told_of_once_there_is_an_agent(tmp_path):
    """By itself it needs none: a script that copies a table is not in any lane's way."""
    (tmp_path / "mariadb.py").write_text("__version__ = '1.1.11'\n")
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
import mariadb
print("fairlead.agent.agent" in sys.modules)
import fairlead, httpx
found = [h for h in fairlead.current().hooks if h.library == "mariadb"]
print([(h.version, h.state.value) for h in found])
"""
    done = run(code, FAIRLEAD_ENABLED="1", FAIRLEAD_APP="shop")

    assert done.stdout == "False\n[('1.1.11', 'skipped')]\n", done.stderr


def test_starting_twice_is_starting_once():
    """A virtual environment may run its start-up line twice (contract 21)."""
    code = """
import sys
from fairlead.agent import bootstrap
door = bootstrap.begun()
bootstrap.start()
print(bootstrap.begun() is door)
print(sum(type(f).__name__ == "ImportWatch" for f in sys.meta_path))
"""
    assert run(code, FAIRLEAD_ENABLED="1", FAIRLEAD_APP="shop").stdout == "True\n1\n"


def test_a_wrong_setting_switches_the_agent_off_with_one_line():
    """The application must not fail for a typing error in ours."""
    code = """
import sys, httpx, flask
print(sum(type(f).__name__ == "ImportWatch" for f in sys.meta_path), hasattr(httpx, "get"))
"""
    done = run(code, FAIRLEAD_ENABLED="1", FAIRLEAD_APP="shop", FAIRLEAD_LANE="a b")

    assert done.stdout == "0 True\n"
    assert done.stderr.startswith(
        "fairlead: switched off in this process: FAIRLEAD_LANE='a b': a lane has letters"
    )
    assert done.stderr.count("\n") == 1


def test_a_library_can_be_left_alone():
    """``FAIRLEAD_DISABLE`` is for the day when a hook of ours is the suspect."""
    code = """
import fairlead, httpx, json
agent = fairlead.current()
print(json.dumps([[hook.library, hook.state.value, hook.reason] for hook in agent.hooks]))
"""
    variables = {"FAIRLEAD_ENABLED": "1", "FAIRLEAD_APP": "shop", "FAIRLEAD_DISABLE": "httpx"}

    hooks = json.loads(run(code, **variables).stdout)

    assert ["httpx", "skipped", "disabled by FAIRLEAD_DISABLE"] in hooks


def test_importing_the_package_costs_nothing():
    """Applications may import it for `attach`, or by accident."""
    names = run("import fairlead, sys; print(*sys.modules)").stdout.split()

    assert [name for name in names if name.startswith("fairlead")] == ["fairlead"]


def test_a_program_may_attach_itself():
    """Without a launcher; settings are given or read from the environment."""
    code = """
import fairlead, httpx
from fairlead.agent.settings import Settings
agent = fairlead.attach(Settings(app="shop", lane="gray", state=""))
print(agent is fairlead.current(), agent is fairlead.attach(), agent.engine.plan.lanes.own)
print([hook.library for hook in agent.hooks if hook.library == "httpx"], agent.lineage.is_root)
"""
    assert run(code).stdout == "True True gray\n['httpx'] True\n"


def test_attaching_with_a_wrong_setting_raises():
    """Whoever calls a function is told by an exception."""
    code = """
import fairlead
from fairlead.agent.settings import InvalidSetting
try:
    fairlead.attach()
except InvalidSetting as error:
    print(error.name)
"""
    assert run(code, FAIRLEAD_CONTROL="nowhere").stdout == "FAIRLEAD_CONTROL\n"


def test_the_applications_random_numbers_are_its_own():
    """A simulation that seeds the generator must get the sequence it always got."""
    code = """
import random
random.seed(1)
import fairlead, httpx
agent = fairlead.current()
agent.dice(); agent.ensure_ready()
print(random.random())
"""
    plain = run(code.replace("agent", "pass #"), FAIRLEAD_APP="shop").stdout
    variables = {"FAIRLEAD_ENABLED": "1", "FAIRLEAD_APP": "shop", "FAIRLEAD_DEADLINE": "1"}

    assert run(code, **variables).stdout == plain


BLOCKED = """
import time
until = time.monotonic() + 60
while time.monotonic() < until:
    pass
"""


@pytest.mark.parametrize(
    "first",
    [
        "",
        "from gevent import monkey; monkey.patch_all()\n",
        "import asyncio\nasync def main():\n    time.sleep(0)\n",
    ],
    ids=["plain", "gevent", "asyncio"],
)
def test_a_blocked_main_thread_does_not_lose_the_lease(launch, wire, first):
    """Contract 4: renewals come from a thread of their own, which no monkey-patch makes green."""
    wire.renew = 0.05
    wire.publish(snapshot(1))
    program = launch("import time\n" + first + SERVE + BLOCKED)

    await_registered(wire, program.line())
    seen = len(wire.registrations)

    until(lambda: len(wire.registrations) > seen + 5)


def test_an_agent_attached_after_a_monkey_patch_has_real_threads(launch, wire):
    """The launcher comes before any patch; `attach` may come after."""
    wire.renew = 0.05
    wire.publish(snapshot(1))
    attach = SERVE.replace("current()", "attach()")
    program = launch(
        "from gevent import monkey; monkey.patch_all()\nimport socket\n" + attach + BLOCKED,
        FAIRLEAD_ENABLED=None,
    )

    await_registered(wire, program.line())
    seen = len(wire.registrations)

    until(lambda: len(wire.registrations) > seen + 5)


def test_green_and_native_threads_agree_on_what_is_in_force(launch, wire):
    """A greenlet reads what a thread of ours has applied."""
    wire.publish(snapshot(1, cart="127.0.0.1:1"))
    program = launch("""
        from gevent import monkey; monkey.patch_all()
        import fairlead, gevent
        agent = fairlead.current()
        def call():
            agent.ensure_ready()
            return "cart" in agent.engine.plan.routes
        jobs = [gevent.spawn(call) for _ in range(10)]
        gevent.joinall(jobs)
        print(all(job.value for job in jobs), flush=True)
        while "till" not in agent.engine.plan.routes:
            gevent.sleep(0.01)
        print("followed", flush=True)
    """)
    assert program.line() == "True"

    wire.publish(snapshot(2, till="127.0.0.1:2"))

    assert program.line() == "followed"
    assert program.end() == 0
    assert program.errors == ""


def test_a_control_plane_that_lies_breaks_nothing(launch, wire):
    """Whatever a server says, the application's calls go on."""
    program = launch(SERVE + "agent.ensure_ready(); print(agent.ready, flush=True)\n" + STAY)
    program.line()
    for line in (b"\n", b"\xff\n", b"[]\n", b'{"wire":1}\n', b'{"wire":1,"type":"snapshot"}\n'):
        until(lambda: wire.watches)
        wire.send(line)

    assert program.line() == "True"
    wire.publish(snapshot(1))
    until(lambda: any(answer["error"] is None for answer in wire.answers))
    assert program.end() == 0
    assert "Traceback" not in program.errors


def test_a_process_that_ends_is_not_held_up(launch, wire):
    """Threads of ours are not waited for at exit."""
    wire.publish(snapshot(1))
    program = launch("import fairlead; fairlead.current().ensure_ready()\n")
    before = time.monotonic()

    assert program.wait() == 0
    assert time.monotonic() - before < 3.0


def test_an_agent_that_is_stopped_leaves_and_keeps_quiet(launch, wire):
    """Notebooks and test suites attach, and go on without."""
    wire.publish(snapshot(1))
    program = launch(
        SERVE + "sys.stdin.readline(); agent.stop()\n"
        "import time\nwhile len(os.listdir('/proc/self/task')) > 1: time.sleep(0.01)\n"
        "print('quiet', flush=True)\n" + STAY
    )
    await_registered(wire, program.line())
    program.say("stop")

    assert program.line() == "quiet"
    assert wire.addresses == set()
