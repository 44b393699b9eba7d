"""The agent of one process: what instruments see of us, and what it takes to stand behind it.

It opens no socket and starts no thread until a server, a request or a call needs it, and begins
again in a forked child. Nothing it does may end a call of the application: a fault is counted, kept
for doctor, and swallowed.
"""

from __future__ import annotations

import atexit
import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from fairlead.agent import native
from fairlead.agent.address import listeners
from fairlead.agent.identity import Identity
from fairlead.agent.last_good import LastGood, Rejected
from fairlead.agent.lease import QUEUE
from fairlead.agent.lineage import Lineage, sockets_of
from fairlead.agent.matchers import Registered
from fairlead.agent.memory import sampled
from fairlead.agent.notice import warn
from fairlead.agent.process import Process
from fairlead.agent.report import registration
from fairlead.agent.rules import hears, notes
from fairlead.agent.settings import Settings
from fairlead.agent.sharing import pool_of
from fairlead.agent.terminate import Farewell
from fairlead.flow.engine import Engine
from fairlead.flow.gates import Gates
from fairlead.instruments.instrument import Rewriting
from fairlead.instruments.interfaces import Interfaces
from fairlead.instruments.leftovers import Leftovers
from fairlead.instruments.observing import Observing
from fairlead.policy.snapshot import Snapshot
from fairlead.protocols.watch.codec import Registration
from fairlead.telemetry.counters import Counters
from fairlead.telemetry.names import ACCESS_LOG_DROPPED, AGENT_FAULTS
from fairlead.telemetry.refusals import Refusals

if TYPE_CHECKING:
    from fairlead.instruments.instrument import Handler, Hook, Sockets
    from fairlead.instruments.patch import Patches

PATIENCE = 1.0
"""Seconds that a first snapshot is awaited, counted from `fairlead run`."""

LOOK_AGAIN = 1.0
"""Seconds between two looks whether a child process has come to serve its parent's socket."""


def _never() -> bool:
    return False


def _rewriting(settings: Settings) -> Rewriting:
    return Rewriting(
        off=settings.shadow == "off",
        tables=settings.shadow_tables,
        functions=frozenset(settings.sql_functions),
    )


