"""A call of gRPC that is served: its handler's function, and what it answers with.

Whatever runs of the application's code runs on the call's lane: functions in threads of a server's
executor, generators step by step, coroutines in the task of the call.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from fairlead.instruments.propagate import Origin, resume, suspend
from fairlead.instruments.rpc import Admission, Admitted, Pairs
from fairlead.instruments.rpc_server import safely

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane


class Serving:
    """One call, from its handler's first step to its last."""

    __slots__ = ("_admission", "_admitted", "_method", "_plane", "_shown", "_taken")

    def __init__(
        self, plane: DataPlane, admission: Admission, admitted: Admitted, details: Any
    ) -> None:
        """`details` are what the call came with."""
        self._plane, self._admission, self._admitted = plane, admission, admitted
        self._method: str = details.method
        self._shown = admitted.metadata
        self._taken = admitted.metadata is not details.invocation_metadata

    def shown(self, details: Any) -> Any:
        """Return what handlers are chosen by, and other interceptors see."""
        return type(details)(self._method, self._shown) if self._taken else details

    def single(self, function: Callable[..., Any], request: Any, context: Any, *rest: Any) -> Any:
        """Call a function that answers with one message, or through a callback of the server's."""
        context = self._shown_to(context)
        token = resume(self._admitted.served)
        try:
            return function(request, context, *rest)
        finally:
            suspend(token)
            self.end()

    def stream(self, function: Callable[..., Any], request: Any, context: Any) -> Any:
        """Call a function that answers with many messages; they are made on the lane too."""
        context = self._shown_to(context)
        token = resume(self._admitted.served)
        try:
            steps = function(request, context)
        except BaseException:
            self.end()
            raise
        finally:
            suspend(token)
        # A client that goes away is not seen by a handler that waits for something else.
        if not context.add_callback(self.end):
            self.end()
        return Steps(steps, self._admitted.served, self.end)

    def end(self) -> None:
        """Note that the call is over."""
        if self._admitted.served is not None:
            self._admitted.served.ended = True

    async def single_async(self, function: Callable[..., Any], request: Any, context: Any) -> Any:
        """Await a coroutine function, which may answer through its context."""
        context = self._shown_to(context)
        token = resume(self._admitted.served)
        try:
            return await function(request, context)
        finally:
            suspend(token)
            self.end()

    async def stream_async(
        self, function: Callable[..., Any], request: Any, context: Any
    ) -> AsyncIterator[Any]:
        """Step through an asynchronous generator, which runs in the task that asks for answers."""
        context = self._shown_to(context)
        token = resume(self._admitted.served)
        try:
            steps = function(request, context)
            try:
                async for answer in steps:
                    yield answer
            finally:
                await steps.aclose()
        finally:
            suspend(token)
            self.end()

    def _shown_to(self, context: Any) -> Any:
        """Return the context for the application: one without labels, if they are taken away."""
        shown = safely(self._plane, lambda: self._hidden(context))
        return context if shown is None else shown

    def _hidden(self, context: Any) -> Any:
        if self._admitted.came is not None:
            self._admission.recolour(self._admitted, self._method, context.peer())
        return Context(context, self._shown) if self._taken else context


class Context:
    """What a handler may ask of its call: the library's, but for the metadata it came with."""

    def __init__(self, context: Any, metadata: Pairs) -> None:
        self._context, self._metadata = context, metadata

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def invocation_metadata(self) -> Pairs:
        """Return the metadata without labels."""
        return self._metadata


class Steps:
    """The answers of a call, each made on its lane."""

    __slots__ = ("_end", "_served", "_steps")

    def __init__(self, steps: Any, served: Origin, end: Callable[[], None]) -> None:
        self._steps, self._served, self._end = steps, served, end

    def __iter__(self) -> Steps:
        return self

    def __next__(self) -> Any:
        token = resume(self._served)
        try:
            return next(self._steps)
        except BaseException:
            self._end()
            raise
        finally:
            suspend(token)

    def __del__(self) -> None:
        """Close what makes them: the server lets go of it when the client has gone."""
        close = getattr(self._steps, "close", None)
        if close is not None:
            token = resume(self._served)
            try:
                close()
            finally:
                suspend(token)
        self._end()
