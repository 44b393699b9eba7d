"""The file that workers count in: whose it may be, who lives, and what a full disk does."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fairlead.flow import seat
from fairlead.flow.arena import Arena
from fairlead.flow.layout import BYTES, GAUGE, MOST_SEATS, SEATS, TOTAL
from fairlead.flow.mapped import CHUNK, Unusable
from fairlead.flow.sweep import sweep

KEY, OTHER = b"k" * 16, b"o" * 16


def arena(path: Path, boot: tuple[int, int] = (1, 2)) -> Arena:
    return Arena(str(path), boot, seat, time.sleep)


def a_directory(path: Path) -> None:
    path.mkdir()


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_link(path: Path) -> None:
    path.symlink_to(path.with_name("elsewhere"))


def for_everybody(path: Path) -> None:
    path.touch(0o600)
    path.chmod(0o660)


def by_another_name(path: Path) -> None:
    path.touch(0o600)
    os.link(path, path.with_name("other"))


def by_somebody_else(path: Path) -> None:
    path.touch(0o600)
    try:
        os.chown(path, 12345, -1)
    except PermissionError:
        pytest.skip("only root may give a file away")


def of_another_size(path: Path) -> None:
    path.write_bytes(b"mine" * 20)
    path.chmod(0o600)


def of_noise(path: Path) -> None:
    path.write_bytes(b"noise..." * (BYTES // 8))
    path.chmod(0o600)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (a_directory, "Is a directory"),
        (a_pipe, "is no file"),
        (a_link, "symbolic links"),
        (for_everybody, "may be used by others"),
        (by_another_name, "has another name"),
        (by_somebody_else, "is user 12345's"),
        (of_another_size, "is 80 bytes long"),
        (of_noise, "does not begin as a file of ours"),
    ],
)
def test_a_file_that_is_not_as_we_make_it_is_left_alone(
    tmp_path: Path, make: Callable[[Path], None], reason: str
):
    """/dev/shm is everybody's: somebody may have been there first, to read or to spoil."""
    path = tmp_path / "arena"
    make(path)
    before = path.read_bytes() if path.is_file() else None

    with pytest.raises(Unusable, match=reason):
        arena(path)

    assert (path.read_bytes() if path.is_file() else None) == before


def test_it_is_this_users_alone_and_takes_memory_as_it_is_used(tmp_path: Path):
    """A container has 64 MB of /dev/shm by default, for all that runs in it."""
    made = arena(tmp_path / "arena")
    status = os.stat(made.path)

    assert status.st_mode & 0o777 == 0o600
    assert status.st_size == BYTES
    assert status.st_blocks * 512 <= 2 * CHUNK


def test_workers_find_the_same_cells_by_their_names(tmp_path: Path):
    """Whoever comes first makes them."""
    first, second = arena(tmp_path / "arena"), arena(tmp_path / "arena")

    place = first.find(KEY, GAUGE, 144, 0)

    assert second.find(KEY, GAUGE, 144, 0) == place != second.find(OTHER, GAUGE, 144, 0)


def test_a_file_whose_maker_died_is_finished_by_the_next(tmp_path: Path):
    """Or one kill at the wrong moment would part workers for good."""
    path = tmp_path / "arena"
    path.touch(0o600)
    with path.open("r+b") as file:
        file.truncate(BYTES)

    assert arena(path).find(KEY, GAUGE, 144, 0)


def test_a_file_of_another_boot_is_begun_anew_where_nobody_has_it(tmp_path: Path):
    """Its times are of a clock that has begun anew since; a directory may outlive a boot."""
    path = tmp_path / "arena"
    place = arena(path).find(KEY, GAUGE, 144, 0)
    arena(path).view[place + TOTAL] = 7

    again = arena(path, boot=(3, 4))

    assert again.view[again.find(KEY, GAUGE, 144, 0) + TOTAL] == 0


