"""Replace attributes of other people's classes, and put them back.

A replacement is made once however often it is asked for: an interpreter may run our start-up twice.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

MARK = "__fairlead__"
"""Attribute of every replacement."""
_ABSENT = object()


class Patches:
    """What has been replaced so far, in order."""

    def __init__(self) -> None:
        self._made: list[tuple[Any, str, Any, Any]] = []

    def replace(self, owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
        """Replace ``owner.name`` by ``wrap(original)``, unless it is a replacement of ours already.

        Raises AttributeError where the library has no such name: the version is not one we know.
        """
        original = getattr(owner, name)
        if hasattr(original, MARK):
            return
        replacement = wrap(original)
        function = replacement.__func__ if isinstance(replacement, classmethod) else replacement
        update_wrapper(function, original)
        setattr(function, MARK, True)
        # An inherited method becomes an own one, and is deleted again on restore.
        own = vars(owner).get(name, _ABSENT)
        setattr(owner, name, replacement)
        self._made.append((owner, name, own, replacement))

    def restore(self) -> list[str]:
        """Undo every replacement, the last first; return the names that somebody wrapped since.

        Those stay: taking ours out from under another agent's wrapper would undo theirs.
        """
        kept = []
        while self._made:
            owner, name, own, replacement = self._made.pop()
            if vars(owner).get(name) is not replacement:
                kept.append(f"{owner.__name__}.{name}")
            elif own is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, own)
        return kept
