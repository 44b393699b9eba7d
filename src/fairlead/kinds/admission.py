"""From a plain object to a Resource, or to everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from fairlead.kinds.kind import Kind, Resource, S
from fairlead.kinds.message import complaints
from fairlead.kinds.metadata import AuthoredMetadata, Metadata, without_server_fields
from fairlead.kinds.spec import Spec, described
from fairlead.kinds.suggestion import meant
from fairlead.kinds.violation import InvalidResource, Loc, Violation
from fairlead.policy.workload import DEFAULT_NAMESPACE

M = TypeVar("M", bound=BaseModel)

FIELDS = ("apiVersion", "kind", "metadata", "spec", "status")
"""Fields of every object. `status` is the server's and not looked at."""


def admit(
    kind: Kind[S], plain: Mapping[str, Any], *, namespace: str = DEFAULT_NAMESPACE
) -> Resource[S]:
    """Return `plain` as a resource of `kind`, in `namespace` where it names none.

    Raises InvalidResource with every violation: of types, of names, and across fields.
    """
    found = list(_unknown_fields(plain))
    metadata = without_server_fields(plain.get("metadata"))
    authored_metadata = _validated(AuthoredMetadata, metadata, ("metadata",), found)
    spec = _validated(kind.spec, plain.get("spec"), ("spec",), found)
    # A rule across fields has nothing to add where a field on the way has no readable type.
    broken = {violation.loc for violation in found}
    for rule in kind.rules:
        found += (v for v in rule(plain) if not _below(v.loc, broken))
    if found or authored_metadata is None or spec is None:
        raise InvalidResource(found)
    return Resource(
        kind=kind,
        metadata=Metadata.of(authored_metadata, namespace),
        spec=spec,
        plain={**plain, "apiVersion": kind.api_version},
    )


def authored(kind: Kind[S], metadata: Mapping[str, Any], spec: Mapping[str, Any]) -> Resource[S]:
    """Return the resource that Python code describes, through the same checks as YAML."""
    plain = {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": written(metadata),
        "spec": written(spec),
    }
    return admit(kind, plain)


def written(value: Any) -> Any:
    """Return `value` as plain JSON values: models as maps, tuples as lists, without None fields."""
    if isinstance(value, Spec):
        return written(value.model_dump(by_alias=True))
    if isinstance(value, Mapping):
        return {key: written(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [written(item) for item in value]
    return value


def _unknown_fields(plain: Mapping[str, Any]) -> Iterator[Violation]:
    for key in plain:
        if key not in FIELDS:
            hint = meant(str(key), FIELDS) or f"; allowed: {', '.join(FIELDS)}"
            yield Violation(loc=(str(key),), message=f"unknown field{hint}")


def _validated(model: type[M], value: Any, loc: Loc, found: list[Violation]) -> M | None:
    if not isinstance(value, dict):
        wanted = "required" if value is None else f"must be a map, got {described(value)}"
        found.append(Violation(loc=loc, message=wanted))
        return None
    try:
        return model.model_validate(value)
    except ValidationError as error:
        for where, message in complaints(error, model):
            found.append(Violation(loc=(*loc, *where), message=message))
        return None


def _below(loc: Loc, broken: set[Loc]) -> bool:
    return any(loc[:length] in broken for length in range(1, len(loc) + 1))
