"""The lives of calls that rules are about: by app, and for each by the first route that matches.

Calls of other apps pass by; they carry on what the request they are made for says of its time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from fairlead.flow.balance import Choice, Standing
from fairlead.flow.budget import Attempts
from fairlead.flow.call import NOTHING_INHERITED, Call
from fairlead.flow.deadline import bounded, inherited
from fairlead.flow.deciding import Deciding, Reaching
from fairlead.flow.failover import Avoided
from fairlead.flow.noting import Note, Tell, unheard
from fairlead.flow.outlier import Hosts
from fairlead.flow.reach import Reach
from fairlead.flow.route import Callee, Routes
from fairlead.flow.stack import Ruled, reaching
from fairlead.flow.steps import Flow, Layer, Steps, chain
from fairlead.flow.warmup import Warming
from fairlead.flow.watched import watched
from fairlead.policy.balance import MAGLEV, RING_HASH, Cluster
from fairlead.policy.calls import DOMAIN, CalleeRules, Calls
from fairlead.policy.routing.matchers import BUILT_IN, Matcher
from fairlead.policy.routing.table import SEPARATORS

EVERYBODY = Cluster()


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
        self.matchers: Mapping[str, Matcher] = BUILT_IN
        """Tests that rules may name."""
        self._warming, self._avoided = warming, avoided
        self._standing: dict[tuple[str, str, str], Standing] = {}
        self._attempts: dict[tuple[str, str], Attempts] = {}
        self.note: Note = unheard
        """Hears what happens to calls, by app."""

    def ruled(self, calls: Calls, routes: Routes) -> Ruled:
        """Return the lives of calls."""
        ways: dict[str, Flow] = {}
        repeated: set[str] = set()
        spelt: dict[int, list[str]] = {}
        for host, known in routes.callees.items():
            spelt.setdefault(id(known), []).append(host)
        reaches = _Reaches(self, calls, routes)
        for one in calls.callees:
            callee = routes.callees.get(f"{one.app}.{one.namespace}".lower())
            if callee is None:
                continue
            usual = reaches.own(one, callee)
            way = self._way(one, usual, partial(reaches.of, one, callee))
            hosts = spelt[id(callee)]
            ways |= dict.fromkeys(hosts, way)
            if any(route.retry is not None or route.timeout for route in one.routes):
                repeated.update(hosts)
        kept = reaches.kept | {key for key in self._standing if _stays(key, routes)}
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

    def attempts(self, rules: CalleeRules) -> Attempts:
        """Return the attempts at an app that are counted."""
        key = rules.namespace, rules.app
        if key not in self._attempts:
            self._attempts[key] = Attempts(self._clock, self._tell(rules.app))
        return self._attempts[key]

    def _tell(self, app: str) -> Tell:
        return lambda what: self.note(what, app)

    def reach(self, rules: CalleeRules, cluster: Cluster, callee: Callee) -> Reach:
        """Return how instances of a cluster of `callee` are reached."""
        key = rules.namespace, rules.app, cluster.subset
        standing = self._standing.setdefault(key, Standing(self._clock, self._dice))
        share = self._warming.share
        choice = Choice(callee.pools, cluster, callee.by, standing, share, self._dice)
        hosts = standing.hosts
        hosts.apply(cluster.outlier, choice.addresses())
        hosts.most, hosts.connect, hosts.rule = cluster.most_requests, cluster.connect, cluster.rule
        attempts, avoided = self.attempts(rules), self._avoided
        hosts.tell = attempts.tell
        # A hash leads to the same instance each time: who is sure of it keeps nothing elsewhere.
        hashed = cluster.balance.algorithm in (RING_HASH, MAGLEV)
        once = reaching(choice, standing, avoided, attempts, avoid=False)
        again = reaching(choice, standing, avoided, attempts, avoid=not hashed)
        return Reach(choice, once, again)

    def _way(self, rules: CalleeRules, usual: Reach, reaching: Reaching) -> Flow:
        attempts = self.attempts(rules)
        deciding = Deciding(attempts, self._clock, self._dice, reaching, self.matchers)
        if not rules.routes:
            return deciding.usual(usual)
        return _when_called(partial(deciding.flow, rules.routes))


class _Reaches:
    """The clusters of one snapshot, made when somebody calls them."""

    def __init__(self, callees: Callees, calls: Calls, routes: Routes) -> None:
        self._callees, self._routes = callees, routes
        self._rules = {f"{one.app}.{one.namespace}".lower(): one for one in calls.callees}
        self._made: dict[tuple[str, str, str], Reach] = {}

    @property
    def kept(self) -> set[tuple[str, str, str]]:
        """Namespace, app and subset of each."""
        return set(self._made)

    def own(self, rules: CalleeRules, callee: Callee) -> Reach:
        """Return how all instances of an app are reached; what is kept of its subsets stays."""
        usual = EVERYBODY
        for cluster in rules.clusters:
            usual = usual if cluster.subset else cluster
            self._get(rules, cluster, callee)
        self._callees.attempts(rules).rule = usual.budget
        return self._get(rules, usual, callee)

    def of(self, rules: CalleeRules, callee: Callee, cluster: str) -> Reach | None:
        """Return how a cluster is reached, by the name that it has in routes of `callee`."""
        if cluster.count("|") != SEPARATORS:
            return None
        _, _, subset, host = cluster.split("|")
        name = host.removesuffix(f".{DOMAIN}").lower()
        other = self._routes.callees.get(name)
        if host == rules.host or other is callee:
            return self._subset(rules, subset, callee)
        if other is None:
            return None
        app, _, namespace = name.rpartition(".")
        theirs = self._rules.get(name) or CalleeRules(namespace=namespace, app=app)
        found = self._subset(theirs, subset, other)
        return None if found is None else replace(found, host=name, caller=other.caller)

    def _subset(self, rules: CalleeRules, subset: str, callee: Callee) -> Reach | None:
        found = next((one for one in rules.clusters if one.subset == subset), None)
        if found is None and subset:
            return None
        return self._get(rules, found or EVERYBODY, callee)

    def _get(self, rules: CalleeRules, cluster: Cluster, callee: Callee) -> Reach:
        key = rules.namespace, rules.app, cluster.subset
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._callees.reach(rules, cluster, callee)
        return made


def _stays(key: tuple[str, str, str], routes: Routes) -> bool:
    """Tell whether an app that routes of others may lead to is still there."""
    namespace, app, subset = key
    return not subset and f"{app}.{namespace}".lower() in routes


def _when_called(make: Callable[[], Flow]) -> Flow:
    """Return a flow that is made by its first call: a process calls few of the apps it knows."""
    made: list[Flow] = []

    def flow(call: Call) -> Steps:
        if not made:
            made.append(make())
        return made[0](call)

    return flow


def _passing(layers: list[Layer], inner: Flow) -> Flow:
    """Return the life of calls that no rule is about; most carry on nothing."""
    whole = chain(layers, inner)

    def flow(call: Call) -> Steps:
        alone = call.until is None and inherited(call) is NOTHING_INHERITED
        return inner(call) if alone else whole(call)

    return flow
