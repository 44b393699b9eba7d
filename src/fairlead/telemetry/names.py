"""Every counter's name, once."""

from __future__ import annotations

LANE_OUTLIVED_REQUEST = "lane_outlived_request"
"""Calls made on the lane of a request that had ended: work that a request left behind."""

AGENT_FAULTS = "agent_faults"
"""Faults of our own code that let the application's call through."""

COLOURED = "coloured_requests"
"""Requests that an entry decided on, by the lane it put them on."""

WOULD_COLOUR = "would_colour"
"""Requests at an entry that only observes, by the lane that its rules would have put them on."""

INVALID_LABELS = "invalid_labels"
"""Labels that came in and could name no lane."""

SQL_SHADOWED = "sql_shadowed"
"""Statements sent to shadow tables, by lane."""

SQL_UNCHANGED = "sql_unchanged"
"""Statements of a lane with shadow tables that touch none of them, by lane."""

SQL_REFUSED = "sql_refused"
"""Statements refused because they could not be proved to stay in the shadow, by cause."""

RATE_LIMITED = "rate_limited"
"""Calls that a rate limit turned away, by resource."""

QUEUE_FULL = "queue_full"
"""Calls that would have waited longer than a throttle lets them, by resource."""

OVERLOADED = "overloaded"
"""Calls that found as many under way as a concurrency limit allows, by resource."""

CIRCUIT_OPEN = "circuit_open"
"""Calls that an open circuit breaker turned away, by resource."""

BREAKER_OPENED = "breaker_opened"
"""Times that a circuit breaker opened which had been closed, by resource."""

BREAKER_CLOSED = "breaker_closed"
"""Times that one closed again, by resource."""

HOT_LIMITED = "hot_limited"
"""Calls turned away for one value of theirs, by resource."""

NOT_ALLOWED = "not_allowed"
"""Calls of apps that a resource is not for, by resource."""

OVERLOAD_SHED = "overload_shed"
"""Requests that the process had not the strength for."""

ACCESS_LOG_DROPPED = "access_log_dropped"
"""Requests that are not in the access log: whoever reads it was too slow, or too many were turned
away at once."""

WOULD_LIMIT = "would_limit"
"""Calls that a rate limit would have turned away where rules are only observed, by resource."""

WOULD_REJECT = "would_reject"
"""Calls that any other rule would have turned away where rules are only observed, by resource."""

INSTANCE_EJECTED = "instance_ejected"
"""Times that an instance was left out by a rule about calls, by the app that is called."""

CALL_REPEATED = "call_repeated"
"""Attempts that a rule has made again, by the app that is called."""

RETRY_REFUSED = "retry_budget_spent"
"""Calls that were not sent again, as their budget was spent, by the app that is called."""

CALL_LATE = "call_late"
"""Calls whose time was over, that of a rule or of the request they were made for, by the app that
is called."""

FAULT_INJECTED = "fault_injected"
"""Calls that a rule has delayed, or aborted, by the app that is called."""
