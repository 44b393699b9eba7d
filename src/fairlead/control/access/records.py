"""The tokens of a data directory: ``DIR/tokens.json``, mode 0600, hashes only.

A file of its own, and not the store: whoever may write the directory can make a token while the
server runs or does not, and the server sees it at once. Every change is made under a lock and put
in place whole.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import stat
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fairlead.control.access.roles import EVERYWHERE, PEOPLE, Grant, Identity, Role
from fairlead.control.access.token import ID_BYTES, SECRET_BYTES, hash_of, token_text

FILE, LOCK = "tokens.json", "tokens.lock"
FORMAT = 1
MOST_TOKENS, MOST_GRANTS = 10_000, 64
MOST_BYTES = 32 << 20

_NAME = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.@:]{0,61}[A-Za-z0-9])?")
_NAMESPACE = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_APP = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_ID = re.compile(rf"[0-9a-f]{{{2 * ID_BYTES}}}")
_HASH = re.compile(r"[0-9a-f]{64}")


class TokensUnusable(Exception):
    """The operator's fault, or the disk's: the file of tokens cannot be read or written."""


class InvalidToken(ValueError):
    """The asker's fault: a token that is not allowed to be. The message names the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is kept of a token."""

    id: str
    name: str
    hash: str
    grants: tuple[Grant, ...]
    created: datetime
    expires: datetime | None = None

    @property
    def identity(self) -> Identity:
        """Who comes with this token."""
        return Identity(name=self.name, uid=self.id, grants=self.grants)

    def expired(self, now: datetime) -> bool:
        """Say whether its time is over."""
        return self.expires is not None and self.expires <= now

    def shown(self) -> dict[str, Any]:
        """Return what may be shown of it: not its hash."""
        return {
            "id": self.id,
            "name": self.name,
            "grants": [plain_grant(grant) for grant in self.grants],
            "created": self.created.isoformat(timespec="seconds"),
            "expires": self.expires.isoformat(timespec="seconds") if self.expires else None,
        }


def plain_grant(grant: Grant) -> dict[str, str]:
    """Return a grant as it is written."""
    app = {"app": grant.app} if grant.app else {}
    return {"role": grant.role.value, "namespace": grant.namespace, **app}


def read_grants(plain: Any) -> tuple[Grant, ...]:
    """Return the grants in plain data. Raises InvalidToken."""
    if not isinstance(plain, Sequence) or isinstance(plain, str) or not plain:
        raise InvalidToken("grants: a list of {role, namespace}, at least one")
    if len(plain) > MOST_GRANTS:
        raise InvalidToken(f"grants: more than {MOST_GRANTS}")
    grants = tuple(_grant(one, f"grants[{i}]") for i, one in enumerate(plain))
    if len(grants) > 1 and any(grant.role is Role.AGENT for grant in grants):
        raise InvalidToken("grants: an agent's token is for one app of one namespace, and no more")
    return grants


def _grant(plain: Any, where: str) -> Grant:
    if not isinstance(plain, Mapping) or not set(plain) <= {"role", "namespace", "app"}:
        raise InvalidToken(f"{where}: expected {{role, namespace}}, for an agent with app")
    given = {name: plain.get(name, "") for name in ("role", "namespace", "app")}
    if not all(isinstance(value, str) for value in given.values()):
        raise InvalidToken(f"{where}: role, namespace and app are strings")
    try:
        role = Role(given["role"])
    except ValueError as error:
        known = ", ".join(Role)
        raise InvalidToken(f"{where}.role: {given['role'][:80]!r} is none of {known}") from error
    namespace, app = given["namespace"], given["app"]
    everywhere = namespace == EVERYWHERE and role in PEOPLE
    if not everywhere and not _NAMESPACE.fullmatch(namespace):
        raise InvalidToken(f"{where}.namespace: {namespace[:80]!r} is no namespace")
    if role is Role.AGENT and not _APP.fullmatch(app):
        raise InvalidToken(f"{where}.app: an agent's token names its app, not {app[:80]!r}")
    if role in PEOPLE and app:
        raise InvalidToken(f"{where}.app: only an agent's token is bound to an app")
    return Grant(role=role, namespace=namespace, app=app)


