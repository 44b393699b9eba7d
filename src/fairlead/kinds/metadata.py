"""`metadata` of an object: what its author writes, and what the server adds and authors repeat.

An object read from the server and applied again carries the server's fields; they are accepted and
have no meaning here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field

from fairlead.kinds import names
from fairlead.kinds.spec import Labels, Spec, checked
from fairlead.policy.workload import DEFAULT_NAMESPACE

SERVER_FIELDS = (
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
)
"""Fields that a server writes; their values are not looked at."""

_Annotations = dict[
    Annotated[str, checked(names.qualified_key)], Annotated[str, checked(names.encodable)]
]


class AuthoredMetadata(Spec):
    """Name and labels of an object."""

    name: Annotated[str, checked(names.object_name)] = Field(
        description="Name of the object, unique for its kind in the namespace."
    )
    namespace: Annotated[str, checked(names.namespace_name)] | None = Field(
        default=None, description="Namespace of the object; `default` if left out."
    )
    labels: Labels | None = Field(
        default=None, description="Labels; `app` names the app that a rule binds to."
    )
    annotations: _Annotations | None = Field(
        default=None, description="Notes of people and tools, without meaning here."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What an author says about an object; two objects that say the same are equal."""

    name: str
    namespace: str = DEFAULT_NAMESPACE
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, authored: AuthoredMetadata, namespace: str) -> Metadata:
        """Return the metadata as written, in `namespace` where it names none."""
        return cls(
            name=authored.name,
            namespace=authored.namespace or namespace,
            labels=authored.labels or {},
            annotations=authored.annotations or {},
        )


def without_server_fields(metadata: Any) -> Any:
    """Return `metadata` as its author would have written it."""
    if not isinstance(metadata, dict):
        return metadata
    return {key: value for key, value in metadata.items() if key not in SERVER_FIELDS}
