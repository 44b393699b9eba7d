"""The password of a shadow server, which a rule gives the place of and never the text."""

from __future__ import annotations

import os
from pathlib import Path


def secret(place: str) -> str:
    """Return the password that is kept at `place`: ``env:NAME`` or ``file:PATH``.

    Read whenever a connection is opened: it may have been changed. Raises LookupError, which tells
    the variable or the file.
    """
    kind, _, name = place.partition(":")
    if kind == "env":
        value = os.environ.get(name)
        if value is None:
            raise LookupError(f"the password is in the variable {name}, which is not set")
        return value
    if kind != "file":
        raise LookupError("where the password is has to be env:NAME or file:PATH")
    try:
        return Path(name).read_text("utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise LookupError(f"the password is in {name}, which cannot be read: {reason}") from None