def test_a_full_arena_says_so_and_what_is_there_goes_on(tmp_path: Path):
    """Thousands of limits more are counted by each process; it is no fault of those that fit."""
    made = arena(tmp_path / "arena")
    place = made.find(KEY, GAUGE, 144, 0)

    def fill() -> None:
        for number in range(100):
            made.find(struct.pack("=2q", number, 1), GAUGE, 1 << 16, 0)

    with pytest.raises(Unusable, match="is full: "):
        fill()

    assert made.find(KEY, GAUGE, 144, 0) == place


def test_every_seat_taken_says_so(tmp_path: Path):
    """The next worker counts for itself."""
    made = arena(tmp_path / "arena")
    seats = [made.sit() for _ in range(MOST_SEATS)]

    with pytest.raises(Unusable, match="128 workers"):
        made.sit()

    made.leave(seats[0])
    assert made.sit().number == seats[0].number


def test_the_last_who_leaves_takes_the_file_away(tmp_path: Path):
    """What is left in /dev/shm is memory that nobody uses."""
    made = arena(tmp_path / "arena")
    first, second = made.sit(), made.sit()

    made.leave(first)
    assert made.is_there()
    made.leave(second)
    assert not made.is_there()
    assert arena(tmp_path / "arena").sit().number == 0


CHILD = """
import sys, time
from fairlead.flow import seat
from fairlead.flow.arena import Arena
from fairlead.flow.layout import GAUGE, OWN, TOTAL
made = Arena(sys.argv[1], (1, 2), seat, time.sleep)
sitting = made.sit()
place = made.find(b"k" * 16, GAUGE, 144, 0)
"""


