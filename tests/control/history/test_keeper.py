"""From memory to the archive, and graphs from both."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fairlead.control.history import archive as archives
from fairlead.control.history import keeper as keepers
from fairlead.control.history.keeper import FILE, Keeper
from fairlead.control.telemetry.intake import Intake
from fairlead.control.telemetry.memory import INTERFACE, Memory
from fairlead.control.telemetry.query import Older, Query, finish, prepare
from tests.control.telemetry.reports import START, Time, interface, report

APP = ("shop", "orders")


class Plane:
    """The parts of a control plane that measurements go through; time stands until it is moved."""

    def __init__(self, directory: Path | None, time: Time) -> None:
        self.time, self.memory = time, Memory()
        self.intake = Intake(self.memory, time.clocks)
        self.keeper = Keeper(self.memory, time.clocks, directory, 1 << 30)
        asyncio.run(self.keeper.recall())
        self._seq = self.intake.last(*APP, "n1")

    def live(self, seconds: int, every: float = 10.0, passed: int = 100) -> None:
        """Let time pass; the app reports, and what is due is written."""
        for _ in range(int(seconds / every)):
            self.time.now += every
            self._seq += 1
            self.intake.take(report(self._seq, [interface(passed=passed)], seconds=every))
            asyncio.run(self.keeper.look())

    def graph(self, begin: float, step: int = 0, **more: Any) -> dict[str, Any]:
        now = self.time.now
        fields: dict[str, Any] = {"sort": INTERFACE, "wanted": {}, "end": now} | more
        query = Query(app=APP, begin=now + begin, step=step, **fields)
        answer = prepare(query, self.memory.of(*APP), Older.of(self.keeper, query), now)
        return finish(answer, self.keeper)


@pytest.fixture
def time() -> Time:
    return Time(START // 3600 * 3600)


@pytest.fixture
def plane(tmp_path: Path, time: Time) -> Iterator[Plane]:
    plane = Plane(tmp_path, time)
    yield plane
    plane.keeper.close()


def known(graph: dict[str, Any], name: str = "passed") -> list[float]:
    (series,) = graph["series"]
    return [one for one in series[name] if one is not None]


def test_a_graph_is_whole_wherever_its_points_are(plane: Plane) -> None:
    """The newest are in memory, older ones in the file, the oldest were added up: one line."""
    plane.live(3 * 3600)
    assert plane.keeper._archive.rolled == START // 3600 * 3600 + 2 * 3600
    for begin, step in ((-600, 10), (-7200, 10), (-3 * 3600, 60), (-3 * 3600, 300)):
        found = plane.graph(begin, step)
        assert found["step"] == step
        assert len(known(found)) >= -begin / step - 3
        assert set(known(found)) == {10.0}
    told = plane.memory.of(*APP)
    assert told is not None
    assert len(told.covered.coarse) < 80


def test_the_last_hour_is_known_by_the_second_where_it_was_watched(plane: Plane) -> None:
    """And nobody asks for a step to see it."""
    plane.live(600, every=1.0, passed=7)
    found = plane.graph(-500)
    assert found["step"] == 1
    assert set(known(found)) == {7.0}
    assert len(known(found)) > 490
    plane.live(1200)
    assert plane.graph(-1500)["step"] == 10
    assert plane.graph(-1500, 1)["step"] == 1


def test_what_began_a_few_minutes_ago_is_in_the_graph_of_a_week(plane: Plane) -> None:
    """A point of it is ten minutes: nobody waits for them to see whether traffic comes."""
    plane.live(60)
    found = plane.graph(-7 * 86_400)
    assert found["step"] == 600
    assert known(found) == [10.0]
    assert found["series"][0]["passed"][-1] == 10.0
    plane.live(420)
    assert known(plane.graph(-7 * 86_400)) == [10.0]
    plane.live(300)
    assert known(plane.graph(-7 * 86_400)) == [10.0, 10.0]


def test_what_is_under_way_is_told_on_average(plane: Plane) -> None:
    """Ten calls a second of 18 ms are not two at a time, whatever the most was."""
    plane.live(300)
    assert set(known(plane.graph(-300), "concurrency")) == {0.18}


def test_what_nobody_told_of_is_unknown(plane: Plane) -> None:
    """An app that was down had no calls, and nobody knows that it would have had none."""
    plane.live(600)
    plane.time.now += 600
    asyncio.run(plane.keeper.look())
    plane.live(600)
    (series,) = plane.graph(-1800, 10)["series"]
    assert series["passed"][:58] == [10.0] * 58
    assert series["passed"][62:118] == [None] * 56
    assert 10.0 in series["passed"][125:]


def test_a_restart_loses_nothing_that_was_there(tmp_path: Path, time: Time) -> None:
    """A deployment of the control plane is no hole in everybody's graphs."""
    first = Plane(tmp_path, time)
    first.live(430)
    first.keeper.close()
    second = Plane(tmp_path, time)
    second.live(600)
    found = second.graph(-1000, 10)
    assert len(known(found)) >= 97
    assert [one for one in known(found) if one != 10.0] == []
    second.keeper.close()


