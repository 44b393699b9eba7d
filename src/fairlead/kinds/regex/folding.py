"""Which characters a pattern that ignores case takes for one another.

Python's matcher decides it character by character, so ``i`` is also the Turkish dotted capital, and
``s`` the long one. Its own tables are asked: what is judged must be what will run.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from re._casefix import _EXTRA_CASES as EXTRA  # type: ignore[import-not-found]

# No character beyond has a case (Unicode 16); one that gets it is one more letter, unrelated.
_CASED_BELOW = 0x1F000


def alike(point: int, flags: int) -> Iterable[int]:
    """Return the code points that match where `point` is written, itself among them."""
    if not flags & re.IGNORECASE:
        return (point,)
    if flags & re.ASCII:
        other = ord(chr(point).swapcase()) if point < 128 else point
        return (point,) if other == point else (point, other)
    return _families().get(point, (point,))


@cache
def _families() -> dict[int, tuple[int, ...]]:
    """Return, by each of its members, every family of more than one character."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for point in range(_CASED_BELOW):
        letter = chr(point)
        # One letter (U+0130) has a lower case of two characters; the matcher takes the first.
        lower = letter.lower()[0]
        if lower != letter or letter.upper() != letter:
            found[min((ord(lower), *EXTRA.get(ord(lower), ())))].add(point)
    families = (tuple(sorted(family)) for family in found.values() if len(family) > 1)
    return {point: family for family in families for point in family}
