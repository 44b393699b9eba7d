"""Strategies of overload protection, asked and told by hand."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from benchmarks.overload.machine import Phase, loop, shared
from benchmarks.overload.pooled import pooled
from fairlead.flow.overload.adaptive import Adaptive
from fairlead.flow.overload.bbr import KratosBBR, SentinelBBR
from fairlead.flow.overload.pid import PID
from fairlead.flow.overload.strategy import Plain

ALL = (
    lambda: Plain(0.8),
    lambda: SentinelBBR(0.8),
    lambda: KratosBBR(0.8),
    lambda: PID(0.8),
    lambda: Adaptive(2),
)


def busy(strategy, share, *, begins=0.0, seconds=5.0):
    """Tell a strategy ten times a second that a process is busy; return the time then."""
    now = begins
    while now < begins + seconds:
        now += 0.1
        strategy.sample(now, share)
    return now


def serve(strategy, now, took, number, *, inside=0):
    """Have requests follow each other, each `took` long; return the time then."""
    for _ in range(number):
        strategy.admits(now, inside, 0.0)
        now += took
        strategy.ended(now, took)
    return now


def room(strategy, now, waited=0.0):
    """Return how many requests find room at once."""
    return next(n for n in range(20_000) if not strategy.admits(now, n, waited))


@pytest.mark.parametrize("make", ALL)
def test_a_process_that_is_not_busy_serves_everybody_in_turn(make):
    """A protection that rejects in calm is worse than none."""
    strategy, now = make(), 0.0
    for _ in range(2000):
        now = busy(strategy, 0.3, begins=now, seconds=0.05)
        assert strategy.admits(now, 0, 0.0)
        strategy.ended(now + 0.01, 0.01)


def test_plain_protection_serves_one_at_a_time_while_busy():
    """A process that served nobody could not be seen to recover."""
    strategy = Plain(0.8)
    now = busy(strategy, 0.95)
    assert strategy.admits(now, 0, 0.0)
    assert not strategy.admits(now, 1, 0.0)
    now = busy(strategy, 0.1, begins=now)
    assert strategy.admits(now, 500, 0.0)


def test_sentinels_bbr_keeps_to_what_was_done_times_the_least_time():
    """As many as complete in a second at best, times the least time: 40 in half of one, 50 ms."""
    strategy = SentinelBBR(0.8)
    now = busy(strategy, 0.95, seconds=10.0)
    for step in range(40):
        strategy.ended(now + step * 0.01, 0.05 + step * 0.01)
    assert room(strategy, now + 0.4) == 5  # what was under way counts, not who asks


def test_kratos_bbr_rounds_and_goes_on_for_a_second_after_a_drop():
    """Its own formula: floor(most in a part * least mean * parts a second + 0.5)."""
    strategy = KratosBBR(0.8)
    busy(strategy, 1.0, seconds=60.0)
    for step in range(5):
        strategy.ended(60.15 + step * 0.001, 0.05)
    assert room(strategy, 60.3) == 4  # floor(5 * 0.05 * 10 + 0.5) = 3, and it drops above that
    strategy.sample(1000.0, 0.0)
    assert strategy.admits(1001.5, 400, 0.0)


def test_pid_lets_fewer_in_the_busier_the_process_is():
    """The rate has to come down to something, and to go away when it is not needed."""
    strategy, now, admitted = PID(0.8), 0.0, []
    for second in range(20):
        count = 0
        for step in range(1000):
            now = second + step / 1000
            if step % 100 == 0:
                strategy.sample(now, 1.0)
            if strategy.admits(now, 0, 0.0):
                count += 1
                strategy.ended(now, 0.001)
        admitted.append(count)
    assert admitted[0] > 500
    assert admitted[-1] < 0.2 * admitted[0]
    now = busy(strategy, 0.1, begins=20.0, seconds=30.0)
    assert all(strategy.admits(now, 0, 0.0) for _ in range(500))


def test_adaptive_takes_room_away_when_requests_slow_each_other_down():
    """Requests that share a busy processor take longer the more there are of them."""
    strategy = Adaptive(1)
    strategy.limit = 50.0
    now = serve(strategy, busy(strategy, 0.5), 0.01, 100)
    before = room(strategy, now)
    for _ in range(20):
        now = busy(strategy, 1.0, begins=now, seconds=0.1)
        room(strategy, now)
        for step in range(20):
            strategy.ended(now + step * 0.01, 0.3)
        now += 0.2
    assert room(strategy, now) < before / 4


def test_adaptive_keeps_room_when_a_callee_is_slow():
    """A process that waits for others is not overloaded: breakers are for that."""
    strategy = Adaptive(1)
    strategy.limit = 50.0
    now = serve(strategy, busy(strategy, 0.2), 0.01, 100)
    for _ in range(20):
        now = busy(strategy, 0.1, begins=now, seconds=0.1)
        room(strategy, now)
        for step in range(20):
            strategy.ended(now + step * 0.01, 1.0)
        now += 0.2
    assert room(strategy, now) > 50


def calls(strategy, load, connections, *, slower=1.0, seconds=8.0):
    """Return what comes of calls of 20 ms on `connections`, after calm at half of what ten can."""
    calm = Phase(6, 250.0, 10.0, False)
    then = Phase(seconds, 500.0 * load, connections, True, slower)
    return pooled((calm, then), lambda random: random.expovariate(50), strategy, Random(5))


@pytest.mark.parametrize("load", [1.3, 2, 10])
def test_adaptive_keeps_the_queue_for_a_pool_short(load):
    """No processor shows that requests wait for one of ten connections."""
    bare, kept = (calls(strategy, load, 10) for strategy in (Plain(9.0), Adaptive(1)))
    assert bare.good < 0.7 * 500 * 8
    assert kept.good > 0.9 * 500 * 8


@pytest.mark.parametrize("slower", [3, 10])
def test_adaptive_takes_a_callee_that_has_become_slow_for_no_queue(slower):
    """As many end as before: who waits for others needs no protection from requests."""
    seen = calls(Adaptive(1), 0.5, 10_000, slower=slower)
    assert seen.rejected < 0.03 * seen.offered


def test_adaptive_finds_out_that_it_was_no_queue():
    """A callee that is slow from the moment on at which an overload is over."""
    calm, busy_ = Phase(6, 250.0, 10.0, False), Phase(6, 2500.0, 10.0, False)
    first, then = (Phase(6, 250.0, 10_000.0, counted, 10.0) for counted in (False, True))
    phases, strategy = (calm, busy_, first, then), Adaptive(1)
    seen = pooled(phases, lambda random: random.expovariate(50), strategy, Random(5))
    assert seen.rejected < 0.03 * seen.offered


def test_adaptive_finds_room_by_itself_from_a_cold_start():
    """Nobody sets how many requests a process can serve at once."""
    strategy, now = Adaptive(1), 0.0
    assert room(strategy, now) == 1
    for _ in range(10):
        now = busy(strategy, 0.2, begins=now, seconds=0.1)
        room(strategy, now)
    assert room(strategy, now) > 200


def test_adaptive_rejects_who_waited_in_a_queue_that_stands():
    """An event loop shows its overload by how late it comes to a request."""
    strategy = Adaptive(1)
    now = serve(strategy, busy(strategy, 0.5), 0.002, 500)
    assert strategy.admits(now, 0, 0.06)  # a burst
    for _ in range(100):
        now += 0.01
        last = strategy.admits(now, 0, 0.06)
    assert not last
    assert strategy.admits(now, 0, 0.01)
    strategy.admits(now, 0, 0.0)  # nobody waits any more
    assert strategy.admits(now, 0, 0.06)


def steps(load, cores=2.0):
    """Three seconds of calm, then four of `load` times what cores can do at 5 ms a request."""
    capacity = cores / 0.005
    return (Phase(3, 0.6 * capacity, cores, False), Phase(4, load * capacity, cores, True))


def drawn(random):
    """Return a request's need, 5 ms on average."""
    return random.expovariate(1 / 0.005)


