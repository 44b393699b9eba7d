"""Scenarios that are more than rounds of requests, each with its play."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fallback import stopped_and_started
from limited import one_a_second
from loss import lost_and_back
from outcome import Result
from patterns import side_by_side
from rolling import all_replaced
from scenarios import CONTROL_PLANE_LOSS, FALLBACK, PATTERNS, RATE_LIMIT, ROLLING_RESTART

if TYPE_CHECKING:
    from stage import Stage

Play = Callable[["Stage", Result], None]

PLAYS: dict[str, Play] = {
    FALLBACK.id: stopped_and_started,
    RATE_LIMIT.id: one_a_second,
    ROLLING_RESTART.id: all_replaced,
    CONTROL_PLANE_LOSS.id: lost_and_back,
    PATTERNS.id: side_by_side,
}
