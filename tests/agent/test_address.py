"""Finding the own address: real sockets, and the choice among them."""

from __future__ import annotations

import os
import resource
import socket
from collections.abc import Iterator

import pytest

from fairlead.agent.address import Listener, choose, connections, listeners, queued
from fairlead.protocols.watch.connection import ControlAddress

CONTROL = ControlAddress(host="127.0.0.1", port=8580)


def listener(descriptor: int, host: str = "10.0.0.1", port: int = 80, **fields: int) -> Listener:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    values = {"inode": descriptor * 10, "family": family, **fields}
    return Listener(descriptor=descriptor, host=host, port=port, **values)  # type: ignore[arg-type]


@pytest.fixture
def opened() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def mine(server: socket.socket) -> Listener:
    (found,) = (one for one in listeners() if one.descriptor == server.fileno())
    return found


def test_a_listening_socket_is_found_without_asking_the_server(opened):
    """A server such as uvicorn on uvloop never calls Python's ``socket.listen``."""
    found = mine(opened)

    assert (found.host, found.port) == opened.getsockname()
    assert found.inode == os.fstat(opened.fileno()).st_ino


def test_who_stands_in_line_is_counted_until_the_server_lets_them_in(opened):
    """A server that closes its socket resets them, and whatever they have sent."""
    inodes = {mine(opened).inode}
    with (
        socket.create_connection(opened.getsockname()),
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        assert (queued(inodes), queued({os.fstat(other.fileno()).st_ino})) == (1, 0)
        accepted, _ = opened.accept()
        with accepted:
            assert queued(inodes) == 0


def test_a_process_without_a_free_descriptor_still_finds_it(opened):
    """A server under load runs out of them; its instance was taken off the registry for that."""
    _, most = limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, most))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            os.listdir("/proc/self/fd")
        found = mine(opened)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    assert (found.host, found.port) == opened.getsockname()


def test_other_sockets_are_not_taken_for_it():
    """A process has connections, datagram sockets and pipes as well."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram,
        socket.socket() as unbound,
    ):
        datagram.bind(("127.0.0.1", 0))
        unbound.bind(("127.0.0.1", 0))
        descriptors = {one.descriptor for one in listeners()}

        assert {datagram.fileno(), unbound.fileno()} & descriptors == set()


def test_looking_leaves_the_sockets_as_they_were(opened):
    """A default timeout of the application makes new socket objects switch their socket over."""
    opened.setblocking(True)
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(3.0)
    try:
        mine(opened)
    finally:
        socket.setdefaulttimeout(before)

    assert os.get_blocking(opened.fileno())
    with socket.create_connection(opened.getsockname()) as client:
        peer, _ = opened.accept()
        peer.close()
        assert client.recv(1) == b""


def test_an_ipv6_wildcard_may_take_ipv4_too():
    """``::`` is reached at 127.0.0.1, unless it is told not to be."""
    for only in (True, False):
        with socket.socket(socket.AF_INET6) as server:
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
            server.bind(("::", 0))
            server.listen()
            found = mine(server)
            chosen = choose([found], None, "", CONTROL).address

        assert found.both is not only
        assert chosen == (f"[::1]:{found.port}" if only else f"127.0.0.1:{found.port}")


def test_open_connections_are_counted_by_port(opened):
    """The process waits for them to end, and for nothing else."""
    port = opened.getsockname()[1]
    assert connections([port]) == 0

    with socket.create_connection(opened.getsockname()):
        peer, _ = opened.accept()
        assert connections([port]) == 1
        assert connections([port + 1]) == 0
        peer.close()

    assert connections([port]) == 0


def test_the_operators_word_is_final():
    """Behind a port mapping nobody inside can know the address."""
    choice = choose([listener(3)], None, "gateway:80", CONTROL)

    assert (choice.address, choice.reason) == ("gateway:80", "FAIRLEAD_ADDRESS")
    assert choice.inodes == {30}


def test_the_server_knows_which_socket_is_its_own():
    """The last one opened may belong to a metrics exporter."""
    metrics = listener(9, port=9090)
    choice = choose([listener(5), metrics], {5}, "", CONTROL)

    assert (choice.address, choice.reason) == ("10.0.0.1:80", "named by the server")
    assert choice.others == ("10.0.0.1:9090",)
    assert choice.inodes == {50}


def test_a_server_that_does_not_listen_yet_is_waited_for():
    """Another socket of the process must not be registered in its place."""
    choice = choose([listener(9, port=9090)], set(), "", CONTROL)

    assert (choice.address, choice.reason) == ("", "the server does not listen yet")


def test_without_a_server_that_can_be_asked_the_last_one_opened_is_chosen():
    """Applications open their service's socket after everything else."""
    choice = choose([listener(3, port=9090), listener(8, port=80)], None, "", CONTROL)

    assert (choice.address, choice.reason) == ("10.0.0.1:80", "opened last")
    assert choice.others == ("10.0.0.1:9090",)


def test_a_wildcard_bind_is_reached_on_loopback_where_the_control_plane_is():
    """Everything on one machine: the address others use, not one that means everywhere."""
    choice = choose([listener(3, "0.0.0.0")], None, "", CONTROL)

    assert choice.address == "127.0.0.1:80"
    assert choice.reason == "opened last, bound to every address"


def test_a_wildcard_bind_is_otherwise_reached_as_the_control_plane_sees_us():
    """Several networks: the one that leads to the control plane is the mesh's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 8580))
        except OSError:
            pytest.skip("this machine has no route to anywhere")
        own = probe.getsockname()[0]

    remote = ControlAddress(host="192.0.2.1", port=8580)

    assert choose([listener(3, "0.0.0.0")], None, "", remote).address == f"{own}:80"


def test_an_unknown_control_plane_leaves_the_choice_to_the_operator():
    """Better not registered, and said so, than registered at an address that is a guess."""
    nowhere = ControlAddress(host="nowhere.invalid", port=1)
    choice = choose([listener(3, "0.0.0.0")], None, "", nowhere)

    assert choice.address == ""
    assert choice.reason == (
        "no address of this machine leads to nowhere.invalid:1; set FAIRLEAD_ADDRESS"
    )


def test_ipv6_stands_in_brackets():
    """Contract 3; a host with colons could not be told from its port."""
    assert choose([listener(3, "2001:db8::1")], None, "", CONTROL).address == "[2001:db8::1]:80"


def test_a_unix_socket_needs_an_address_of_the_operator():
    """Whatever stands before it has the address that others call."""
    choice = choose([listener(3, "", 0)], {3}, "", CONTROL)

    assert (choice.address, choice.reason) == ("", "only a Unix socket; set FAIRLEAD_ADDRESS")
    assert choose([], None, "", CONTROL).reason == "no listening socket yet; set FAIRLEAD_ADDRESS"


def test_an_address_of_ipv4_that_a_socket_of_ipv6_listens_at_is_one_of_ipv4():
    """So does gRPC listen; callers without IPv6 must reach it too."""
    with socket.socket(socket.AF_INET6) as server:
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        server.bind(("::ffff:127.0.0.1", 0))
        server.listen()
        found = mine(server)
        assert (found.host, found.family) == ("127.0.0.1", socket.AF_INET)
        assert str(found) == f"127.0.0.1:{server.getsockname()[1]}"