@pytest.mark.parametrize(("kind", "cores"), [(shared, 2.0), (loop, 1.0)])
def test_an_unprotected_server_collapses_and_a_protected_one_does_not(kind, cores):
    """This is what the protection is for, on servers with threads and with an event loop."""
    capacity = 4 * cores / 0.005
    bare = kind(steps(3, cores), drawn, Plain(9.0), Random(7))
    kept = kind(steps(3, cores), drawn, Adaptive(cores), Random(7))
    assert bare.good < 0.3 * capacity
    assert kept.good > 0.9 * capacity
    assert kept.p99() < bare.p99()


@pytest.mark.parametrize(("kind", "cores"), [(shared, 2.0), (loop, 1.0)])
def test_a_server_that_keeps_up_is_hardly_ever_protected(kind, cores):
    """Requests that there is strength for are not to be rejected."""
    seen = kind(steps(0.7, cores), drawn, Adaptive(cores), Random(7))
    assert seen.rejected < 0.03 * seen.offered


def test_a_simulation_is_the_same_each_time():
    """A figure that cannot be had again says nothing."""
    one, other = (shared(steps(2), drawn, Adaptive(2), Random(3)) for _ in range(2))
    assert (one.good, one.rejected, one.p99()) == (other.good, other.rejected, other.p99())


