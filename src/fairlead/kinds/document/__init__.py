"""Text as plain objects, read within bounds: YAML, which remembers its lines, and JSON."""

from __future__ import annotations

from fairlead.kinds.document.json_text import read_json
from fairlead.kinds.document.reader import (
    DEEPEST,
    MOST_BYTES,
    MOST_NODES,
    Document,
    read_documents,
    too_large,
)

__all__ = [
    "DEEPEST",
    "MOST_BYTES",
    "MOST_NODES",
    "Document",
    "read_documents",
    "read_json",
    "too_large",
]
