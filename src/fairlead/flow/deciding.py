"""What is done with calls of one app, by the first of its routes that a call matches."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fairlead.flow.budget import Attempts
from fairlead.flow.call import Call, Fault, Outcome, Unreachable
from fairlead.flow.changing import Changing, changing
from fairlead.flow.inject import answering
from fairlead.flow.reach import Reach
from fairlead.flow.stack import life
from fairlead.flow.steps import Flow, Steps
from fairlead.flow.view import View
from fairlead.policy.calls import DOMAIN
from fairlead.policy.routing.action import Answer, Forward, Mirror, Redirect, Weighted
from fairlead.policy.routing.index import Index
from fairlead.policy.routing.matchers import Matcher
from fairlead.policy.routing.predicates import allowed
from fairlead.policy.routing.rewriting import location
from fairlead.policy.routing.table import SEPARATORS, Route

Reaching = Callable[[str], Reach | None]
"""Returns how the instances of a cluster are reached, None where nobody describes it."""
Way = Callable[[Call, View], Steps]

NO_ROUTE, NO_CLUSTER = Answer(status=404), Answer(status=503)
"""What calls meet that no route is for, and those that are to go to nobody (Envoy)."""


class Deciding:
    """Makes the lives of calls of one app."""

    def __init__(
        self,
        attempts: Attempts,
        clock: Callable[[], float],
        dice: Callable[[], float],
        reaching: Reaching,
        matchers: Mapping[str, Matcher],
    ) -> None:
        self._attempts, self._clock, self._dice = attempts, clock, dice
        self._reaching, self._matchers = reaching, matchers

    def flow(self, routes: tuple[Route, ...]) -> Flow:
        """Return the life of a call, one route of `routes` or none."""
        index = Index([route.match for route in routes], self._matchers)
        ways, dice = [self._way(route) for route in routes], self._dice
        lost = answering(NO_ROUTE, routes[0].name.partition(" ")[0])

        def flow(call: Call) -> Steps:
            view = View(call, dice)
            place = index.first(view, view.plain_path, [])
            return lost(call) if place < 0 else ways[place](call, view)

        return flow

    def usual(self, reach: Reach) -> Flow:
        """Return the life of a call that no route is about."""
        return self._life(None, reach.once)

    def _way(self, route: Route) -> Way:
        action = route.action
        if isinstance(action, Forward) and action.clusters:
            return self._forward(route, action)
        if isinstance(action, Redirect):
            return self._redirect(route, action)
        answer = action if isinstance(action, Answer) else NO_CLUSTER
        then = self._life(route, answering(answer, route.name))
        return lambda call, view: then(call)

    def _redirect(self, route: Route, action: Redirect) -> Way:
        path, name = route.match.path, route.name

        def way(call: Call, view: View) -> Steps:
            where = location(action, view, path)
            answer = Answer(status=action.code, headers=(("location", where),))
            return self._life(route, answering(answer, name))(call)

        return way

    def _forward(self, route: Route, action: Forward) -> Way:
        parts = [one for one in action.clusters if one.weight or len(action.clusters) == 1]
        lives = [self._part(route, action, one) for one in parts]
        mirrors = [(one, self._reaching(one.cluster)) for one in action.mirrors]
        total, dice = sum(part.weight for part in parts), self._dice

        def drawn() -> Way:
            left = dice() * total
            for part, then in zip(parts, lives, strict=True):
                left -= part.weight
                if left < 0:
                    return then
            return lives[-1]

        if not mirrors:
            if len(lives) == 1:
                return lives[0]
            return lambda call, view: drawn()(call, view)  # noqa: PLW0108 - drawn for each call

        def way(call: Call, view: View) -> Steps:
            steps = (lives[0] if len(lives) == 1 else drawn())(call, view)
            for mirror, reach in mirrors:
                _copied(call, view, mirror, reach)
            return steps

        return way

    def _missing(self, route: Route, action: Forward) -> Way:
        """Return what calls meet whose cluster is nobody's."""
        then = self._life(route, answering(Answer(status=action.missing), route.name))
        return lambda call, view: then(call)

    def _part(self, route: Route, action: Forward, part: Weighted) -> Way:
        reach, change = self._reaching(part.cluster), changing(route, part)
        if reach is None:
            then = self._unreached(route, action, part.cluster)
        else:
            then = self._sent(route, reach, change)
        spare = self._reaching(part.fallback) if part.fallback else None
        if spare is None:
            return then
        instead = self._sent(route, spare, change)

        def chosen(call: Call, view: View) -> Steps:
            there = reach is not None and reach.choice.serves(call.lane)
            return then(call, view) if there else instead(call, view)

        return chosen

    def _unreached(self, route: Route, action: Forward, cluster: str) -> Way:
        """Return what calls meet whose cluster nobody describes."""
        if cluster.count("|") != SEPARATORS:
            return self._missing(route, action)
        _, _, subset, host = cluster.split("|")
        name = host.removesuffix(f".{DOMAIN}")
        return lambda call, view: _nobody(name, subset, call.lane)

    def _sent(self, route: Route, reach: Reach, change: Changing | None) -> Way:
        """Return what reaches one cluster."""
        retry, caller, host = route.retry, reach.caller, reach.host
        then = self._life(route, reach.once if retry is None or retry.same_host else reach.again)

        def way(call: Call, view: View) -> Steps:
            if change is not None:
                call.change = change(view)
            if host:
                call.host, call.caller = host, caller
            return then(call)

        return way

    def _life(self, route: Route | None, inner: Flow) -> Flow:
        return life(route, inner, self._attempts, self._clock, self._dice)


def _copied(call: Call, view: View, mirror: Mirror, reach: Reach | None) -> None:
    if call.sending is None or reach is None:
        return
    if mirror.fraction is not None and not allowed(mirror.fraction, view):
        return
    order = reach.choice.candidates(call)
    if order:
        call.sending.copy(call, order[0].address)


def _nobody(host: str, subset: str, lane: str) -> Steps:
    """End a call of a cluster that nobody describes, as one without an instance does."""
    yield from ()  # a generator, as every flow is
    return Outcome(error=Unreachable(host, lane, (), subset), fault=Fault.REFUSED)
