"""Where things are in the memory that workers share, in words of 64 bits. Nothing here runs.

Another layout is another VERSION: workers of two releases with different ones share nothing.
"""

from __future__ import annotations

VERSION = 1

# Words of an arena, each of 64 bits.
LOCK, CUT, LATEST = 16, 17, 18
"""Who holds the lock (a seat's number and 1; compiled); whether its holder was cut off
(interpreted); the latest time that anybody has counted at."""
CUTS = 19
"""How often a worker died with the lock in its hand."""
SEATS, MOST_SEATS = 32, 128
"""A token for each worker."""
NEXT_FREE, FIRST = 8, 32_768
"""Where the next cell goes; where the first one is."""
BYTES = 16 << 20
"""How long a file is: it takes memory only as far as it is used."""

# Words of a cell. What begins with its ring's parts: WINDOW calls and the last time, BREAKER calls
# and how many were bad.
KIND, SIZE, MASK, TOTAL, TAIL, CURRENT, EDGE, BAD = range(8)
PASSED = BAD
STATE, NEXT, STAGE, GOOD, SEEN, UNDER, SERIALS = range(8, 15)
LAST, FAR = TAIL, CURRENT
RING = OWN = PROBES_AT = 16
MOST_PROBES, PER_PROBE = 32, 3
RINGS_OF_BREAKERS = PROBES_AT + MOST_PROBES * PER_PROBE
WINDOW, PACE, GAUGE, BREAKER = 1, 2, 3, 4
CLOSED, OPEN, HALF_OPEN = 0, 1, 2

# What a gate knows of a cell, which is its rule's and may differ from other workers'.
WIDTH = 16
P_KIND, P_PLACE, P_LIMIT, P_STEP, P_LENGTH, P_KEEP, P_SLIDES, P_QUEUE = range(8)
P_SLOW, P_PROBES, P_STEPS, P_LEASE, P_HOW, P_INCLUSIVE, P_MOVED, P_SERIAL = range(8, WIDTH)
SLOW, COUNT = 0, 2
"""Of P_HOW: the strategies of breakers that are judged by themselves."""

PASSES, BUSY, SHUT = -1, -2, -3
"""Instead of the number of a cell that refuses: none does; the lock was not to be had; somebody has
to be asked, or to wait."""

LATE = 60_000_000_000
"""How much earlier than others somebody may have read the clock: who was stopped since has."""
