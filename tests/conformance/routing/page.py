"""Write docs/conformance.md: which data plane honours what.

python -m tests.conformance.routing.page
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.architecture.tree import ROOT
from tests.conformance.routing.corpus import features, groups
from tests.conformance.routing.peers import corpus as peers
from tests.conformance.routing.runners import Declared, declared

PAGE = ROOT / "docs" / "conformance.md"

HEAD = """\
# Which data plane honours what

What is written once means the same wherever it is carried out. That is tried twice, and this page
is made from the cases and from what each data plane is declared not to honour. What is declared
missing is tried as well: where all of it works, the test fails.

`yes`: all cases of the second column hold. A number in brackets is a reason, below. `-`: it is a
matter of a protocol that the data plane does not speak.

## Rules

{policies} calls of apps, with the objects that are about them ([Istio's and OpenSergo's](istio.md),
the [Gateway API's](gateway-api.md)), the instances that there are, and their lanes; who has to
answer, with which code, and as what the call arrives. One `fairlead serve --xds on` has all of it
at once. Each library of gRPC asks it by itself, with the bootstrap that `fairlead bootstrap --grpc`
writes, and refuses nothing of what it gets (`make test-peers`; the notation is in
[tests/conformance/routing/peers](../tests/conformance/routing/peers/README.md)).

"""

TABLES = """\

## Tables of routes

{cases} cases: a table in Envoy's own words, a request, and what has to become of it: virtual host,
route, cluster, path, authority, headers, status. Each is written from Envoy's documentation, and a
real Envoy is the judge of it (`make test-routing`, `make test-envoy`; the notation is in
[tests/conformance/routing](../tests/conformance/routing/README.md)).

"""


@dataclass
class Notes:
    """What stands below the tables."""

    reasons: list[str] = field(default_factory=list)
    single: list[str] = field(default_factory=list)

    def number(self, reason: str) -> str:
        """Return the number of a reason, in brackets."""
        if reason not in self.reasons:
            self.reasons.append(reason)
        return f"({self.reasons.index(reason) + 1})"

    def text(self) -> str:
        """Return all of it."""
        numbered = "\n".join(f"{n}. {reason}" for n, reason in enumerate(self.reasons, 1))
        parts = [f"\n## Reasons\n\n{numbered}\n"] if numbered else []
        if self.single:
            parts.append("\n## Single cases\n\n" + "\n".join(self.single) + "\n")
        return "".join(parts)


def page() -> str:
    """Return the text."""
    notes, every = Notes(), peers.policies()
    rules = _table(features(peers.FEATURES), every, declared(peers.FEATURES), notes)
    tables = _table(features(), groups(), declared(), notes)
    head = HEAD.format(policies=sum(len(group.cases) for group in every))
    middle = TABLES.format(cases=sum(len(group.cases) for group in groups()))
    return head + rules + middle + tables + notes.text()


def _table(
    named: Mapping[str, str], every: Iterable[Any], runners: Mapping[str, Declared], notes: Notes
) -> str:
    groups = list(every)
    rows = [
        ["feature", "cases", *(runner.title for runner in runners.values())],
        ["---"] * (len(runners) + 2),
    ]
    for name, text in named.items():
        about = [group for group in groups if name in group.needs]
        count = sum(len(group.cases) for group in about)
        cells = [_cell(runner, name, about, notes) for runner in runners.values()]
        rows.append([f"**{name}**: {text}", str(count), *cells])
    notes.single += [
        f"- {runner.title}, `{case}`: {reason}"
        for runner in runners.values()
        for case, reason in runner.limits.items()
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def _cell(runner: Declared, name: str, about: Iterable[Any], notes: Notes) -> str:
    asked = [g for g in about if runner.speaks in ("", getattr(g, "protocol", ""))]
    if not asked:
        return "-"
    if name in runner.lacks:
        return f"no {notes.number(runner.lacks[name])}"
    cases = {case.id for group in asked for case in group.cases}
    reasons = dict.fromkeys(why for case, why in runner.limits.items() if case in cases)
    return "yes" if not reasons else "partly " + " ".join(map(notes.number, reasons))


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
