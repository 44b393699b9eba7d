"""What is said of namespaces: whether they enforce their rules, and their labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from fairlead.compiler.finding import ENFORCED, Finding
from fairlead.compiler.part import Part
from fairlead.compiler.select import finding
from fairlead.policy.governance import OBSERVE, OFF, ON

NAME_LABEL = "kubernetes.io/metadata.name"
"""The label that Kubernetes gives each namespace: its name."""

_WORDS = {
    OBSERVE: ("NamespaceObserves", "only counts what it would do"),
    OFF: ("NamespaceIsOff", "has no effect"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Governance:
    """The mode of every namespace, its own where it has one, else the default; and its labels."""

    default: str = ON
    namespaces: Mapping[str, str] = field(default_factory=dict)
    """Modes by namespace; each is one of `policy.governance.MODES`."""
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Labels by namespace, of those that somebody has written: gateways let routes in by them."""

    def of(self, namespace: str) -> str:
        """Return the mode of a namespace."""
        return self.namespaces.get(namespace, self.default)

    def labels_of(self, namespace: str) -> Mapping[str, str]:
        """Return the labels of a namespace, with the one that every namespace has."""
        return {**self.labels.get(namespace, {}), NAME_LABEL: namespace}


def unenforced(parts: Iterable[Part], mode: str) -> Iterator[Finding]:
    """Yield a finding for each of `parts` that a namespace in `mode` does not enforce."""
    if mode == ON:
        return
    reason, what = _WORDS[mode]
    for part in parts:
        if part.colouring or part.guard or part.calling:
            namespace = part.resource.namespace
            message = f"governance of namespace {namespace} is {mode}: the rule {what}"
            yield finding(part, ENFORCED, reason, message, "False")
