"""Which of the instances there are now an object about calls means."""

from __future__ import annotations

from collections.abc import Iterable

from fairlead.compiler.calls import addressed
from fairlead.compiler.instance import Instance
from fairlead.compiler.part import Calling


def called_by(calling: Calling, namespace: str, instances: Iterable[Instance]) -> list[Instance]:
    """Return the instances of the apps that an object of `namespace` names."""
    return [
        one
        for one in instances
        if any(addressed(host, one.app, one.namespace, namespace) for host in calling.hosts)
    ]
