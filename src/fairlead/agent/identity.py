"""Who this process says it is, before the control plane has said what follows from it."""

from __future__ import annotations

import os
from dataclasses import dataclass

from fairlead.agent.settings import TAG, Labels, Settings
from fairlead.policy.workload import BASE, Workload, lane_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The app of this process, and what its lane can be told from."""

    namespace: str
    app: str
    lane: str | None
    """None where nobody set it: the control plane finds it among the labels."""
    labels: Labels
    zone: str

    @classmethod
    def of(cls, settings: Settings) -> Identity:
        """Return the identity that `settings` describe."""
        return cls(
            namespace=settings.namespace,
            app=settings.app,
            lane=settings.lane,
            labels=settings.labels,
            zone=settings.zone,
        )

    @property
    def likely_lane(self) -> str:
        """The lane as far as it can be told alone: the one set, else the only tag, else base."""
        if self.lane is not None:
            return self.lane
        tags = [value for key, value in self.labels if key == TAG]
        return (lane_name(tags[0]) or BASE) if len(tags) == 1 else BASE

    @property
    def workload(self) -> Workload:
        """The workload to assume while no snapshot says better."""
        return Workload(
            namespace=self.namespace,
            app=self.app,
            lane=self.likely_lane,
            labels=self.labels,
            zone=self.zone,
        )


def node_id() -> str:
    """Return a random (version 4) UUID: the name of one process on the wire."""
    random = bytearray(os.urandom(16))
    random[6] = random[6] & 0x0F | 0x40
    random[8] = random[8] & 0x3F | 0x80
    text = random.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
