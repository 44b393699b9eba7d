"""What stands for a call of grpc's that is not under way yet: its instance is being connected to.

As soon as the call is under way, everything asked of this is asked of that.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import Event, Lock
from typing import Any


class Pending:
    """A call that is an iterator and a future, as the library's are.

    `grpc.Call` and `grpc.Future` say what each method does.
    """

    def __init__(self) -> None:
        self._call: Any = None
        self._is_settled = Event()
        self._lock = Lock()
        self._told: list[Callable[[Any], None]] = []
        self.is_cancelled = False

    def settle(self, call: Any) -> None:
        """Hear of the call that is under way, or of the error that stands for it."""
        with self._lock:
            self._call = call
            told, self._told = self._told, []
            self._is_settled.set()
        if self.is_cancelled:
            _cancel(call)
        for tell in told:
            tell(call)

    def __iter__(self) -> Pending:
        return self

    def __next__(self) -> Any:
        call = self._settled()
        if isinstance(call, Exception) and not hasattr(call, "__next__"):
            raise call
        return next(call)

    def result(self, timeout: float | None = None) -> Any:
        """Return the answer."""
        return self._future(timeout).result(timeout)

    def exception(self, timeout: float | None = None) -> Any:
        """Return the error."""
        return self._future(timeout).exception(timeout)

    def traceback(self, timeout: float | None = None) -> Any:
        """Return the error's traceback."""
        return self._future(timeout).traceback(timeout)

    def cancel(self) -> bool:
        """Cancel the call, or have it never be made."""
        with self._lock:
            call, self.is_cancelled = self._call, self._call is None
        return call.cancel() if call is not None else True

    def cancelled(self) -> bool:
        """Tell whether it was cancelled here."""
        return self.is_cancelled or (self._is_settled.is_set() and self._call.cancelled())

    def running(self) -> bool:
        """Tell whether it goes on."""
        return not self.done()

    def done(self) -> bool:
        """Tell whether it has ended."""
        return self.is_cancelled or (self._is_settled.is_set() and self._call.done())

    def is_active(self) -> bool:
        """Tell whether it goes on."""
        return not self.done()

    def time_remaining(self) -> Any:
        """Return the seconds it has left."""
        return self._settled().time_remaining()

    def add_done_callback(self, fn: Callable[[Any], None]) -> None:
        """Have `fn` called with this when it has ended."""
        self._tell(lambda call: call.add_done_callback(lambda _: fn(self)))

    def add_callback(self, callback: Callable[[], None]) -> bool:
        """Have `callback` called when it has ended."""
        if self.done():
            return False
        self._tell(lambda call: _call_back(call, callback))
        return True

    def __getattr__(self, name: str) -> Any:
        """Ask the call for its code, its details, its metadata."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._settled(), name)

    def _tell(self, tell: Callable[[Any], Any]) -> None:
        with self._lock:
            if self._call is None:
                self._told.append(tell)
                return
        tell(self._call)

    def _settled(self) -> Any:
        self._is_settled.wait()
        return _shown(self._call)

    def _future(self, timeout: float | None) -> Any:
        grpc = sys.modules["grpc"]
        if self.is_cancelled:
            raise grpc.FutureCancelledError
        if not self._is_settled.wait(timeout):
            raise grpc.FutureTimeoutError
        if self.is_cancelled:
            raise grpc.FutureCancelledError
        return _shown(self._call)


def _shown(call: Any) -> Any:
    """Return what may be asked about a call; raise an error of another kind."""
    if isinstance(call, Exception) and not hasattr(call, "code"):
        raise call
    return call


def _call_back(call: Any, callback: Callable[[], None]) -> None:
    """Have `callback` called when `call` has ended; an error has."""
    has_ended = isinstance(call, Exception) and not hasattr(call, "__next__")
    if has_ended or not call.add_callback(callback):
        callback()


def _cancel(call: Any) -> None:
    cancel = getattr(call, "cancel", None)
    if cancel is not None:
        cancel()
