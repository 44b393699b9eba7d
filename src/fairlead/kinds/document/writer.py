"""Plain objects as YAML that every tool reads alike: what `scalar.py` calls a trap is quoted."""

from __future__ import annotations

from typing import Any

import yaml

from fairlead.kinds.document.scalar import resolve

# Line breaks of Unicode: an emitter may fold them, and a reader then finds a space.
_BREAKS = frozenset("\r\x85\u2028\u2029")


class _Dumper(yaml.SafeDumper):
    """Quotes every text that some parser would not take for a text, and repeats no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    scalar = resolve(text)
    mistaken = scalar.trap or not isinstance(scalar.value, str)
    style = '"' if mistaken or not _BREAKS.isdisjoint(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def write_yaml(plain: Any) -> str:
    """Return `plain` as a YAML document, keys in the order they stand in."""
    return str(yaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000))
