"""YAML text as plain objects that remember their lines, read within bounds."""

from __future__ import annotations

from fairlead.kinds.document.reader import (
    DEEPEST,
    MOST_BYTES,
    MOST_NODES,
    Document,
    read_documents,
    too_large,
)

__all__ = ["DEEPEST", "MOST_BYTES", "MOST_NODES", "Document", "read_documents", "too_large"]
