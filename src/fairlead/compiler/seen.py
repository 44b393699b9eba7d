"""What apps were seen to do lately, as far as an explanation asks: whom they call, what they serve.

Agents count calls by app and not by route: which route of an app made a call is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

App: TypeAlias = tuple[str, str]
"""Namespace and app."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Calls of one app to another, of work with one label, served on one lane."""

    callee: App
    label: str = ""
    lane: str = ""
    calls: int = 0
    errors: int = 0
    fallbacks: int = 0
    """Those of a lane that base served."""
    lost: int = 0
    """Those that were sent without the label of their work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """Requests that an app served, at one of its interfaces and on one lane."""

    name: str
    lane: str = ""
    calls: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one app was seen to do."""

    told: bool = False
    """Whether any process of it reported anything at all."""
    calls: tuple[Calls, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    """Those that it serves, and methods of others that it calls."""
    statements: bool = False
    """Whether it was seen to send SQL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What was seen of apps in the last `seconds`; of one that is not in it nobody looked."""

    seconds: int = 3600
    apps: Mapping[App, Seen] = field(default_factory=dict)
    readable: frozenset[str] | None = None
    """Namespaces that whoever asks may read, None for all of them."""

    def may_read(self, namespace: str) -> bool:
        """Tell whether what an app of a namespace does may be told."""
        return self.readable is None or namespace in self.readable

    @property
    def ago(self) -> str:
        """The time in words: ``in the last hour``."""
        hours, minutes = divmod(self.seconds // 60, 60)
        if minutes or not hours:
            return f"in the last {self.seconds // 60} minutes"
        return "in the last hour" if hours == 1 else f"in the last {hours} hours"
