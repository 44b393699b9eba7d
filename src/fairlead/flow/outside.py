"""Hosts that are no apps of ours and that rules name all the same: they are called as they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fairlead.policy.flow_rules import FlowRules
from fairlead.policy.limit import RateLimit
from fairlead.policy.resource import OUTBOUND
from fairlead.policy.rule import Rule

if TYPE_CHECKING:
    from fairlead.flow.gates import Gates

MOST_HOSTS, LONGEST = 1024, 253
"""Hosts whose answer is kept; then all are asked anew. A longer one is no host (RFC 1035)."""

_LITERAL = re.compile(r"[\w:/-]*")
"""How all that a pattern matches begins: as far as nothing in it is special."""


def concerned(rules: FlowRules, prefix: str) -> bool:
    """Tell whether some rule may concern resources whose names begin with `prefix`.

    In doubt it may: of a pattern only its beginning is looked at.
    """
    return any(_may(rule, prefix) for rule in rules)


def _may(rule: Rule, prefix: str) -> bool:
    if isinstance(rule, RateLimit) and rule.related.startswith(prefix):
        return True
    if not rule.regex:
        return rule.resource.startswith(prefix)
    if "|" in rule.resource:
        return True
    match = _LITERAL.match(rule.resource)
    head = match[0] if match else ""
    if rule.resource[len(head) :].startswith(("?", "*", "{")):
        head = head[:-1]
    return head.startswith(prefix) or prefix.startswith(head)


class Outside:
    """The hosts that rules concern, found when one is called."""

    __slots__ = ("_gates", "_resources")

    def __init__(self, gates: Gates) -> None:
        self._gates = gates
        self._resources: dict[str, str] = {}

    def resource(self, host: str) -> str:
        """Return the resource that a call to `host` is, ``""`` where no rule concerns it."""
        resource = self._resources.get(host)
        if resource is None:
            if len(self._resources) >= MOST_HOSTS:
                self._resources = {}
            name = OUTBOUND + host.lower()
            known = len(host) <= LONGEST and self._gates.known(name)
            resource = self._resources[host] = name if known else ""
        return resource
