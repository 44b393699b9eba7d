"""Who a process is, and what a lane may be called.

Resolving which lane a workload belongs to is the compiler's work; here are only the names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

BASE = ""
"""The lane of everything that is on no lane."""

DEFAULT_NAMESPACE = "default"

_BASE_SPELLINGS = frozenset({"", "base", "_base"})
# A Kubernetes label value, because that is where lanes are written down. The alphabet also keeps a
# lane safe in a header, a file name and, later, a table suffix.
_LANE = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One process as the control plane knows it: its app, its lane and its labels."""

    namespace: str = DEFAULT_NAMESPACE
    app: str = ""
    lane: str = BASE
    labels: tuple[tuple[str, str], ...] = ()
    zone: str = ""


def lane_name(text: str) -> str | None:
    """Return the canonical lane name, ``""`` for base, or None where `text` can name no lane."""
    if text in _BASE_SPELLINGS:
        return BASE
    return text if _LANE.fullmatch(text) else None
