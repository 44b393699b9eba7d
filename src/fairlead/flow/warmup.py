"""The share of calls that a new instance gets while it warms up: small at first, then all of it.

An endpoint says for how long; since when is each caller's own affair, by its own clock, from the
first snapshot that shows the endpoint as new. So nothing depends on whether clocks agree, and a
snapshot stays the same while an instance warms up. The control plane takes the mark away when the
time is over, so that a caller which starts later meets a warm instance.
"""

from __future__ import annotations

from collections.abc import Callable

from fairlead.policy.endpoint import Endpoint
from fairlead.policy.snapshot import Snapshot

CURVE = 2
"""Power of the part of its time that an instance has been there: after half of it, a quarter."""


class Warming:
    """The endpoints that are new to this caller.

    Kept by address, apart from any snapshot: an instance goes on warming when rules change, and
    begins again where it has been away.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """Count time by `clock`, which never goes back."""
        self._clock = clock
        self._since: dict[str, float] = {}

    def see(self, snapshot: Snapshot) -> None:
        """Take note of who is new in `snapshot`, and forget who is not."""
        now = self._clock()
        self._since = {
            endpoint.address: self._since.get(endpoint.address, now)
            for service in snapshot.services
            for endpoint in service.endpoints
            if endpoint.warmup
        }

    def share(self, endpoint: Endpoint) -> float:
        """Return how much of an equal share `endpoint` is to get, from 0 to 1."""
        since = self._since.get(endpoint.address)
        if since is None or not endpoint.warmup:
            return 1.0
        return float(min(1.0, (self._clock() - since) / endpoint.warmup) ** CURVE)

    def among(self, endpoints: tuple[Endpoint, ...]) -> bool:
        """Tell whether some of `endpoints` are new and others are not.

        Where all of them are new there is nobody to spare them: they share equally.
        """
        new = sum(self.share(endpoint) < 1.0 for endpoint in endpoints)
        return 0 < new < len(endpoints)
