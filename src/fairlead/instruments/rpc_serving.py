"""A call of gRPC that is served: its handler's function, and what it answers with.

Whatever runs of the application's code runs on the call's lane: functions in threads of a server's
executor, generators step by step, coroutines in the task of the call.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from fairlead.instruments.doorkeeper import Doorkeeper, nowhere
from fairlead.instruments.drive import pause, pause_async
from fairlead.instruments.inherit import sooner
from fairlead.instruments.propagate import resume, suspend
from fairlead.instruments.rpc import WHERE, Pairs, values_of
from fairlead.instruments.rpc_admission import Admission
from fairlead.instruments.rpc_passage import (
    CANCELLED,
    RpcFacts,
    RpcGates,
    answer_of,
    code_of,
    gone,
)
from fairlead.instruments.rpc_server import safely

if TYPE_CHECKING:
    from fairlead.flow.gate import Entry
    from fairlead.flow.refusal import Refusal
    from fairlead.instruments.instrument import DataPlane


class Governance:
    """What all calls of a process share: how they are put on lanes, and their gates."""

    __slots__ = ("admission", "gates", "keeper", "plane")

    def __init__(self, plane: DataPlane) -> None:
        self.plane = plane
        self.admission, self.gates = Admission(plane), RpcGates(plane)
        self.keeper = Doorkeeper(plane, WHERE)

    def serving(self, details: Any) -> Serving:
        """Return a call that came with these details, on its lane."""
        return Serving(self, details)


class Serving:
    """One call, from its handler's first step to its last."""

    __slots__ = ("_admitted", "_governance", "_method", "_shown", "_taken", "passage")

    def __init__(self, governance: Governance, details: Any) -> None:
        self._governance = governance
        self._method: str = details.method
        self._admitted = governance.admission.admit(details.method, details.invocation_metadata)
        self.passage = self._admitted.passage
        self._shown = self._admitted.metadata
        observing = governance.plane.observing
        if observing.wants_requests:
            observing.begun(self.passage, "", partial(values_of, details.invocation_metadata))
        self._taken = self._shown is not details.invocation_metadata

    def shown(self, details: Any) -> Any:
        """Return what handlers are chosen by, and other interceptors see."""
        return type(details)(self._method, self._shown) if self._taken else details

    def single(self, function: Callable[..., Any], request: Any, context: Any, *rest: Any) -> Any:
        """Call a function that answers with one message, or through a callback of the server's."""
        context = self._begin(request, context)
        token = resume(self.passage)
        error: BaseException | None = None
        try:
            return function(request, context, *rest)
        except BaseException as raised:
            error = raised
            raise
        finally:
            suspend(token)
            self.end(context, error)

    def stream(self, function: Callable[..., Any], request: Any, context: Any) -> Any:
        """Call a function that answers with many messages; they are made on the lane too."""
        context = self._begin(request, context, lasts=True)
        token = resume(self.passage)
        try:
            steps = function(request, context)
        except BaseException as error:
            self.end(context, error)
            raise
        finally:
            suspend(token)
        # A client that goes away is not seen by a handler that waits for something else.
        if context.add_callback(partial(self.gone, context)) is False:
            self.gone(context)
        return Steps(steps, self, context)

    async def single_async(self, function: Callable[..., Any], request: Any, context: Any) -> Any:
        """Await a coroutine function, which may answer through its context."""
        context = await self._begin_async(request, context)
        token = resume(self.passage)
        error: BaseException | None = None
        try:
            return await function(request, context)
        except BaseException as raised:
            error = raised
            raise
        finally:
            suspend(token)
            self.end(context, error)

    async def stream_async(
        self, function: Callable[..., Any], request: Any, context: Any
    ) -> AsyncIterator[Any]:
        """Step through an asynchronous generator, which runs in the task that asks for answers."""
        context = await self._begin_async(request, context, lasts=True)
        token = resume(self.passage)
        error: BaseException | None = None
        try:
            steps = function(request, context)
            try:
                async for answer in steps:
                    yield answer
            finally:
                await steps.aclose()
        except BaseException as raised:
            error = raised
            raise
        finally:
            suspend(token)
            self.end(context, error)

    def end(self, context: Any, error: BaseException | None = None) -> None:
        """Note that the handler has returned, or raised `error`."""
        if self.passage.grpc is None:
            self.passage.error = error
            code = safely(self._governance.plane, lambda: code_of(context, error))
            self.passage.over(code or 0)
        self.passage.end()

    def gone(self, context: Any) -> None:
        """Note that the call is over for its client, whatever its handler does."""
        if self.passage.grpc is None:
            self.passage.over(safely(self._governance.plane, lambda: gone(context)) or CANCELLED)

    def _begin(self, request: Any, context: Any, *, lasts: bool = False) -> Any:
        """Enter the gate, in the thread that is to serve; return the application's context."""
        context = self._shown_to(context)
        if (refusal := self._kept_out(lasts=lasts)) is not None:
            self._refuse(context, refusal)
        self._inherit(context)
        entry = self._entered(request, context)
        if entry is not None and entry.refused is not None:
            self._refuse(context, entry.refused)
        if entry is not None and entry.wait:
            pause(entry)
            if not getattr(context, "is_active", lambda: True)():
                self.gone(context)
                self.passage.end()
                context.abort(sys.modules["grpc"].StatusCode.CANCELLED, "")
        return context

    async def _begin_async(self, request: Any, context: Any, *, lasts: bool = False) -> Any:
        """Enter the gate; return the application's context."""
        context = self._shown_to(context)
        if (refusal := self._kept_out(lasts=lasts)) is not None:
            await self._refuse(context, refusal)
        self._inherit(context)
        entry = self._entered(request, context)
        if entry is not None and entry.refused is not None:
            await self._refuse(context, entry.refused)
        if entry is not None and entry.wait:
            try:
                await pause_async(entry)
            except BaseException as error:
                self.end(context, error)
                raise
        return context

    def _inherit(self, context: Any) -> None:
        """Have the calls that this one causes end with it: gRPC tells how much time it has."""
        plane, passage = self._governance.plane, self.passage
        if plane.engine.plan.ruled:
            left = safely(plane, context.time_remaining)
            passage.above = sooner(passage.above, left)

    def _kept_out(self, *, lasts: bool) -> Refusal | None:
        """Return why the process has not the strength for the call, None where it has."""
        keeper = self._governance.keeper
        if not keeper.protection.on:
            return None
        header = partial(values_of, self._shown)
        verdict = keeper.ask(self.passage, self._method, header, nowhere, lasts=lasts)
        return None if verdict is None else verdict.refused

    def _entered(self, request: Any, context: Any) -> Entry | None:
        governance = self._governance
        message = None if hasattr(request, "__next__") or hasattr(request, "__aiter__") else request
        facts = RpcFacts(governance.plane, self._method, self._shown, message, context)
        return governance.gates.enter(self.passage, facts, self._method)

    def _refuse(self, context: Any, refusal: Refusal) -> Any:
        """End the call with the answer of the rule that turns it away, by raising; awaited or not.

        What the library raises for it says so to itself.
        """
        code, message, metadata = answer_of(refusal)
        self.passage.over(code.value[0])
        self.passage.end()
        context.set_trailing_metadata(metadata)
        return context.abort(code, message)

    def _shown_to(self, context: Any) -> Any:
        """Return the context for the application: one without labels, if they are taken away."""
        shown = safely(self._governance.plane, lambda: self._hidden(context))
        return context if shown is None else shown

    def _hidden(self, context: Any) -> Any:
        if self._admitted.came is not None:
            self._governance.admission.recolour(self._admitted, self._method, context.peer())
        if not hasattr(context, "code"):
            return NotedContext(context, self._shown)
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


