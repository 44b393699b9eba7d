"""From any plain object to the Resource its `apiVersion` and `kind` say it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fairlead.kinds.admission import admit
from fairlead.kinds.catalog import KINDS
from fairlead.kinds.kind import Kind, Resource
from fairlead.kinds.spec import described
from fairlead.kinds.suggestion import choose
from fairlead.kinds.violation import InvalidResource, Violation
from fairlead.policy.workload import DEFAULT_NAMESPACE


def parse(plain: object, *, namespace: str = DEFAULT_NAMESPACE) -> Resource[Any]:
    """Return the resource that `plain` is, in `namespace` where it names none.

    Raises InvalidResource with every violation, each with its field path.
    """
    if not isinstance(plain, Mapping):
        message = f"an object is a map, got {described(plain)}"
        raise InvalidResource([Violation(message=message)])
    return admit(_kind(plain), plain, namespace=namespace)


def _kind(plain: Mapping[str, Any]) -> Kind[Any]:
    api_version, name = plain.get("apiVersion"), plain.get("kind")
    for kind in KINDS:
        if kind.kind == name and api_version in kind.api_versions:
            return kind
    kinds = tuple(kind.kind for kind in KINDS)
    versions = tuple(dict.fromkeys(one for kind in KINDS for one in kind.api_versions))
    found = []
    if api_version not in versions:
        found.append(_wrong("apiVersion", api_version, versions))
    if name not in kinds:
        found.append(_wrong("kind", name, kinds))
    if not found:
        message = f"there is no {name} in {api_version}"
        found.append(Violation(loc=("kind",), message=message))
    raise InvalidResource(found)


def _wrong(field: str, value: object, allowed: tuple[str, ...]) -> Violation:
    if value is None:
        message = f"required; allowed: {', '.join(allowed)}"
    elif isinstance(value, str):
        message = choose(field, value, allowed)
    else:
        message = f"must be a string, got {described(value)}"
    return Violation(loc=(field,), message=message)