def check_name(name: Any) -> str:
    """Return a token's name. Raises InvalidToken."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidToken("name: letters, digits and any of -_.@: between them, at most 63")
    return name


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A token that was just made. Its text is nowhere else."""

    record: Record
    text: str


Chance = Callable[[int], bytes]
"""So many bytes that nobody can guess (`os.urandom`)."""


def make(
    name: str,
    grants: tuple[Grant, ...],
    *,
    now: datetime,
    expires: datetime | None,
    chance: Chance = os.urandom,
) -> Made:
    """Make a token of 256 random bits."""
    name_of_it = chance(ID_BYTES).hex()
    secret = urlsafe_b64encode(chance(SECRET_BYTES)).rstrip(b"=").decode()
    record = Record(
        id=name_of_it,
        name=name,
        hash=hash_of(secret),
        grants=grants,
        created=now,
        expires=expires,
    )
    return Made(record=record, text=token_text(record.id, secret))


class TokenFile:
    """The file, for whoever may read and write the data directory."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / FILE
        self._lock = directory / LOCK

    def signature(self) -> tuple[int, int, int] | None:
        """Return what changes with the file, None where there is none."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise TokensUnusable(f"{self.path}: {error.strerror}") from error
        return found.st_ino, found.st_mtime_ns, found.st_size

    def read(self) -> dict[str, Record]:
        """Return the records by id. Raises TokensUnusable, also for a file that others may read."""
        try:
            with self.path.open("rb") as file:
                status = os.fstat(file.fileno())
                if stat.S_IMODE(status.st_mode) & 0o077:
                    raise TokensUnusable(f"{self.path}: others may read or write it: chmod 600")
                if status.st_uid not in (0, os.geteuid()):
                    raise TokensUnusable(f"{self.path}: belongs to another user (chown)")
                text = file.read(MOST_BYTES + 1)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise TokensUnusable(f"{self.path}: {error.strerror}") from error
        try:
            return {record.id: record for record in _records(text)}
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise TokensUnusable(f"{self.path}: is no file of tokens: {error}") from error

    def add(self, record: Record) -> None:
        """Keep a token. Raises TokensUnusable or InvalidToken."""
        with self._held() as records:
            if len(records) >= MOST_TOKENS:
                raise InvalidToken(
                    f"{MOST_TOKENS} tokens are kept, which is the limit: revoke some"
                )
            self._write([*records.values(), record])

    def remove(self, id: str) -> Record | None:
        """Forget a token; return what was kept of it. Raises TokensUnusable."""
        with self._held() as records:
            found = records.pop(id, None)
            if found is not None:
                self._write(records.values())
        return found

    @contextlib.contextmanager
    def _held(self) -> Iterator[dict[str, Record]]:
        try:
            descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise TokensUnusable(f"{self._lock}: {error.strerror}") from error
        try:
            _give_to_owner(descriptor, self.path.parent)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield self.read()
        finally:
            os.close(descriptor)

    def _write(self, records: Any) -> None:
        plain = [{**one.shown(), "hash": one.hash} for one in records]
        text = json.dumps({"version": FORMAT, "tokens": plain}, indent=1).encode()
        draft = self.path.with_suffix(".new")
        try:
            draft.unlink(missing_ok=True)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with open(descriptor, "wb") as file:
                _give_to_owner(descriptor, self.path.parent)
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
            _flush_directory(self.path.parent)
        except OSError as error:
            raise TokensUnusable(f"{self.path}: {error.strerror}") from error


def _give_to_owner(descriptor: int, directory: Path) -> None:
    """Let the server read what root writes in a directory of the server's."""
    if os.geteuid() == 0:
        owner = directory.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _flush_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _records(text: bytes) -> Iterator[Record]:
    plain = json.loads(text)
    if plain["version"] != FORMAT:
        raise ValueError(f"version {plain['version']!r}, expected {FORMAT}")
    for one in plain["tokens"]:
        if not _ID.fullmatch(one["id"]) or not _HASH.fullmatch(one["hash"]):
            raise ValueError("a token without id or hash")
        yield Record(
            id=one["id"],
            name=check_name(one["name"]),
            hash=one["hash"],
            grants=read_grants(one["grants"]),
            created=_time(one["created"]),
            expires=None if one["expires"] is None else _time(one["expires"]),
        )


def _time(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone")
    return found
