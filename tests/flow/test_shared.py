"""What the workers of an app count together: as one process would, whoever of them calls."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fairlead.flow.layout import LOCK, P_PLACE, SEATS, TOTAL, VERSION, WIDTH
from fairlead.policy.breaker import ERROR_COUNT
from fairlead.policy.limit import WarmUp, Window
from fairlead.policy.rule import SIMULATE, Selection
from tests.flow.virtual import MS, World, breaker, cap, flow, pool, rate, throttle

pytestmark = pytest.mark.usefixtures("form")


class Host:
    """Some workers of an app, at one time."""

    def __init__(self, folder: Path, *rules: Any, workers: int = 2, **options: Any) -> None:
        self.folder = folder
        self.workers = [World(*rules, pool=pool(folder), **options) for _ in range(workers)]

    def at(self, ms: float) -> None:
        for worker in self.workers:
            worker.at(ms)

    def __getitem__(self, number: int) -> World:
        return self.workers[number]

    def passes(self, times: int = 1) -> int:
        """Return how many of so many calls pass that end at once, each in another worker."""
        return sum(self[number % len(self.workers)].passes() for number in range(times))


@pytest.fixture(autouse=True)
def kept() -> Iterator[list[Any]]:
    """Keep calls under way: the compiled form ends those that nobody has in hand."""
    KEPT.clear()
    yield KEPT
    KEPT.clear()


KEPT: list[Any] = []


def reasons(world: World, times: int) -> list[str]:
    entries = [world.enter() for _ in range(times)]
    KEPT.extend(entries)
    return ["" if entry.refused is None else entry.refused.reason for entry in entries]


def test_a_limit_is_one_for_all_workers(tmp_path):
    """A hundred a second means the host, not each of eight workers."""
    host = Host(tmp_path, rate(10), workers=4)
    assert host.passes(40) == 10
    host.at(1000)
    assert host.passes(40) == 10


@pytest.mark.parametrize(("threshold", "ms"), [(3, 1000), (128, 1000), (700, 1000), (50, 60_000)])
def test_no_window_wherever_it_begins_holds_more_than_its_threshold(tmp_path, threshold, ms):
    """Held against the definition, at random times and in a worker of chance."""
    dice = random.Random(threshold)
    host, now = Host(tmp_path, rate(threshold, ms)), 0.0
    admitted: list[float] = []
    steps = [0.0, 0.0, ms / 3, ms / 900, ms / threshold / 3]
    for _ in range(4000):
        now += dice.choice(steps)
        host.at(now)
        recent = [time for time in admitted[-threshold:] if now - time < ms - 1e-5]
        passed = dice.choice(host.workers).passes()
        assert not (passed and len(recent) == threshold)
        admitted += [now] * passed


def test_a_steady_stream_gets_at_least_99_of_100(tmp_path):
    """What is left out of a part of the window is the oldest, and it is a small part."""
    host = Host(tmp_path, rate(1000))
    passed = 0
    for step in range(20_000):
        host.at(step / 3)
        passed += host[step % 2].passes()
    assert 6600 <= passed <= 6667 + 1000


def test_the_earliest_times_at_which_there_is_room_are_known(tmp_path):
    """Retry-After is kept, and a client that follows it is let in."""
    host = Host(tmp_path, rate(2, 60_000))
    assert host.passes(2) == 2
    host.at(10_000)
    assert host[1].enter().refused.retry_after == 50.0
    host.at(60_000)
    assert host[1].passes() == 1


def test_calls_at_a_time_are_those_of_all_workers(tmp_path):
    """A database has so many connections, however many workers ask it."""
    host = Host(tmp_path, cap(3))
    inside = [host[0].enter(), host[1].enter(), host[0].enter()]
    assert reasons(host[1], 1) == ["concurrency"]
    inside[0].exit()
    assert host[1].passes() == 1
    for entry in inside:
        entry.exit()
    assert reasons(host[1], 5).count("") == 3


def test_a_limit_that_comes_later_finds_who_is_inside_of_each_worker(tmp_path):
    """Or a rule that is to help at once would not help until those have left."""
    host = Host(tmp_path)
    inside = [host[0].enter(), host[1].enter()]
    for worker in host.workers:
        worker.gates.apply(flow(cap(3)))
        worker.gates.gate("f").enter().exit()
    assert reasons(host[0], 2) == ["", "concurrency"]
    for entry in inside:
        entry.exit()
    assert reasons(host[0], 3) == ["", "", "concurrency"]


def test_who_is_inside_is_given_back_when_the_limit_goes(tmp_path):
    """Another worker may have it still: two releases at once."""
    host = Host(tmp_path, cap(2))
    assert reasons(host[0], 2) == ["", ""]
    assert reasons(host[1], 1) == ["concurrency"]
    host[0].gates.apply(flow())
    assert reasons(host[1], 2) == ["", ""]


def test_a_breaker_opens_for_all_and_one_of_them_tries(tmp_path):
    """N workers would find out N times, and try N times."""
    host = Host(tmp_path, breaker(2, ERROR_COUNT), workers=3)
    assert [host[n].call(failed=True) for n in (0, 1)] == ["", ""]
    assert [worker.call() for worker in host.workers] == ["breaker"] * 3
    host.at(5000)
    probe = host[2].enter()
    assert probe.refused is None
    assert [worker.call() for worker in host.workers] == ["breaker"] * 3
    probe.exit()
    assert [worker.call() for worker in host.workers] == [""] * 3
    assert [len(worker.changes) for worker in host.workers] == [0, 1, 2]


def test_a_bad_probe_opens_it_again_for_all(tmp_path):
    """Whoever tries next waits as long as after the first time."""
    host = Host(tmp_path, breaker(1, ERROR_COUNT))
    host[0].call(failed=True)
    host.at(5000)
    assert host[1].call(failed=True) == ""
    host.at(9999)
    assert [worker.call() for worker in host.workers] == ["breaker"] * 2
    host.at(10_000)
    assert host[0].call() == ""


def test_errors_are_told_by_the_rule_where_it_says_what_they_are(tmp_path):
    """Each worker judges, all count."""
    host = Host(tmp_path, breaker(2, ERROR_COUNT, errors=("ValueError",)))

    def call(number: int, error: type[Exception]) -> None:
        with pytest.raises(error), host[number].enter():
            raise error

    for number in (0, 1, 0):
        call(number, KeyError)
    for number in (0, 1):
        call(number, ValueError)
    assert host[0].call() == "breaker"


def test_turns_are_one_queue(tmp_path):
    """One each 100 ms, of all workers."""
    host = Host(tmp_path, throttle(10, 250))
    entries = [host[number % 2].enter() for number in range(5)]
    assert [entry.wait // MS for entry in entries[:3]] == [0, 100, 200]
    assert [entry.refused.reason for entry in entries[3:]] == ["queue"] * 2
    assert host[1].gates.gate("f").waiting == 1


def test_a_call_that_one_rule_rejects_uses_up_nothing_of_another(tmp_path):
    """Neither of what workers share nor of what each counts for itself."""
    both = (Window(threshold=2, window_ms=60_000), Window(threshold=1, window_ms=1000))
    host = Host(tmp_path, rate(0, windows=both), cap(1), breaker(1, ERROR_COUNT))
    for at, passed in ((0, 1), (100, 0), (300, 0), (1000, 1), (2000, 0)):
        host.at(at)
        assert host.passes(3) == passed


def test_a_changed_threshold_goes_on_counting_and_two_releases_count_together(tmp_path):
    """Each judges by its own; none begins anew."""
    host = Host(tmp_path, rate(5))
    assert host.passes(4) == 4
    host[0].gates.apply(flow(rate(8)))
    assert [host[0].passes(times=9), host[1].passes()] == [4, 0]
    host.at(1000)
    assert [host[1].passes(times=9), host[0].passes(times=9)] == [5, 3]


def test_a_rule_that_only_simulates_counts_on_when_it_is_enforced(tmp_path):
    """It says what all workers would reject, and no call is rejected for it."""
    host = Host(tmp_path, rate(3, mode=SIMULATE))
    assert host.passes(6) == 6
    simulated = [worker.gates.gate("f").simulated for worker in host.workers]
    assert sum(simulated) == 3
    for worker in host.workers:
        worker.gates.apply(flow(rate(3)))
    assert host.passes(4) == 0


def test_a_rule_for_all_methods_counts_together_with_one_for_a_method(tmp_path):
    """A call takes of both or of none, as in one process."""
    rules = (rate(3, resource="/a"), rate(2, resource="GET:/a", strategy="get"), cap(1, "/a"))
    host = Host(tmp_path, *rules)
    assert [host[n % 2].passes("GET:/a") for n in range(4)] == [1, 1, 0, 0]
    inside = host[0].enter("POST:/a")
    assert inside.refused is None
    assert host[1].enter("PUT:/a").refused.reason == "rate"
    host.at(1000)
    assert host[1].enter("PUT:/a").refused.reason == "concurrency"
    inside.exit()
    assert host[1].passes("PUT:/a") == 1


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (rate(2, warm_up=WarmUp(period_ms=1000)), "moves"),
        (rate(2, selection=Selection(each=True)), "each caller"),
        (rate(2, borrow_ms=100), "borrow"),
        (throttle(2, 0, selection=Selection(callers=("a",))), "some calls"),
    ],
)
def test_what_is_not_shared_says_so_and_is_counted_by_each(tmp_path, rule, why):
    """A limit that holds for a process is better than none, if one knows."""
    host = Host(tmp_path, rule)
    assert host[0].gates.gate("f").shared is None
    host.passes(2)
    assert why in host[0].gates.why_alone(rule)


def test_what_cannot_be_opened_is_counted_by_each_with_the_reason(tmp_path):
    """A wrong mode must not take the limits away."""
    for form in "ci":
        (tmp_path / f"arena-{form}{VERSION}").touch()
        (tmp_path / f"arena-{form}{VERSION}").chmod(0o644)
    host = Host(tmp_path, rate(2), cap(5), throttle(1000, 100), breaker(0.9))
    assert host.passes(8) == 4
    assert "chmod 600" in host[0].gates.why_alone(rate(2))


def test_lanes_count_apart(tmp_path):
    """A gray release must not use up what base has."""
    host = Host(tmp_path, rate(2))
    host[1].gates.apply(flow(rate(2)), lane="gray")
    assert host.passes(8) == 4


def test_totals_are_made_anew_from_their_parts(tmp_path):
    """What a killed worker left half done is found by whoever takes the lock from it."""
    host = Host(tmp_path, rate(9), cap(4), breaker(5, ERROR_COUNT))
    inside = [host[0].enter(), host[1].enter()]
    cells = host[0].gates.gate("f").shared
    view = cells.seat.memory
    places = [cells.numbers[k * WIDTH + P_PLACE] + TOTAL for k in range(cells.number)]
    whole = [view[place] for place in places]
    assert whole == [2, 2, 0]
    for place in places:
        view[place] = 77
    cells.seat.mend_all(0)
    assert [view[place] for place in places] == whole
    for entry in inside:
        entry.exit()


def test_a_lock_that_a_living_worker_never_gives_back_lets_calls_pass(tmp_path):
    """A debugger has stopped it: governance fails open, and comes back when it goes on."""
    host = Host(tmp_path, rate(2), pure=False)
    if host[0].gates.interpreted:
        pytest.skip("the kernel keeps the lock of the interpreted form")
    assert host.passes(3) == 2
    host.at(1000)
    view = host[0].gates.gate("f").shared.seat.memory
    view[LOCK] = host[1].gates.gate("f").shared.seat.number + 1
    assert host[0].passes(times=20) == 20
    view[LOCK] = 0
    assert host[0].passes(times=5) == 2


def test_the_lock_of_a_dead_worker_is_taken_from_it(tmp_path):
    """Nobody else would ever give it back."""
    host = Host(tmp_path, rate(4), pure=False)
    if host[0].gates.interpreted:
        pytest.skip("the kernel gives back the lock of the interpreted form")
    assert host.passes(2) == 2
    view = host[0].gates.gate("f").shared.seat.memory
    view[SEATS + 100] = 12345  # nobody sits there
    view[LOCK] = 101
    assert host.passes(4) == 2
    assert view[LOCK] == 0


def test_a_forked_worker_counts_with_its_parent(tmp_path):
    """Under gunicorn --preload, multiprocessing: what the parent counted, counts."""
    host = Host(tmp_path, rate(3), cap(2))
    inside = host[0].enter()
    assert host[1].passes() == 1
    host[1].gates.begin_again()
    assert host[1].passes(times=3) == 1
    assert host[1].gates.gate("f").inflight == 0
    inside.exit()


def test_random_lives_leave_nobody_inside(tmp_path):
    """Rules that come and go while calls are under way are where places get lost."""
    dice = random.Random(7)
    host, now = Host(tmp_path, cap(5), workers=3), 0.0
    inside: list[Any] = []
    kinds = [cap(5), cap(2), rate(50), breaker(3, ERROR_COUNT), throttle(100, 50)]
    for _ in range(1500):
        now += dice.random() * 20
        host.at(now)
        worker = dice.choice(host.workers)
        if dice.random() < 0.02:
            worker.gates.apply(flow(*dice.sample(kinds, dice.randrange(5))))
        elif inside and dice.random() < 0.5:
            entry = inside.pop(dice.randrange(len(inside)))
            entry.begin()
            entry.exit(dice.random() < 0.1)
        else:
            inside += [entry for entry in [worker.enter()] if entry.refused is None]
    for entry in inside:
        entry.exit()
    host.at(now + 100_000)
    for worker in host.workers:
        worker.gates.apply(flow(cap(4)))
        worker.enter().exit()
    assert [reasons(host[n % 3], 1)[0] for n in range(9)].count("") == 4
