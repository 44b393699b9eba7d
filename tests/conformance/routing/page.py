"""Write docs/conformance.md: which data plane honours what.

python -m tests.conformance.routing.page
"""

from __future__ import annotations

import sys
from collections import Counter

from tests.architecture.tree import ROOT
from tests.conformance.routing.corpus import features, groups
from tests.conformance.routing.runners import Declared, declared

PAGE = ROOT / "docs" / "conformance.md"

HEAD = """\
# Which data plane honours what

Tables of routes mean the same wherever they are carried out. That is tried with {cases} cases: a
table, a request, and what has to become of it: virtual host, route, cluster, path, authority,
headers, status. Each case is written from Envoy's documentation, and a real Envoy is the judge of
it; then every data plane is asked (`make test-routing`, `make test-envoy`; the notation is in
[tests/conformance/routing](../tests/conformance/routing/README.md)).

This page is made from the cases and from what each data plane is declared not to honour. What is
declared missing is tried as well: where all of it works, the test fails.

`yes`: all cases of the second column hold. A number in brackets is a reason, below.

"""


def page() -> str:
    """Return the text."""
    cases = sum(len(group.cases) for group in groups())
    runners = declared()
    counts = Counter(
        name for group in groups() for name in group.needs for _ in range(len(group.cases))
    )
    reasons: list[str] = []
    rows = [
        ["feature", "cases", *(runner.title for runner in runners.values())],
        ["---"] * (len(runners) + 2),
    ]
    for name, text in features().items():
        cells = [_cell(runner, name, reasons) for runner in runners.values()]
        rows.append([f"**{name}**: {text}", str(counts[name]), *cells])
    lines = [f"| {' | '.join(row)} |" for row in rows]
    notes = [f"{number}. {reason}" for number, reason in enumerate(reasons, 1)]
    single = [
        f"- {runner.title}, `{case}`: {reason}"
        for runner in runners.values()
        for case, reason in runner.limits.items()
    ]
    parts = [HEAD.format(cases=cases) + "\n".join(lines)]
    if notes:
        parts.append("## Reasons\n\n" + "\n".join(notes))
    if single:
        parts.append("## Single cases\n\n" + "\n".join(single))
    return "\n\n".join(parts) + "\n"


def _cell(runner: Declared, name: str, reasons: list[str]) -> str:
    if name not in runner.lacks:
        return "yes"
    reason = runner.lacks[name]
    if reason not in reasons:
        reasons.append(reason)
    return f"no ({reasons.index(reason) + 1})"


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