class NotedContext(Context):
    """One that knows which code the handler chose, where the library's does not tell.

    That is so for plain functions in the threads of an asyncio server.
    """

    _code: Any = None

    def code(self) -> Any:
        """Return the code, None for none."""
        return self._code

    def set_code(self, code: Any) -> None:
        """Note the code."""
        self._code = code
        self._context.set_code(code)

    def abort(self, code: Any, *args: Any, **kwargs: Any) -> Any:
        """Note the code, and raise."""
        self._code = code
        return self._context.abort(code, *args, **kwargs)


class Steps:
    """The answers of a call, each made on its lane."""

    __slots__ = ("_context", "_serving", "_steps")

    def __init__(self, steps: Any, serving: Serving, context: Any) -> None:
        self._steps, self._serving, self._context = steps, serving, context

    def __iter__(self) -> Steps:
        return self

    def __next__(self) -> Any:
        token = resume(self._serving.passage)
        try:
            return next(self._steps)
        except StopIteration:
            self._serving.end(self._context)
            raise
        except BaseException as error:
            self._serving.end(self._context, error)
            raise
        finally:
            suspend(token)

    def __del__(self) -> None:
        """Close what makes them: the server lets go of it when the client has gone."""
        close = getattr(self._steps, "close", None)
        if close is not None:
            token = resume(self._serving.passage)
            try:
                close()
            finally:
                suspend(token)
        self._serving.gone(self._context)
        self._serving.passage.end()