def test_adaptive_takes_what_a_pause_has_held_up():
    """A collector, or a start, holds everybody up once; what it leaves is soon done."""
    strategy = Adaptive(1)
    now = serve(strategy, busy(strategy, 0.2), 0.002, 500)
    now += 30.0
    assert all(strategy.admits(now + n / 1000, 0, 0.3 - n / 1000) for n in range(90))
    now += 60.0
    assert strategy.admits(now, 0, 0.04)


def test_adaptive_does_not_take_all_that_waited_for_a_start():
    """A queue of seconds is not served in vain: it is thrown off, and with it the wait."""
    strategy, now, admitted = Adaptive(1), 2.0, 0
    for come in range(2000):
        if strategy.admits(now, 0, now - come / 1000):
            admitted, now = admitted + 1, now + 0.005
            strategy.ended(now, 0.005)
        else:
            now += 0.00004
    assert admitted < 200
    assert now - 1.999 < 1.0


def test_adaptive_learns_again_where_those_inside_never_end():
    """Where others keep the processor busy, nothing but a request tells that it may come."""
    strategy = Adaptive(1)
    hung = room(strategy, busy(strategy, 0.95))
    now, admitted = 5.0, 0
    for _ in range(1000):
        now = busy(strategy, 0.95, begins=now, seconds=0.01)
        if strategy.admits(now, hung, 0.0):
            admitted += 1
            strategy.ended(now + 0.005, 0.005)
    assert admitted > 100


@pytest.mark.parametrize(("kind", "cores"), [(shared, 2.0), (loop, 1.0), (pooled, 2.0)])
@pytest.mark.parametrize("load", [0.6, 0.05])
def test_ten_minutes_of_overload_leave_nothing_behind(kind, cores, load):
    """Twice what it can do, and then little (F48): two seconds later nobody is rejected."""
    capacity = cores / 0.02
    long = (Phase(3, 0.6 * capacity, cores, False), Phase(600, 2 * capacity, cores, True))
    back = (Phase(2, load * capacity, cores, False), Phase(30, load * capacity, cores, True))

    def need(random):
        return random.expovariate(1 / 0.02)

    processors = 1.0 if kind is pooled else cores
    both = kind((*long, *back), need, Adaptive(processors), Random(7))
    first = kind((*long, replace(back[0], seconds=32)), need, Adaptive(processors), Random(7))
    assert first.good >= 0.85 * 600 * capacity
    assert both.rejected - first.rejected <= 0.03 * (both.offered - first.offered)
    assert both.good - first.good >= 0.97 * (both.offered - first.offered)
