"""Answer `fairlead doctor`, over a Unix socket that only this user can open (contract 21).

Whoever connects is sent one JSON object, and the connection is closed: there is nothing to ask for,
and nothing to be told.
"""

from __future__ import annotations

import _socket
import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fairlead.agent import native
from fairlead.agent.state import make_private, private_temporary

PATH_LIMIT = 107
"""Bytes of a Unix socket's path, without its final zero; unix(7)."""

_ANSWER_SECONDS = 2.0
_ANSWER_LIMIT = 16 << 20

Describe = Callable[[], dict[str, Any]]


class Inspector:
    """The socket that this process answers on, from a thread of its own."""

    def __init__(self, state: str, describe: Describe) -> None:
        """Listen below the directory `state`, or the temporary one; answer what `describe` says."""
        self._state = state
        self._describe = describe
        self._lock = native.Lock()
        self._started = False
        self._listening: _socket.socket | None = None
        self.path: Path | None = None

    def start(self) -> None:
        """Listen, once; where no place can be found for the socket, nobody can ask."""
        with self._lock:
            if self._started:
                return
            self._started = True
        for directory in (self._own, private_temporary):
            try:
                path = directory() / f"{os.getpid()}.sock"
                if len(os.fsencode(path)) <= PATH_LIMIT:
                    self._listen(path)
                    break
            except OSError:
                continue
        if self._listening is not None:
            native.spawn(self._run)

    def stop(self) -> None:
        """Take the socket away."""
        path, self.path = self.path, None
        if path is not None:
            path.unlink(missing_ok=True)
        if self._listening is not None:
            try:
                self._listening.shutdown(_socket.SHUT_RDWR)
            except OSError:
                return

    def abandon(self) -> None:
        """Close this process's side: the socket is a forked parent's."""
        self.path = None
        if self._listening is not None:
            self._listening.close()

    def _own(self) -> Path:
        if not self._state:
            raise FileNotFoundError("no state directory")
        directory = Path(self._state)
        make_private(directory)
        return directory

    def _listen(self, path: Path) -> None:
        path.unlink(missing_ok=True)  # of a process that had this number before
        listening = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        try:
            listening.bind(str(path))
            path.chmod(0o600)
            listening.listen(8)
            listening.settimeout(None)
        except OSError:
            listening.close()
            raise
        self._listening, self.path = listening, path

    def _run(self) -> None:
        listening = self._listening
        while listening is not None and self.path is not None:
            try:
                descriptor, _ = listening._accept()  # type: ignore[attr-defined]  # noqa: SLF001
            except OSError:
                return
            self._answer(_socket.socket(fileno=descriptor))

    def _answers(self) -> dict[str, Any]:
        try:
            return self._describe()
        except Exception as error:
            # A fault of ours is what doctor may have been asked for.
            silent = f"its agent cannot describe itself: {type(error).__name__}: {error}"
            return {"pid": os.getpid(), "state": "silent", "silent": silent}

    def _answer(self, peer: _socket.socket) -> None:
        try:
            peer.settimeout(_ANSWER_SECONDS)
            if _user_of(peer) in (os.geteuid(), 0):
                peer.sendall(json.dumps(self._answers()).encode(), _socket.MSG_NOSIGNAL)
        except Exception:
            return  # the one who asked is gone, or hears nothing: doctor says so
        finally:
            peer.close()


def ask(path: Path) -> dict[str, Any]:
    """Return what the process behind the socket at `path` says. Raises OSError or ValueError."""
    asking = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    pieces: list[bytes] = []
    try:
        asking.settimeout(_ANSWER_SECONDS)
        asking.connect(str(path))
        while piece := asking.recv(1 << 16):
            pieces.append(piece)
            if len(pieces) > _ANSWER_LIMIT >> 16:
                raise ValueError("an answer that does not end")
    finally:
        asking.close()
    answer = json.loads(b"".join(pieces) or b"null")
    if not isinstance(answer, dict):
        raise ValueError("it did not answer")  # noqa: TRY004 - the sender's fault, not a type of ours
    return answer


def places(state: str) -> list[Path]:
    """Return the directories where processes with this state directory answer."""
    found = [Path(state)] if state else []
    try:
        found.append(private_temporary())
    except OSError:
        return found
    return found


def _user_of(peer: _socket.socket) -> int:
    size = struct.calcsize("3i")
    credentials = peer.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, size)
    _, user, _ = struct.unpack("3i", credentials)
    return int(user)
