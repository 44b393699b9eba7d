"""The tokens as a running server knows them: who is behind a header, and is that still so."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from fairlead.control.access.records import Record, TokenFile, TokensUnusable
from fairlead.control.access.roles import Identity
from fairlead.control.access.token import bearer_of, parts_of, proves

log = logging.getLogger(__name__)


class NotAuthenticated(Exception):
    """The asker's fault: no token, or none that is worth anything."""


class Tokens:
    """Looks tokens up; the file is read again when it has changed."""

    def __init__(self, file: TokenFile, now: Callable[[], datetime]) -> None:
        """Read the file. Raises TokensUnusable."""
        self.file, self._now = file, now
        self._seen = file.signature()
        self._records = file.read()
        self._complained = ""

    def identify(self, header: str | None) -> Identity:
        """Return who sends an ``Authorization`` header. Raises NotAuthenticated."""
        text = bearer_of(header or "")
        if not text:
            raise NotAuthenticated("send a token, as Authorization: Bearer TOKEN")
        parts = parts_of(text)
        record = self._known().get(parts.id) if parts else None
        proved = proves(parts.secret if parts else "", record.hash if record else None)
        if record is None or not proved:
            raise NotAuthenticated("the token is not known here, or was revoked")
        if record.expired(self._now()):
            raise NotAuthenticated("the token has expired")
        return record.identity

    def holds(self, identity: Identity) -> bool:
        """Say whether the token that `identity` came with is still good, for the same things."""
        record = self._known().get(identity.uid)
        return record is not None and record.identity == identity and not self._ended(record)

    def all(self) -> list[Record]:
        """Return every record, the oldest first."""
        return sorted(self._known().values(), key=lambda record: (record.created, record.id))

    def _ended(self, record: Record) -> bool:
        return record.expired(self._now())

    def _known(self) -> dict[str, Record]:
        try:
            seen = self.file.signature()
            if seen != self._seen:
                self._records = self.file.read()
                self._seen, self._complained = seen, ""
        except TokensUnusable as error:
            # What was known goes on to hold: a slip of an editor must not lock everybody out.
            if str(error) != self._complained:
                log.error("%s; tokens known before go on to hold", error)  # noqa: TRY400
                self._complained = str(error)
        return self._records
