"""What the control plane is told about this process, when it registers and with every renewal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fairlead import __version__
from fairlead.agent.identity import Identity
from fairlead.protocols.watch.codec import Registration

if TYPE_CHECKING:
    from fairlead.instruments.instrument import Hook

PYTHON = ".".join(str(part) for part in sys.version_info[:3])


def plain_hooks(hooks: Iterable[Hook]) -> tuple[dict[str, str], ...]:
    """Return what became of each library, as it stands on the wire."""
    return tuple(
        {
            "library": hook.library,
            "version": hook.version,
            "state": hook.state.value,
            "reason": hook.reason,
        }
        for hook in hooks
    )


def registration(
    identity: Identity,
    node: str,
    address: str,
    hooks: Iterable[Hook],
    counters: dict[str, dict[str, int]],
) -> Registration:
    """Return what registers the process `node` at `address`."""
    return Registration(
        node=node,
        namespace=identity.namespace,
        app=identity.app,
        address=address,
        pid=os.getpid(),
        host=os.uname().nodename,
        lane=identity.lane,
        labels=identity.labels,
        zone=identity.zone,
        hooks=plain_hooks(hooks),
        python=PYTHON,
        version=__version__,
        counters=counters,
    )
