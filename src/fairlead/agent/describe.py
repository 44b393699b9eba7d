"""What an agent says of itself, for `fairlead doctor`: plain data, ages instead of times."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Protocol

from fairlead import __version__
from fairlead.agent.report import PYTHON, plain_hooks, unfit
from fairlead.agent.rules import calls_told, protection_told, rules_told
from fairlead.protocols.watch.codec import DATABASES, TABLES
from fairlead.sql.masking import masked, masked_reason

if TYPE_CHECKING:
    from fairlead.agent.access import Access
    from fairlead.agent.identity import Identity
    from fairlead.agent.last_good import LastGood
    from fairlead.agent.lease import Tenancy
    from fairlead.agent.metrics import Metrics
    from fairlead.agent.posting import Posting
    from fairlead.agent.reporter import Reporter
    from fairlead.agent.settings import Settings
    from fairlead.agent.source import Follower
    from fairlead.flow.engine import Engine
    from fairlead.instruments.instrument import Hook
    from fairlead.instruments.leftovers import Leftover, Leftovers
    from fairlead.telemetry.refusals import Refusal, Refusals


class Process(Protocol):
    """What an agent has of one process."""

    node: str
    follower: Follower
    tenancy: Tenancy
    posting: Posting
    access: Access
    reporter: Reporter
    metrics: Metrics | None


class Agent(Protocol):
    """An agent, as far as it is described."""

    settings: Settings
    identity: Identity
    engine: Engine
    hooks: list[Hook]
    leftovers: Leftovers
    refusals: Refusals
    kept: LastGood
    last_fault: str
    standing: str
    propagation_only: bool

    @property
    def process(self) -> Process:
        """What is made anew after a fork."""

    def read_counters(self) -> dict[str, dict[str, int]]:
        """Return every count so far."""

    def unmatched(self) -> dict[str, str] | None:
        """Return what rules name in vain, None where that is not known."""


def describe(agent: Agent) -> dict[str, Any]:
    """Return everything that doctor shows of the process that `agent` is in."""
    identity, settings = agent.identity, agent.settings
    source = agent.process.follower.source
    return {
        "pid": os.getpid(),
        "node": agent.process.node,
        "namespace": identity.namespace,
        "app": identity.app,
        "lane": agent.engine.plan.own_lane,
        "lane_set": identity.lane,
        "labels": [list(label) for label in identity.labels],
        "zone": identity.zone,
        "language": settings.language,
        "python": PYTHON,
        "version": __version__,
        "standing": _standing(agent),
        "address": _address(agent),
        "control": {
            "source": settings.source,
            "url": settings.control,
            "connected": source.connected,
            "problem": source.problem,
        },
        "snapshot": _snapshot(agent),
        "flow": rules_told(agent.engine),
        "protection": protection_told(agent.engine),
        "calls": calls_told(agent.engine),
        "unmatched": agent.unmatched(),
        "telemetry": _telemetry(agent.process),
        "gates": {"interpreted": agent.engine.gates.interpreted, "shared": _shared(agent)},
        "hooks": list(plain_hooks(agent.hooks)),
        "shadows": _shadows(agent),
        "counters": agent.read_counters(),
        "leftovers": [_leftover(one) for one in agent.leftovers.read()],
        "refusals": [_refusal(one) for one in agent.refusals.read()],
        "refusal": source.refusal,
        "fault": agent.last_fault,
        "state": {"path": str(agent.kept.path or ""), "problem": agent.kept.problem},
    }


def _shared(agent: Agent) -> dict[str, Any] | None:
    pool = agent.engine.gates.pool
    return None if pool is None else pool.told()


def _standing(agent: Agent) -> dict[str, Any]:
    tenancy = agent.process.tenancy
    lease = tenancy.lease
    return {
        "registered": tenancy.registered,
        "propagation_only": agent.propagation_only,
        "why": agent.standing,
        "servers": list(tenancy.servers),
        "lane": lease.lane if lease else "",
        "conflict": lease.conflict if lease else None,
        "renewed_ago": _ago(tenancy.renewed),
        "problem": tenancy.problem,
    }


def _address(agent: Agent) -> dict[str, Any]:
    choice = agent.process.tenancy.choice
    return {"chosen": choice.address, "reason": choice.reason, "others": list(choice.others)}


def _snapshot(agent: Agent) -> dict[str, Any]:
    snapshot = agent.engine.plan.snapshot
    follower = agent.process.follower
    kept = "memory" if follower.source.live else "last known good"
    origin = "live" if follower.source.live and follower.source.connected else kept
    return {
        "digest": snapshot.digest,
        "revision": snapshot.revision,
        "origin": origin if snapshot.digest else "none",
        "applied_ago": _ago(follower.applied),
        "saved_ago": max(0.0, time.time() - follower.saved) if follower.saved else None,
        "entry": snapshot.entry is not None,
        "governance": snapshot.governance,
        "lanes": [lane.name for lane in snapshot.lanes],
        "services": len(snapshot.services),
    }


def _telemetry(process: Process) -> dict[str, Any]:
    """Return how what is counted gets out, and what was not counted."""
    reporter, metrics, writer = process.reporter, process.metrics, process.access.writer
    totals = reporter.totals()
    return {
        "told": process.posting.wanted,
        "every": reporter.every,
        "reports": reporter.seq,
        "arrived_ago": _ago(reporter.arrived),
        "lost": reporter.lost,
        "cost": round(reporter.cost, 6),
        "problem": process.posting.problem,
        "interfaces": len({key[0] for key in totals.interfaces}),
        "edges": len(totals.edges),
        "dropped": totals.dropped,
        "shed": reporter.shedding.why,
        "access_log": "" if writer is None else writer.problem,
        "metrics": None
        if metrics is None
        else {"serving": metrics.serving, "at": metrics.at, "problem": metrics.problem},
    }


def _shadows(agent: Agent) -> dict[str, Any]:
    """Return which lanes have shadows here, and what the process is unfit to serve."""
    snapshot, shadow = agent.engine.plan.snapshot, agent.settings.shadow
    return {
        "setting": shadow,
        "unfit": unfit(tuple(agent.hooks), shadow),
        "lanes": {
            TABLES: sorted({one.lane for one in snapshot.shadow_tables}),
            DATABASES: sorted({one.lane for one in snapshot.shadow_databases}),
        },
    }


def _leftover(one: Leftover) -> dict[str, Any]:
    return {"lane": one.lane, "place": one.place, "count": one.count, "last_ago": _ago(one.last)}


def _refusal(one: Refusal) -> dict[str, Any]:
    """Return a refusal as it may be shown: what the application would send is nobody's business."""
    return {
        "lane": one.lane,
        "library": one.library,
        "cause": one.cause,
        "reason": masked_reason(one.reason, one.cause),
        "statement": masked(one.text, one.dialect),
        "count": one.count,
        "last_ago": _ago(one.last),
    }


def _ago(moment: float | None) -> float | None:
    return None if moment is None else round(time.monotonic() - moment, 3)
