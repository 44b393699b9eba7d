"""What a rule may ask about a call. Instruments answer; most rules ask nothing."""

from __future__ import annotations

from typing import Any, Protocol


class Facts(Protocol):
    """One call, as far as rules tell calls apart. Each answer is asked for when it is needed."""

    def caller(self) -> str:
        """Return the app that calls, ``""`` where nobody has said."""
        ...

    def entrance(self) -> str:
        """Return the resource of the inbound call that this one is part of, ``""`` for none."""
        ...

    def value(self, source: str, name: str) -> Any:
        """Return a part of the call (`policy.limit.Param`), None where it has none."""
        ...


class Unknown:
    """A call of which nothing is known."""

    __slots__ = ()

    def caller(self) -> str:
        """Return that nobody has said."""
        return ""

    def entrance(self) -> str:
        """Return that it is part of no other call."""
        return ""

    def value(self, source: str, name: str) -> Any:
        """Return that it has no parts."""
        del source, name


UNKNOWN = Unknown()
