"""Threads and locks of the operating system, whatever the application has monkey-patched.

gevent and eventlet turn `threading` into greenlets that run only when the application lets them;
a lease must be renewed also while it does not. So this room uses nothing of `threading`, `queue` or
`socket`, only what they are made of, taken here before or in spite of a patch. Threads made this
way start with an empty context, are not waited for at exit, and no hook of ours sees them.

Nor do signals: the kernel gives one that waits for the main thread to any thread that happens to
look, as one does that starts another, and Python's handler then waits for the main thread to wake.
A server that waits for nothing but its signal, as granian's workers of WSGI do, would never end.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import _thread
import sys

TYPE_CHECKING = False  # imported at interpreter start-up, where `typing` is dear
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any


def _original(name: str) -> Any:
    """Return what ``_thread`` offered before anybody patched it."""
    gevent = sys.modules.get("gevent.monkey")
    if gevent is not None:
        return gevent.get_original("_thread", name)
    eventlet = sys.modules.get("eventlet.patcher")
    if eventlet is not None:
        return getattr(eventlet.original("_thread"), name)
    return getattr(_thread, name)


_start_new_thread = _original("start_new_thread")
_allocate_lock: Callable[[], _thread.LockType] = _original("allocate_lock")


ident: Callable[[], int] = _original("get_ident")
"""Returns the operating system's name of the thread that asks, also where greenlets have one."""

_OWN = {"SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSEGV", "SIGSYS", "SIGTRAP"}
"""Signals that a thread sends to itself, by what it does wrong."""

_OTHERS = frozenset(getattr(_signal, "valid_signals", set)()) - {
    getattr(_signal, name, 0) for name in _OWN
}


def spawn(run: Callable[[], object]) -> None:
    """Run `run`, which handles its own faults, on a new thread that takes no signals."""
    mask = getattr(_signal, "pthread_sigmask", None)
    if mask is None:
        _start_new_thread(run, ())
        return
    # A thread inherits what is blocked where it is started. It may not look even once without.
    before = mask(_signal.SIG_BLOCK, _OTHERS)
    try:
        _start_new_thread(run, ())
    finally:
        mask(_signal.SIG_SETMASK, before)


def teller(number: int) -> Callable[[], object]:
    """Return what sends a signal to the thread that calls this, and to no other."""
    thread = ident()
    return lambda: _signal.pthread_kill(thread, number)


class Lock:
    """Mutual exclusion for a few instructions at a time; acquiring it may be bounded."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = _allocate_lock()

    def acquire(self, seconds: float = -1) -> bool:
        """Take the lock; False if `seconds` passed without it."""
        return self._lock.acquire(True, seconds)

    def release(self) -> None:
        """Give the lock back."""
        self._lock.release()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()


class Latch:
    """Opens once; whoever waits, or comes later, passes."""

    __slots__ = ("_lock", "is_open")

    def __init__(self) -> None:
        self.is_open = False
        self._lock = _allocate_lock()
        self._lock.acquire()

    def open(self) -> None:
        """Let everybody pass from now on."""
        self.is_open = True
        _release(self._lock)

    def wait(self, seconds: float) -> bool:
        """Wait until it is open, at most `seconds`; return whether it is."""
        if not self.is_open and self._lock.acquire(True, max(0.0, seconds)):
            _release(self._lock)  # for the next one who waits
        return self.is_open


class Bell:
    """Wakes one thread that sleeps; a ring that nobody heard is heard by the next who sleeps."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = _allocate_lock()
        self._lock.acquire()

    def ring(self) -> None:
        """Wake the sleeper."""
        _release(self._lock)

    def sleep(self, seconds: float) -> bool:
        """Sleep `seconds`, or until it rings; return whether it rang."""
        return self._lock.acquire(True, max(0.0, seconds))


def _release(lock: _thread.LockType) -> None:
    try:
        lock.release()
    except RuntimeError:
        return  # it was open already
