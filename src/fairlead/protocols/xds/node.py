"""Who asks: what is kept of the node of a first request. Envoy's is 60 KB; this is used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fairlead.policy.locality import Place
from fairlead.policy.workload import DEFAULT_NAMESPACE

LONGEST = 256
"""Characters of a name that are kept."""
INBOUND = "xds.istio.io/grpc/lds/inbound/"
"""Before the address of a gRPC server, in the name of the listener it asks for (Istio's)."""
MOST_SERVED = 16
"""Addresses of one data plane's servers that are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A data plane: Istio's ``sidecar~IP~POD.NAMESPACE~DOMAIN``, or any other id."""

    id: str = ""
    kind: str = ""
    """``sidecar``, ``router``, or ``""`` where the id does not say."""
    namespace: str = DEFAULT_NAMESPACE
    app: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    zone: str = ""
    """Where it is, as `policy.locality.Place` spells it."""
    listen: str = ""
    """Address that a gateway says it is to listen on."""
    capture: str = ""
    """``host:port`` where a sidecar takes the calls of its application."""
    inbound: str = ""
    """``host:port`` where it takes calls for its application."""
    access_log: str = ""
    """Path of the file where an Envoy writes requests."""
    served: tuple[str, ...] = ()
    """Addresses that gRPC servers of its process listen at: by the listeners it asks for."""
    agent: str = ""
    """What it is: ``envoy``, ``gRPC Python``."""

    @property
    def grpc(self) -> bool:
        """Whether it is a library of gRPC, whatever its id says: they share bootstraps."""
        return "grpc" in self.agent.lower()

    @classmethod
    def of(cls, message: Any) -> Node:
        """Return what is kept of an ``envoy.config.core.v3.Node``."""
        meta = {name: value for name, value in message.metadata.fields.items() if name in _READ}
        labels = _labels(meta.get("LABELS"))
        parts = message.id.split("~")
        kind = parts[0] if len(parts) == 4 else ""
        domain = parts[3].partition(".")[0] if kind else ""
        namespace = _text(meta.get("NAMESPACE")) or domain or DEFAULT_NAMESPACE
        return cls(
            id=message.id[:LONGEST],
            kind=kind[:LONGEST],
            namespace=namespace,
            app=(labels.get("app") or message.cluster)[:LONGEST],
            labels=tuple(sorted(labels.items())),
            zone=str(_place(message.locality)),
            listen=_text(meta.get("LISTEN")),
            capture=_text(meta.get("CAPTURE")),
            inbound=_text(meta.get("INBOUND")),
            access_log=_text(meta.get("ACCESS_LOG")),
            agent=message.user_agent_name[:LONGEST],
        )

    def asking(self, listeners: Iterable[str]) -> Node:
        """Return it with the servers that ask for `listeners`; itself where they are the same."""
        asked = sorted(name for name in listeners if name.startswith(INBOUND))[:MOST_SERVED]
        served = tuple(name.removeprefix(INBOUND) for name in asked)
        return self if served == self.served else replace(self, served=served)


_READ = frozenset({"NAMESPACE", "LABELS", "LISTEN", "CAPTURE", "INBOUND", "ACCESS_LOG"})


def _place(one: Any) -> Place:
    return Place(one.region[:LONGEST], one.zone[:LONGEST], one.sub_zone[:LONGEST])


def _text(value: Any) -> str:
    return str(value.string_value)[:LONGEST] if value is not None else ""


def _labels(value: Any) -> Mapping[str, str]:
    if value is None:
        return {}
    fields = list(value.struct_value.fields.items())[:64]
    return {name[:LONGEST]: _text(text) for name, text in fields}
