"""The file of what was measured."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from fairlead.control.history.archive import DAY, HOUR, KEPT, Archive, Run, Unusable
from fairlead.control.telemetry.series import COARSE, FINE, Name

APP = ("shop", "orders")
NAME: Name = ("interface", "GET:/orders", "server", "")
BEGIN = 1_790_000_000 // DAY * DAY
"""A midnight."""


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    archive = Archive.open(tmp_path / "telemetry.sqlite")
    yield archive
    archive.close()


def fill(archive: Archive, begin: int, end: int, name: Name = NAME, value: int = 1) -> None:
    """Write five minutes at a time, as is done of slots of ten seconds."""
    for start in range(begin, end, 300):
        slots = dict.fromkeys(range(start // 10, start // 10 + 30), value)
        archive.write(COARSE, start // 10, 30, [Run(APP, name, slots)])


def roll(archive: Archive, hour: int) -> None:
    archive.roll_up(hour, archive.within(hour))
    archive.rolled_to(hour + HOUR)


def test_what_is_written_is_read(archive: Archive) -> None:
    """In slots of what is asked for, within the time that is asked for."""
    fill(archive, BEGIN, BEGIN + 900)
    found = archive.read(APP, [NAME], 10, (BEGIN + 100, BEGIN + 500))[NAME]
    assert found == dict.fromkeys(range((BEGIN + 100) // 10, (BEGIN + 500) // 10), 1)
    found = archive.read(APP, [NAME], 30, (BEGIN, BEGIN + 900))[NAME]
    assert found == dict.fromkeys(range(BEGIN // 30, (BEGIN + 900) // 30), 3)
    assert archive.names(APP) == [NAME]
    assert archive.read(("shop", "ghost"), [NAME], 10, (BEGIN, BEGIN + 900)) == {}


def test_hours_are_added_up_and_nothing_is_different(archive: Archive) -> None:
    """A graph of a week reads a few rows of each series; one of an hour sees every slot."""
    fill(archive, BEGIN, BEGIN + 3 * HOUR)
    times = (BEGIN, BEGIN + 3 * HOUR)
    before = {step: archive.read(APP, [NAME], step, times) for step in (10, 60, 300, 3600)}
    roll(archive, BEGIN)
    roll(archive, BEGIN)  # a crash between the two steps: it is done again
    roll(archive, BEGIN + HOUR)
    assert archive.rolled == BEGIN + 2 * HOUR
    for step, found in before.items():
        assert archive.read(APP, [NAME], step, times) == found
    assert before[3600][NAME] == {BEGIN // HOUR + hour: 360 for hour in range(3)}


def test_a_row_that_was_begun_before_a_restart_goes_on(archive: Archive) -> None:
    """The control plane wrote what it had when it stopped, in the middle of five minutes."""
    first = BEGIN // 10
    archive.write(COARSE, first, 30, [Run(APP, NAME, {first: 5, first + 1: 6})])
    archive.write(COARSE, first, 30, [Run(APP, NAME, {first + 2: 7})])
    found = archive.read(APP, [NAME], 10, (BEGIN, BEGIN + 300))[NAME]
    assert found == {first: 5, first + 1: 6, first + 2: 7}


def test_what_is_too_old_goes(archive: Archive) -> None:
    """A week of ten seconds, an hour of seconds; a series without anything left is forgotten."""
    old: Name = ("interface", "GET:/gone", "server", "")
    fill(archive, BEGIN, BEGIN + HOUR, old)
    archive.write(FINE, BEGIN, 60, [Run(APP, NAME, {BEGIN: 1})])
    now = BEGIN + KEPT[COARSE] + HOUR
    fill(archive, now - HOUR, now)
    archive.drop(now, 1 << 30)
    assert archive.names(APP) == [NAME]
    assert archive.read(APP, [NAME], 1, (BEGIN, BEGIN + 60)) == {}
    assert archive.read(APP, [NAME], 10, (now - HOUR, now))[NAME]


def test_a_clock_that_is_wrong_costs_no_week(archive: Archive) -> None:
    """A jump alone takes nothing; what is then measured in another year takes two hours a look."""
    whole = (BEGIN, BEGIN + DAY)
    fill(archive, *whole)
    roll(archive, BEGIN)
    year = BEGIN + 366 * DAY
    archive.drop(year, 1 << 30)
    assert len(archive.read(APP, [NAME], 10, whole)[NAME]) == 8640
    fill(archive, year, year + 300)
    archive.drop(year + 300, 1 << 30)
    assert len(archive.read(APP, [NAME], 10, whole)[NAME]) == 8640 - 720
    archive.drop(BEGIN + DAY, 1 << 30)
    assert len(archive.read(APP, [NAME], 10, whole)[NAME]) == 8640 - 720


def test_the_oldest_hours_go_where_there_is_no_room(archive: Archive) -> None:
    """The disk is the store's first."""
    for hour in range(4):
        for number in range(40):
            name: Name = ("interface", f"GET:/{number}", "server", "")
            fill(archive, BEGIN + hour * HOUR, BEGIN + (hour + 1) * HOUR, name, 1 << 40)
    size = archive.size()
    archive.drop(BEGIN + 4 * HOUR, size * 2 // 3)
    assert archive.size() <= size * 2 // 3
    name = ("interface", "GET:/1", "server", "")
    assert not archive.read(APP, [name], 10, (BEGIN, BEGIN + HOUR))
    assert archive.read(APP, [name], 10, (BEGIN + 3 * HOUR, BEGIN + 4 * HOUR))


def test_a_damaged_row_is_as_if_it_were_not_there(archive: Archive) -> None:
    """What is around it can be read."""
    fill(archive, BEGIN, BEGIN + 600)
    archive._connection.execute("UPDATE blocks SET slots = x'00' WHERE start = ?", (BEGIN,))
    found = archive.read(APP, [NAME], 10, (BEGIN, BEGIN + 600))[NAME]
    assert min(found) == (BEGIN + 300) // 10
    roll(archive, BEGIN)


def test_a_full_disk_leaves_what_was_there(archive: Archive) -> None:
    """And takes more once there is room."""
    fill(archive, BEGIN, BEGIN + 300)
    (pages,) = archive._connection.execute("PRAGMA page_count").fetchone()
    archive._connection.execute(f"PRAGMA max_page_count = {pages}")
    many = [
        Run(APP, ("interface", f"GET:/{number}", "server", ""), {BEGIN // 10 + 30: 1 << 2000})
        for number in range(1000)
    ]
    with pytest.raises(sqlite3.OperationalError, match="full"):
        archive.write(COARSE, BEGIN // 10 + 30, 30, many)
    assert archive.read(APP, [NAME], 10, (BEGIN, BEGIN + 300))[NAME]
    archive._connection.execute("PRAGMA max_page_count = 1000000")
    archive.write(COARSE, BEGIN // 10 + 30, 30, many)
    assert len(archive.names(APP)) == 1001


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\x00" + b"\xff" * 4096])
def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    """Whoever opens it puts it aside."""
    path = tmp_path / "telemetry.sqlite"
    path.write_bytes(content)
    with pytest.raises(Unusable, match=r"telemetry\.sqlite"):
        Archive.open(path)
