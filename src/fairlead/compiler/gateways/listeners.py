"""Listeners of gateways: which of them serve, which routes they take, what their status says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fairlead.compiler.gateways.hosts import ANY, covers, intersection
from fairlead.compiler.gateways.references import References
from fairlead.compiler.gateways.standing import (
    CONFLICTED,
    NOT_PERMITTED,
    PENDING,
    RESOLVED,
    UNSUPPORTED,
    Verdict,
    accepted,
    refused,
    resolved,
)
from fairlead.kinds import Resource
from fairlead.kinds.gateway_api import GROUP, unsupported
from fairlead.kinds.kubernetes_gateway import (
    ALL,
    HTTP,
    HTTPS,
    SELECTOR,
    TLS,
    KubernetesGatewaySpec,
    LabelSelector,
    Listener,
    Requirement,
)

ROUTES = ("HTTPRoute", "GRPCRoute")


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A listener of a gateway."""

    gateway: Resource[KubernetesGatewaySpec]
    listener: Listener
    kinds: tuple[str, ...]
    """Kinds of routes that it takes."""
    verdicts: tuple[Verdict, ...]
    usable: bool
    """Whether routes can be attached."""

    @property
    def host(self) -> str:
        """The hosts that it is about."""
        return self.listener.hostname or ANY

    @property
    def scheme(self) -> str:
        """How it is spoken to."""
        return "https" if self.listener.protocol == HTTPS else "http"

    def takes(self, route: Resource[Any], labels: Mapping[str, str]) -> bool:
        """Tell whether it lets in routes of that kind and namespace, which has `labels`."""
        if route.kind.kind not in self.kinds:
            return False
        allowed = self.listener.allowed_routes
        namespaces = allowed.namespaces if allowed else None
        way = namespaces.from_ if namespaces else ""
        if way == ALL:
            return True
        if way == SELECTOR:
            selector = namespaces.selector if namespaces else None
            return selector is not None and _selects(selector, labels)
        return way in ("", "Same") and route.namespace == self.gateway.namespace

    def hosts(self, asked: tuple[str, ...]) -> tuple[str, ...]:
        """Return the hosts that both it and a route are about."""
        found = (intersection(self.host, one) for one in asked or (ANY,))
        return tuple(dict.fromkeys(one for one in found if one is not None))


def serving(
    gateway: Resource[KubernetesGatewaySpec], references: References
) -> tuple[Serving, ...]:
    """Return the listeners of a gateway, each with what is to be said of it."""
    return tuple(_serving(gateway, one, references) for one in gateway.spec.listeners)


def _serving(
    gateway: Resource[KubernetesGatewaySpec], one: Listener, references: References
) -> Serving:
    allowed = one.allowed_routes.kinds if one.allowed_routes else None
    asked = tuple(allowed or ())
    kinds = tuple(k.kind for k in asked if k.group == GROUP and k.kind in ROUTES)
    problems = [
        ("InvalidRouteKinds", f"{k.kind}.{k.group}: no route of that kind can be attached")
        for k in asked
        if k.group != GROUP or k.kind not in ROUTES
    ]
    problems += _certificates(gateway, one, references)
    first, conflict = _accepted(one), _conflict(gateway.spec, one)
    served = first.status == "True" and not conflict
    verdicts = (
        first,
        Verdict(type=CONFLICTED, status="True", reason="ProtocolConflict", message=conflict)
        if conflict
        else Verdict(type=CONFLICTED, status="False", reason="NoConflicts"),
        _references(problems, one),
    )
    supported = (kinds if asked else ROUTES) if one.protocol in (HTTP, HTTPS) else ()
    return Serving(
        gateway=gateway,
        listener=one,
        kinds=tuple(dict.fromkeys(supported)),
        verdicts=verdicts,
        usable=served,
    )


def _accepted(one: Listener) -> Verdict:
    if one.protocol not in (HTTP, HTTPS):
        message = f"protocol {one.protocol[:80]}: HTTP and HTTPS are served"
        return refused("UnsupportedProtocol", message)
    words = [f"{path}: {value[:80]!r} is not known" for path, value in unsupported(one)]
    return refused(UNSUPPORTED, "; ".join(words)) if words else accepted()


def _conflict(spec: KubernetesGatewaySpec, one: Listener) -> str:
    """Return what else wants the port in another way; HTTPS and TLS share one by their hosts."""
    own = _family(one.protocol)
    for other in spec.listeners:
        if other.port == one.port and _family(other.protocol) != own:
            return f"listener {other.name} has port {one.port} for {other.protocol[:80]}"
    return ""


def _family(protocol: str) -> str:
    return TLS if protocol in (HTTPS, TLS) else protocol


def _certificates(
    gateway: Resource[KubernetesGatewaySpec], one: Listener, references: References
) -> Iterator[tuple[str, str]]:
    for ref in (one.tls.certificate_refs if one.tls else None) or ():
        if (ref.group, ref.kind) != ("", "Secret"):
            message = f"certificateRefs: {ref.kind} {ref.name}: only a Secret holds a certificate"
            yield "InvalidCertificateRef", message
        elif not references.permitted(gateway, ref):
            message = f"certificateRefs: Secret {ref.namespace}/{ref.name}: no ReferenceGrant there"
            yield NOT_PERMITTED, f"{message} lets Gateways of {gateway.namespace} refer to it"


def _references(problems: list[tuple[str, str]], one: Listener) -> Verdict:
    if not problems and one.protocol == HTTPS:
        message = "no Secrets are kept here: the gateway that serves it is given its certificates"
        return Verdict(type=RESOLVED, status="Unknown", reason=PENDING, message=message)
    return resolved(problems)


def _selects(selector: LabelSelector, labels: Mapping[str, str]) -> bool:
    wanted = selector.match_labels or {}
    tests = selector.match_expressions or ()
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _meets(labels, one) for one in tests
    )


def _meets(labels: Mapping[str, str], one: Requirement) -> bool:
    """Tell whether a test holds; one by a word that is not known never does."""
    value, values = labels.get(one.key), one.values or ()
    holds = {
        "In": value in values,
        "NotIn": value not in values,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }
    return holds.get(one.operator, False)


def owner(found: tuple[Serving, ...], host: str) -> Serving | None:
    """Return the listener of a port that requests for `host` are of: the most exact one."""
    from_exact = sorted(found, key=lambda one: (one.host != ANY, len(one.host)), reverse=True)
    return next((one for one in from_exact if covers(one.host, host)), None)
