"""Instances of one app as a caller knows them: what they have under way, how they failed lately.

One that fails again and again in a row is left out: for the base time, times how often it has been
left out; each interval that it serves well makes that one less (Envoy). Of all instances only a
share is left out at a time, and nobody where too few are left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Lock
from typing import NamedTuple

from fairlead.flow.call import Fault, Outcome
from fairlead.flow.noting import EJECTED, Tell, unheard
from fairlead.flow.result import GRPC_FAULTS
from fairlead.policy.balance import Outlier

_GATEWAY = frozenset((502, 503, 504))
_UNAVAILABLE = 14


class LeftOut(NamedTuple):
    """An instance that is left out."""

    address: str
    why: str
    """In words: ``5 failures in a row``."""
    back: float
    """Seconds until it may come back, 0.0 for as soon as there is a call."""


class Host:
    """One instance."""

    __slots__ = (
        "active",
        "address",
        "back",
        "errors",
        "gateway",
        "local",
        "since",
        "times",
        "until",
        "why",
    )

    def __init__(self, address: str, since: float) -> None:
        self.address = address
        self.since = since
        """When this caller saw it first, minus infinity for who was there before."""
        self.active = 0
        """Calls under way to it."""
        self.errors = self.gateway = self.local = 0
        """Failures in a row: answers from 500 on, those of gateways, and no answers."""
        self.times = 0
        """How often it has been left out."""
        self.until = 0.0
        """Until when it is left out, 0.0 for one that is not."""
        self.back = 0.0
        """Since when it is not any more."""
        self.why = ""
        """In words, why it was left out last."""


class Hosts:
    """The instances of one cluster. Safe between threads; it outlives snapshots."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._lock = Lock()
        self.known: dict[str, Host] = {}
        """By address."""
        self.ejected = 0
        """How many of them are left out."""
        self.active = 0
        """Calls under way to all of them."""
        self.most = 0
        """How many there may be, 0 for any number."""
        self.connect = 0.0
        self.rule = ""
        """Kind and name of what says so."""
        self.tell: Tell = unheard
        """Hears that one is left out."""
        self._rule: Outlier | None = None
        self._look = 0.0

    def apply(self, rule: Outlier | None, addresses: Iterable[str]) -> None:
        """Know these instances, and judge them by `rule`, None for not at all."""
        now = self.clock()
        since = now if self.known else float("-inf")
        with self._lock:
            known = self.known
            self.known = {one: known.get(one) or Host(one, since) for one in addresses}
            self._rule = rule
            if rule is None:
                for host in self.known.values():
                    host.until, host.times = 0.0, 0
            self._look = self._look or now
            self.ejected = sum(host.until > 0 for host in self.known.values())

    def begin(self, address: str) -> Host | None:
        """Return the instance that a call is sent to, and count the call; None for no room."""
        with self._lock:
            if self.most and self.active >= self.most:
                return None
            self.active += 1
            host = self.known.get(address) or Host(address, self.clock())
            host.active += 1
            return host

    def end(self, host: Host, outcome: Outcome | None) -> None:
        """Count that a call has ended, None for one that was given up."""
        with self._lock:
            host.active -= 1
            self.active -= 1
            if self._rule is None or outcome is None:
                return
            # Any other error is the caller's own, and says nothing about an instance.
            answered = outcome.status is not None or outcome.grpc is not None
            if outcome.error is None or answered or outcome.fault is not Fault.OTHER:
                self._judge(host, outcome, self._rule)

    def out(self, address: str) -> bool:
        """Tell whether an instance is left out."""
        host = self.known.get(address)
        return host is not None and host.until > 0

    def left_out(self) -> list[LeftOut]:
        """Return who is left out, by address."""
        now, known = self.clock(), self.known  # which is replaced as a whole
        return [
            LeftOut(one.address, one.why, max(0.0, one.until - now))
            for one in sorted(known.values(), key=lambda host: host.address)
            if one.until > 0
        ]

    def look(self) -> bool:
        """Let those back in whose time is over; tell whether anybody is left out.

        Nobody is where fewer are healthy than there have to be.
        """
        rule = self._rule
        if rule is None or not self.ejected:
            return False
        if self.clock() >= self._look:
            with self._lock:
                self._sweep(rule)
        size = len(self.known)
        return self.ejected > 0 and (size - self.ejected) * 100 >= rule.least_healthy * size

    def _judge(self, host: Host, outcome: Outcome, rule: Outlier) -> None:
        error, gateway, local = _failure(outcome)
        split = rule.consecutive_local_failures > 0
        if not (error or local):
            host.errors = host.gateway = host.local = 0
            return
        if local and split:
            host.local += 1
        else:
            host.errors += 1
            host.gateway = host.gateway + 1 if gateway or local else 0
        if host.until > 0:
            return
        why = _why(host, rule)
        if why:
            self._eject(host, rule, why)

    def _eject(self, host: Host, rule: Outlier, why: str) -> None:
        now = self.clock()
        if not self.ejected:
            self._look = now + rule.interval
        if (self.ejected + 1) * 100 > rule.most_ejected * len(self.known):
            return
        if host.address not in self.known:
            return
        host.errors = host.gateway = host.local = 0
        # Each interval that it has served since then makes the next time one shorter.
        host.times = max(0, host.times - int((now - host.back) / rule.interval)) + 1
        longest = max(rule.longest_ejection, rule.base_ejection)
        host.until = now + min(longest, rule.base_ejection * host.times)
        host.why = why
        self.ejected += 1
        self.tell(EJECTED)

    def _sweep(self, rule: Outlier) -> None:
        now = self.clock()
        if now < self._look:
            return
        self._look = now + rule.interval
        for host in self.known.values():
            if 0 < host.until <= now:
                host.until, host.back = 0.0, now
                # What was under way when it was left out says nothing about it now (Envoy).
                host.errors = host.gateway = host.local = 0
        self.ejected = sum(host.until > 0 for host in self.known.values())


def _why(host: Host, rule: Outlier) -> str:
    """Return why an instance is to be left out, ``""`` where it is not."""
    if 0 < rule.consecutive_5xx <= host.errors:
        return f"{host.errors} failures in a row"
    if 0 < rule.consecutive_gateway_errors <= host.gateway:
        return f"{host.gateway} failures of a gateway in a row"
    if 0 < rule.consecutive_local_failures <= host.local:
        return f"{host.local} times no answer in a row"
    return ""


def _failure(outcome: Outcome) -> tuple[bool, bool, bool]:
    """Return whether it is an error of the instance, one of a gateway, and no answer at all."""
    if outcome.error is not None and outcome.fault is not Fault.OTHER:
        return False, False, True
    if outcome.grpc is not None:
        return outcome.grpc in GRPC_FAULTS, outcome.grpc == _UNAVAILABLE, False
    status = outcome.status or 0
    return status >= 500, status in _GATEWAY, False
