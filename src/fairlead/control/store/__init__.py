"""Where the control plane keeps objects: one interface, a store in memory and one on SQLite."""

from __future__ import annotations

from fairlead.control.store.lock import DirectoryInUse
from fairlead.control.store.memory import MemoryStore
from fairlead.control.store.sqlite import SqliteStore
from fairlead.control.store.store import (
    Author,
    Busy,
    Change,
    Conflict,
    Expired,
    Key,
    Listing,
    Object,
    Revision,
    Store,
    Stored,
    StoreFailed,
    Write,
)

__all__ = [
    "Author",
    "Busy",
    "Change",
    "Conflict",
    "DirectoryInUse",
    "Expired",
    "Key",
    "Listing",
    "MemoryStore",
    "Object",
    "Revision",
    "SqliteStore",
    "Store",
    "StoreFailed",
    "Stored",
    "Write",
]
