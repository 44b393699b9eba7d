"""What the control plane is told about this process, when it registers and with every renewal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from fairlead import __version__
from fairlead.agent.identity import Identity
from fairlead.instruments.catalog import DRIVERS, UNHOOKED_DRIVERS
from fairlead.protocols.watch.codec import DATABASES, TABLES, Registration

if TYPE_CHECKING:
    from fairlead.instruments.instrument import Hook

OFF = "FAIRLEAD_SHADOW=off"

NO_REWRITER = "fairlead[sql] is not installed"

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


def unfit(hooks: Iterable[Hook], shadow: str) -> dict[str, str]:
    """Return why lanes with shadows are not to be served here, ``""`` for each sort that may be.

    `shadow` is the setting of that name. A driver that is not hooked writes every lane's rows to
    base; without a rewriter a lane's statements would be refused one by one (contract 12).
    """
    if shadow == "off":
        return {TABLES: OFF, DATABASES: OFF}
    drivers = [one for one in hooks if one.library in DRIVERS or one.library in UNHOOKED_DRIVERS]
    reason = next((_unhooked(hook) for hook in drivers if hook.state.value != "hooked"), "")
    tables = reason or (NO_REWRITER if drivers and not _has_rewriter() else "")
    return {TABLES: tables, DATABASES: reason}


def _unhooked(hook: Hook) -> str:
    name = f"{hook.library} {hook.version}".rstrip()
    return f"{name} is not hooked: {hook.reason}"


@cache
def _has_rewriter() -> bool:
    return find_spec("sqlglot") is not None


def registration(
    identity: Identity,
    node: str,
    address: str,
    hooks: Sequence[Hook],
    counters: dict[str, dict[str, int]],
    shadow: str,
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
        unfit=unfit(hooks, shadow),
    )
