"""The kind `Namespace`: where an operator says whether the rules of a namespace are enforced.

Kubernetes' own kind, as far as it has a meaning here: its labels, of which one is the switch.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pydantic import Field

from fairlead.kinds import names
from fairlead.kinds.kind import AGE, NAME, Column, Kind, Plain, child, text_at
from fairlead.kinds.spec import Spec
from fairlead.kinds.suggestion import choose
from fairlead.kinds.violation import Violation
from fairlead.policy.governance import LABEL, MODES

NAME_LABEL = "kubernetes.io/metadata.name"
"""Label that every namespace has: selectors of other tools look for it."""


class NamespaceSpec(Spec):
    """A namespace: it is there as soon as something is in it, and its labels are kept."""

    finalizers: tuple[str, ...] = Field(default=(), description="Accepted, without meaning here.")


def mode_of(plain: Plain) -> str | None:
    """Return the mode that a namespace is switched to, None where it leaves it to the default."""
    return child(plain, "metadata", "labels").get(LABEL)


def _named(plain: Plain) -> Iterator[Violation]:
    name = child(plain, "metadata").get("name")
    problem = names.namespace_name(name) if isinstance(name, str) else None
    if problem:
        yield Violation(loc=("metadata", "name"), message=problem)


def _switched(plain: Plain) -> Iterator[Violation]:
    mode = mode_of(plain)
    if isinstance(mode, str) and mode not in MODES:
        yield Violation(loc=("metadata", "labels", LABEL), message=choose(LABEL, mode, MODES))
    if LABEL in child(plain, "metadata", "annotations"):
        message = f"is read from a label: kubectl label namespace NAME {LABEL}=MODE"
        yield Violation(loc=("metadata", "annotations", LABEL), message=message)


def _status(plain: Plain, now: datetime) -> str:
    del now
    return text_at(plain, "status", "phase")


NAMESPACE: Kind[Any] = Kind(
    group="",
    version="v1",
    kind="Namespace",
    plural="namespaces",
    singular="namespace",
    short_names=("ns",),
    namespaced=False,
    spec=NamespaceSpec,
    rules=(_named, _switched),
    columns=(NAME, Column(name="Status", description="Always Active.", cell=_status), AGE),
)
