"""What the container of a process may use, and what it uses: control groups of both versions.

Version 2: ``cpu.max``, ``cpu.stat``, ``memory.max`` and ``memory.current``; version 1:
``cpu.cfs_quota_us``, ``cpuacct.usage`` and ``memory.limit_in_bytes`` (Documentation/admin-guide).
A process may be in a group below that of its container, whose limits hold all the same: of the
groups on the way up the tightest counts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

ROOT = "/sys/fs/cgroup"
PROC = "/proc/self/cgroup"

NO_LIMIT = 1 << 60
"""Bytes from which on a limit of version 1 is none."""

MOST_READ = 4096


class Files:
    """Small files of the kernel that are kept open, and read anew each time."""

    def __init__(self) -> None:
        self._open: dict[str, int] = {}

    def read(self, path: str) -> str:
        """Return what a file says, ``""`` where it cannot be read."""
        try:
            descriptor = self._open.get(path)
            if descriptor is None:
                descriptor = self._open[path] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            return os.pread(descriptor, MOST_READ, 0).decode("ascii", "replace")
        except OSError:
            self.close(path)
            return ""

    def close(self, path: str) -> None:
        """Let go of a file."""
        descriptor = self._open.pop(path, None)
        if descriptor is not None:
            os.close(descriptor)

    def close_all(self) -> None:
        """Let go of all."""
        for path in list(self._open):
            self.close(path)


class Container:
    """The control groups that this process is in."""

    def __init__(self, files: Files, root: str = ROOT, proc: str = PROC) -> None:
        self._files = files
        self._cpu = list(_groups(root, proc, "cpu"))
        self._memory = list(_groups(root, proc, "memory"))
        self._usage = ""
        self._quota = 0.0
        """Cores, 0.0 without a limit."""
        self.memory_limit = 0
        """Bytes, 0 without a limit."""
        self._using = ""
        self._last: tuple[float, float] | None = None
        self.look()

    def look(self) -> None:
        """Read the limits, which may change while the container runs."""
        limits = [(quota, group) for group in self._cpu if (quota := self._quota_of(group)) > 0]
        self._quota, group = min(limits, default=(0.0, ""))
        usage = self._usage_of(group) if group else ""
        if usage != self._usage:
            self._usage, self._last = usage, None
        found = [(most, group) for group in self._memory if (most := self._most_of(group))]
        self.memory_limit, group = min(found, default=(0, ""))
        self._using = group

    def cores(self) -> float:
        """Return the cores that the process may use: its container's quota, or its affinity."""
        try:
            own = float(len(os.sched_getaffinity(0)))
        except (AttributeError, OSError):
            own = float(os.cpu_count() or 1)
        return min(own, self._quota) if self._quota else own

    def busy(self, now: float) -> float:
        """Return the share of its quota that the container has used since the last time.

        0.0 without one: what else is in the group then is nobody's.
        """
        if not self._quota:
            return 0.0
        used = self._used()
        before, self._last = self._last, (now, used)
        if used < 0 or before is None or before[1] < 0 or now <= before[0]:
            return 0.0
        return max(0.0, used - before[1]) / (now - before[0]) / self._quota

    def memory(self) -> int:
        """Return the bytes that the container uses and cannot give back, 0 where nobody says."""
        group = self._using
        for name in ("memory.current", "memory.usage_in_bytes"):
            text = self._files.read(f"{group}/{name}").strip() if group else ""
            if text.isdigit():
                return max(0, int(text) - self._cached(group))
        return 0

    def _cached(self, group: str) -> int:
        """Return the bytes of files that the kernel drops before it kills anybody."""
        for line in self._files.read(f"{group}/memory.stat").splitlines():
            name, _, value = line.partition(" ")
            if name in ("inactive_file", "total_inactive_file") and value.isdigit():
                return int(value)
        return 0

    def _quota_of(self, group: str) -> float:
        words = self._files.read(f"{group}/cpu.max").split()
        if not words:
            words = [
                self._files.read(f"{group}/cpu.cfs_{name}_us").strip()
                for name in ("quota", "period")
            ]
        if len(words) != 2 or not (words[0].isdigit() and words[1].isdigit()):
            return 0.0  # max, -1, or nothing
        return int(words[0]) / int(words[1]) if int(words[1]) else 0.0

    def _most_of(self, group: str) -> int:
        for name in ("memory.max", "memory.limit_in_bytes"):
            text = self._files.read(f"{group}/{name}").strip()
            if text.isdigit() and int(text) < NO_LIMIT:
                return int(text)
        return 0

    def _usage_of(self, group: str) -> str:
        if self._files.read(f"{group}/cpu.stat").startswith("usage_usec"):
            return f"{group}/cpu.stat"
        return f"{_beside(group)}/cpuacct.usage"

    def _used(self) -> float:
        """Return the seconds of a core that the container has used, -1.0 where nobody says."""
        words = self._files.read(self._usage).split()
        if words[:1] == ["usage_usec"]:
            return int(words[1]) / 1e6
        return int(words[0]) / 1e9 if words and words[0].isdigit() else -1.0


def _groups(root: str, proc: str, controller: str) -> Iterator[str]:
    """Yield the directories of a controller's groups that hold this process, its own first.

    In a namespace of control groups, as in most containers, the path is what is outside of it.
    """
    for mount, path in _paths(root, proc, controller):
        here = Path(mount) / path.lstrip("/")
        if not here.is_dir():
            here = Path(mount)
        yield str(here)
        while here != Path(mount):
            here = here.parent
            yield str(here)


def _paths(root: str, proc: str, controller: str) -> Iterator[tuple[str, str]]:
    try:
        lines = Path(proc).read_text("utf-8", "replace").splitlines()[:64]
    except OSError:
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if ".." in path.split("/"):
            path = "/"  # of a group outside of what can be seen here
        if controller in controllers.split(","):
            for name in (controllers, controller):
                if (mount := f"{root}/{name}") and Path(mount).is_dir():
                    yield mount, path
                    break
        elif not controllers:
            unified = f"{root}/unified"
            yield (unified if Path(unified).is_dir() else root), path


def _beside(group: str) -> str:
    """Return where version 1 accounts for what a group of the controller ``cpu`` uses."""
    for mount in ("/cpu/", "/cpu,cpuacct/"):
        before, found, path = f"{group}/".partition(mount)
        other = f"{before}/cpuacct/{path}".rstrip("/")
        if found and not Path(group, "cpuacct.usage").exists() and Path(other).is_dir():
            return other
    return group
