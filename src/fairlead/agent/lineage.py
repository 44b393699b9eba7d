"""Which processes below `fairlead run` may register (contract 2).

The first Python process of a line of descent marks itself in the environment that it passes on. It
may register, and so may a descendant that serves a socket which an ancestor holds too: a worker.
Any other descendant only passes labels on. Imported at interpreter start-up: nothing heavy here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, MutableMapping

MARK = "FAIRLEAD_ROOT"
"""``pid:start`` of the process that a line of descent begins with."""

_GENERATIONS = 64


class Lineage:
    """Where this process stands in its line of descent."""

    __slots__ = ("forked", "inherited", "is_root", "is_worker", "root")

    def __init__(
        self,
        root: str,
        *,
        is_root: bool = False,
        forked: bool = False,
        inherited: frozenset[int] = frozenset(),
    ) -> None:
        self.root = root
        self.is_root = is_root
        self.forked = forked
        """Whether this process is a copy of the process it stems from, not another program."""
        self.inherited = inherited
        """Inodes of the sockets that came from an ancestor, as far as is known."""
        self.is_worker = False
        """Whether a server has said so: its workers have sockets of their own, at one address."""

    @classmethod
    def begin(cls, environ: MutableMapping[str, str]) -> Lineage:
        """Return where this process stands; the first of a line leaves its mark in `environ`."""
        own = name_of(os.getpid())
        root = environ.setdefault(MARK, own)
        # A program that replaces itself (os.exec*) keeps its process, and with it its place.
        return cls(root, is_root=root == own)

    def fork(self, inherited: Iterable[int]) -> Lineage:
        """Return where a child stands that was just forked, with these sockets (inodes)."""
        return Lineage(self.root, forked=True, inherited=frozenset(inherited))

    def vouch(self) -> None:
        """Take a server's word that it runs this process as one of its workers.

        It counts where the process that it stems from may register itself.
        """
        self.is_worker = self.forked or os.getppid() == int(self.root.partition(":")[0])

    def refusal(self, sockets: Iterable[int]) -> str:
        """Return why a process that serves these sockets (inodes) may not register, or ``""``."""
        if self.is_root or self.is_worker:
            return ""
        serving = frozenset(sockets)
        if serving & self.inherited:
            return ""
        root = int(self.root.partition(":")[0])
        if self.forked and name_of(root) != self.root:
            return ""  # it went to the background, and this copy goes on in its place
        for pid in _ancestors(root):
            if serving & sockets_of(pid):
                # Asked at every renewal: a worker that is out of descriptors cannot look again, and
                # one whose parent was killed serves on.
                self.inherited |= serving
                return ""
        return f"a child of process {root} that serves none of its sockets"


def sockets_of(pid: int) -> frozenset[int]:
    """Return the inodes of a process's sockets; none where that cannot be seen."""
    inodes = set()
    directory = f"/proc/{pid}/fd"
    try:
        names = os.listdir(directory)
    except OSError:
        return frozenset()
    for name in names:
        try:
            target = os.readlink(f"{directory}/{name}")
        except OSError:
            continue  # closed meanwhile
        if target.startswith("socket:["):
            inodes.add(int(target[8:-1]))
    return frozenset(inodes)


def _ancestors(root: int) -> list[int]:
    """Return the pids from the parent up to `root`, which is always among them."""
    pids: list[int] = []
    pid = os.getppid()
    while pid > 1 and pid != root and len(pids) < _GENERATIONS:
        pids.append(pid)
        pid = int(_stat(pid)[1] or 0)
    return [*pids, root] if pid == root else [root]


def name_of(pid: int) -> str:
    """Return ``pid:start`` of a process, which no other has had."""
    return f"{pid}:{_stat(pid)[0]}"


def _stat(pid: int) -> tuple[str, str]:
    """Return when a process started, in ticks since boot, and its parent; proc(5)."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return "", ""
    return fields[19].decode(), fields[1].decode()
