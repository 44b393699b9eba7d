"""Objects from Python, for kinds whose fields are best read in `kubectl explain`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Generic

from fairlead.kinds.admission import authored
from fairlead.kinds.kind import Kind, Resource, S
from fairlead.policy.workload import DEFAULT_NAMESPACE


class Maker(Generic[S]):
    """Makes objects of one kind: ``ThrottlingStrategy(name="pace", queue_timeout="2s", …)``."""

    def __init__(self, kind: Kind[S]) -> None:
        self.kind = kind

    def __call__(
        self,
        *,
        name: str,
        namespace: str = DEFAULT_NAMESPACE,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        **spec: Any,
    ) -> Resource[S]:
        """Return the object, equal to the same one from YAML. Raises InvalidResource.

        `spec` has the fields of YAML in snake case, `labels` of a spec as ``spec_labels``; what is
        below them has the shape of YAML.
        """
        metadata = {
            "name": name,
            "namespace": namespace,
            "labels": labels,
            "annotations": annotations,
        }
        fields = self.kind.spec.model_fields.items()
        spelt = {_snake(one.alias or name): one.alias or name for name, one in fields}
        if "labels" in spelt:
            spelt["spec_labels"] = "labels"
        return authored(
            self.kind, metadata, {spelt.get(key, key): value for key, value in spec.items()}
        )


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
