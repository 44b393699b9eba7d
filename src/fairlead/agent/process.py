"""What belongs to one process of an application, and is made anew after a fork."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from fairlead.agent.access import Access
from fairlead.agent.contracts import Contracts
from fairlead.agent.describe import describe
from fairlead.agent.door import door_of
from fairlead.agent.identity import Identity, node_id
from fairlead.agent.inspect import Inspector
from fairlead.agent.lease import Tenancy
from fairlead.agent.lineage import name_of
from fairlead.agent.load import Sampler
from fairlead.agent.posting import Posting
from fairlead.agent.reporter import Reporter
from fairlead.agent.sharing import Tender
from fairlead.agent.source import Apply, FileSource, Follower, Source, WatchSource
from fairlead.protocols.watch.codec import Lease, Subscription

if TYPE_CHECKING:
    from fairlead.agent.agent import Agent
    from fairlead.agent.metrics import Metrics
    from fairlead.policy.snapshot import Snapshot
    from fairlead.protocols.watch.client import RefusedRequest
    from fairlead.protocols.watch.codec import Registration


class Process:
    """Of one process. Nothing in it has started."""

    def __init__(self, agent: Agent, inherited: Snapshot | None) -> None:
        settings, identity = agent.settings, agent.identity
        self.door = door_of(settings)
        self.node = node_id()
        self._began: float | None = None
        self.inherited = inherited
        """What a fork found in force."""
        self.subscription = _subscription(identity, self.node)
        self.reporter = Reporter(
            agent.engine, self.subscription, lambda: self.follower.source.telemetry
        )
        self.reporter.collector.statements.wanted = settings.statements
        self.posting = Posting(self.door, self.reporter, lambda: self.tenancy, agent.fault)
        self.posting.wanted = settings.telemetry
        self.access = self._access(agent)
        self.reporter.requests = self.access.requests
        self.follower = Follower(agent.engine, self._source(agent), agent.kept)
        self.tenancy = Tenancy(
            self.door,
            agent.registration,
            agent.refusal,
            dice=agent.dice,
            fixed=settings.address,
        )
        self.contracts = Contracts(
            self.door, agent.interfaces, self.subscription, agent.fault, self.tenancy.wake
        )
        self.contracts.wanted = settings.contracts
        self.tenancy.heard, self.tenancy.between = self._heard, self.posting.between
        self.sampler = Sampler(agent.engine.overload, self.reporter.figures.loop, agent.fault)
        agent.engine.overload.changed = self.sampler.look
        self.tender = Tender(agent.engine.gates, agent.fault)
        self.inspector = Inspector(settings.state, lambda: describe(agent))
        self.metrics = self._metrics(agent) if settings.metrics else None

    def age(self) -> float:
        """Return the seconds since this was asked first, which is when it registers."""
        now = time.monotonic()
        if self._began is None:
            self._began = now
        return now - self._began

    def abandon(self) -> None:
        """Let go of what the parent still uses."""
        self.follower.source.abandon()
        self.tenancy.abandon()
        self.posting.abandon()
        self.access.abandon()
        self.reporter.figures.collections.remove()
        self.sampler.abandon()
        self.tender.abandon()
        self.inspector.abandon()
        if self.metrics is not None:
            self.metrics.abandon()

    def begin_to_answer(self) -> None:
        """Answer doctor, and Prometheus where it may ask."""
        self.inspector.start()
        self.access.start()
        if self.metrics is not None:
            self.reporter.figures.collections.install()
            self.metrics.start()

    def say_last(self) -> None:
        """Tell what was counted, as a server is about to stop: some end their process hard."""
        self.posting.last()
        if self.metrics is not None:
            self.metrics.write()

    def answer_no_more(self) -> None:
        """Stop answering, when what was counted is written down."""
        if self.metrics is not None:
            self.metrics.stop()
        self.inspector.stop()
        self.sampler.stop()
        self.tender.stop()
        self.access.stop()

    def _access(self, agent: Agent) -> Access:
        whose = {"namespace": agent.identity.namespace, "app": agent.identity.app}
        return Access(
            agent.settings.access_log,
            agent.observing,
            lambda: self.follower.source.telemetry,
            lambda: {**whose, "instance": self.tenancy.choice.address},
        )

    def _metrics(self, agent: Agent) -> Metrics:
        # Only where it is asked for: the application waits for what is imported.
        from fairlead.agent.metrics import Metrics
        from fairlead.agent.siblings import Siblings
        from fairlead.agent.sums import Sums, sums_of

        def count() -> Sums:
            return sums_of(self.reporter.totals(), agent.read_counters(), self.reporter.figures)

        settings, name = agent.settings, name_of(os.getpid())
        siblings = Siblings(settings.state, agent.lineage.root, name, count)
        return Metrics(settings.metrics, (settings.app, settings.namespace), siblings)

    def _source(self, agent: Agent) -> Callable[[Apply], Source]:
        source = agent.settings.source
        if source.startswith("file:"):
            return lambda apply: FileSource(apply, source.removeprefix("file:"))
        return lambda apply: WatchSource(
            apply, self.door, self.subscription, agent.dice, self._spoken
        )

    def _heard(self, registration: Registration, answer: Lease | RefusedRequest) -> None:
        """Hear what came of a registration."""
        self.posting.heard(registration, answer)
        if isinstance(answer, Lease):
            self.contracts.heard(registration, answer)

    def _spoken(self) -> None:
        """Hear that the control plane has spoken."""
        self.posting.line()
        self.access.look()


def _subscription(identity: Identity, node: str) -> Subscription:
    return Subscription(
        node=node,
        namespace=identity.namespace,
        app=identity.app,
        lane=identity.lane,
        labels=identity.labels,
        zone=identity.zone,
    )
