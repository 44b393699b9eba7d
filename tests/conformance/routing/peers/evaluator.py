"""What our compiler makes of policies, decided by our evaluator. It sends nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from fairlead.compiler import Instance, World
from fairlead.compiler.labels import pairs
from fairlead.control.mesh import OUTBOUND, SIDECAR, Scope, mesh
from fairlead.kinds import parse
from fairlead.policy.mesh import Mesh
from fairlead.policy.routing.router import Router
from tests.conformance.routing import evaluator as tables
from tests.conformance.routing.corpus import Ask, Case
from tests.conformance.routing.outcome import Outcome
from tests.conformance.routing.peers.corpus import CALLER, GRPC, LABELS, Policies, policies

CODES = {
    200: "OK",
    400: "INTERNAL",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "UNIMPLEMENTED",
    429: "UNAVAILABLE",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "UNAVAILABLE",
}
"""What a client of gRPC makes of a status that is no answer of gRPC."""


class Evaluator:
    """Answers with what is decided by the table that a sidecar is given."""

    name = "evaluator"

    def __init__(self) -> None:
        self._addresses = {
            (group.namespace, one.name): f"10.0.{n}.1:{7000 + place}"
            for n, group in enumerate(policies())
            for place, one in enumerate(group.serves)
        }
        names = {address: name for (_, name), address in self._addresses.items()}
        found = self._compiled()
        self._behind = {
            one.name: [names[at.address] for place in one.localities for at in place.endpoints]
            for one in found.clusters
        }
        (table,) = (one for one in found.tables if one.name == OUTBOUND)
        self._router = Router(table)

    def _compiled(self) -> Mesh:
        instances = [
            Instance(
                namespace=group.namespace,
                app=one.app,
                lane=one.lane or None,
                labels=pairs({"version": one.version} if one.version else {}),
                address=self._addresses[group.namespace, one.name],
                protocol=group.protocol,
                zone=one.place,
            )
            for group in policies()
            for one in group.serves
        ]
        objects = [
            parse(one, namespace=group.namespace) for group in policies() for one in group.objects
        ]
        scope = Scope(namespace=CALLER, kind=SIDECAR, labels=pairs(LABELS))
        return mesh(World.of(objects, instances, 1), scope)

    def ask(self, group: Policies, case: Case) -> Sequence[Outcome]:
        """Return what is decided of a case's calls."""
        dice, asked = Random(case.id), request(group, case.ask)
        return [self._once(group, asked, dice.getrandbits(64)) for _ in range(asked.times)]

    def _once(self, group: Policies, ask: Ask, bits: int) -> Outcome:
        decision = self._router.route(tables.request(ask, bits))
        found = tables.outcome(decision, ask)
        behind = self._behind.get(decision.cluster, [])
        to = behind[bits % len(behind)] if behind else ""
        status = 503 if decision.status is None and not to else found.status or 200
        mirrors = (self._behind.get(one.cluster, []) for one in decision.mirrors)
        return replace(
            found,
            to=to,
            status=status,
            code=None if group.protocol != GRPC else CODES.get(status, "UNKNOWN"),
            mirrors=tuple(sorted(name for names in mirrors for name in names)),
        )


def request(group: Policies, ask: Ask) -> Ask:
    """Return what is sent: a call of gRPC has a type of content."""
    if group.protocol != GRPC:
        return ask
    plain = {"method": ask.method, "target": ask.target, "host": ask.host, "body": ask.body}
    return Ask(
        **plain,
        headers=(*ask.headers, ("content-type", "application/grpc")),
        metadata=ask.metadata,
        fails=ask.fails,
        takes=ask.takes,
        answers=ask.answers,
        times=ask.times,
    )
