r"""Pod labels from a file of the Kubernetes downward API: ``key="value"``, quoted as Go does."""

from __future__ import annotations

import re

LIMIT = 1 << 20
"""Bytes of the file that are read; Kubernetes allows far less."""

_LINE = re.compile(r'([^=\s]+)="((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))", re.IGNORECASE)
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def read_podinfo(path: str) -> dict[str, str]:
    """Return the labels in the file at `path`; none where there is no such file."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return parse_podinfo(file.read(LIMIT))
    except OSError:
        return {}


def parse_podinfo(text: str) -> dict[str, str]:
    """Return the labels in `text`; a line of any other shape is passed over."""
    matches = (_LINE.fullmatch(line.strip()) for line in text.splitlines())
    return {match[1]: _ESCAPE.sub(_unescape, match[2]) for match in matches if match}


def _unescape(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code is None:
        return _PLAIN.get(match[4], match[4])
    return chr(int(code, 16)) if int(code, 16) < 0x110000 else ""