def child(path: Path, code: str, *before: str) -> subprocess.Popen[str]:
    """Start a worker that sits at `path`, and does what `code` says."""
    text = CHILD + textwrap.dedent(code)
    command = [*before, sys.executable, "-c", text, str(path)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def heard(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_what_a_killed_worker_held_is_given_back(tmp_path: Path):
    """It cannot do so itself: kill -9, the OOM killer."""
    path = tmp_path / "arena"
    made = arena(path)
    sitting = made.sit()
    worker = child(
        path,
        """
        made.view[place + OWN + sitting.number] = made.view[place + TOTAL] = 3
        print("inside", flush=True)
        sys.stdin.read()
        """,
    )
    assert heard(worker) == "inside"
    place = made.find(KEY, GAUGE, 144, 0)
    assert not made.reap(sitting, 0)
    assert made.view[place + TOTAL] == 3

    worker.kill()
    worker.wait(timeout=30)

    assert not made.reap(sitting, 1)  # not again within a tenth of a second
    assert made.reap(sitting, 10**9)
    assert made.view[place + TOTAL] == 0
    assert made.view[SEATS + 1] == 0


def test_who_comes_to_a_dead_workers_seat_gives_back_what_it_held(tmp_path: Path):
    """Nobody else may ever ask."""
    path = tmp_path / "arena"
    worker = child(path, "made.view[place + OWN] = made.view[place + TOTAL] = 3")
    assert worker.wait(timeout=30) == 0
    made = arena(path)
    place = made.find(KEY, GAUGE, 144, 0)
    assert made.view[place + TOTAL] == 3

    assert made.sit().number == 0
    assert made.view[place + TOTAL] == 0


def test_a_worker_whose_file_the_application_has_closed_sits_down_anew(tmp_path: Path):
    """Daemons close all descriptors; with ours go its locks, and others take it for dead."""
    path = tmp_path / "arena"
    worker = child(
        path,
        """
        import os
        os.closerange(3, 100)
        print("closed", flush=True)
        sys.stdin.readline()
        assert not sitting.seize()
        assert made.wait(sitting, 0)
        assert sitting.seize()
        sitting.release()
        print("again", sitting.number, flush=True)
        """,
    )
    assert heard(worker) == "closed"
    made = arena(path)
    made.sit()
    assert worker.stdin is not None
    worker.stdin.write("\n")
    worker.stdin.flush()
    assert heard(worker).startswith("again")
    assert worker.wait(timeout=30) == 0


LEFT, USED = "fairlead-0-0123456789abcdef-i1", "fairlead-0-fedcba9876543210-c1"


def test_what_workers_left_that_were_all_killed_is_swept_and_what_is_used_is_not(tmp_path: Path):
    """Uvicorn ends its workers by a signal; what they leave is memory."""
    for name in (LEFT, USED):
        worker = child(tmp_path / name, 'print("ready", flush=True); sys.stdin.read()')
        assert heard(worker) == "ready"
        if name != USED:
            worker.kill()
            worker.wait(timeout=30)
        else:
            kept = worker

    sweep(str(tmp_path), "fairlead-0-", ())

    assert [path.name for path in tmp_path.iterdir()] == [USED]
    kept.kill()
    kept.wait(timeout=30)
    sweep(str(tmp_path), "fairlead-0-", (str(tmp_path / USED),))
    assert (tmp_path / USED).exists()


def test_what_is_not_named_and_made_as_ours_is_not_swept(tmp_path: Path):
    """The directory may be one that an operator has named, and has other things in."""
    arena(tmp_path / "fairlead-0-notes")
    (tmp_path / f"{LEFT}.bak").touch()
    (tmp_path / "fairlead-1-0123456789abcdef-i1").touch()
    (tmp_path / USED).write_bytes(b"mine" * 20)
    (tmp_path / USED.replace("c1", "c2")).write_bytes(b"noise..." * (BYTES // 8))
    before = sorted(tmp_path.iterdir())

    sweep(str(tmp_path), "fairlead-0-", ())

    assert sorted(tmp_path.iterdir()) == before
    (tmp_path / LEFT).touch()  # its maker died
    sweep(str(tmp_path), "fairlead-0-", ())
    assert sorted(tmp_path.iterdir()) == before


def test_a_file_system_without_room_is_a_reason_and_no_signal(tmp_path: Path):
    """To write where no memory is kills a process (SIGBUS)."""
    namespace = ["unshare", "-rm", "true"]
    if not shutil.which("unshare") or subprocess.run(namespace, check=False).returncode:
        pytest.skip("no mount namespaces here")
    script = f"""
    mount -t tmpfs -o size=320k none {tmp_path}
    exec {sys.executable} -c '
    import struct, sys, time
    from fairlead.flow import seat
    from fairlead.flow.arena import Arena
    from fairlead.flow.mapped import Unusable
    from fairlead.flow.layout import GAUGE
    made = Arena("{tmp_path}/arena", (1, 2), seat, time.sleep)
    made.sit()
    try:
        for number in range(1000):
            made.find(struct.pack("=2q", number, 1), GAUGE, 144, 0)
    except Unusable as error:
        print(number, error)
    for number in range(1000):
        try:
            Arena(f"{tmp_path}/other", (1, 2), seat, time.sleep)
        except Unusable as error:
            print(error)
            break
    '
    """
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-ec", textwrap.dedent(script)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "No space left on device" in done.stdout


def test_a_limit_to_the_size_of_files_is_a_reason_and_no_signal(tmp_path: Path):
    """``ulimit -f`` is of containers and of init systems."""
    code = f"""
    import resource, time
    from fairlead.flow import seat
    from fairlead.flow.arena import Arena
    from fairlead.flow.mapped import Unusable
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    try:
        Arena("{tmp_path}/arena", (1, 2), seat, time.sleep)
    except Unusable as error:
        print(error)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "File too large" in done.stdout, done.stderr


def test_a_forked_child_has_a_seat_of_its_own_and_its_end_is_not_its_parents(tmp_path: Path):
    """The locks of a process are no child's, and a child that closes its file drops its own."""
    path = tmp_path / "arena"
    worker = child(
        path,
        """
        import os
        pid = os.fork()
        if not pid:
            made.abandon()
            own = Arena(sys.argv[1], (1, 2), seat, time.sleep).sit()
            os._exit(own.number)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
        sys.stdin.read()
        """,
    )
    assert heard(worker) == "1"
    assert arena(path).sit().number == 1  # the parent still sits at 0, the child no more
    worker.kill()
    worker.wait(timeout=30)
