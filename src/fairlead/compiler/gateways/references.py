"""Whether what a route or a listener refers to is there, and may be referred to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fairlead.compiler.gateways.standing import (
    INVALID_KIND,
    NOT_FOUND,
    NOT_PERMITTED,
    NOT_REPORTED,
)
from fairlead.kinds import Resource
from fairlead.kinds.gateway_api import GROUP, SERVICE, BackendObject, SecretReference
from fairlead.kinds.reference_grant import ReferenceGrantSpec


class References:
    """The grants of all namespaces, and the services that are known."""

    def __init__(
        self,
        grants: Iterable[Resource[ReferenceGrantSpec]],
        services: Iterable[tuple[str, str]],
    ) -> None:
        """`services` are namespaces and names."""
        self._services = frozenset(services)
        self._granted = {
            ((one.group, one.kind, one.namespace), (grant.namespace, to.group, to.kind), to.name)
            for grant in grants
            for one in grant.spec.from_
            for to in grant.spec.to
        }

    def known(self, namespace: str, name: str) -> bool:
        """Tell whether there is a service of that name."""
        return (namespace, name) in self._services

    def problem(self, by: Resource[Any], ref: BackendObject) -> tuple[str, str] | None:
        """Return the reason and a sentence why a backend cannot be called, None where it can."""
        if (ref.group, ref.kind) != ("", SERVICE):
            kind = f"{ref.kind}.{ref.group}" if ref.group else ref.kind
            return INVALID_KIND, f"{kind} {ref.name}: only a Service can be called"
        namespace = ref.namespace or by.namespace
        if not self.permitted(by, ref):
            return NOT_PERMITTED, _refusal(by, SERVICE, namespace, ref.name)
        if not self.known(namespace, ref.name):
            message = f"{NOT_REPORTED} {ref.name} in namespace {namespace}"
            return NOT_FOUND, message
        return None

    def permitted(self, by: Resource[Any], ref: BackendObject | SecretReference) -> bool:
        """Tell whether `by` may refer to something in another namespace."""
        namespace = ref.namespace or by.namespace
        if namespace == by.namespace:
            return True
        source = (GROUP, by.kind.kind, by.namespace)
        to = (namespace, ref.group, ref.kind)
        return any((source, to, name) in self._granted for name in (None, ref.name))


def _refusal(by: Resource[Any], kind: str, namespace: str, name: str) -> str:
    return (
        f"{kind} {namespace}/{name}: no ReferenceGrant of namespace {namespace} lets "
        f"{by.kind.kind}s of {by.namespace} refer to it"
    )
