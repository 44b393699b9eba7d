"""Play a scenario on the running fleet, and hold its figures against what they should be."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

import instances as run
from checks import CHECKS
from fleet import Fleet
from load import BASE, GRAY, Answer, Tally, ask, send
from media import Medium
from outcome import Result
from plays import PLAYS
from processes import DemoFailed, Instance
from rows import Place, changes
from scenarios import BLUE, GREEN, LANE_GROUP, Round, Scenario

REPORT_SECONDS = 8.0
"""Agents report their counters with every renewal of a lease, which is every three seconds."""


class Stage:
    """Where scenarios are played: a fleet, what it writes to, and the share of the full figures."""

    def __init__(
        self,
        fleet: Fleet,
        medium: Medium | None,
        scale: float,
        roles: Mapping[Instance, Instance] | None = None,
    ) -> None:
        """Play on `fleet`; `roles` are who serves in the place of instances that scenarios name."""
        self.fleet = fleet
        self._medium = medium
        self.scale = scale
        self._roles = roles or {}
        self._asked = 0
        """Requests that the entry has had so far."""

    @property
    def entry(self) -> str:
        """Address of the entry app."""
        address = self.fleet.address(run.ENTRY)
        if address is None:
            raise DemoFailed("the entry app is not registered any more")
        return address

    @property
    def medium(self) -> Medium:
        """What the apps keep rows in."""
        if self._medium is None:
            raise DemoFailed("these apps keep no rows")
        return self._medium

    def role(self, instance: Instance) -> Instance:
        """Return who serves as `instance`."""
        return self._roles.get(instance, instance)

    def set(self, scenario: Scenario, stopped: tuple[Instance, ...] = ()) -> None:
        """Bring the rules and the instances of `scenario` up, and everything else down."""
        wanted = [i for i in (*run.BASE, *scenario.beside_base) if i not in stopped]
        others = [i for i in (*run.GRAY, *run.GROUP) if i not in wanted]
        # Down first: without its lane's rule a marked instance would be one of base.
        self.fleet.stop(others)
        self.fleet.apply(*scenario.policy)
        swapped = run.SWAPPED if scenario.swapped else {}
        self.fleet.start([self.role(swapped.get(i, i)) for i in wanted])
        self.fleet.settle()

    def play(self, scenario: Scenario) -> Result:
        """Play `scenario`: set the stage, send the requests, check the figures."""
        self.set(scenario)
        result = Result(scenario=scenario, tally=Tally())
        counted = self._counted_before() if scenario.id == LANE_GROUP.id else Counter()
        started = time.monotonic()
        if not self._example(scenario, result):
            # A thousand more would show the same, and wait for as many timeouts.
            result.problems.append("the example failed, nothing else was tried")
            return result
        if own := PLAYS.get(scenario.id):
            with self._rows(result, result.tally):
                own(self, result)
        answers: list[Answer] = []
        for number, round_ in enumerate(scenario.rounds, 1):
            if round_.stopped or (number > 1 and scenario.rounds[number - 2].stopped):
                self.set(scenario, round_.stopped)
            answers += self._play(round_, number, result)
        result.seconds = time.monotonic() - started
        for check in CHECKS.get(scenario.id, ()):
            check(self, result, answers)
        self._asked += 1 + result.tally.requests
        if scenario.id == LANE_GROUP.id:
            self._explain(scenario, result, counted)
        return result

    def _example(self, scenario: Scenario, result: Result) -> bool:
        """Send the scenario's example as things are in its first round; return if it is right."""
        away = scenario.rounds[0].away if scenario.rounds else ()
        with self._without(away):
            example = ask(self.entry, scenario.example)
        result.curl = scenario.example.curl(self.entry)
        result.answer = (
            example.text if example.status == 200 else f"{example.status} {example.text}"
        )
        if not example.right:
            result.tally.add(example)
        return example.right

    def _play(self, round_: Round, number: int, result: Result) -> list[Answer]:
        """Send one round; hold the answers against access logs, and against the rows left."""
        count = max(1, round(round_.full * self.scale))
        before, tally = self.fleet.served(), Tally()
        answers: list[Answer] = []
        requests = (round_.request(i, count) for i in range(count))
        with self._rows(result, tally), self._without(round_.away):
            asyncio.run(send(self.entry, requests, answers.append))
            for answer in answers:
                tally.add(answer)
                result.tally.add(answer)
        hops = tally.hops()
        logged = self._logged_since(before, hops)
        result.figures[f"served{f' in round {number}' if number > 1 else ''}"] = dict(logged)
        if logged != hops:
            result.problems.append(f"answers name {dict(hops)}, access logs say {dict(logged)}")
        for hop in round_.idle:
            if logged[hop] or hops[hop]:
                result.problems.append(f"{hop} was to stay idle and served {logged[hop]} requests")
        return answers

    def _without(self, away: tuple[Place, ...]) -> AbstractContextManager[None]:
        return self._medium.without(away) if self._medium else nullcontext()

    @contextmanager
    def _rows(self, result: Result, tally: Tally) -> Iterator[None]:
        """Hold the rows that the block leaves against the answers that it puts into `tally`."""
        if self._medium is None:
            yield
            return
        before = self.medium.contents()
        yield
        changed = list(changes(before, self.medium.contents(), tally.rows))
        result.rows.append(changed)
        result.problems += [change.problem for change in changed if change.problem]

    def _counted_before(self) -> Counter[str]:
        """Return the control plane's counts once all earlier requests are in them."""
        deadline = time.monotonic() + REPORT_SECONDS
        while (counted := self.fleet.control.traffic(run.ENTRY.app)).total() < self._asked:
            if time.monotonic() > deadline:
                break
            time.sleep(0.1)
        return counted

    def _explain(self, scenario: Scenario, result: Result, before: Counter[str]) -> None:
        """Say which share each lane had, as the control plane counts, and why the losers lose."""
        texts = result.tally.texts
        lanes = {"base": BASE, "gray": GRAY, "blue": BLUE, "green": GREEN}
        expected = Counter({lane: texts[text] for lane, text in lanes.items()})
        expected["blue"] += 1  # the example
        deadline = time.monotonic() + REPORT_SECONDS
        while (counted := self.fleet.control.traffic(run.ENTRY.app) - before) != expected:
            if time.monotonic() > deadline:
                problem = f"the control plane counted {dict(counted)}, not {dict(expected)}"
                result.problems.append(problem)
                break
            time.sleep(0.1)
        total = counted.total() or 1
        shares = {lane: f"{number / total:.1%}" for lane, number in counted.most_common()}
        result.figures["share of the traffic"] = shares
        result.figures["a request that matches two"] = self.fleet.explain(scenario.example)
        result.figures["losers"] = self.fleet.control.losers()

    def _logged_since(self, before: Counter[str], hops: Counter[str]) -> Counter[str]:
        # A server may write its line after the answer has gone out: give it a moment.
        deadline = time.monotonic() + 3
        while True:
            logged = self.fleet.served() - before
            if logged == hops or time.monotonic() > deadline:
                return Counter(dict(sorted(logged.items())))
            time.sleep(0.02)
