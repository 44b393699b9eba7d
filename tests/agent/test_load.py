"""What a process and its container are doing, read from trees of control groups and for real."""

from __future__ import annotations

import os
import threading
import time

import pytest

from fairlead.agent.cgroup import Container, Files
from fairlead.agent.load import Sampler, Signals, Threads
from fairlead.agent.runtime import Loop
from fairlead.flow.overload.protection import Load, Protection
from fairlead.policy.overload import ADAPTIVE, OverloadProtection
from tests.agent.wire import until

CORES = len(os.sched_getaffinity(0))


def tree(tmp_path, groups, files):
    """Return a container whose files are below `tmp_path`."""
    for name, text in files.items():
        path = tmp_path / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    proc = tmp_path / "proc"
    proc.write_text(groups)
    return Container(Files(), str(tmp_path / "cgroup"), str(proc))


def write(tmp_path, name, text):
    (tmp_path / "cgroup" / name).write_text(text)


def test_version_2_in_a_container_of_its_own(tmp_path):
    """Most containers of today: the group is the root of what can be seen."""
    files = {
        "cpu.max": "50000 100000\n",
        "cpu.stat": "usage_usec 1000000\nuser_usec 1\n",
        "memory.max": "1000\n",
        "memory.current": "900\n",
        "memory.stat": "anon 1\ninactive_file 300\n",
    }
    container = tree(tmp_path, "0::/\n", files)
    assert container.cores() == 0.5
    assert container.busy(1.0) == 0.0
    write(tmp_path, "cpu.stat", "usage_usec 1250000\nuser_usec 1\n")
    assert container.busy(2.0) == pytest.approx(0.5)
    assert (container.memory_limit, container.memory()) == (1000, 600)


def test_of_groups_above_each_other_the_tightest_counts(tmp_path):
    """A pod has a limit, and its containers have their own."""
    files = {
        "pod/cpu.max": "20000 100000",
        "pod/cpu.stat": "usage_usec 0",
        "pod/memory.max": "500",
        "pod/memory.current": "400",
        "pod/app/cpu.max": "max 100000",
        "pod/app/cpu.stat": "usage_usec 0",
        "pod/app/memory.max": "max",
        "cpu.stat": "usage_usec 77",
    }
    container = tree(tmp_path, "0::/pod/app\n", files)
    assert container.cores() == pytest.approx(0.2)
    container.busy(1.0)
    write(tmp_path, "pod/cpu.stat", "usage_usec 100000")
    assert container.busy(2.0) == pytest.approx(0.5)
    assert (container.memory_limit, container.memory()) == (500, 400)


@pytest.mark.parametrize("name", ["cpu,cpuacct", "cpu"])
def test_version_1(tmp_path, name):
    """Hosts that have not moved on, with both controllers in one place or in two."""
    beside = "cpuacct" if name == "cpu" else name
    files = {
        f"{name}/docker/x/cpu.cfs_quota_us": "150000",
        f"{name}/docker/x/cpu.cfs_period_us": "100000",
        f"{beside}/docker/x/cpuacct.usage": "1000000000",
        "memory/docker/x/memory.limit_in_bytes": "2000",
        "memory/docker/x/memory.usage_in_bytes": "1500",
        "memory/docker/x/memory.stat": "total_inactive_file 500",
    }
    groups = f"4:memory:/docker/x\n2:{name}:/docker/x\n"
    container = tree(tmp_path, groups, files)
    assert container.cores() == min(1.5, CORES)
    container.busy(1.0)
    write(tmp_path, f"{beside}/docker/x/cpuacct.usage", "1750000000")
    assert container.busy(2.0) == pytest.approx(0.5)
    assert (container.memory_limit, container.memory()) == (2000, 1000)


def test_a_path_from_outside_of_the_container_is_its_root(tmp_path):
    """Version 1 shows a container the path that the host knows."""
    files = {"cpu/cpu.cfs_quota_us": "50000", "cpu/cpu.cfs_period_us": "100000"}
    assert tree(tmp_path, "1:cpu:/docker/0123\n", files).cores() == 0.5


def test_without_a_limit_the_affinity_counts_and_the_group_is_nobodys(tmp_path):
    """What else is in the group would be taken for this process's load."""
    files = {"cpu.max": "max 100000", "cpu.stat": "usage_usec 0", "memory.max": "max"}
    container = tree(tmp_path, "0::/\n", files)
    container.busy(1.0)
    write(tmp_path, "cpu.stat", "usage_usec 9000000")
    assert (container.cores(), container.busy(2.0)) == (CORES, 0.0)
    assert (container.memory_limit, container.memory()) == (0, 0)


@pytest.mark.parametrize("text", ["", "nonsense", "-1", "1 0", "\xff", "9" * 5000])
def test_what_cannot_be_read_is_no_limit(tmp_path, text):
    """A kernel to come may say anything; an application is to start all the same."""
    files = {"cpu.max": text, "cpu.stat": f"usage_usec {text}", "memory.max": text or "x"}
    container = tree(tmp_path, f"0::/../x\n{text}\nx:cpu\n", files)
    assert container.busy(1.0) == 0.0
    assert container.cores() == CORES


