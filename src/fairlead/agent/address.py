"""Find the address that others reach this process at (contract 3).

Servers are not asked to tell us: uvicorn on uvloop never calls Python's ``socket.listen``. The
process's own descriptors are looked through for sockets that accept connections.
"""

from __future__ import annotations

import _socket
import os
import stat
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from fairlead.protocols.watch.connection import ControlAddress

_DESCRIPTORS = ("/proc/self/fd", "/dev/fd")
_TRIED = 4096
"""Descriptors that are tried one by one where they cannot be listed."""

# tcp(7): `struct tcp_info`. Of a listening socket, tcpi_unacked is the length of its queue.
_UNACKED = struct.Struct("24xI")

OURS: set[int] = set()
"""Descriptors of our own sockets: nobody calls the application there."""

_Found = TypeVar("_Found")
_TCP = (_socket.AF_INET, _socket.AF_INET6)
_MAPPED = "::ffff:"
_WILDCARDS = frozenset({"0.0.0.0", "::"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """A socket of this process that accepts connections."""

    descriptor: int
    inode: int
    family: int
    host: str
    """Empty for a Unix socket."""
    port: int
    both: bool = False
    """Whether an IPv6 socket takes IPv4 connections too."""

    def __str__(self) -> str:
        return f"{_bracketed(self.host)}:{self.port}" if self.host else "a Unix socket"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is advertised, why, and what else listens; `address` is ``""`` where nothing can be."""

    address: str = ""
    reason: str = ""
    others: tuple[str, ...] = ()
    inodes: frozenset[int] = frozenset()
    """The sockets the address was taken from."""


def listeners() -> list[Listener]:
    """Return this process's listening sockets in the order of their descriptors."""
    return list(_each(_listener))


def connections(ports: Iterable[int]) -> int:
    """Count the open TCP connections that this process has accepted on `ports`."""
    wanted = frozenset(ports)

    def accepted(descriptor: int, opened: _socket.socket) -> bool | None:
        if opened.family not in _TCP or opened.getsockname()[1] not in wanted:
            return None
        if opened.getsockopt(_socket.SOL_SOCKET, _socket.SO_ACCEPTCONN):
            return None
        opened.getpeername()  # raises where the other side is gone
        return True

    return sum(1 for _ in _each(accepted))


def queued(inodes: Iterable[int]) -> int:
    """Count the connections that the listening sockets `inodes` have yet to accept.

    A server that closes such a socket resets them, whatever they have sent by then.
    """
    wanted = frozenset(inodes)

    def waiting(descriptor: int, opened: _socket.socket) -> int | None:
        if opened.family not in _TCP or os.fstat(descriptor).st_ino not in wanted:
            return None
        if not opened.getsockopt(_socket.SOL_SOCKET, _socket.SO_ACCEPTCONN):
            return None
        told = opened.getsockopt(_socket.IPPROTO_TCP, _socket.TCP_INFO, _UNACKED.size)
        return int(_UNACKED.unpack(told)[0])

    return sum(_each(waiting))


def choose(
    found: list[Listener], named: set[int] | None, fixed: str, control: ControlAddress
) -> Choice:
    """Choose among `found`, given the operator's word and the descriptors that the server names.

    `named` is None where there is no server that can be asked, and empty where it does not listen
    yet: then another socket of the process must not be taken for it.
    """
    server = [listener for listener in found if named and listener.descriptor in named]
    if named is not None and not server:
        return Choice(reason="the server does not listen yet")
    inodes = frozenset(listener.inode for listener in server or found)
    if fixed:
        others = tuple(str(listener) for listener in found if listener.host)
        return Choice(address=fixed, reason="FAIRLEAD_ADDRESS", others=others, inodes=inodes)
    inet = [listener for listener in server or found if listener.host]
    if not inet:
        reason = "only a Unix socket" if inodes else "no listening socket yet"
        return Choice(reason=f"{reason}; set FAIRLEAD_ADDRESS", inodes=inodes)
    # Descriptors of a forked worker are its parent's, so that all workers choose the same one.
    chosen = inet[0] if server else inet[-1]
    others = tuple(str(other) for other in found if other.host and other is not chosen)
    return _advertised(chosen, others, control, "named by the server" if server else "opened last")


def facing(control: ControlAddress) -> str:
    """Return the address of this machine that the control plane is reached from."""
    for family, target in _targets(control):
        host = _source(family, target)
        if host:
            return "127.0.0.1" if host == "::1" or host.startswith("127.") else host
    return "127.0.0.1"


def _advertised(
    chosen: Listener, others: tuple[str, ...], control: ControlAddress, reason: str
) -> Choice:
    inodes = frozenset({chosen.inode})
    host = chosen.host
    if host in _WILDCARDS:
        host = _own_host(chosen, control)
        if not host:
            reason = f"no address of this machine leads to {control}; set FAIRLEAD_ADDRESS"
            return Choice(reason=reason, others=others, inodes=inodes)
        reason = f"{reason}, bound to every address"
    address = f"{_bracketed(host)}:{chosen.port}"
    return Choice(address=address, reason=reason, others=others, inodes=inodes)


def _own_host(listener: Listener, control: ControlAddress) -> str:
    """Return the host that a wildcard bind is reached at: our side toward the control plane."""
    v4 = listener.family == _socket.AF_INET or listener.both
    for family, target in _targets(control):
        host = _source(family, target)
        if host == "::1" or host.startswith("127."):
            return "127.0.0.1" if v4 else "::1"
        if host and (family == listener.family or (v4 and family == _socket.AF_INET)):
            return host
    return ""


def _targets(control: ControlAddress) -> list[tuple[int, Any]]:
    try:
        found = _socket.getaddrinfo(control.name, control.port, 0, _socket.SOCK_DGRAM)
    except (OSError, UnicodeError):
        return []
    return [(int(family), target) for family, _, _, _, target in found]


def _source(family: int, target: Any) -> str:
    """Return our side of a connection to `target`; a datagram socket connects without a word."""
    try:
        probe = _socket.socket(family, _socket.SOCK_DGRAM)
    except OSError:
        return ""
    try:
        probe.connect(target)
        return str(probe.getsockname()[0])
    except OSError:
        return ""
    finally:
        probe.close()


def _listener(descriptor: int, opened: _socket.socket) -> Listener | None:
    if descriptor in OURS:
        return None
    if opened.type != _socket.SOCK_STREAM:
        return None
    if not opened.getsockopt(_socket.SOL_SOCKET, _socket.SO_ACCEPTCONN):
        return None
    family, inode = opened.family, os.fstat(descriptor).st_ino
    if family not in _TCP:
        return Listener(descriptor=descriptor, inode=inode, family=family, host="", port=0)
    host, port = opened.getsockname()[:2]
    if host.startswith(_MAPPED):
        # gRPC's way to listen at an address of IPv4 (RFC 4291, 2.5.5.2), which callers use.
        host, family = host.removeprefix(_MAPPED), _socket.AF_INET
    both = family == _socket.AF_INET6 and not opened.getsockopt(
        _socket.IPPROTO_IPV6, _socket.IPV6_V6ONLY
    )
    return Listener(
        descriptor=descriptor, inode=inode, family=family, host=host, port=port, both=both
    )


def _each(look: Callable[[int, _socket.socket], _Found | None]) -> Iterator[_Found]:
    """Yield what `look` finds at each socket of this process."""
    for descriptor in _descriptors():
        try:
            if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                continue
            opened = _borrowed(descriptor)
        except OSError:
            continue  # closed meanwhile
        try:
            found = look(descriptor, opened)
        except OSError:
            found = None
        finally:
            # Borrowed, not duplicated: a duplicate could end up in a process forked meanwhile and
            # keep the port taken there. It must never be closed from here.
            opened.detach()
        if found is not None:
            yield found


def _borrowed(descriptor: int) -> _socket.socket:
    blocking = os.get_blocking(descriptor)
    opened = _socket.socket(fileno=descriptor)
    # Where the application has set a default timeout, making the object made its socket
    # non-blocking; a server that waits in accept() would fail.
    if blocking and not os.get_blocking(descriptor):
        os.set_blocking(descriptor, True)
    return opened


def _descriptors() -> list[int]:
    for directory in _DESCRIPTORS:
        try:
            return sorted(int(name) for name in os.listdir(directory))
        except OSError:
            continue
    # There is no /proc, or no descriptor is left to look with: a busy server has opened its socket
    # long before it runs out of them, and must not be taken for one that has closed it.
    return list(range(_TRIED))


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
