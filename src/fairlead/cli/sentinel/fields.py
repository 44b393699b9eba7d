"""One rule of a JSON array, read field by field; what is wrong with it is said with its path."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from fairlead.kinds import regex
from fairlead.kinds.spec import described
from fairlead.kinds.suggestion import meant
from fairlead.policy.limit import MOST_THRESHOLD

INT = (1 << 31) - 1


class Gravity(IntEnum):
    """How much is lost."""

    DIFFERS = 0
    """The rule is there; it does not mean all that was said."""
    LEFT_OUT = 1
    """The rule is fine and is not there."""
    INVALID = 2
    """The rule is none: nothing is done with its file."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is to be told about one field, or one rule."""

    gravity: Gravity
    place: str
    """Source and path: ``flow.json: [3].clusterConfig``."""
    message: str

    def __str__(self) -> str:
        prefix = "warning: " if self.gravity is Gravity.DIFFERS else ""
        what = "left out: " if self.gravity is Gravity.LEFT_OUT else ""
        return f"{prefix}{self.place}: {what}{self.message}"


class Dropped(Exception):
    """The rule is left out, or is none; why has been said."""


class Fields:
    """A JSON object as the fields that a type of rule has."""

    def __init__(self, raw: Mapping[str, Any], place: str, said: list[Said]) -> None:
        self.raw, self.place, self.said = raw, place, said

    def has(self, name: str) -> bool:
        """Tell whether `name` is there and not null."""
        return self.raw.get(name) is not None

    def text(self, name: str, default: str = "") -> str:
        """Return a text."""
        value = self.raw.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self.invalid(name, f"must be a string, got {described(value)}")
        return value

    def flag(self, name: str) -> bool:
        """Return a boolean, False where it is not there."""
        value = self.raw.get(name, False)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise self.invalid(name, f"must be true or false, got {described(value)}")

    def number(self, name: str, default: float | None = None) -> float:
        """Return a number from 0 to the largest threshold."""
        value = self.raw.get(name)
        if value is None:
            if default is None:
                raise self.invalid(name, "required")
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.invalid(name, f"must be a number, got {described(value)}")
        if not math.isfinite(value) or value < 0:
            raise self.invalid(name, f"{value!r} is less than 0, or no number: Sentinel ignores it")
        if value > MOST_THRESHOLD:
            raise self.invalid(name, f"{value!r} is more than {MOST_THRESHOLD}: nothing reaches it")
        return float(value)

    def integer(
        self, name: str, default: int | None = None, least: int = 0, most: int = INT
    ) -> int:
        """Return an integer from `least` to `most`."""
        value = self.raw.get(name)
        if value is None:
            if default is None:
                raise self.invalid(name, "required")
            return default
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if type(value) is not int:
            raise self.invalid(name, f"must be an integer, got {described(value)}")
        if not least <= value <= most:
            raise self.invalid(name, f"{value} is not from {least} to {most}")
        return value

    def part(self, name: str) -> Fields | None:
        """Return the object in a field, None where there is none."""
        value = self.raw.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.invalid(name, f"must be an object, got {described(value)}")
        return Fields(value, f"{self.place}.{name}", self.said)

    def parts(self, name: str) -> list[Fields]:
        """Return the objects of the array in a field."""
        value = self.raw.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.invalid(name, f"must be an array, got {described(value)}")
        found = []
        for position, item in enumerate(value):
            if not isinstance(item, dict):
                what = f"must be an object, got {described(item)}"
                raise self.invalid(f"{name}[{position}]", what)
            found.append(Fields(item, f"{self.place}.{name}[{position}]", self.said))
        return found

    def pattern(self, name: str) -> str:
        """Return a regular expression that agents take."""
        text = self.text(name)
        if (wrong := regex.problem(text)) is not None:
            raise self.left_out(name, wrong)
        return text

    def differs(self, name: str, message: str) -> None:
        """Say that a field does not mean all that it says."""
        self._say(Gravity.DIFFERS, name, message)

    def left_out(self, name: str, message: str) -> Dropped:
        """Say that the rule is left out because of a field; return what to raise."""
        self._say(Gravity.LEFT_OUT, name, message)
        return Dropped()

    def invalid(self, name: str, message: str) -> Dropped:
        """Say that the rule is none because of a field; return what to raise."""
        self._say(Gravity.INVALID, name, message)
        return Dropped()

    def only(self, known: Collection[str]) -> None:
        """Say which fields no rule of the type has."""
        for name in self.raw:
            if name not in known:
                shown = name if re.fullmatch(r"[\w.$-]{1,64}", name) else repr(name[:64])
                self.differs(shown, f"no field of such a rule{meant(name, known)}")

    def _say(self, gravity: Gravity, name: str, message: str) -> None:
        place = f"{self.place}.{name}" if name else self.place
        self.said.append(Said(gravity, place, message))
