"""What rules may ask about any call of the process: for whose request it is made."""

from __future__ import annotations

from typing import Any

from fairlead.instruments.propagate import current, entrance


class Ambient:
    """Facts of a call that is made within the process; its kind adds what it has itself."""

    __slots__ = ()

    def caller(self) -> str:
        """Return the app whose request is served, ``""`` where it is not known."""
        served = current()
        return "" if served is None or served.ended else served.caller()

    def entrance(self) -> str:
        """Return the resource of the request that is served, ``""`` for none."""
        return entrance()

    def value(self, source: str, name: str) -> Any:
        """Return a part of the call (`policy.limit.Param`), None where it has none."""
        del source, name
