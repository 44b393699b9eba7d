"""Plain objects as YAML that every tool reads alike: what `scalar.py` calls a trap is quoted."""

from __future__ import annotations

import re
from typing import Any

import yaml

from fairlead.kinds.document.scalar import resolve

# Line breaks of Unicode: an emitter may fold them, and a reader then finds a space. What has no
# form of its own (C1 controls, what turns the direction of writing) is quoted and spelt, too.
_STRANGE = re.compile(r"[^\n\x20-\x7e]")


class _Dumper(yaml.SafeDumper):
    """Quotes every text that some parser would not take for a text, and repeats no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    scalar = resolve(text)
    mistaken = scalar.trap or not isinstance(scalar.value, str)
    style = '"' if mistaken or any(map(_hidden, _STRANGE.findall(text))) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def write_yaml(plain: Any) -> str:
    """Return `plain` as a YAML document, keys in the order they stand in.

    It can be shown on a terminal, whoever wrote what is in it.
    """
    text = yaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)
    return _STRANGE.sub(_spelt, str(text))


def _spelt(match: re.Match[str]) -> str:
    """Return a character as it stands between double quotes, where all of these stand."""
    character = match[0]
    if not _hidden(character):
        return character
    code = ord(character)
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _hidden(character: str) -> bool:
    return not character.isprintable()