@pytest.mark.parametrize("every", [1.0, 10.0])
def test_a_slot_that_is_told_by_halves_around_a_restart_is_whole(
    tmp_path: Path, time: Time, every: float
) -> None:
    """At once and once it is written, also where it is written twice or restarted again."""
    time.now += 5.5
    plane = Plane(tmp_path, time)
    plane.live(200, every=every, passed=int(10 * every))
    for _ in range(2):
        plane.keeper.close()
        plane = Plane(tmp_path, time)
        assert set(known(plane.graph(-190, 10))) == {10.0}
        plane.live(20, every=every, passed=int(10 * every))
    plane.live(500, passed=100)
    found = known(plane.graph(-690, int(every), end=time.now - 502))
    assert len(found) > 170 / every
    assert set(found) == {10.0}
    plane.keeper.close()


def test_a_report_that_comes_again_after_a_restart_counts_once(tmp_path: Path, time: Time) -> None:
    """Its answer was lost with the control plane that took it."""
    first = Plane(tmp_path, time)
    first.live(200)
    first.keeper.close()
    again = report(20, [interface(passed=100)])
    for _ in range(2):
        plane = Plane(tmp_path, time)
        assert plane.intake.last("shop", "orders", "n1") == 20
        plane.intake.take(again)
        assert (plane.intake.taken, plane.intake.repeated) == (0, 1)
        assert set(known(plane.graph(-190, 10))) == {10.0}
        plane.keeper.close()
    plane = Plane(tmp_path, time)
    time.now += 10
    plane.intake.take(report(21, [interface(passed=100)]))
    assert (plane.intake.taken, plane.intake.repeated) == (1, 0)
    plane.keeper.close()


def test_processes_of_long_ago_are_not_recalled(tmp_path: Path, time: Time) -> None:
    """Nor are those of a time that is still to come: one that counts anew is taken at its word."""
    for moved in (86_400, -2 * 86_400):
        plane = Plane(tmp_path, time)
        plane.live(100)
        plane.keeper.close()
        time.now += moved
        again = Plane(tmp_path, time)
        assert again.intake.last("shop", "orders", "n1") == 0
        again.keeper.close()


