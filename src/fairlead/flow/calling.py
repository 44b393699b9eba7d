"""The lives of calls that rules are about: by app, and for each by the first rule that matches.

Calls of other apps pass by; they carry on what the request they are made for says of its time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from fairlead.flow.balance import Choice, Standing
from fairlead.flow.budget import Attempts
from fairlead.flow.call import NOTHING_INHERITED, Call, Fault, Outcome, Unreachable
from fairlead.flow.choosing import Choosing
from fairlead.flow.deadline import bounded, inherited
from fairlead.flow.failover import Avoided
from fairlead.flow.inject import answering
from fairlead.flow.noting import Note, Tell, unheard
from fairlead.flow.outlier import Hosts
from fairlead.flow.route import Callee, Routes
from fairlead.flow.stack import Ruled, life, reaching
from fairlead.flow.steps import Flow, Layer, Steps, chain
from fairlead.flow.warmup import Warming
from fairlead.flow.watched import watched
from fairlead.policy.balance import MAGLEV, RING_HASH, Cluster
from fairlead.policy.calls import CalleeRules, Calls
from fairlead.policy.resilience import CallRoute
from fairlead.policy.resilience import Share as Part

if TYPE_CHECKING:
    from fairlead.flow.facts import Facts

EVERYBODY = Cluster()


class View:
    """A call as conditions see it."""

    __slots__ = ("_call", "_facts")

    def __init__(self, call: Call, facts: Facts) -> None:
        self._call, self._facts = call, facts

    def header(self, name: str) -> str | None:
        """Value of a header."""
        return self._text("header", name)

    def query(self, name: str) -> str | None:
        """First value of a parameter."""
        return self._text("query", name)

    def cookie(self, name: str) -> str | None:
        """First value of a cookie."""
        return self._text("cookie", name)

    def path(self) -> str | None:
        """Path without the query."""
        return self._text("path", "")

    def method(self) -> str | None:
        """Method, upper case."""
        return self._call.method

    def source_ip(self) -> str | None:
        """Nothing: who calls is this process."""
        return None

    def trace(self) -> str | None:
        """Nothing."""
        return None

    def _text(self, source: str, name: str) -> str | None:
        value = self._facts.value(source, name)
        return None if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Reach:
    """How the instances of one cluster are reached."""

    choice: Choice
    once: Flow
    again: Flow
    """The same where a call may be repeated: at another instance, if there is one."""


class Callees:
    """What is known of the apps that rules are about; it outlives snapshots."""

    def __init__(
        self,
        clock: Callable[[], float],
        dice: Callable[[], float],
        warming: Warming,
        avoided: Avoided,
    ) -> None:
        self._clock, self._dice = clock, dice
        self._warming, self._avoided = warming, avoided
        self._standing: dict[tuple[str, str, str], Standing] = {}
        self._attempts: dict[tuple[str, str], Attempts] = {}
        self.note: Note = unheard
        """Hears what happens to calls, by app."""

    def ruled(self, calls: Calls, routes: Routes) -> Ruled:
        """Return the lives of calls."""
        ways: dict[str, Flow] = {}
        repeated: set[str] = set()
        kept: set[tuple[str, str, str]] = set()
        spelt: dict[int, list[str]] = {}
        for host, known in routes.callees.items():
            spelt.setdefault(id(known), []).append(host)
        for one in calls.callees:
            callee = routes.callees.get(f"{one.app}.{one.namespace}".lower())
            if callee is None:
                continue
            clusters = {cluster.subset: cluster for cluster in (EVERYBODY, *one.clusters)}
            reaches = {
                subset: self._reach(one, cluster, callee) for subset, cluster in clusters.items()
            }
            self._of(one).rule = clusters[""].budget
            kept |= {(one.namespace, one.app, subset) for subset in reaches}
            way = self._way(one, reaches)
            hosts = spelt[id(callee)]
            ways |= dict.fromkeys(hosts, way)
            if any(route.retry is not None or route.timeout for route in one.routes):
                repeated.update(hosts)
        self._standing = {key: self._standing[key] for key in kept}
        self._attempts = {key[:2]: self._attempts[key[:2]] for key in kept}
        nobody = Attempts(self._clock)
        nowhere = Hosts(self._clock)
        # What no rule is about carries on the time and the attempt of its request.
        layers = [bounded(0.0, self._clock), watched(nowhere, nobody, self._clock)]
        return Ruled(ways, partial(_passing, layers), frozenset(repeated))

    def told(self) -> Iterator[tuple[str, str, Hosts]]:
        """Yield of each cluster the app, its subset, and its instances."""
        for (namespace, app, subset), standing in sorted(self._standing.items()):
            yield f"{app}.{namespace}", subset, standing.hosts

    def begin_again(self) -> None:
        """Know nothing of calls that were under way in the process that this one was forked off."""
        self._standing, self._attempts = {}, {}

    def _of(self, rules: CalleeRules) -> Attempts:
        key = rules.namespace, rules.app
        if key not in self._attempts:
            self._attempts[key] = Attempts(self._clock, self._tell(rules.app))
        return self._attempts[key]

    def _tell(self, app: str) -> Tell:
        return lambda what: self.note(what, app)

    def _reach(self, rules: CalleeRules, cluster: Cluster, callee: Callee) -> Reach:
        key = rules.namespace, rules.app, cluster.subset
        standing = self._standing.setdefault(key, Standing(self._clock, self._dice))
        addresses = None if cluster.addresses is None else frozenset(cluster.addresses)
        share = self._warming.share
        choice = Choice(callee.pools, addresses, cluster.balance, standing, share, self._dice)
        hosts = standing.hosts
        hosts.apply(cluster.outlier, choice.addresses())
        hosts.most, hosts.connect, hosts.rule = cluster.most_requests, cluster.connect, cluster.rule
        attempts, avoided = self._of(rules), self._avoided
        hosts.tell = attempts.tell
        # A hash leads to the same instance each time: who is sure of it keeps nothing elsewhere.
        hashed = cluster.balance.algorithm in (RING_HASH, MAGLEV)
        once = reaching(choice, standing, avoided, attempts, avoid=False)
        again = reaching(choice, standing, avoided, attempts, avoid=not hashed)
        return Reach(choice, once, again)

    def _way(self, rules: CalleeRules, reaches: Mapping[str, Reach]) -> Flow:
        usual = self._life(rules, None, reaches[""])
        ways = [self._split(rules, route, reaches) for route in rules.routes]
        choosing, dice = Choosing([route.matches for route in rules.routes]), self._dice

        def way(call: Call) -> Steps:
            view = None if call.facts is None else View(call, call.facts)
            place = choosing.first(view, dice)
            return usual(call) if place < 0 else ways[place](call)

        return way

    def _split(self, rules: CalleeRules, route: CallRoute, reaches: Mapping[str, Reach]) -> Flow:
        """Return what chooses a subset for each call of a route, and then lives its life."""
        if route.answer is not None:
            answer = answering(route.answer, route.rule)
            return life(route, answer, self._of(rules), self._clock, self._dice)
        parts = [part for part in route.shares if part.weight or len(route.shares) == 1]
        lives = [self._part(rules, route, part, reaches) for part in parts]
        if len(lives) == 1:
            return lives[0]
        total, dice = sum(part.weight for part in parts), self._dice

        def split(call: Call) -> Steps:
            left = dice() * total
            for part, then in zip(parts, lives, strict=True):
                left -= part.weight
                if left < 0:
                    return then(call)
            return lives[-1](call)

        return split

    def _part(
        self, rules: CalleeRules, route: CallRoute, part: Part, reaches: Mapping[str, Reach]
    ) -> Flow:
        reach = reaches.get(part.subset)
        then = self._life(rules, route, reach) if reach is not None else _nobody
        spare = reaches.get(part.fallback) if part.fallback else None
        if spare is None:
            return then
        instead = self._life(rules, route, spare)

        def chosen(call: Call) -> Steps:
            there = reach is not None and reach.choice.serves(call.lane)
            return then(call) if there else instead(call)

        return chosen

    def _life(self, rules: CalleeRules, route: CallRoute | None, reach: Reach) -> Flow:
        retry = route.retry if route is not None else None
        inner = reach.once if retry is None or retry.same_host else reach.again
        return life(route, inner, self._of(rules), self._clock, self._dice)


def _passing(layers: list[Layer], inner: Flow) -> Flow:
    """Return the life of calls that no rule is about; most carry on nothing."""
    whole = chain(layers, inner)

    def flow(call: Call) -> Steps:
        alone = call.until is None and inherited(call) is NOTHING_INHERITED
        return inner(call) if alone else whole(call)

    return flow


def _nobody(call: Call) -> Steps:
    """End a call of a subset that nobody describes, as one without an instance does."""
    yield from ()  # a generator, as every flow is
    return Outcome(error=Unreachable(call.host, call.lane), fault=Fault.REFUSED)
