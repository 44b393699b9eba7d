"""The file under workers: kept by who is stopped, spoiled, changed by a handler of a signal."""

from __future__ import annotations

import os
import signal
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from fairlead.flow import seat
from fairlead.flow.arena import Arena
from fairlead.flow.directory import DIRECTORY, ENTRIES, ENTRY
from fairlead.flow.layout import BYTES, GAUGE, NEXT_FREE
from fairlead.flow.mapped import WAITS, Unusable
from tests.flow.test_arena import KEY, OTHER, arena, child, heard
from tests.flow.test_signals import Alarm

WORDS = 144


def key(number: int) -> bytes:
    return struct.pack("=2q", number, 1)


def counting(path: Path) -> tuple[Arena, list[float]]:
    """Return an arena whose waits pass at once, and are noted."""
    waits: list[float] = []
    return Arena(str(path), (1, 2), seat, waits.append), waits


def test_who_is_stopped_with_the_lock_holds_others_up_once_and_not_for_each_cell(tmp_path: Path):
    """SIGSTOP, a frozen container, a debugger: a thousand rules would be a thousand waits."""
    made, waits = counting(tmp_path / "arena")
    made.sit()
    worker = child(
        tmp_path / "arena",
        """
        import os, signal
        made.change(lambda: [print("has it", flush=True), os.kill(os.getpid(), signal.SIGSTOP)])
        print("gone on", flush=True)
        sys.stdin.read()
        """,
    )
    try:
        assert heard(worker) == "has it"
        os.waitpid(worker.pid, os.WUNTRACED)  # until it has stopped
        for number in range(5):
            with pytest.raises(Unusable, match="another process keeps"):
                made.find(key(number), GAUGE, WORDS, 0)
        assert len(waits) == WAITS

        os.kill(worker.pid, signal.SIGCONT)
        assert heard(worker) == "gone on"
        assert made.find(key(0), GAUGE, WORDS, 0)
        assert not made.kept
    finally:
        worker.kill()
        worker.wait(timeout=30)


@pytest.mark.skipif(
    threading.current_thread() is not threading.main_thread(),
    reason="signals are the main thread's",
)
def test_signals_at_any_moment_leave_nothing_locked(tmp_path: Path):
    """A timeout that raises must not shut all other workers out for as long as this one lives."""
    made = arena(tmp_path / "arena")
    alarms = cells = 0

    def handle(*_: Any) -> None:
        nonlocal alarms
        alarms += 1
        raise Alarm

    before = signal.signal(signal.SIGVTALRM, handle)
    try:
        for number in range(1, 201):
            with suppress(Alarm):
                signal.setitimer(signal.ITIMER_VIRTUAL, 0.0003)
                while alarms < number:  # a finalizer may swallow what is raised
                    cells = (cells + 1) % 1000
                    made.find(key(cells), GAUGE, WORDS, 0)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)

    def other() -> None:
        made.find(OTHER, GAUGE, WORDS, 0)  # the lock of this process's threads
        found.set()

    found = threading.Event()
    threading.Thread(target=other, daemon=True).start()
    assert found.wait(10)
    worker = child(tmp_path / "arena", 'print(made.kept, "found", flush=True)')
    assert heard(worker) == "False found"  # that of processes: `child` makes a cell
    worker.wait(timeout=30)


@pytest.mark.skipif(
    threading.current_thread() is not threading.main_thread(),
    reason="signals are the main thread's",
)
def test_a_handler_that_comes_back_here_finds_it_taken_or_changes_it_whole(tmp_path: Path):
    """One place for two limits would be one limit for both."""
    made = arena(tmp_path / "arena")
    places: dict[bytes, int] = {}
    refused = handlers = 0

    def handle(*_: Any) -> None:
        nonlocal refused, handlers
        handlers += 1
        try:
            places[key(-handlers)] = made.find(key(-handlers), GAUGE, WORDS, 0)
        except Unusable as error:
            refused += "interrupted" in str(error)

    reserve = made.reserve

    def interrupted(end: int) -> None:
        signal.raise_signal(signal.SIGUSR1)
        reserve(end)
        signal.raise_signal(signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, handle)
    try:
        for number in range(1, 20):
            made.reserve = interrupted if number % 2 else reserve  # type: ignore[method-assign]
            places[key(number)] = made.find(key(number), GAUGE, WORDS, 0)
            made.reserve = reserve  # type: ignore[method-assign]
            signal.raise_signal(signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert (refused, handlers, len(places)) == (20, 39, 38)
    assert len(set(places.values())) == len(places)
    assert all(made.find(one, GAUGE, WORDS, 0) == place for one, place in places.items())


def for_everybody(made: Arena) -> None:
    os.chmod(made.path, 0o660)


def by_another_name(made: Arena) -> None:
    os.link(made.path, f"{made.path}.too")


def cut_off(made: Arena) -> None:
    os.truncate(made.path, BYTES // 2)


def of_another_beginning(made: Arena) -> None:
    made.view[0] = 7


def by_somebody_else(made: Arena) -> None:
    try:
        os.chown(made.path, 12345, -1)
    except PermissionError:
        pytest.skip("only root may give a file away")


def places(made: Arena) -> list[int]:
    """Return where in the table it says where cells are."""
    at = [DIRECTORY + ENTRY * number + 2 for number in range(ENTRIES)]
    return [word for word in at if made.view[word]]


def with_a_place_outside(made: Arena) -> None:
    made.view[places(made)[0]] = BYTES // 8 - 1


def with_a_place_before_the_first(made: Arena) -> None:
    made.view[places(made)[0]] = 16


def with_another_kind_there(made: Arena) -> None:
    made.view[made.view[places(made)[0]]] = 77


def with_the_next_place_in_its_head(made: Arena) -> None:
    made.view[NEXT_FREE] = 0


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (for_everybody, "may be used by others"),
        (by_another_name, "has another name"),
        (by_somebody_else, "is user 12345's"),
        (cut_off, "bytes long, and was"),
        (of_another_beginning, "any more"),
        (with_a_place_outside, "is spoiled"),
        (with_a_place_before_the_first, "is spoiled"),
        (with_another_kind_there, "is spoiled"),
    ],
)
def test_what_became_of_the_file_is_looked_at_before_a_cell_is_used(
    tmp_path: Path, spoil: Callable[[Arena], None], reason: str
):
    """Compiled, a place that is none would be somebody else's memory."""
    made = arena(tmp_path / "arena")
    made.find(KEY, GAUGE, WORDS, 0)
    spoil(made)

    with pytest.raises(Unusable, match=reason):
        made.find(KEY, GAUGE, WORDS, 0)


def test_a_new_cell_is_never_made_in_the_head(tmp_path: Path):
    """There are the seats, and the lock."""
    made = arena(tmp_path / "arena")
    with_the_next_place_in_its_head(made)

    with pytest.raises(Unusable, match="is spoiled"):
        made.find(KEY, GAUGE, WORDS, 0)


def test_who_lets_go_of_a_file_locks_no_other_that_has_its_number_now(tmp_path: Path):
    """Calls under way may end there yet; the number of what was closed is given again."""
    made = arena(tmp_path / "arena")
    sitting = made.sit()
    made.abandon()
    assert not sitting.seize() or seat.COMPILED