def test_reports_are_taken_in_while_the_past_is_read(
    tmp_path: Path, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of twenty thousand series it takes a second, in which everybody's agents come back."""
    first = Plane(tmp_path, time)
    first.live(200)
    first.keeper.close()
    plane = Plane(None, time)
    plane.keeper.close()
    monkeypatch.setattr(keepers, "AT_ONCE", 1)
    monkeypatch.setattr(archives, "ROWS", 1)
    plane.keeper = Keeper(plane.memory, time.clocks, tmp_path, 1 << 30)

    async def begin() -> int:
        reading = asyncio.create_task(plane.keeper.recall())
        turns = 0
        while not reading.done():
            turns += 1
            if turns == 1:
                time.now += 10
                plane.intake.take(report(21, [interface(passed=100)]))
            await asyncio.sleep(0)
        return turns

    assert asyncio.run(begin()) > 2
    assert set(known(plane.graph(-190, 10))) == {10.0}
    plane.keeper.close()


def test_a_control_plane_that_stops_at_once_keeps_the_past(tmp_path: Path, time: Time) -> None:
    """What it had not read yet must not be overwritten by the little that it knew."""
    time.now += 5.5
    first = Plane(tmp_path, time)
    first.live(200)
    first.keeper.close()
    memory = Memory()
    second = Keeper(memory, time.clocks, tmp_path, 1 << 30)
    time.now += 10
    Intake(memory, time.clocks).take(report(21, [interface(passed=100)]))
    second.close()
    third = Plane(tmp_path, time)
    assert set(known(third.graph(-195, 10))) == {10.0}
    third.keeper.close()


def test_the_first_report_is_told_of_a_time_before_the_control_plane(
    tmp_path: Path, time: Time
) -> None:
    """It began after a mark up to which history is written; the report is of a minute before."""
    time.now += 3
    plane = Plane(tmp_path, time)
    plane.intake.take(report(1, [interface(passed=600)], seconds=60.0))
    for seconds in (20, 900):
        time.now += seconds
        asyncio.run(plane.keeper.look())
        assert sum(known(plane.graph(-seconds - 120, 10))) * 10 == pytest.approx(600, rel=0.1)
    plane.keeper.close()


def test_a_broken_file_is_put_aside(tmp_path: Path, time: Time) -> None:
    """The control plane starts, with an empty past; the old file can be looked at."""
    (tmp_path / FILE).write_bytes(b"no database at all")
    plane = Plane(tmp_path, time)
    plane.live(900)
    assert len(known(plane.graph(-900, 10))) > 80
    assert (tmp_path / f"{FILE}.unreadable").read_bytes() == b"no database at all"
    assert plane.keeper.shown()["problem"] == ""
    plane.keeper.close()


def test_a_file_that_is_out_of_reach_is_left_alone(
    tmp_path: Path, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Locked, or on a full disk, when the control plane starts: the week is there the next time."""
    first = Plane(tmp_path, time)
    first.live(900)
    first.keeper.close()
    connect: Any = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **more: connect(*a, timeout=0, **more))
    with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        second = Plane(tmp_path, time)
        second.live(900)
        assert "locked" in second.keeper.shown()["problem"]
        second.keeper.close()

    third = Plane(tmp_path, time)
    assert len(known(third.graph(-1800, 10, end=time.now - 900))) > 80
    assert third.keeper.shown()["problem"] == ""
    third.keeper.close()


def test_a_full_disk_is_said_and_survived(plane: Plane) -> None:
    """Memory goes on; what could not be written is written when there is room."""
    plane.live(600)
    execute = plane.keeper._archive._connection.execute
    execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (pages,) = execute("PRAGMA page_count").fetchone()
    execute(f"PRAGMA max_page_count = {pages}")
    for number in range(200):
        rows = [interface(f"GET:/{number}/{'x' * 900}")]
        plane.intake.take(report(1, rows, node=f"flood-{number}", seconds=1.0))
    plane.live(900)
    assert "full" in plane.keeper.shown()["problem"]
    found = plane.graph(-900, 10, wanted={"interface": "GET:/orders"})
    assert len(known(found)) > 80
    execute("PRAGMA max_page_count = 100000")
    plane.live(60)
    assert plane.keeper.shown()["problem"] == ""
    found = plane.graph(-1500, 10, wanted={"interface": "GET:/orders"})
    assert len(known(found)) > 145


def test_a_machine_that_slept_goes_on_at_once(
    plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Years are passed over; what was known before is written all the same."""
    plane.live(300, passed=100)
    walked: list[int] = []
    batches = keepers._batches

    def counted(apps: Any, step: int, begin: int, length: int) -> Any:
        walked.append(begin)
        return batches(apps, step, begin, length)

    monkeypatch.setattr(keepers, "_batches", counted)
    slept = plane.time.now
    plane.time.now += 5 * 86_400
    plane.live(600, passed=100)

    assert len(walked) < 20
    found = plane.graph(slept - 300 - plane.time.now, 10, end=slept)
    assert sum(known(found)) == pytest.approx(300, rel=0.1)


def test_a_clock_that_is_put_back_is_followed(plane: Plane) -> None:
    """What was told while it was ahead is forgotten, and all that comes is kept and bounded."""
    plane.live(600)
    ahead = 400 * 86_400
    plane.time.now += ahead
    plane.live(2 * 3600)
    plane.time.now -= ahead
    plane.live(3 * 3600)

    assert plane.keeper._archive.rolled <= plane.time.now
    told = plane.memory.of(*APP)
    assert told is not None
    assert len(told.covered.coarse) < 100
    for step in (10, 300):
        assert len(known(plane.graph(-3 * 3600, step))) >= 3 * 3600 / step - 3


def test_without_a_directory_some_is_kept_in_memory(time: Time) -> None:
    """Where there is no disk there is a graph all the same."""
    plane = Plane(None, time)
    plane.live(1800)
    assert len(known(plane.graph(-1800, 10))) > 170
    assert plane.keeper.shown()["place"] == "memory"
    plane.keeper.close()


def test_a_directory_that_takes_nothing_is_said(tmp_path: Path, time: Time) -> None:
    """The store may be there all the same."""
    (tmp_path / FILE).mkdir()
    (tmp_path / f"{FILE}.unreadable").mkdir()
    (tmp_path / f"{FILE}.unreadable" / "occupied").touch()
    plane = Plane(tmp_path, time)
    plane.live(600)
    assert "memory" in plane.keeper.shown()["problem"]
    assert len(known(plane.graph(-600, 10))) > 50
    plane.keeper.close()
