"""Who registers (contract 2), tried with the process models that servers really use."""

from __future__ import annotations

import sys

from tests.agent.program import SERVE, STAY, await_registered, parent_of, registered
from tests.agent.wire import snapshot, until

RUN = 'subprocess.run([sys.executable, "-c", CODE])'

BEATS = 5
"""Renewals of a known instance after which one that is not there is not coming."""


def assert_stays_unregistered(wire, port, known):
    """Watch `known` renew a few times while nothing registers at `port`."""
    seen = len(wire.registrations)
    until(lambda: len(wire.registrations) >= seen + BEATS)
    assert registered(wire, known)
    assert not registered(wire, port)


def test_the_first_python_process_registers_and_leaves_at_its_end(launch, wire):
    """The plain case: one process, one socket."""
    wire.publish(snapshot(1))
    program = launch(SERVE + STAY)
    port = program.line()

    await_registered(wire, port)
    assert program.end() == 0

    assert not registered(wire, port)
    assert program.errors == ""
    assert wire.registrations[0]["pid"] == program.pid


def test_a_shell_or_a_supervisor_above_does_not_count(launch, wire):
    """Containers start through shells and inits; contract 2 counts Python processes."""
    wire.publish(snapshot(1))
    code = SERVE + STAY

    program = launch.command(["/bin/sh", "-c", f'"{sys.executable}" -c "$0"; exit $?', code])

    await_registered(wire, program.line())
    assert program.end() == 0


def test_forked_workers_register_once_for_their_address(launch, wire):
    """Prefork: one instance with as many processes as there are workers."""
    wire.publish(snapshot(1))
    program = launch("""
        import fairlead, os, socket, sys
        server = socket.create_server(("127.0.0.1", 0))
        print(server.getsockname()[1], flush=True)
        pids = []
        for _ in range(2):
            pid = os.fork()
            if pid == 0:
                fairlead.current().serving("worker", lambda: [server])
                sys.stdin.read()
                sys.exit(0)
            pids.append(pid)
        for pid in pids:
            os.waitpid(pid, 0)
        print("done", flush=True)
    """)
    port = program.line()

    until(lambda: len(wire.nodes) == 2)
    await_registered(wire, port)
    pids = {entry["pid"] for entry in wire.registrations}
    assert len(pids) == 2
    assert program.pid not in pids
    assert len(wire.addresses) == 1
    program.end()
    assert program.line() == "done"
    until(lambda: not wire.addresses)


def test_forked_workers_of_a_loaded_parent_follow_snapshots_of_their_own(launch, wire):
    """``gunicorn --preload``: the parent has connected, and its threads are not in the children."""
    wire.publish(snapshot(1, cart="127.0.0.1:1"))
    program = launch("""
        import fairlead, os, socket, sys, time
        agent = fairlead.current()
        agent.ensure_ready()
        parent = agent.process.node
        server = socket.create_server(("127.0.0.1", 0))
        pid = os.fork()
        if pid == 0:
            agent.serving("worker", lambda: [server])
            assert agent.process.node != parent
            print("known", "cart" in agent.engine.plan.routes, agent.counters.read(), flush=True)
            while "till" not in agent.engine.plan.routes:
                time.sleep(0.01)
            print("followed", flush=True)
            sys.exit(0)
        os.waitpid(pid, 0)
        print("parent", "till" in agent.engine.plan.routes, flush=True)
    """)
    assert program.line() == "known True {}"
    until(lambda: len(wire.watches) == 2)

    wire.publish(snapshot(2, till="127.0.0.1:2"))

    assert program.line() == "followed"
    assert program.line() == "parent True"
    nodes = [dict(query)["node"] for query in wire.watches]
    assert len(set(nodes)) == 2
    # What the parent had is named, so that it is not sent again.
    assert dict(wire.watches[1])["digest"] == snapshot(1, cart="127.0.0.1:1").digest


def test_a_forked_child_with_a_socket_of_its_own_does_not_register(launch, wire):
    """A metrics endpoint in a helper process is not an instance of the app."""
    wire.renew = 0.05
    wire.publish(snapshot(1))
    program = launch("""
        import fairlead, os, socket, sys
        agent = fairlead.current()
        pid = os.fork()
        server = socket.create_server(("127.0.0.1", 0))
        agent.serving("test", lambda: [server])
        print(os.getpid(), server.getsockname()[1], flush=True)
        sys.stdin.read()
        os._exit(0)
    """)
    ports = dict(program.line().split() for _ in range(2))
    own = ports.pop(str(program.pid))
    (other,) = ports.values()

    await_registered(wire, own)
    assert_stays_unregistered(wire, other, own)
    program.end()
    assert (
        f"127.0.0.1:{other} is not registered: a child of process {program.pid}" in program.errors
    )


def test_spawned_workers_register_for_the_socket_they_were_given(launch, wire):
    """`uvicorn --workers` and `--reload` spawn, and send the socket along."""
    wire.publish(snapshot(1))
    program = launch(
        """
        import fairlead, multiprocessing, socket, sys, time

        def work(server):
            fairlead.current().serving("worker", lambda: [server])
            print("worker", server.getsockname()[1], flush=True)
            time.sleep(600)

        if __name__ == "__main__":
            server = socket.create_server(("127.0.0.1", 0))
            context = multiprocessing.get_context("spawn")
            worker = context.Process(target=work, args=(server,), daemon=True)
            worker.start()
            sys.stdin.read()
            worker.kill()
            worker.join()
        """,
        script=True,
    )
    _, port = program.line().split()

    await_registered(wire, port)
    assert program.pid not in {entry["pid"] for entry in wire.registrations}
    assert program.end() == 0


