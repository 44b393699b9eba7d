"""What an author probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def meant(word: str, known: Iterable[str]) -> str:
    """Return ``, did you mean …?`` where a known word is close, else ``""``."""
    words = {known_word.lower(): known_word for known_word in known}
    close = get_close_matches(word.lower()[:80], words, n=1, cutoff=0.7)
    return f", did you mean {words[close[0]]}?" if close else ""


def choose(what: str, word: str, known: Iterable[str]) -> str:
    """Say that `word` is no known `what`, and which there are."""
    allowed = tuple(known)
    shown = repr(word if len(word) <= 80 else f"{word[:77]}...")
    hint = meant(word, allowed)
    return f"unknown {what} {shown}{hint or ';'} allowed: {', '.join(allowed)}"