def test_a_limit_that_changes_is_seen(tmp_path):
    """Containers are resized in place."""
    container = tree(tmp_path, "0::/\n", {"cpu.max": "50000 100000", "cpu.stat": "usage_usec 0"})
    write(tmp_path, "cpu.max", "25000 100000")
    container.look()
    assert container.cores() == 0.25


def test_the_busiest_thread_counts_and_what_it_waited_for_a_core(tmp_path):
    """On a host that others use up, a process is at its end with little of its own."""
    for name, text in {"1": "0 0 0", "2": "1000000000 500000000 9"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "schedstat").write_text(text)
    threads = Threads(Files(), str(tmp_path))
    threads.look()
    assert threads.most(1.0) == 0.0
    (tmp_path / "1" / "schedstat").write_text("100000000 0 9")
    (tmp_path / "2" / "schedstat").write_text("1300000000 900000000 9")
    assert threads.most(1.0) == pytest.approx(0.7)


def test_threads_that_wait_for_one_lock_are_busy_together(tmp_path):
    """Four threads that share the interpreter have a quarter of a core each, and no more."""
    moments, spent = iter(range(100)), iter(range(100))
    (tmp_path / "tasks").mkdir()
    signals = Signals(
        Loop(),
        container=tree(tmp_path, "", {}),
        clock=lambda: next(moments),
        spent=lambda: next(spent),
        tasks=str(tmp_path / "tasks"),
    )
    assert signals.read(0.0).thread == 0.0
    loads = [signals.read(0.004) for _ in range(5)]
    assert loads[-1].thread == 1.0


def burn(ended):
    """Use up a core."""
    while not ended.is_set():
        sum(range(1000))


def settled(signals):
    """Return how busy the process is in a tenth of a second."""
    signals.read()
    time.sleep(0.1)
    return signals.read().busy


def test_a_real_process_that_burns_is_busier_than_one_that_sleeps():
    """The figures have to mean something on the machine at hand."""
    signals, ended = Signals(Loop()), threading.Event()
    calm = settled(signals)
    thread = threading.Thread(target=burn, args=(ended,))
    thread.start()
    try:
        until(lambda: settled(signals) > calm + 0.2)  # others may want the same core
    finally:
        ended.set()
        thread.join()
        signals.close()
    assert calm < 0.5


def test_a_sampler_runs_while_there_is_a_rule():
    """A thread that nobody needs is not there."""
    protection, faults = Protection(), []
    sampler = Sampler(protection, Loop(), lambda where, error: faults.append(error))
    protection.changed = sampler.look
    sampler.look()
    assert not sampler._runs
    protection.apply(OverloadProtection(rule="x", strategy="spec"))
    until(lambda: protection.load.cpu > 0)
    protection.apply(None)
    until(lambda: not sampler._runs)
    assert faults == []


def nobody(name):
    """Return no header."""


def test_a_sampler_that_cannot_begin_leaves_the_application_without_protection():
    """A fault of ours is not to keep anybody out."""

    class Broken(Protection):
        def begin(self, cores):
            raise OSError("no more of them")

    protection, faults = Broken(), []
    protection.changed = Sampler(protection, Loop(), lambda *fault: faults.append(fault)).look
    protection.apply(OverloadProtection(rule="x", strategy="spec", kind=ADAPTIVE))
    assert len(faults) == 1
    assert all(protection.enter(1.0, "/", nobody, 0.0) is None for _ in range(100))


def test_what_is_first_seen_of_a_process_is_seen_soon():
    """While a process only waits for others, a rule that comes is not to cost anybody an answer."""
    protection, faults = Protection(), []
    sampler = Sampler(protection, Loop(), lambda *fault: faults.append(fault))
    protection.changed = sampler.look
    protection.apply(OverloadProtection(rule="x", strategy="spec", kind=ADAPTIVE))

    def room():
        for _ in range(9):
            protection.enter(0.0, "/", nobody, 0.0)
        return protection.room

    until(lambda: room() > 8)
    protection.apply(None)
    until(lambda: not sampler._runs)
    assert faults == []


def test_a_rule_that_comes_as_a_sampler_ends_is_sampled_for(monkeypatch):
    """One rule goes and another comes with two snapshots that follow each other."""
    protection, faults = Protection(), []
    sampler = Sampler(protection, Loop(), lambda *fault: faults.append(fault))
    protection.changed = sampler.look
    rule, close = OverloadProtection(rule="x", strategy="spec"), Signals.close

    def closed(signals):
        close(signals)
        monkeypatch.undo()
        protection.apply(rule)
        protection.load = Load()

    monkeypatch.setattr(Signals, "close", closed)
    protection.apply(rule)
    until(lambda: protection.load.cpu > 0)
    protection.apply(None)
    until(lambda: protection.on and protection.load.cpu > 0)
    protection.apply(None)
    until(lambda: not sampler._runs)
    assert faults == []
