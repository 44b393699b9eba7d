"""TLS on a socket of the operating system's own, for a `Connection` whose address asks for it.

`ssl` would bring sockets of its own, which gevent and eventlet replace. Its engine in memory needs
none: what it wants to send and to read goes through ours. The module is imported when the first
such connection is made, and never where none is.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import _socket
    from ssl import SSLContext

_RECEIVE = 64 << 10


class Trust:
    """Whose certificates are believed: those in a file, or where there is none the system's."""

    def __init__(self, ca_file: str = "") -> None:
        self._file = ca_file
        self._seen: tuple[int, int, int] | None = None
        self._context: SSLContext | None = None

    def context(self) -> SSLContext:
        """Return a context that checks certificate and host. Raises OSError for a bad file.

        A file that has changed is read again: authorities are replaced while programs run.
        """
        seen = self._signature()
        if self._context is None or seen != self._seen:
            self._context, self._seen = self._read(), seen
        return self._context

    def _signature(self) -> tuple[int, int, int] | None:
        if not self._file:
            return None
        try:
            found = os.stat(self._file)
        except OSError as error:
            raise OSError(f"FAIRLEAD_CA_FILE={self._file!r}: {error.strerror}") from error
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _read(self) -> SSLContext:
        import ssl

        try:
            context = ssl.create_default_context(cafile=self._file or None)
        except OSError as error:
            unread = not isinstance(error, ssl.SSLError)
            why = error.strerror if unread else "holds no certificate in PEM form"
            raise OSError(f"FAIRLEAD_CA_FILE={self._file!r}: {why}") from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        return context


class TlsSocket:
    """A connected socket that speaks TLS, with as much of a socket as a `Connection` uses."""

    def __init__(self, plain: _socket.socket, context: SSLContext, host: str, flags: int) -> None:
        """Shake hands with `host`. Raises OSError, in words that say what to do."""
        import ssl

        self._plain, self._flags, self._ssl = plain, flags, ssl
        self._inward, self._outward = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._engine = context.wrap_bio(self._inward, self._outward, server_hostname=host)
        try:
            self._shake()
        except ssl.SSLCertVerificationError as error:
            trust = "name the file of its authority with FAIRLEAD_CA_FILE"
            raise OSError(f"its certificate is refused: {error.verify_message}; {trust}") from error
        except ssl.SSLError as error:
            raise OSError(f"no TLS is spoken there: {error.reason or error}") from error

    def sendall(self, data: bytes, flags: int = 0) -> None:
        """Send all of `data`."""
        del flags
        self._engine.write(data)
        self._flush()

    def recv(self, size: int) -> bytes:
        """Return what has come, ``b""`` at the end."""
        while True:
            try:
                return self._engine.read(size)
            except self._ssl.SSLWantReadError:
                self._take()
            except (self._ssl.SSLZeroReturnError, self._ssl.SSLEOFError):
                return b""

    def shutdown(self, how: int) -> None:
        """End what is under way, from any thread."""
        self._plain.shutdown(how)

    def close(self) -> None:
        """Close this process's side and say nothing: a forked parent may go on."""
        self._plain.close()

    def _shake(self) -> None:
        while True:
            try:
                self._engine.do_handshake()
            except self._ssl.SSLWantReadError:
                self._take()
            else:
                self._flush()
                return

    def _take(self) -> None:
        """Send what the engine wants to say, then hear what it waits for."""
        self._flush()
        piece = self._plain.recv(_RECEIVE)
        if piece:
            self._inward.write(piece)
        else:
            self._inward.write_eof()

    def _flush(self) -> None:
        data = self._outward.read()
        if data:
            self._plain.sendall(data, self._flags)
