"""Servers of gRPC, sync and asyncio alike: their ports, their methods, and that they are served.

The library opens its sockets in C and shows none of them; it says which ports it has opened.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet, ref

from fairlead.instruments.inbound import fault
from fairlead.instruments.rpc import WHERE

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches


def way_of(handler: Any) -> str:
    """Return the one of WAYS that `handler` has."""
    one = "stream" if handler.request_streaming else "unary"
    other = "stream" if handler.response_streaming else "unary"
    return f"{one}_{other}"


def handler_like(handler: Any, way: str, function: Callable[..., Any]) -> Any:
    """Return a handler like `handler`, whose function is another."""
    make = getattr(sys.modules["grpc"], f"{way}_rpc_method_handler")
    return make(function, handler.request_deserializer, handler.response_serializer)


class Listening:
    """The ports and the methods of one server object."""

    __slots__ = ("__weakref__", "_handlers", "_plane", "_secure", "plain")

    def __init__(self, plane: DataPlane, handlers: Iterable[Any] | None) -> None:
        """Begin with the handlers that the server was made with."""
        self._plane = plane
        self._handlers: list[Any] = list(handlers or ())
        self.plain: list[int] = []
        self._secure: list[int] = []
        plane.interfaces.note(self, methods_of)

    def opened(self, port: int, *, secure: bool) -> None:
        """Hear of a port, 0 for a Unix socket's."""
        if port > 1:  # gRPC says 1 for a Unix socket
            (self._secure if secure else self.plain).append(port)

    def handlers(self, handlers: Iterable[Any]) -> None:
        """Hear of handlers for any method that they know."""
        self._handlers.extend(handlers)

    def methods(self, names: list[str]) -> None:
        """Hear of methods that are handled, by their full names."""
        self._handlers.append(names)

    def ports(self) -> list[int]:
        """Return the ports; those without TLS if there are any, as callers by name use none."""
        return self.plain or self._secure

    def serve(self) -> None:
        """Tell the plane that the server has started."""
        self._plane.serving(WHERE, self.ports if self.ports() else None, worker=_is_worker())

    def names(self) -> Iterator[tuple[str, Iterable[str] | None]]:
        """Yield the resources: methods and their services; what answers to any name is open."""
        for one in self._handlers:
            known = one if isinstance(one, list) else getattr(one, "_method_handlers", None)
            if known is None:
                yield "/", None
                continue
            for method in known:
                yield method, ("",)
                yield method.rpartition("/")[0], ("",)


def methods_of(server: Any) -> Iterator[tuple[str, Iterable[str] | None]]:
    """Yield the resources of a Listening."""
    yield from server.names()


class Told:
    """What servers of either kind are told before they start, and which of them run."""

    _interceptor: Any

    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane
        self._listening: WeakKeyDictionary[Any, Listening] = WeakKeyDictionary()
        self._running: WeakSet[Any] = WeakSet()

    def replace(self, patches: Patches, server: Any) -> None:
        """Hook a class of servers: what they are made with, what they are told, start and stop."""
        patches.replace(server, "__init__", self.making)
        patches.replace(server, "add_generic_rpc_handlers", self.generic)
        if hasattr(server, "add_registered_method_handlers"):
            patches.replace(server, "add_registered_method_handlers", self.registered)
        patches.replace(server, "add_insecure_port", partial(self.opening, secure=False))
        patches.replace(server, "add_secure_port", partial(self.opening, secure=True))
        patches.replace(server, "start", self.starting)
        patches.replace(server, "stop", self.stopping)

    def starting(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap ``start``: each kind waits in its own way."""
        raise NotImplementedError

    def stopping(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap ``stop``."""
        raise NotImplementedError

    def making(self, original: Callable[..., None]) -> Callable[..., None]:
        """Wrap ``__init__``."""

        def init(
            server: Any,
            thread_pool: Any = None,
            generic_handlers: Any = None,
            interceptors: Any = None,
            *rest: Any,
            **more: Any,
        ) -> None:
            handlers = tuple(generic_handlers or ())
            ours = (self._interceptor, *(interceptors or ()))
            original(server, thread_pool, handlers, ours, *rest, **more)
            self._listening[server] = Listening(self._plane, handlers)

        return init

    def generic(self, original: Callable[..., None]) -> Callable[..., None]:
        """Wrap ``add_generic_rpc_handlers``."""

        def add_generic_rpc_handlers(server: Any, generic_rpc_handlers: Any) -> None:
            handlers = tuple(generic_rpc_handlers)
            original(server, handlers)
            safely(self._plane, lambda: self._listening[server].handlers(handlers))

        return add_generic_rpc_handlers

    def registered(self, original: Callable[..., None]) -> Callable[..., None]:
        """Wrap ``add_registered_method_handlers``."""

        def add_registered_method_handlers(
            server: Any, service_name: str, method_handlers: Any
        ) -> None:
            original(server, service_name, method_handlers)
            names = [f"/{service_name}/{name}" for name in method_handlers]
            safely(self._plane, lambda: self._listening[server].methods(names))

        return add_registered_method_handlers

    def opening(self, original: Callable[..., int], *, secure: bool) -> Callable[..., int]:
        """Wrap what opens a port."""

        def add_port(server: Any, *args: Any, **kwargs: Any) -> int:
            port = original(server, *args, **kwargs)
            safely(self._plane, lambda: self._listening[server].opened(port, secure=secure))
            return port

        return add_port

    def started(self, server: Any) -> None:
        """Hear that a server serves."""
        self._running.add(server)
        listening = self._listening.get(server)
        if listening is not None:
            safely(self._plane, listening.serve)
            reference = ref(server)
            self._plane.endings.append(lambda seconds: self._end(reference(), seconds))

    def _end(self, server: Any, grace: float) -> None:
        if server is not None and server in self._running:
            safely(self._plane, lambda: self._stop(server, grace))

    def _stop(self, server: Any, grace: float) -> None:
        """Stop a server in the library's own way, from any thread."""
        raise NotImplementedError

    def leaves(self, server: Any) -> bool:
        """Hear that a server is to stop; tell whether it is the last one here that runs."""
        was = server in self._running
        self._running.discard(server)
        return was and not self._running


def safely(plane: DataPlane, action: Callable[[], Any]) -> Any:
    """Do what may fail without the application's noticing; None where it does."""
    try:
        return action()
    except Exception:  # counted; the application goes on
        fault(plane, WHERE)
        return None


def _is_worker() -> bool:
    """Tell whether this is one of several processes that open the same port, each for itself.

    They are made by `multiprocessing`; so it is in the library's own example.
    """
    module = sys.modules.get("multiprocessing.process")
    return module is not None and module.parent_process() is not None
