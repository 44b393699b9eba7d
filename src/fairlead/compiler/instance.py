"""One address that serves an app, as it registered."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """An app's address, ``host:port``.

    `lane` is None where the instance leaves it to its labels; ``""`` says base. A label may stand
    more than once with different values.
    """

    namespace: str
    app: str
    address: str
    lane: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    zone: str = ""
    unfit_for_tables: str = ""
    """Why it may not serve a lane that has shadow tables, ``""`` where it may (contract 12)."""
    unfit_for_databases: str = ""
    """Why it may not serve a lane that has shadow databases, ``""`` where it may."""
    warmup: float = 0.0
    """Seconds over which its share of calls is to grow; 0 for one that has been there."""
    protocol: str = ""
    """What is spoken at the address, ``""`` where nobody has said."""
    unmatched: tuple[tuple[str, str], ...] | None = None
    """Resources that rules name and it has not, each with the one that may be meant.

    None where it does not know its resources.
    """
    alone: bool = False
    """Whether each of its processes counts for itself, as programs in Go do."""
