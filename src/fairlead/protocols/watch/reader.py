"""Reads fields of what agents send, with bounds, and collects what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv6Address
from typing import Any

from fairlead.policy.endpoint import GRPC, HTTP
from fairlead.policy.workload import lane_name
from fairlead.protocols.watch.codec import DATABASES, TABLES, UNSAID, Labels

MOST_LABELS = 64
MOST_HOOKS = 256
MOST_UNMATCHED = 256
MOST_COUNTERS = 32
MOST_COUNTED = 1024
LONGEST_TEXT = 512

NODE = re.compile(r"[A-Za-z0-9][-A-Za-z0-9_.]{0,127}")
NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_PLACE = re.compile(rf"{NAME.pattern}(?:/{NAME.pattern}){{0,2}}")
_LABEL_KEY = re.compile(rf"(?:[a-z0-9][-a-z0-9.]{{0,252}}/)?{NAME.pattern}")
_HOST = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,251}[A-Za-z0-9])?")
_IPV6 = re.compile(r"\[([0-9A-Fa-f:.]{2,45})\]")
_WILDCARDS = ("0.0.0.0", "[::]", "[0:0:0:0:0:0:0:0]")
DIGEST = re.compile(r"[0-9a-f]{0,64}")
INT64 = 1 << 63

Problem = tuple[str, str]
"""A field of the message, and what is wrong with it."""


class InvalidMessage(Exception):
    """The sender's fault: a message that cannot be followed."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{field}: {message}" for field, message in self.problems))