class Agent:
    """The data plane of this process (`instruments.instrument.DataPlane`)."""

    def __init__(self, settings: Settings, lineage: Lineage) -> None:
        """Stand ready in the process whose place is `lineage`; nothing starts yet."""
        self.settings = settings
        self.identity = Identity.of(settings)
        self.lineage = lineage
        self._random = Random()  # our own: the application may count on its sequence
        self.dice = self._random.random
        self.engine = Engine(
            clock=time.monotonic,
            dice=self.dice,
            trust=settings.trust == "mesh",
            governed=bool(settings.app),
            gates=self._made_gates(),
        )
        callees = self.engine.callees
        callees.note, callees.matchers = notes(self._count), Registered()
        self.engine.measure(settings.telemetry)
        self.rewriting, self.interfaces = _rewriting(settings), Interfaces()
        self.observing = self._made_observing()
        self.engine.apply(Snapshot(workload=self.identity.workload))
        self.counters = Counters()
        self.refusals, self.leftovers = Refusals(), Leftovers()
        self.hooks: list[Hook] = []
        """What became of each library that the application imported."""
        self.patches: dict[str, Patches] = {}
        self.kept = LastGood(settings.state, self.identity)
        self.last_fault, self.ready = "", False
        self.replaced: Callable[[], bool] = _never
        self.insistent = False
        self.propagation_only = not settings.app or not (lineage.is_root or lineage.forked)
        self.standing = self._first_standing()
        """In words, why this process registers or does not."""
        patience = time.monotonic() + PATIENCE
        self._deadline = min(settings.deadline or patience, patience)
        self._looked, self._at_exit = 0.0, False
        self._reading = native.Lock()
        self.endings: list[Callable[[float], object]] = []
        self._farewell = self._made_farewell()
        self.process = Process(self, None)
        os.register_at_fork(after_in_child=self._forked)

    def _made_gates(self) -> Gates:
        return Gates(
            listener=hears(self._count),
            memory=sampled(),
            pure=self.settings.pure,
            pool=pool_of(self.settings),
        )

    def _made_observing(self) -> Observing:
        observing = Observing(
            self.engine,
            fault=lambda: self._count(AGENT_FAULTS, "observing"),
            drop=lambda: self._count(ACCESS_LOG_DROPPED, ""),
        )
        traces, wanted = observing.traces, self.settings.trace
        traces.on, traces.begins = wanted != "off", wanted == "begin"
        traces.sampling = lambda: self.process.follower.source.telemetry.sampling
        return observing

    def _made_farewell(self) -> Farewell:
        return Farewell(
            self.leaving,
            self.settings.drain,
            ports=lambda: self.process.tenancy.ports,
            endings=self.endings,
            insistent=lambda: self.insistent,
        )

    def _count(self, name: str, label: str) -> None:
        self.counters.count(name, label)  # those of now: a forked process has its own

    def ensure_ready(self) -> None:
        """Start what was put off until first use, and wait as long as contract 20 allows."""
        try:
            self._get_ready()
        except Exception as error:
            self.ready = True
            self.fault("ready", error)

    def serving(self, server: str, sockets: Sockets | None, *, worker: bool = False) -> None:
        """Hear that a server object exists in this process, and how to ask for its sockets.

        A `worker` has a socket of its own, and the process it stems from has none.
        """
        try:
            if worker:
                self.lineage.vouch()
            self.process.reporter.figures.loop.find()
            self._begin_to_serve(server, sockets)
        except Exception as error:
            self.fault("serving", error)

    def leaving(self, queue: float = QUEUE) -> None:
        """Deregister now: the server is about to stop. Returns when it is done or has failed."""
        try:
            self.process.tenancy.leave(queue)
            self.process.say_last()
        except Exception as error:
            self.fault("leaving", error)

    def handing_over(self) -> None:
        """End with no goodbye: the socket stays open in the parent, for the next worker."""
        try:
            self.process.tenancy.hand_over()
            self.process.say_last()
        except Exception as error:
            self.fault("handing over", error)

    def hearing(self, handler: Handler, *numbers: int) -> Handler:
        """Return a handler of these signals that is called soon, whichever thread takes them."""
        try:
            return self._farewell.waker.hearing(handler, *numbers)
        except Exception as error:
            self.fault("hearing", error)
            return handler

    def departing(
        self, then: Callable[[], object], *, heir: bool = False, queue: float = QUEUE
    ) -> None:
        """Leave, or hand over to an heir, on a thread of its own; then call `then`, there.

        The server goes on meanwhile.
        """

        def depart() -> None:
            try:
                if heir or self.replaced():
                    self.handing_over()
                else:
                    self.leaving(queue)
            finally:
                then()

        def guarded() -> None:
            try:
                depart()
            except Exception as error:
                self.fault("departing", error)

        try:
            native.spawn(guarded)
        except RuntimeError:  # there are no more threads to be had
            guarded()

    def stop(self) -> None:
        """Leave, and end every thread soon."""
        self.leaving()
        self._farewell.waker.stop()
        self.process.follower.stop()
        self.process.reporter.figures.collections.remove()
        self.process.answer_no_more()
        self.engine.gates.part()

    def fault(self, where: str, error: BaseException) -> None:
        """Count a fault of our own code; the application does not notice."""
        self.counters.count(AGENT_FAULTS, where)
        self.last_fault = f"{where}: {type(error).__name__}: {error}"

    def read_counters(self) -> dict[str, dict[str, int]]:
        """Return every count so far; renewals and doctor may ask at the same time."""
        with self._reading:
            return self.counters.read()

    def registration(self, address: str) -> Registration:
        """Return what registers this process at `address`."""
        plain = registration(
            self.identity,
            self.process.node,
            address,
            tuple(self.hooks),
            self.read_counters(),
            self.settings.shadow,
        )
        return replace(
            plain,
            # What is left of it: an instance that was lost for a while is not new when it is back.
            warmup=max(0.0, self.settings.warmup - self.process.age()),
            unmatched=self.unmatched(),
            contracts=self.process.contracts.told(),
            report=self.process.posting.riding(address),
        )

    def unmatched(self) -> dict[str, str] | None:
        """Return what rules name in vain, with what may be meant; None where that is not known."""
        try:
            guards = sys.modules.get("fairlead.agent.handle")
            # Another thread may be about to import it.
            names = getattr(guards, "names", None)
            functions = () if names is None else names()
            return self.interfaces.unmatched(self.engine.plan.snapshot.flow, functions)
        except Exception as error:  # routes are a stranger's, and the lease depends on this
            self.fault("interfaces", error)
            return None

    def refusal(self, sockets: Iterable[int]) -> str:
        """Return why this process may not register with these sockets, or ``""``."""
        reason = self.lineage.refusal(sockets)
        if reason:
            self.standing = reason
        else:
            self._admit()
        return reason

    def _get_ready(self) -> None:
        process = self.process
        self._answer_doctor()
        if not self.settings.app:
            self.ready = True
            return
        if self.propagation_only and not self._look():
            return
        process.reporter.figures.collections.install()
        process.sampler.look()  # a fork has a rule, and no thread
        process.tender.look()
        process.follower.start(process.inherited)
        if process.inherited is None:
            process.follower.await_first(self._deadline)
        self.ready = True

    def _begin_to_serve(self, server: str, sockets: Sockets | None) -> None:
        self._answer_doctor()
        if not self.settings.app or self.settings.source != "watch":
            return
        if self.propagation_only:
            self._look(at_once=True)
        # Now, though it may turn out later that this child registers: only this thread may.
        self._farewell.install()
        self.process.tenancy.serve(server, sockets, before=self.ensure_ready)

    def _look(self, *, at_once: bool = False) -> bool:
        """Look whether this child has come to serve a socket of its ancestors."""
        now = time.monotonic()
        if not at_once and now < self._looked + LOOK_AGAIN:
            return False
        self._looked = now
        found = not self.refusal(listener.inode for listener in listeners())
        if not found:
            self._take_shadows()
        return found

    def _take_shadows(self) -> None:
        """Learn from disk what shadows lanes have: a child that serves nothing follows nobody.

        It writes rows all the same, on the lane of the request that it was started for.
        """
        try:
            kept = self.kept.load()
        except Rejected:
            return  # its lanes stay unknown, and what they write is refused
        if kept is not None and kept.snapshot.digest != self.engine.plan.snapshot.digest:
            self.engine.apply(replace(kept.snapshot, services=(), entry=None))

    def _admit(self) -> None:
        if self.propagation_only:
            self.propagation_only = False
            self.standing = "serves a socket of the process it stems from"
            self.ensure_ready()

    def _first_standing(self) -> str:
        if not self.settings.app:
            return "FAIRLEAD_APP is not set: labels are passed on, and no more"
        if self.lineage.is_root:
            return "the first Python process below fairlead run"
        if self.lineage.forked:
            return f"forked below process {self.lineage.root.partition(':')[0]}"
        return f"a child of process {self.lineage.root.partition(':')[0]}; serves nothing yet"

    def _answer_doctor(self) -> None:
        self.process.begin_to_answer()
        if not self._at_exit:
            self._at_exit = True
            atexit.register(self._exit)
            # Processes of multiprocessing end without what `atexit` has.
            if (ending := sys.modules.get("multiprocessing.util")) is not None:
                ending.Finalize(None, self._part, exitpriority=0)

    def _exit(self) -> None:
        self.leaving()
        self.process.answer_no_more()
        self._part()

    def _part(self) -> None:
        try:
            self.engine.gates.part()
        except Exception as error:
            self.fault("parting", error)

    def _forked(self) -> None:
        try:
            self._begin_again()
        except Exception as error:
            warn(f"not started in the forked process {os.getpid()}: {error}")

    def _begin_again(self) -> None:
        # Locks may be held by threads that exist only in the parent: nothing is locked here, and
        # everything that could be held is made anew.
        self._random.seed()
        self.process.abandon()
        self.counters = Counters()
        self.refusals, self.leftovers = Refusals(), Leftovers()
        self._reading = native.Lock()
        self._farewell.forget()
        self.endings.clear()
        if not self.propagation_only:
            # Taken down now: a worker that gives up its rights cannot look at its parent later.
            self.lineage = self.lineage.fork(sockets_of(os.getpid()))
            self.standing = self._first_standing()
        self.ready = False
        self.replaced, self.insistent = _never, False
        self.observing.begin_again()
        self.engine.begin_again()
        plan = self.engine.plan
        self.process = Process(self, plan.snapshot if plan.snapshot.digest else None)
