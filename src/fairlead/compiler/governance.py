"""Which namespaces enforce their rules, as the operator has said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from fairlead.compiler.finding import ENFORCED, Finding
from fairlead.compiler.part import Part
from fairlead.compiler.select import finding
from fairlead.policy.governance import OBSERVE, OFF, ON

_WORDS = {
    OBSERVE: ("NamespaceObserves", "only counts what it would do"),
    OFF: ("NamespaceIsOff", "has no effect"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Governance:
    """The mode of every namespace: its own where it has one, else the default."""

    default: str = ON
    namespaces: Mapping[str, str] = field(default_factory=dict)
    """Modes by namespace; each is one of `policy.governance.MODES`."""

    def of(self, namespace: str) -> str:
        """Return the mode of a namespace."""
        return self.namespaces.get(namespace, self.default)


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