class Reader:
    """Of one message."""

    def __init__(self, plain: dict[str, Any]) -> None:
        """Read `plain`."""
        self.plain = plain
        self._problems: list[Problem] = []

    def problem(self, field: str, message: str) -> None:
        """Note what is wrong with a field."""
        self._problems.append((field, message))

    @property
    def problems(self) -> bool:
        """Whether anything was wrong."""
        return bool(self._problems)

    def finish(self) -> None:
        """Raise InvalidMessage if anything was wrong."""
        if self._problems:
            raise InvalidMessage(self._problems)

    def given(self, field: str, default: Any) -> Any:
        """Return a field, `default` where it is missing or null."""
        value = self.plain.get(field)
        return default if value is None else value

    def name(self, field: str, form: re.Pattern[str]) -> str:
        """Return a field that must have the form of a name."""
        value = self.plain.get(field)
        if not isinstance(value, str) or not form.fullmatch(value):
            self.problem(field, "is missing" if value is None else f"{_shown(value)} cannot be one")
            return ""
        return value

    def text(self, field: str) -> str:
        """Return the start of a text, ``""`` where it is missing."""
        value = self.plain.get(field, "")
        if not isinstance(value, str):
            self.problem(field, "must be a string")
            return ""
        return value[:LONGEST_TEXT]

    def number(self, field: str, bound: int) -> int:
        """Return a whole number from 0 and below `bound`."""
        value = self.plain.get(field)
        if type(value) is not int or not 0 <= value < bound:
            self.problem(field, f"{_shown(value)} is not a number from 0 to {bound - 1}")
            return 0
        return value

    def seconds(self, field: str, longest: float) -> float:
        """Return a number from 0 to `longest`, 0.0 where it is missing."""
        value = self.given(field, 0.0)
        if type(value) not in (int, float) or not 0 <= value <= longest:  # a NaN is not
            self.problem(field, f"{_shown(value)} is no time of at most {longest:.0f} seconds")
            return 0.0
        return float(value)

    def lane(self, value: Any) -> str | None:
        """Return the canonical lane, None where none was set."""
        lane = lane_name(value) if isinstance(value, str) else None
        if value is not None and lane is None:
            self.problem("lane", f"{_shown(value)} can name no lane")
        return lane

    def zone(self, value: Any) -> str:
        """Return where a workload is, ``zone`` to ``region/zone/subzone``, or ``""``."""
        if isinstance(value, str) and (value == "" or _PLACE.fullmatch(value)):
            return value
        self.problem("zone", f"{_shown(value)} cannot be one")
        return ""

    def address(self) -> str:
        """Return where an instance can be called."""
        value = self.plain.get("address")
        host, _, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
        known = port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536
        if not known or not _is_host(host):
            self.problem("address", f"{_shown(value)} is not HOST:PORT")
        elif host in _WILDCARDS:
            self.problem("address", f"{host} is every address of a machine: nobody can call it")
        return f"{host.lower()}:{port}"

    def labels(self, value: Any) -> Labels:
        """Return labels of the syntax that Kubernetes has for them, each once."""
        if not isinstance(value, list | tuple) or len(value) > MOST_LABELS:
            self.problem("labels", f"must be a list of at most {MOST_LABELS} pairs")
            return ()
        found: list[tuple[str, str]] = []
        for position, pair in enumerate(value):
            if not _is_pair(pair):
                self.problem(f"labels[{position}]", "must be a pair of strings")
            elif not (_LABEL_KEY.fullmatch(pair[0]) and _is_label(pair[1])):
                text = _shown("=".join(pair))
                self.problem(f"labels[{position}]", f"{text} is not the syntax of a label")
            else:
                found.append((pair[0], pair[1]))
        return tuple(dict.fromkeys(found))

    def hooks(self) -> tuple[dict[str, str], ...]:
        """Return what became of libraries."""
        value = self.given("hooks", ())
        if not isinstance(value, list | tuple) or len(value) > MOST_HOOKS:
            self.problem("hooks", f"must be a list of at most {MOST_HOOKS}")
            return ()
        found = []
        for position, hook in enumerate(value):
            if not isinstance(hook, dict):
                self.problem(f"hooks[{position}]", "must be an object")
                continue
            names = ("library", "version", "state", "reason")
            found.append({name: str(hook.get(name) or "")[:LONGEST_TEXT] for name in names})
        return tuple(found)

    def unfit(self) -> dict[str, str]:
        """Return what it is unfit for, both sorts; silence is no promise."""
        value = self.given("unfit", {})
        if not isinstance(value, dict):
            self.problem("unfit", "must be an object")
            return {}
        found = {}
        for sort in (TABLES, DATABASES):
            reason = value.get(sort)
            if not isinstance(reason, str | None):
                self.problem(f"unfit.{sort}", "must be a string")
            found[sort] = UNSAID if reason is None else str(reason)[:LONGEST_TEXT]
        return found

    def protocol(self) -> str:
        """Return what is spoken at the address; one that is not known here is none."""
        value = self.text("protocol")
        return value if value in (HTTP, GRPC) else ""

    def unmatched(self) -> dict[str, str] | None:
        """Return what rules name in vain; None where the process does not know."""
        value = self.given("unmatched", None)
        if value is None:
            return None
        if not isinstance(value, dict) or len(value) > MOST_UNMATCHED:
            self.problem("unmatched", f"must be an object of at most {MOST_UNMATCHED}")
            return None
        return {str(k)[:LONGEST_TEXT]: str(v or "")[:LONGEST_TEXT] for k, v in value.items()}

    def counters(self) -> dict[str, dict[str, int]]:
        """Return counts by name and label."""
        value = self.given("counters", {})
        if not isinstance(value, dict) or len(value) > MOST_COUNTERS:
            self.problem("counters", f"must be an object of at most {MOST_COUNTERS}")
            return {}
        found = {}
        for name, counts in value.items():
            if not isinstance(counts, dict) or len(counts) > MOST_COUNTED:
                self.problem(
                    f"counters.{name[:64]}", f"must be an object of at most {MOST_COUNTED}"
                )
            elif not all(type(n) is int and 0 <= n < INT64 for n in counts.values()):
                self.problem(f"counters.{name[:64]}", "must count with whole numbers")
            else:
                found[name] = dict(counts)
        return found


def _is_pair(pair: Any) -> bool:
    return (
        isinstance(pair, list | tuple)
        and len(pair) == 2
        and all(isinstance(text, str) for text in pair)
    )


def _is_host(text: str) -> bool:
    bracketed = _IPV6.fullmatch(text)
    if bracketed is None:
        return _HOST.fullmatch(text) is not None
    try:
        IPv6Address(bracketed[1])
    except ValueError:
        return False
    return True


def _is_label(text: str) -> bool:
    return text == "" or NAME.fullmatch(text) is not None


def _shown(value: Any) -> str:
    return repr(value)[:80]
