"""Processes of one instance add up, and those that are gone stay in the sum."""

from __future__ import annotations

import _socket
import contextlib
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from fairlead.agent.collector import INFLIGHT, PASSED
from fairlead.agent.inspect import ask
from fairlead.agent.metrics import Metrics
from fairlead.agent.siblings import STALE, Siblings
from fairlead.agent.sums import MOST_KEYS, Sums, from_plain, to_plain
from fairlead.policy.buckets import BUCKETS
from tests.agent.wire import until

KEY = ("GET:/a", "server", "")


def counted(passed: int, inflight: int = 0) -> Sums:
    """Return the sums of a process that has let so many calls in."""
    numbers = (passed, 0, 0, 0, 1000, inflight, inflight, passed, *(0,) * (BUCKETS - 1))
    return Sums(
        interfaces={KEY: numbers},
        rules={("R/a", "GET:/a", "rate"): (1, 2)},
        edges={("cart", "", ""): (0, 1, 0, 0, 5, 0, *(0,) * BUCKETS)},
        events={("agent_faults", "asgi"): 1},
        dropped=1,
        cpu=0.5,
        collections=[3, 2, 1],
        moment=[1.0, 100.0, 5.0, 2.0, 0.0, 0.25],
    )


class Process:
    """A process of the instance that answers on a thread of its own."""

    def __init__(self, state: Path, number: int, passed: int) -> None:
        self.sums = counted(passed, inflight=1)
        self.siblings = Siblings(str(state), "1:1", f"{number}:7", lambda: self.sums)
        self.metrics = Metrics("127.0.0.1:1", ("cart", "shop"), self.siblings)
        self.metrics._take_port = lambda: None  # type: ignore[method-assign]
        self.metrics.start()
        until(lambda: self.metrics._own)

    def kill(self) -> None:
        """End as SIGKILL ends a process: the path of the socket stays, and nothing is said."""
        self.metrics._stopped = True
        own = self.metrics._own
        assert own is not None
        with contextlib.suppress(OSError):  # its thread has looked in between, and closed it
            own.shutdown(_socket.SHUT_RDWR)
        until(lambda: self.metrics._own is None)


def passed(sums: Sums) -> int:
    return sums.interfaces[KEY][PASSED]


def test_sums_are_what_they_were_after_a_file_or_a_wire() -> None:
    """And everything else is refused."""
    sums = counted(3)
    assert from_plain(to_plain(sums)) == sums
    long = {"edges": [[["a", "b", "c"], [1] * 1000]]}
    short = {"interfaces": [["a", [1]]]}
    bad: Any
    for bad in (None, {}, [], to_plain(sums) | short, to_plain(sums) | long):
        with pytest.raises(ValueError, match="no sums"):
            from_plain(bad)


def test_what_is_under_way_ends_with_its_process_and_what_was_counted_does_not() -> None:
    """A gauge of a process that is gone would stay for ever."""
    sums = counted(3, inflight=2).ended()

    assert (passed(sums), sums.interfaces[KEY][INFLIGHT]) == (3, 0)
    assert (sums.dropped, sums.cpu, sums.collections) == (1, 0.5, [3, 2, 1])
    assert sums.moment == [0.0] * 6


def test_sums_of_many_processes_are_bounded() -> None:
    """Each may have seen other interfaces."""
    sums, numbers = Sums(), counted(1).interfaces[KEY]
    for number in range(MOST_KEYS + 10):
        sums.add(Sums(interfaces={(f"GET:/{number}", "server", ""): numbers}))

    assert len(sums.interfaces) == MOST_KEYS + 1
    assert sums.interfaces["*", "server", "*"][PASSED] == 10


def test_all_processes_are_one_instance(tmp_path: Path) -> None:
    """Whoever is asked asks the others; of this moment the largest lag is told."""
    processes = [Process(tmp_path, number, passed=number) for number in (11, 12, 13)]
    sums = processes[0].siblings.all()

    assert passed(sums) == 36
    assert (sums.interfaces[KEY][INFLIGHT], sums.moment) == (3, [3.0, 300.0, 15.0, 6.0, 0.0, 0.25])
    assert sums.events == {("agent_faults", "asgi"): 3}
    for process in processes:
        process.metrics.stop()


def test_a_process_that_ended_is_counted_once_for_ever(tmp_path: Path) -> None:
    """It says so for the last time, with what was counted since it was asked; it may be asked yet.

    Whoever takes the port over knows as much as whoever had it.
    """
    first, second, third = (Process(tmp_path, number, passed=10) for number in (11, 12, 13))
    assert passed(first.siblings.all()) == 30
    second.sums = counted(15)
    second.siblings.leave()
    assert passed(first.siblings.all()) == 35
    second.metrics.stop()
    assert passed(first.siblings.all()) == 35
    first.metrics.stop()

    sums = third.siblings.all()
    assert (passed(sums), passed(third.siblings.all())) == (35, 35)
    assert (sums.interfaces[KEY][INFLIGHT], sums.moment[0]) == (1, 1.0)
    assert [path.name for path in tmp_path.glob("*/*.json")] == ["kept.json"]
    third.metrics.stop()


