"""The last snapshot that was in force, on disk, for a start without a control plane (contract 20).

``<state>/<namespace>/<app>/<lane>.json``, mode 0600: an object with a ``format``, the ``sha256`` of
the canonical text of ``body``, and the body. Whatever is not exactly that, or not ours alone, is
rejected with its reason. Where nothing can be written, nothing is: the snapshot stays in memory.
"""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from fairlead.agent.identity import Identity
from fairlead.agent.state import make_private
from fairlead.policy.encode import canonical, read_snapshot
from fairlead.policy.snapshot import InvalidSnapshot, Snapshot

FORMAT = 1
_LIMIT = 128 << 20


class Rejected(Exception):
    """A file that cannot be trusted, or cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A snapshot from disk, and the time it was saved, in seconds since the epoch."""

    snapshot: Snapshot
    saved: float


class LastGood:
    """The file of one identity's last good snapshot."""

    def __init__(self, state: str, identity: Identity) -> None:
        """Keep it below the directory `state`; ``""`` keeps nothing."""
        self.path = _path(state, identity) if state else None
        self._identity = _plain(identity)
        self.problem = "" if state else "no directory to keep it in"
        """Why nothing is saved."""

    def save(self, snapshot: dict[str, Any], now: float) -> None:
        """Replace the file by this plain snapshot, whole or not at all."""
        if self.path is None:
            return
        body = {"identity": self._identity, "saved": now, "snapshot": snapshot}
        text = {"format": FORMAT, "sha256": sha256(canonical(body)).hexdigest(), "body": body}
        try:
            _replace(self.path, json.dumps(text, separators=(",", ":")).encode())
            self.problem = ""
        except OSError as error:
            self.problem = f"{self.path}: {error.strerror or error}"

    def load(self) -> Kept | None:
        """Return what is on disk, or None where nothing is. Raises Rejected."""
        if self.path is None:
            return None
        try:
            content = _read(self.path)
            return None if content is None else self._checked(content)
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise Rejected(f"{self.path}: {type(error).__name__}: {error}") from error
        except InvalidSnapshot as error:
            raise Rejected(f"{self.path}: {error}") from error

    def _checked(self, content: bytes) -> Kept | None:
        plain = json.loads(content)
        if plain["format"] != FORMAT:
            raise ValueError(f"format {plain['format']!r} is not read by this version")
        body = plain["body"]
        if sha256(canonical(body)).hexdigest() != plain["sha256"]:
            raise ValueError("the checksum does not match: the file was damaged or changed")
        if body["identity"] != self._identity:
            return None  # of an instance with other labels: not ours, and nothing wrong with it
        snapshot, _ = read_snapshot(body["snapshot"])
        return Kept(snapshot=snapshot, saved=float(body["saved"]))


def _path(state: str, identity: Identity) -> Path:
    lane = identity.likely_lane or "base"
    return Path(state, identity.namespace, identity.app, f"{lane}.json")


def _plain(identity: Identity) -> dict[str, Any]:
    labels = [list(label) for label in identity.labels]
    return {
        "namespace": identity.namespace,
        "app": identity.app,
        "lane": identity.lane,
        "labels": labels,
        "zone": identity.zone,
    }


def _read(path: Path) -> bytes | None:
    try:
        # O_NONBLOCK: somebody else's FIFO in this place must not hang the application.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("not a regular file")
        if status.st_uid != os.geteuid():
            raise ValueError(f"belongs to user {status.st_uid}, not to {os.geteuid()}")
        if stat.S_IMODE(status.st_mode) & 0o077:
            raise ValueError(f"mode {stat.S_IMODE(status.st_mode):04o} lets others in; 0600 is due")
        if status.st_size > _LIMIT:
            raise ValueError(f"larger than {_LIMIT >> 20} MiB")
        return file.read()


def _replace(path: Path, content: bytes) -> None:
    # Not flushed to the disk: it would delay the next snapshot, and a file that a power failure
    # has damaged is told by its checksum.
    make_private(path.parent)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(draft, flags, 0o600)
    try:
        with open(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)
            file.write(content)
        os.replace(draft, path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
