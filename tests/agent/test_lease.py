"""Registering, renewing and leaving, as a server lives through them."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
import urllib.request
from contextlib import suppress

from scripts.servers.ports import free_port
from tests.agent.program import SERVE, STAY, await_registered, registered
from tests.agent.wire import PATIENCE, WireServer, snapshot, until

THREADED = """
import fairlead, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        print("begun", flush=True)
        time.sleep(float(self.path[1:]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"whole")
    def log_message(self, *arguments): pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
fairlead.current().serving("http.server", lambda: [server.socket])
print(server.server_port, flush=True)
server.serve_forever()
"""
"""A server that leaves SIGTERM at its default, as the development server of a framework does."""


class Request:
    """A request under way on a thread."""

    def __init__(self, port: str, seconds: float) -> None:
        self.answer = b""
        self._url = f"http://127.0.0.1:{port}/{seconds}"
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        # A server that is ended under a request hangs up.
        with suppress(OSError), urllib.request.urlopen(self._url, timeout=15) as response:
            self.answer = response.read()

    def wait(self) -> bytes:
        self._thread.join(15)
        return self.answer


def test_a_renewal_reports_hooks_and_counters(launch, wire):
    """Contract 5: loading is proved, with every renewal."""
    wire.renew = 0.05
    wire.publish(snapshot(1))
    program = launch(
        "import httpx\n" + SERVE + "agent.counters.count('coloured_requests', 'gray')\n" + STAY,
        FAIRLEAD_LABELS="tag=gray,version=v2", FAIRLEAD_ZONE="hz-a",
    )  # fmt: skip
    await_registered(wire, program.line())

    until(lambda: wire.registrations[-1]["counters"])

    last = wire.registrations[-1]
    assert last["counters"] == {"coloured_requests": {"gray": 1}}
    assert {"httpx"} <= {hook["library"] for hook in last["hooks"]}
    assert last["labels"] == [["tag", "gray"], ["version", "v2"]]
    assert (last["zone"], last["lane"], last["host"]) == ("hz-a", None, os.uname().nodename)


def test_a_control_plane_that_comes_later_is_registered_at(launch):
    """The order in which things start is nobody's business."""
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    program = launch(SERVE + STAY, FAIRLEAD_CONTROL=f"http://127.0.0.1:{port}")
    own = program.line()

    with WireServer(snapshot(1), port=port) as late:
        await_registered(late, own)
        program.end()


def test_a_server_on_another_port_moves_the_instance(launch, wire):
    """A reload may bind anew; the old address must not be called any more."""
    wire.renew = 0.05
    wire.publish(snapshot(1))
    program = launch("""
        import fairlead, socket, sys
        sockets = [socket.create_server(("127.0.0.1", 0))]
        fairlead.current().serving("test", lambda: sockets)
        print(sockets[0].getsockname()[1], flush=True)
        sys.stdin.readline()
        old = sockets.pop()
        sockets.append(socket.create_server(("127.0.0.1", 0)))
        old.close()
        print(sockets[0].getsockname()[1], flush=True)
        sys.stdin.readline()
        sockets.pop().close()
        sys.stdin.read()
    """)
    first = program.line()
    await_registered(wire, first)
    program.say("move")

    second = program.line()

    await_registered(wire, second)
    until(lambda: not registered(wire, first))
    program.say("close")
    until(lambda: not wire.addresses)


def test_a_socket_is_found_however_late_it_opens(launch, wire):
    """An application may load a model for a minute before it serves."""
    wire.publish(snapshot(1))
    program = launch("""
        import fairlead, socket, sys
        fairlead.current().serving("test", None)
        sys.stdin.readline()
        server = socket.create_server(("127.0.0.1", 0))
        print(server.getsockname()[1], flush=True)
        sys.stdin.read()
    """)
    until(lambda: wire.watches)
    program.say("open")

    await_registered(wire, program.line())


def test_the_operators_address_is_registered(launch, wire):
    """A port mapping, a Unix socket behind a proxy: only the operator knows."""
    wire.publish(snapshot(1))
    program = launch("""
        import fairlead, os, socket, sys
        server = socket.socket(socket.AF_UNIX)
        server.bind(os.environ["HOME"] + "/app.sock")
        server.listen()
        fairlead.current().serving("test", lambda: [server])
        sys.stdin.read()
    """, FAIRLEAD_ADDRESS="gateway.local:8080")  # fmt: skip

    until(lambda: ("shop", "gateway.local:8080") in wire.addresses)
    program.end()


def test_leaving_is_over_when_it_returns(launch, wire):
    """A server calls it before it closes its socket."""
    wire.publish(snapshot(1))
    program = launch(
        SERVE + "sys.stdin.readline(); agent.leaving(); print('left', flush=True)\n" + STAY
    )
    port = program.line()
    await_registered(wire, port)
    program.say("leave")

    assert program.line() == "left"
    assert not registered(wire, port)


def test_leaving_without_a_control_plane_takes_no_longer_than_it_may(launch):
    """A process that is told to stop has seconds."""
    with WireServer(snapshot(1)) as gone:
        program = launch(
            SERVE + "import time\nsys.stdin.readline()\nbefore = time.monotonic()\n"
            "agent.leaving()\nprint(time.monotonic() - before, flush=True)\n" + STAY,
            FAIRLEAD_CONTROL=gone.url,
        )
        await_registered(gone, program.line())
    program.say("leave")

    assert float(program.line()) < 2.5


def test_a_worker_that_another_replaces_leaves_its_lease(launch, wire):
    """The parent's socket stays open: without an endpoint, callers would fail instead of wait."""
    wire.publish(snapshot(1))
    program = launch(SERVE + "sys.stdin.readline(); agent.handing_over()")
    port = program.line()
    await_registered(wire, port)
    program.say("hand over")

    assert program.process.wait(PATIENCE) == 0
    assert registered(wire, port)
    assert not wire.departures
    assert [one["node"] for one in wire.replaced] == [wire.registrations[-1]["node"]]


def test_a_server_that_serves_again_registers_again(launch, wire):
    """Tests and notebooks start and stop servers within one process."""
    wire.publish(snapshot(1))
    program = launch(
        SERVE + "sys.stdin.readline(); agent.leaving(); agent.serving('again', lambda: [server])\n"
        + STAY
    )  # fmt: skip
    port = program.line()
    await_registered(wire, port)
    before = len(wire.registrations)
    program.say("again")

    until(lambda: len(wire.registrations) > before and wire.departures)
    program.end()


def test_sigterm_deregisters_before_the_socket_closes_and_requests_end(launch, wire):
    """Contract 4, for a server that SIGTERM would end at once."""
    wire.publish(snapshot(1))
    program = launch(THREADED)
    port = program.line()
    await_registered(wire, port)
    slow = Request(port, 1.0)
    assert program.line() == "begun"

    program.process.send_signal(signal.SIGTERM)
    until(lambda: not registered(wire, port))
    late = Request(port, 0.0)  # a caller that has not heard yet

    assert (slow.wait(), late.wait()) == (b"whole", b"whole")
    assert program.wait() == -signal.SIGTERM
    assert program.errors == ""


def test_sigterm_without_requests_ends_soon(launch, wire):
    """Nobody waits for a server that has nothing to do."""
    wire.publish(snapshot(1))
    program = launch(THREADED)
    await_registered(wire, program.line())
    before = time.monotonic()

    assert program.end(signal.SIGTERM) == -signal.SIGTERM
    assert time.monotonic() - before < 3.0


def test_a_second_sigterm_does_not_wait(launch, wire):
    """Whoever sends it twice means it."""
    wire.publish(snapshot(1))
    program = launch(THREADED)
    port = program.line()
    await_registered(wire, port)
    Request(port, 10.0)
    assert program.line() == "begun"
    program.process.send_signal(signal.SIGTERM)
    until(lambda: not registered(wire, port))
    before = time.monotonic()

    assert program.end(signal.SIGTERM) == -signal.SIGTERM
    assert time.monotonic() - before < 3.0


def test_a_request_without_an_end_does_not_keep_the_process(launch, wire):
    """Draining is bounded: then the signal has its way."""
    wire.publish(snapshot(1))
    program = launch(THREADED, FAIRLEAD_DRAIN="500ms")
    port = program.line()
    await_registered(wire, port)
    endless = Request(port, 60.0)
    assert program.line() == "begun"

    assert program.end(signal.SIGTERM) == -signal.SIGTERM
    assert endless.wait() == b""


def test_a_server_that_handles_sigterm_keeps_its_handler(launch, wire):
    """Its own shutdown is hooked instead."""
    wire.publish(snapshot(1))
    program = launch(
        "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
        + SERVE + "signal.pause()\n"
    )  # fmt: skip
    port = program.line()
    await_registered(wire, port)

    assert program.end(signal.SIGTERM) == 7
    assert not registered(wire, port)  # by atexit, as a last resort


def test_a_forked_child_has_sigterm_as_it_was(launch, wire):
    """`multiprocessing` ends its children with it, and expects them to end."""
    wire.publish(snapshot(1))
    program = launch(
        SERVE + "import signal, time\npid = os.fork()\nif pid == 0:\n"
        "    print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL, flush=True)\n"
        "    time.sleep(60)\nos.kill(pid, 0)\nsys.stdin.readline()\nos.kill(pid, 15)\n"
        "print(os.waitpid(pid, 0)[1], flush=True)\n" + STAY
    )
    port = program.line()
    assert program.line() == "True"
    await_registered(wire, port)
    program.say("kill")

    assert program.line() == "15"
    assert registered(wire, port)


def test_a_process_that_serves_http_and_grpc_is_called_by_the_address_of_http(launch, wire):
    """Whoever calls its gRPC by name is left to DNS: an instance has one address."""
    wire.renew = 0.05
    wire.publish(snapshot(1))
    program = launch("""
        import fairlead, socket, sys
        rpc, web = (socket.create_server(("127.0.0.1", 0)) for _ in range(2))
        fairlead.current().serving("grpc", lambda: [rpc.getsockname()[1]])
        print(rpc.getsockname()[1], flush=True)
        sys.stdin.readline()
        fairlead.current().serving("wsgi", None)
        print(web.getsockname()[1], flush=True)
        sys.stdin.read()
    """)
    await_registered(wire, program.line())
    until(lambda: wire.registrations[-1]["protocol"] == "grpc")
    program.say("serve HTTP too")
    await_registered(wire, program.line())
    until(lambda: wire.registrations[-1]["protocol"] == "http")


def test_an_address_of_the_operators_says_what_is_spoken_there(launch, wire):
    """Callers by gRPC leave an instance alone that is said to speak HTTP."""
    at = free_port()
    wire.publish(snapshot(1))
    program = launch(
        f"""
        import fairlead, socket, sys
        rpc, web = (socket.create_server(("127.0.0.1", port)) for port in ({at}, 0))
        fairlead.current().serving("wsgi", lambda: [web])
        fairlead.current().serving("grpc", lambda: [rpc.getsockname()[1]])
        sys.stdin.read()
        """,
        FAIRLEAD_ADDRESS=f"127.0.0.1:{at}",
    )
    await_registered(wire, str(at))
    until(lambda: wire.registrations[-1]["protocol"] == "grpc")
    program.end()