def test_a_spawned_worker_without_a_free_descriptor_keeps_its_place(launch, wire):
    """It was admitted by its parent's sockets, which it cannot list any more."""
    wire.renew = 0.05
    wire.publish(snapshot(1))
    program = launch(
        """
        import fairlead, multiprocessing, resource, socket, sys, time

        def work(server, busy):
            fairlead.current().serving("worker", lambda: [server])
            print("worker", server.getsockname()[1], flush=True)
            busy.wait()
            resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
            print("busy", flush=True)
            time.sleep(600)

        if __name__ == "__main__":
            server = socket.create_server(("127.0.0.1", 0))
            context = multiprocessing.get_context("spawn")
            busy = context.Event()
            worker = context.Process(target=work, args=(server, busy), daemon=True)
            worker.start()
            sys.stdin.readline()
            busy.set()
            sys.stdin.read()
            worker.kill()
            worker.join()
        """,
        script=True,
    )
    _, port = program.line().split()
    await_registered(wire, port)
    program.say("busy")
    assert program.line() == "busy"

    seen = len(wire.registrations)
    until(lambda: len(wire.registrations) >= seen + BEATS)
    assert registered(wire, port)
    assert program.end() == 0


def test_a_child_that_inherits_the_socket_registers(launch, wire):
    """`flask --debug` starts itself again and hands its socket down by number."""
    wire.publish(snapshot(1))
    child = """
import fairlead, socket, sys
server = socket.socket(fileno=int(sys.argv[1]))
fairlead.current().serving("child", lambda: [server])
print(server.getsockname()[1], flush=True)
sys.stdin.read()
"""
    then = """
        import socket
        server = socket.create_server(("127.0.0.1", 0))
        number = str(server.fileno())
        subprocess.run([sys.executable, "-c", CODE, number], pass_fds=[server.fileno()])
    """
    program = launch(parent_of(child, then))

    await_registered(wire, program.line())
    assert program.end() == 0


def test_another_child_only_passes_labels_on(launch, wire):
    """A script that a service starts is not the service."""
    wire.renew = 0.05
    wire.publish(snapshot(1))
    look = """
agent.ensure_ready()
print(agent.ready, agent.propagation_only, agent.standing, flush=True)
"""
    program = launch(SERVE + parent_of(SERVE + look + STAY, RUN))
    own = program.line()
    other = program.line()

    state = program.line()

    assert state == f"False True a child of process {program.pid} that serves none of its sockets"
    await_registered(wire, own)
    assert_stays_unregistered(wire, other, own)
    assert len(wire.watches) == 1
    assert program.end() == 0


def test_a_child_keeps_the_lane_of_its_instance(launch, wire):
    """Contract 8: what a gray instance starts in the background never reaches base."""
    child = """
import fairlead
agent = fairlead.current()
lanes = agent.engine.plan.lanes
print(agent.propagation_only, lanes.own, lanes.label(lanes.own, None), flush=True)
"""
    program = launch(parent_of(child, RUN), FAIRLEAD_LABELS="tag=gray")

    assert program.line() == "True gray x-opensergo-traffic=gray"


def test_a_program_in_the_background_takes_its_parents_place(launch, wire):
    """A daemon forks twice and lets its parents end, before it opens its socket."""
    wire.publish(snapshot(1))
    program = launch("""
        import os, socket, sys, time
        if os.fork():
            os._exit(0)
        os.setsid()
        if os.fork():
            os._exit(0)
        while os.path.exists(f"/proc/{os.environ['FAIRLEAD_ROOT'].partition(':')[0]}"):
            time.sleep(0.01)
        import fairlead
        server = socket.create_server(("127.0.0.1", 0))
        fairlead.current().serving("daemon", lambda: [server])
        print(os.getpid(), server.getsockname()[1], flush=True)
        time.sleep(60)
    """)
    program.wait()
    pid, port = program.line().split()
    launch.reap_later(int(pid))

    await_registered(wire, port)


def test_a_program_that_replaces_itself_keeps_its_place(launch, wire):
    """Reloaders and `poetry run` end in an exec: the same process, another program."""
    wire.publish(snapshot(1))
    then = "import os; os.execv(sys.executable, [sys.executable, '-c', CODE])"
    program = launch(parent_of(SERVE + STAY, then))

    await_registered(wire, program.line())
    assert program.end() == 0


def test_without_a_name_nothing_registers_and_it_is_said_once(launch, wire):
    """Contract 2: once per line of descent, however many processes there are."""
    then = """
agent.ensure_ready()
print(agent.ready, agent.propagation_only, agent.standing)
"""
    program = launch(SERVE + parent_of(SERVE, RUN + then), FAIRLEAD_APP=None)
    program.line()
    program.line()

    assert program.line() == (
        "True True FAIRLEAD_APP is not set: labels are passed on, and no more"
    )
    assert program.end() == 0
    assert program.errors == (
        "fairlead: FAIRLEAD_APP is not set: processes here pass lane labels on, and no more\n"
    )
    assert (wire.watches, wire.registrations) == ([], [])


def test_many_threads_that_need_the_agent_at_once_share_one_stream(launch, wire):
    """A threaded server begins with a burst."""
    wire.publish(snapshot(1, cart="127.0.0.1:1"))
    program = launch("""
        import fairlead, threading
        agent = fairlead.current()
        known = []
        def call():
            agent.ensure_ready()
            known.append("cart" in agent.engine.plan.routes)
        threads = [threading.Thread(target=call) for _ in range(20)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(len(known), all(known), flush=True)
    """)

    assert program.line() == "20 True"
    assert len(wire.watches) == 1
