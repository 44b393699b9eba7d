"""The last known good: what is written is read again, and nothing else is."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from fairlead.agent.identity import Identity
from fairlead.agent.last_good import LastGood, Rejected
from fairlead.agent.settings import Settings
from fairlead.policy.encode import to_plain
from tests.agent.wire import snapshot

GOOD = snapshot(7, cart="127.0.0.1:1")
SAVED = 1000.0


def kept(state: Path | str, **fields: object) -> LastGood:
    settings = Settings(app="shop", **fields)  # type: ignore[arg-type]
    return LastGood(str(state), Identity.of(settings))


@pytest.fixture
def saved(tmp_path: Path) -> LastGood:
    """A file that holds GOOD."""
    last_good = kept(tmp_path)
    last_good.save(to_plain(GOOD), SAVED)
    return last_good


def path_of(last_good: LastGood) -> Path:
    assert last_good.path is not None
    return last_good.path


def test_what_was_saved_is_loaded(saved, tmp_path):
    """An app that restarts without a control plane goes on as it was."""
    found = saved.load()

    assert found is not None
    assert (found.snapshot, found.saved) == (GOOD, SAVED)
    assert path_of(saved) == tmp_path / "default" / "shop" / "base.json"


def test_nobody_else_can_read_it(saved, tmp_path):
    """A snapshot tells where every service is."""
    for path in (path_of(saved).parent, path_of(saved).parent.parent):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert stat.S_IMODE(path_of(saved).stat().st_mode) == 0o600
    assert os.listdir(path_of(saved).parent) == ["base.json"]


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"lane": "gray"}, "gray.json"),
        ({"lane": ""}, "base.json"),
        ({"labels": (("tag", "gray"),)}, "gray.json"),
        ({"labels": (("tag", "gray"), ("tag", "blue"))}, "base.json"),
    ],
)
def test_each_lane_has_its_own_file(tmp_path, fields, name):
    """Base and gray of one app may run on one machine."""
    assert path_of(kept(tmp_path, **fields)).name == name


def test_another_instances_snapshot_is_not_taken(saved, tmp_path):
    """With other labels the control plane might say something else."""
    assert kept(tmp_path, zone="hz-b").load() is None


def test_nothing_saved_is_nothing_loaded(tmp_path):
    """The first start ever."""
    assert kept(tmp_path).load() is None


@pytest.mark.parametrize("length", [0, 1, 100, -1])
def test_a_truncated_file_is_rejected(saved, length):
    """The disk was full, or the power failed."""
    content = path_of(saved).read_bytes()
    path_of(saved).write_bytes(content[:length])

    with pytest.raises(Rejected, match=r"base\.json"):
        saved.load()


def test_every_flipped_bit_is_noticed_or_harmless(saved):
    """No damage may turn into another policy."""
    content = path_of(saved).read_bytes()
    for position in range(0, len(content), 7):
        damaged = bytearray(content)
        damaged[position] ^= 1 << (position % 8)
        path_of(saved).write_bytes(damaged)
        try:
            found = saved.load()
        except Rejected:
            continue
        assert found is None or found.snapshot == GOOD


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"format": 2}, "format 2 is not read by this version"),
        ({"sha256": "0" * 64}, "the checksum does not match"),
        ({"body": []}, "the checksum does not match"),
    ],
)
def test_another_format_is_rejected_with_its_reason(saved, change, reason):
    """An older or a newer version may have written it."""
    plain = json.loads(path_of(saved).read_bytes())
    path_of(saved).write_text(json.dumps({**plain, **change}))

    with pytest.raises(Rejected, match=reason):
        saved.load()


def test_a_snapshot_that_cannot_be_enforced_is_rejected(saved):
    """A checksum says that it is whole, not that it is good."""
    from hashlib import sha256

    from fairlead.policy.encode import canonical

    plain = json.loads(path_of(saved).read_bytes())
    plain["body"]["snapshot"]["services"] = "none"
    plain["sha256"] = sha256(canonical(plain["body"])).hexdigest()
    path_of(saved).write_text(json.dumps(plain))

    with pytest.raises(Rejected, match="digest: does not name the content"):
        saved.load()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_a_file_that_others_can_open_is_rejected(saved, mode):
    """What others could have written is not ours."""
    path_of(saved).chmod(mode)

    with pytest.raises(Rejected, match=f"mode {mode:04o} lets others in; 0600 is due"):
        saved.load()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_another_users_file_is_rejected(saved):
    """In a shared directory somebody may have been there before."""
    os.chown(path_of(saved), 12345, 12345)

    with pytest.raises(Rejected, match="belongs to user 12345, not to 0"):
        saved.load()


def test_a_link_or_a_pipe_in_its_place_is_rejected(saved, tmp_path):
    """A link leads to who knows what, and a pipe never ends."""
    path_of(saved).rename(tmp_path / "elsewhere.json")
    path_of(saved).symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(Rejected):
        saved.load()

    path_of(saved).unlink()
    os.mkfifo(path_of(saved), 0o600)
    with pytest.raises(Rejected, match="not a regular file"):
        saved.load()


def test_where_nothing_can_be_written_the_snapshot_stays_in_memory(tmp_path):
    """Containers often have a read-only file system; that is no fault."""
    (tmp_path / "file").touch()
    last_good = kept(tmp_path / "file")

    last_good.save(to_plain(GOOD), SAVED)

    assert "Not a directory" in last_good.problem
    assert kept("").load() is None
    kept("").save(to_plain(GOOD), SAVED)


def test_a_replacement_leaves_nothing_beside_it(saved):
    """A reader sees the old file or the new one."""
    saved.save(to_plain(snapshot(8)), SAVED)

    found = saved.load()
    assert found is not None
    assert found.snapshot.revision == 8
    assert os.listdir(path_of(saved).parent) == ["base.json"]
