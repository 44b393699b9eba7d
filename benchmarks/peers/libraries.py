"""Python libraries, each with what it is for around a function that does nothing.

Run by the interpreter of build/peers/python, which has them (requirements/peers.lock) and not us.
Limits are so high that everything passes, but where a library keeps each call of the window.
"""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import aiobreaker
import circuitbreaker
import hyx.bulkhead
import hyx.circuitbreaker
import hyx.ratelimit
import limits
import pybreaker
import pyrate_limiter
import slowapi
import slowapi.util
import stamina
import tenacity
from aiolimiter import AsyncLimiter
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter
from limits.strategies import SlidingWindowCounterRateLimiter as SlidingWindow
from purgatory import AsyncCircuitBreakerFactory, SyncCircuitBreakerFactory
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from benchmarks.peers.answering import answer

MANY = 1_000_000_000
KEPT = 1000
"""Calls of a window where each is kept: more would measure the memory of a long list."""

STATEMENTS = {
    "pybreaker": "pybreaker_.call(work)",
    "circuitbreaker": "circuit_work()",
    "purgatory": "with purgatory_: work()",
    "purgatory_async": "async with purgatory_async: await awork()",
    "aiobreaker": "await aiobreaker_.call_async(awork)",
    "limits_fixed": "fixed.hit(many, 'a') and work()",
    "limits_sliding": "sliding.hit(many, 'a') and work()",
    "limits_moving": "moving.hit(kept, 'a') and work()",
    "limits_pybreaker": "fixed.hit(many, 'a') and pybreaker_.call(work)",
    "stack_5": (
        "fixed.hit(many, 'a') and fixed.hit(more, 'a') and slots.acquire(blocking=False)"
        " and (pybreaker_.call(other_breaker.call, work), slots.release())"
    ),
    "slowapi": "request.state._rate_limiting_complete = False; await slowapi_work(request)",
    "pyrate_limiter": "pyrate.try_acquire('a', blocking=False) and work()",
    "aiolimiter": "async with aiolimiter_: await awork()",
    "tenacity": "tenacity_work()",
    "tenacity_async": "await tenacity_awork()",
    "stamina": "stamina_work()",
    "stamina_async": "await stamina_awork()",
    "hyx_breaker": "await hyx_broken()",
    "hyx_bulkhead": "await hyx_bulkheaded()",
    "hyx_tokenbucket": "await hyx_limited()",
}


def work() -> int:
    """Do nothing, and succeed."""
    return 1


async def awork() -> int:
    """Do the same in the event loop."""
    return 1


async def view(request: Request) -> Response:
    """Answer a request."""
    return _ANSWER


_ANSWER = Response()


async def make() -> dict[str, Any]:
    """Return everything that STATEMENTS speak of; some of it wants a running loop."""
    storage = MemoryStorage()
    return {
        "work": work,
        "awork": awork,
        "many": limits.RateLimitItemPerSecond(MANY),
        "more": limits.RateLimitItemPerSecond(2 * MANY),
        "kept": limits.RateLimitItemPerSecond(KEPT),
        "fixed": FixedWindowRateLimiter(storage),
        "sliding": SlidingWindow(storage),
        "moving": MovingWindowRateLimiter(storage),
        "slots": threading.BoundedSemaphore(1_000_000),
        "tenacity_work": tenacity.retry(stop=tenacity.stop_after_attempt(3))(work),
        "tenacity_awork": tenacity.retry(stop=tenacity.stop_after_attempt(3))(awork),
        "stamina_work": stamina.retry(on=ValueError, attempts=3)(work),
        "stamina_awork": stamina.retry(on=ValueError, attempts=3)(awork),
        **await breakers(),
        **limiters(),
    }


async def breakers() -> dict[str, Any]:
    """Return circuit breakers that stay closed."""
    pause = dt.timedelta(seconds=10)
    return {
        "pybreaker_": pybreaker.CircuitBreaker(fail_max=5, reset_timeout=10),
        "other_breaker": pybreaker.CircuitBreaker(fail_max=5, reset_timeout=10),
        "circuit_work": circuitbreaker.circuit(failure_threshold=5)(work),
        "purgatory_": SyncCircuitBreakerFactory().get_breaker("a"),
        "purgatory_async": await AsyncCircuitBreakerFactory().get_breaker("a"),
        "aiobreaker_": aiobreaker.CircuitBreaker(fail_max=5, timeout_duration=pause),
        "hyx_broken": hyx.circuitbreaker.consecutive_breaker()(awork),
    }


def limiters() -> dict[str, Any]:
    """Return limits of a rate, and of calls at a time."""
    app = Starlette()
    app.state.limiter = slowapi.Limiter(key_func=slowapi.util.get_remote_address)
    scope = {"type": "http", "app": app, "path": "/a", "headers": [], "client": ("127.0.0.1", 1)}
    rate = pyrate_limiter.Rate(KEPT, pyrate_limiter.Duration.SECOND)
    return {
        "pyrate": pyrate_limiter.Limiter(rate),
        "aiolimiter_": AsyncLimiter(MANY, 1),
        "slowapi_work": app.state.limiter.limit(f"{MANY}/second")(view),
        "request": Request(scope),
        "hyx_bulkheaded": hyx.bulkhead.bulkhead(max_concurrency=1000, max_capacity=1000)(awork),
        "hyx_limited": hyx.ratelimit.tokenbucket(MANY, 1, MANY)(awork),
    }


if __name__ == "__main__":
    answer(STATEMENTS, make)