def test_a_process_that_was_killed_keeps_what_it_said_last(tmp_path: Path) -> None:
    """No counter goes back; a new process of its number begins from nothing beside it."""
    first, second = (Process(tmp_path, number, passed=10) for number in (11, 12))
    assert passed(first.siblings.all()) == 20
    second.kill()

    assert [passed(first.siblings.all()) for _ in range(2)] == [20, 20]
    again = Process(tmp_path, 12, passed=1)
    again.siblings._name = "12-8"
    assert passed(first.siblings.all()) == 21
    first.metrics.stop()
    again.metrics.stop()


def test_a_process_that_does_not_answer_counts_as_it_did(tmp_path: Path) -> None:
    """It may be busy; its counts must not come and go."""
    first, second = (Process(tmp_path, number, passed=10) for number in (11, 12))
    assert passed(first.siblings.all()) == 20
    second.siblings.answer = lambda: {"name": "12-7"}  # type: ignore[method-assign]

    assert passed(first.siblings.all()) == 20
    first.metrics.stop()
    second.metrics.stop()


DEEP = b"[" * 100_000
ENDLESS = b'{"name": "9:7", "sums": {"dropped": 1e999}}'
SHORT = b"""{"name": "9:7", "sums": {"interfaces": [], "rules": [], "edges": [], "events": [],
"dropped": 0, "cpu": 0, "pauses": 0, "collections": [], "moment": []}}"""
ROWS = SHORT.replace(b'"interfaces": []', b'"interfaces": [[["a", "b", "c"], [1, 2]]]')


@pytest.mark.parametrize("said", [b"", b"{", b"[]", b"{}", DEEP, ENDLESS, SHORT, ROWS])
def test_a_sibling_that_speaks_nonsense_ends_nobodys_metrics(tmp_path: Path, said: bytes) -> None:
    """The thread that answers is the only one: with it the metrics of the instance would end."""
    one = Process(tmp_path, 1, 10)
    other = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    other.bind(str(one.siblings.path.with_name("9.sock")))
    other.listen(8)
    other.settimeout(None)

    def answer() -> None:
        for _ in range(2):
            descriptor, _address = other._accept()  # type: ignore[attr-defined]
            peer = _socket.socket(fileno=descriptor)
            peer.sendall(said, _socket.MSG_NOSIGNAL)
            peer.close()

    speaking = threading.Thread(target=answer, daemon=True)
    speaking.start()
    assert [passed(one.siblings.all()) for _ in range(2)] == [10, 10]
    speaking.join(10)
    assert not speaking.is_alive()
    other.close()
    one.kill()


def test_the_metrics_of_a_process_go_on_after_a_fault(tmp_path: Path) -> None:
    """A fault while somebody is answered is that answer's, and no more."""

    def faulty() -> Sums:
        raise KeyError("nothing")

    one = Process(tmp_path, 1, 10)
    whole, one.siblings._count = one.siblings._count, faulty
    with pytest.raises(ValueError, match="did not answer"):
        ask(one.siblings.path)
    one.siblings._count = whole
    assert ask(one.siblings.path)["name"] == "1-7"
    one.kill()


def test_files_that_say_nothing_are_passed_over(tmp_path: Path) -> None:
    """A disk that was full, or somebody's editor."""
    process = Process(tmp_path, 11, passed=10)
    place = process.siblings.path.parent
    (place / "kept.json").write_text("{")
    (place / "final-9-9.json").write_text("[]")

    assert passed(process.siblings.all()) == 10
    assert passed(process.siblings.all()) == 10
    process.metrics.stop()


def test_what_earlier_instances_left_is_swept_away(tmp_path: Path) -> None:
    """A container keeps its disk; others of today keep theirs."""
    old, fresh = tmp_path / "metrics-2-2", tmp_path / "metrics-3-3"
    old.mkdir()
    fresh.mkdir()
    (old / "kept.json").write_text("{}")
    past = time.time() - STALE - 60
    os.utime(old, (past, past))
    process = Process(tmp_path, 11, passed=1)
    process.siblings.sweep()

    assert [path.exists() for path in (old, fresh, process.siblings.path.parent)] == [
        False, True, True,
    ]  # fmt: skip
    process.metrics.stop()


def test_the_directory_is_the_users_alone(tmp_path: Path) -> None:
    """Names of interfaces are nobody else's business."""
    process = Process(tmp_path, 11, passed=1)
    place = process.siblings.path
    assert [path.stat().st_mode & 0o777 for path in (place.parent, place)] == [0o700, 0o600]
    process.metrics.stop()


def test_threads_that_count_do_not_disturb_who_reads(tmp_path: Path) -> None:
    """The sums are read while others are made."""
    process = Process(tmp_path, 11, passed=1)
    errors: list[Any] = []

    def read() -> None:
        try:
            for _ in range(50):
                process.siblings.answer()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(200):
        process.sums = counted(number)
    for thread in threads:
        thread.join(15)
    assert not errors
    process.metrics.stop()
