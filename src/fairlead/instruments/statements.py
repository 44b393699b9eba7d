"""Statements as resources: what every driver's hook does around one that rules concern.

The gate is asked before the driver's own code, and left when that has returned: rows that are
fetched later belong to the application. What begins or ends a transaction, or sets something in the
session, passes: a refused ROLLBACK would help nobody.
"""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import monotonic_ns
from typing import TYPE_CHECKING, Any

from fairlead.flow.rejected import Rejected
from fairlead.flow.result import Result
from fairlead.instruments.ambient import Ambient
from fairlead.instruments.drive import pause, pause_async
from fairlead.instruments.rejections import told
from fairlead.policy.outcome import CONNECT, TIMEOUT
from fairlead.telemetry.names import AGENT_FAULTS

if TYPE_CHECKING:
    from fairlead.flow.gate import Entry
    from fairlead.instruments.database import Connected

Hook = Callable[[Callable[..., Any]], Callable[..., Any]]
Find = Callable[[Any], "Connected | None"]
"""Finds what governs the connection of a cursor; raises nothing."""
Said = Callable[[Any, tuple[Any, ...], Mapping[str, Any]], tuple[Any, Any]]
"""Finds the statement, None for what no rule is to concern, and its parameters in a call."""

_PASSES = re.compile(
    r"(?is)(?:\s++|(?>/\*(?!M?!).*?\*/)|--[^\n]*+\n|\()*+"
    r"(?:begin|start|commit|rollback|end|abort|savepoint|release|set|use|reset|discard)\b"
)

_FAILURES = frozenset(
    (
        *("OperationalError", "InterfaceError"),  # DB-API (PEP 249)
        *("PostgresConnectionError", "InsufficientResourcesError", "OperatorInterventionError"),
        *("PostgresSystemError", "TimeoutError", "OSError"),
    )
)
"""Classes of errors for which the server, and not the statement, is at fault; asyncpg's too."""

_TIMEOUTS = frozenset(("QueryCanceled", "QueryCanceledError", "TimeoutError"))


class Statement(Ambient):
    """What rules may ask about a statement: its parameters, by position or by name.

    Of one that is executed for many rows it has none.
    """

    __slots__ = ("_parameters",)

    def __init__(self, parameters: Any) -> None:
        self._parameters = parameters

    def value(self, source: str, name: str) -> Any:
        """Return a parameter of the statement, None where it has none."""
        found = self._parameters
        if source != "sql" or found is None:
            return None
        if isinstance(found, Mapping):
            return found.get(name)
        if not isinstance(found, Sequence) or not name.lstrip("-").isdecimal():
            return None
        return found[int(name)] if -len(found) <= int(name) < len(found) else None


def in_order(_: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, Any]:
    """Find the statement and its parameters: the first two arguments, whatever their names."""
    told = (*args, *kwargs.values())
    return told[0] if told else None, told[1] if len(told) > 1 else None


def of_many(cursor: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, Any]:
    """Find the statement that is executed for many rows."""
    return in_order(cursor, args, kwargs)[0], None


def unhooked(original: Callable[..., Any]) -> Callable[..., Any]:
    """Hook nothing but the gate."""
    return original


def concerned(connected: Connected) -> bool:
    """Tell whether rules may concern what is to be sent; what is sent on behalf of it passes."""
    plan = connected.databases.plane.engine.plan
    return plan.statements is not None and not connected.inside


def governing(find: Find, hook: Hook, said: Said = in_order) -> Hook:
    """Return `hook` of a method that sends a statement, with the gate around it."""

    def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
        hooked = hook(original)

        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            connected = find(self)
            if connected is None:
                return hooked(self, *args, **kwargs)
            # A driver may ask something itself on the way: what was begun is gone on with.
            met, began = connected.met, connected.began
            connected.met = None
            try:
                if not concerned(connected):
                    return timed(connected, hooked, self, *args, **kwargs)
                told = said(self, args, kwargs)
                return sent(connected, self, *told, hooked, self, *args, **kwargs)
            finally:
                if met is not None:
                    connected.met, connected.began = met, began

        return method

    return wrap


def governing_async(find: Find, hook: Hook, said: Said = in_order) -> Hook:
    """Return `hook` of a method that is awaited, as `governing` does."""

    def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
        hooked = hook(original)

        def method(self: Any, *args: Any, **kwargs: Any) -> Awaitable[Any]:
            connected = find(self)
            if connected is None or not (connected.measuring.on or concerned(connected)):
                found: Awaitable[Any] = hooked(self, *args, **kwargs)
                return found
            told = said(self, args, kwargs) if concerned(connected) else None
            return _begun_async(connected, told, hooked, self, *args, **kwargs)

        return marked(method)

    return wrap


