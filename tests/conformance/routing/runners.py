"""Data planes that are asked the cases, and what each says it does not honour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

import yaml

from tests.conformance.routing.corpus import FEATURES, Case, Group, Invalid, features
from tests.conformance.routing.outcome import Outcome


class Refused(Exception):
    """A table that a data plane does not take."""


class Runner(Protocol):
    """A data plane."""

    name: str
    """As in features.yaml."""

    def ask(self, group: Group, case: Case) -> Sequence[Outcome]:
        """Return what became of a case's requests, in their order; may raise Refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What features.yaml says of a runner."""

    title: str
    lacks: Mapping[str, str]
    """Why a feature is not honoured."""
    limits: Mapping[str, str]
    """Why a single case is not what the corpus says, by its id."""
    speaks: str = ""
    """The only protocol that it can be asked, ``""`` for all."""


@cache
def declared(path: Path = FEATURES) -> dict[str, Declared]:
    """Return the runners of a file, by name. Raises Invalid where one lacks what is no feature."""
    plain = yaml.safe_load(path.read_text("utf-8"))
    runners = {
        name: Declared(
            title=entry["title"],
            lacks=entry.get("lacks", {}),
            limits=entry.get("limits", {}),
            speaks=entry.get("speaks", ""),
        )
        for name, entry in plain["runners"].items()
    }
    for name, runner in runners.items():
        unknown = runner.lacks.keys() - features(path).keys()
        if unknown:
            raise Invalid(f"{name} lacks {', '.join(sorted(unknown))}: no feature")
    return runners
