"""The contracts of an app: what FastAPI says of its routes, and protobuf of its services.

They are looked at once, on a thread of their own, when the process has been registered: an
application's code runs for it, and no request nor the lease may wait for that. A document is sent
when the control plane has asked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fairlead.agent import native

if TYPE_CHECKING:
    from fairlead.instruments.interfaces import Interfaces
    from fairlead.protocols.watch.client import Door
    from fairlead.protocols.watch.codec import Lease, Registration, Subscription

SETTLE = 1.0
"""Seconds after the registration until an application is asked: it has much to do at first."""


@dataclass(frozen=True, slots=True)
class _Found:
    sort: str
    digest: str
    packed: bytes


class Contracts:
    """Of one process."""

    def __init__(
        self,
        door: Door,
        interfaces: Interfaces,
        whose: Subscription,
        fault: Callable[[str, BaseException], None],
        changed: Callable[[], None],
    ) -> None:
        """`changed` hears that there is something to register; a `fault` of ours is counted."""
        self._door, self._interfaces, self._whose = door, interfaces, whose
        self._fault, self._changed = fault, changed
        self._found: tuple[_Found, ...] = ()
        self._begun = self._sending = False
        self.wanted = True
        """False where nothing is to be told."""

    def told(self) -> tuple[dict[str, str], ...]:
        """Return what a registration says of them."""
        return tuple({"sort": one.sort, "digest": one.digest} for one in self._found)

    def heard(self, registration: Registration, lease: Lease) -> None:
        """Hear what came of a registration."""
        del registration
        if not self.wanted:
            return
        if not self._begun:
            self._begun = True
            native.spawn(self._look)
        elif lease.wanted and not self._sending:
            self._sending = True
            native.spawn(lambda: self._send(frozenset(lease.wanted)))

    def _look(self) -> None:
        try:
            native.Bell().sleep(SETTLE)
            self._found = tuple(self._collected())
            if self._found:
                self._changed()
        except Exception as error:  # an application's own code has run
            self._fault("contracts", error)

    def _collected(self) -> Iterator[_Found]:
        # Only now: the application waits for what is imported when it starts.
        from fairlead.agent.descriptors import described
        from fairlead.protocols.watch.contract import GRPC, OPENAPI, packed

        applications = self._interfaces.applications()
        documents = [document for one, _ in applications if (document := _openapi(one))]
        if documents:
            # Of several, one is mounted in the other, or nobody calls it.
            largest = max(documents, key=lambda one: len(one.get("paths") or ()))
            yield _Found(OPENAPI, *packed(largest))
        names = {
            path[1:].partition("/")[0] for one, routes in applications for path, _ in routes(one)
        }
        services = described(names)
        if services is not None:
            yield _Found(GRPC, *packed(services))

    def _send(self, wanted: frozenset[str]) -> None:
        from fairlead.protocols.watch.contract import Contract
        from fairlead.protocols.watch.documents import send_contract

        try:
            for one in self._found:
                if one.digest in wanted:
                    whose = self._whose
                    contract = Contract(
                        node=whose.node,
                        namespace=whose.namespace,
                        app=whose.app,
                        sort=one.sort,
                        digest=one.digest,
                        packed=one.packed,
                    )
                    send_contract(self._door, contract)
        except Exception as error:  # it is asked for again with the next renewal
            self._fault("contracts", error)
        finally:
            self._sending = False


def _openapi(application: Any) -> dict[str, Any] | None:
    """Return the OpenAPI document of an application, None where it makes none."""
    make = getattr(application, "openapi", None)
    if not callable(make):
        return None
    document = make()
    return document if isinstance(document, dict) and document.get("openapi") else None
