"""Whether rules are enforced: the switch of a namespace.

``off`` and ``observe`` take away what rules do to requests, and nothing that keeps a lane apart:
labels from outside are still taken away at an entry, instances keep their lane, shadows stay.
"""

from __future__ import annotations

OFF = "off"
"""Rules put no request on a lane, and no limit rejects one."""
OBSERVE = "observe"
"""Rules are evaluated and counted, and change nothing."""
ON = "on"
"""Rules are enforced."""

MODES = (OFF, OBSERVE, ON)

LABEL = "fairlead.io/governance"
"""Label of a Namespace object that sets its mode; without it the control plane's default counts."""