def sent(
    connected: Connected,
    context: Any,
    query: Any,
    parameters: Any,
    send: Callable[..., Any],
    *args: Any,
    **kwargs: Any,
) -> Any:
    """Call `send` for a statement, or raise the driver's error where a rule turns it away."""
    entry = _entered(connected, context, query, parameters)
    if entry is None:
        return timed(connected, send, *args, **kwargs)
    if entry.wait:
        pause(entry)
        connected.began = monotonic_ns()
    connected.inside = True
    try:
        result = timed(connected, send, *args, **kwargs)
    except BaseException as error:
        _left(connected, entry, error)
        raise
    finally:
        connected.inside = False
    _left(connected, entry, None)
    return result


async def sent_async(
    connected: Connected,
    context: Any,
    query: Any,
    parameters: Any,
    send: Callable[..., Awaitable[Any]],
    *args: Any,
    **kwargs: Any,
) -> Any:
    """Await `send` for a statement, as `sent` does."""
    entry = _entered(connected, context, query, parameters)
    if entry is None:
        return await timed_async(connected, send, *args, **kwargs)
    if entry.wait:
        await pause_async(entry)
        connected.began = monotonic_ns()
    connected.inside = True
    try:
        result = await timed_async(connected, send, *args, **kwargs)
    except BaseException as error:
        _left(connected, entry, error)
        raise
    finally:
        connected.inside = False
    _left(connected, entry, None)
    return result


async def _begun_async(
    connected: Connected,
    told: tuple[Any, Any] | None,
    hooked: Callable[..., Awaitable[Any]],
    *args: Any,
    **kwargs: Any,
) -> Any:
    met, began = connected.met, connected.began
    connected.met = None
    try:
        if told is None:
            return await timed_async(connected, hooked, *args, **kwargs)
        return await sent_async(connected, args[0], *told, hooked, *args, **kwargs)
    finally:
        if met is not None:
            connected.met, connected.began = met, began


def timed(connected: Connected, send: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call `send`, and measure what it sends where that is measured."""
    try:
        result = send(*args, **kwargs)
    except BaseException as error:
        if connected.met is not None:
            _took(connected, error)
        raise
    if connected.met is not None:
        _took(connected, None)
    return result


async def timed_async(
    connected: Connected, send: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any
) -> Any:
    """Await `send`, as `timed` does."""
    try:
        result = await send(*args, **kwargs)
    except BaseException as error:
        if connected.met is not None:
            _took(connected, error)
        raise
    if connected.met is not None:
        _took(connected, None)
    return result


def _took(connected: Connected, error: BaseException | None) -> None:
    """Count a statement that has been sent; once, whatever hooks it came by."""
    met, connected.met = connected.met, None
    if met is not None:
        failed = error is not None and not _FAILURES.isdisjoint(
            kind.__name__ for kind in type(error).__mro__
        )
        met.count(monotonic_ns() - connected.began, failed, 1)


def _entered(connected: Connected, context: Any, query: Any, parameters: Any) -> Entry | None:
    """Return the entry of a statement, None for one that no rule concerns."""
    databases = connected.databases
    plane, driver = databases.plane, databases.driver
    try:
        rules = plane.engine.plan.statements
        text = _text(query, context)
        if query is None or rules is None or connected.inside or _PASSES.match(text):
            return None
        resource = rules.resource(connected.target.database, text)
        if not resource:
            return None
        gate = plane.engine.gates.gate(resource)
        entry = gate.enter(1, Statement(parameters) if gate.curious else None)
        if entry.refused is not None or entry.simulated is not None:
            told(plane, entry)
    except Exception:  # counted; the statement is sent
        plane.counters.count(AGENT_FAULTS, driver.library)
        return None
    if entry.refused is None:
        return entry
    raise driver.overload(f"fairlead: {entry.refused.body}") from Rejected(entry.refused)


def _left(connected: Connected, entry: Entry, error: BaseException | None) -> None:
    try:
        if not isinstance(error, Exception):
            entry.exit()
            return
        names = {kind.__name__ for kind in type(error).__mro__}
        fault = TIMEOUT if names & _TIMEOUTS else CONNECT if "OSError" in names else ""
        entry.exit(bool(names & _FAILURES), Result(error=error, fault=fault))
    except Exception:  # counted; the statement has its result
        databases = connected.databases
        databases.plane.counters.count(AGENT_FAULTS, databases.driver.library)


def _text(query: Any, context: Any) -> str:
    """Return a statement as text: given as text, as bytes, or composed by its driver's means."""
    if isinstance(query, str):
        return query
    if isinstance(query, bytes | bytearray | memoryview):
        return bytes(query).decode("utf-8", "replace")
    compose = getattr(query, "as_string", None)
    return "" if compose is None else str(compose(context))


def marked(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let `function` pass for the coroutine function that it stands for: some ask first."""
    mark = getattr(inspect, "markcoroutinefunction", None)  # since Python 3.12
    if mark is not None:
        mark(function)
    else:
        vars(function)["_is_coroutine"] = getattr(asyncio.coroutines, "_is_coroutine", None)
    return function
