"""Every name under which spans of OpenTelemetry say what was decided, once."""

from __future__ import annotations

LANE = "fairlead.lane"
"""Lane that the work is on, ``base`` for none; on every span of a process with an agent."""

INTERFACE = "fairlead.interface"
"""Resource that a rule turned a call of away."""

RULE = "fairlead.rule"
"""``Kind/name`` of the rule that turned a call away, or would have."""

REASON = "fairlead.reason"
"""Why: ``rate``, ``queue``, ``concurrency``, ``breaker``, ``hot`` or ``authority``."""

INSTANCE = "fairlead.instance"
"""Address of the instance that a call was sent to."""

INSTANCE_LANE = "fairlead.instance.lane"
"""Lane of that instance, ``base`` for none."""

RETRIES = "fairlead.retries"
"""Attempts beyond the first of a call, where there were any."""

CALLED = "fairlead.called"
"""Event on a span that is no call's own: a call to an app has ended."""

REJECTED = "fairlead.rejected"
"""Event: a rule turned a call away."""

WOULD_REJECT = "fairlead.would_reject"
"""Event: a rule that is only observed would have."""
