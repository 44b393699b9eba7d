"""Go services keep a request on its lane and obey the rules, and nothing in them knows of it.

Run by ``make demo-go``: builds the programs of ``apps/`` by ``fairlead go build``, plays on them
the scenarios of ../01-full-link-gray, also in chains that are half Python, and the behaviours of
../02-flow-governance on a shop with gin. A tenth of the figures by default, all with FULL=1;
JSON=FILE writes them. Exits 1 if any is off.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
for beside in ("02-flow-governance", "01-full-link-gray"):
    sys.path.insert(0, str(HERE.parent / beside))

import chains  # noqa: E402 - after the paths to what it reuses
import demo  # noqa: E402
import flow_demo  # noqa: E402
import interrupt  # noqa: E402
import media  # noqa: E402
import stand  # noqa: E402
from building import build  # noqa: E402
from fleet import Fleet  # noqa: E402
from outcome import Result, paint, show  # noqa: E402
from processes import DemoFailed  # noqa: E402
from stage import Stage  # noqa: E402

ROOT = HERE.parents[1]
BUSY, PATIENCE = 4.0, 20.0
"""Seconds that the shop is kept busy, and at most until it turns somebody away."""


class Shop(flow_demo.Demo):
    """The stand of ../02-flow-governance with the shop in Go."""

    def __init__(self, work: Path, programs: Path) -> None:
        super().__init__(work)
        self._program = programs / "shop"

    def begin(self) -> None:
        """Start the shop."""
        self.shop = self.serve_as_is("shop", str(self._program), "--port", "0")


def overload(shop: flow_demo.Demo) -> list[tuple[str, bool]]:
    """One at a time while the processors are busy; health checks pass."""
    answers: Counter[int] = Counter()
    began = time.monotonic()
    # On a machine that others keep busy too, it takes longer until the shop is.
    while (passed := time.monotonic() - began) < BUSY or (not answers[429] and passed < PATIENCE):
        answers += Counter(flow_demo.statuses(flow_demo.at_once(shop, "/burn", 6)))
    health = shop.ask("/healthz").status
    quiet = shop.until(lambda: flow_demo.at_once(shop, "/hello", 2), _both)
    return [
        (f"6 at once, again and again: {dict(answers)}", min(answers[200], answers[429]) > 0),
        (f"/healthz meanwhile: {health}", health == 200),
        (f"afterwards 2 at once: {flow_demo.tally(quiet)}", _both(quiet)),
    ]


def _both(answers: Sequence[stand.Answer]) -> bool:
    time.sleep(0.5)
    return flow_demo.statuses(answers) == {200: 2}


PLAYS = (*flow_demo.PLAYS, overload)


@dataclass
class Seen:
    """What has been played so far."""

    results: list[Result] = field(default_factory=list)
    wrong: dict[str, int] = field(default_factory=dict)
    """How much was off in each behaviour of the shop."""

    @property
    def ok(self) -> bool:
        """Whether every figure is as it should be."""
        return all(result.ok for result in self.results) and not any(self.wrong.values())

    @property
    def number(self) -> int:
        """Number of the next."""
        return len(self.results) + len(self.wrong) + 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo and return the exit status: 0, 1 if a figure is off, 130 after Ctrl-C."""
    options = _options(argv)
    interrupt.listen()
    began, seen = time.monotonic(), Seen()
    try:
        with demo.claimed(options.work):
            shutil.rmtree(options.work / "shop", ignore_errors=True)
            _build(options)
            _play_chains(options, seen)
            _play_shop(options, seen)
            _confessed(options.work)
    except (DemoFailed, stand.DemoFailed, OSError, subprocess.SubprocessError) as failure:
        print(f"{paint('the demo stopped:', '31;1')} {failure}", file=sys.stderr)
        demo.write(options.json, _figures(options, seen, str(failure)))
        return 1
    except KeyboardInterrupt:
        print("\nstopped")
        return 130
    _close(seen, time.monotonic() - began)
    demo.write(options.json, _figures(options, seen))
    return 0 if seen.ok else 1


def _confessed(work: Path) -> None:
    """Fail if a program has written of a race, or its agent of a fault of its own."""
    for log in sorted(work.rglob("*.log")):
        for number, line in enumerate(log.read_text(errors="replace").splitlines(), 1):
            if "DATA RACE" in line or "a fault of its own" in line:
                raise DemoFailed(f"{log}, line {number}: {line.strip()}")


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    flag = {"action": "store_true"}
    parser.add_argument("--full", default=demo.is_set("FULL"), help="all figures", **flag)  # type: ignore[arg-type]
    parser.add_argument("--scale", type=float, help="share of the full figures; 0.1 by default")
    parser.add_argument("--scenarios", default="", help="only these, with commas between")
    parser.add_argument("--plays", help="only these of the shop; all of them, or none of them")
    parser.add_argument("--go", type=Path, help="directory of a toolchain")
    parser.add_argument("--flags", default="", help="more for `fairlead go build`, such as -race")
    parser.add_argument("--json", default=os.environ.get("JSON", ""), help="write figures here")
    parser.add_argument("--work", type=Path, default=ROOT / "build/demo-go", help="logs and data")
    options = parser.parse_args(argv)
    options.scale = options.scale or (1.0 if options.full else 0.1)
    options.work = options.work.resolve()
    names = [name for name in options.scenarios.split(",") if name]
    try:
        options.chains = tuple(chains.chosen(names))
    except DemoFailed as failure:
        parser.error(str(failure))
    if options.plays is None:
        options.plays = "" if names else ",".join(play.__name__ for play in PLAYS)
    return options


def _build(options: argparse.Namespace) -> None:
    began = time.monotonic()
    print("fairlead go build: the programs of examples/05-go/apps; the first time it takes longer")
    sys.stdout.flush()
    build(options.work / "bin", go=options.go, flags=options.flags.split())
    print(f"built in {time.monotonic() - began:.1f} s\n", flush=True)


def _play_chains(options: argparse.Namespace, seen: Seen) -> None:
    with (
        media.opened("sqlite", options.work) as medium,
        Fleet(options.work, medium.urls) as fleet,
    ):
        for chain in options.chains:
            print(f"{paint(chain.name, '1')}  {chain.says}\n", flush=True)
            rows = medium if chain.keeps_rows else None
            stage = Stage(fleet, rows, options.scale, chain.roles(options.work / "bin"))
            for scenario in chain.scenarios:
                result = stage.play(scenario)
                show(seen.number, result)
                seen.results.append(result)


def _play_shop(options: argparse.Namespace, seen: Seen) -> None:
    plays = [play for play in PLAYS if play.__name__ in options.plays.split(",")]
    if not plays:
        return
    with Shop(options.work / "shop", options.work / "bin") as shop:
        print(f"{paint('shop', '1')}  gin, at {shop.shop.address}\n", flush=True)
        for play in plays:
            policies = HERE / "policies" if play is overload else flow_demo.POLICIES
            seen.wrong[play.__name__] = flow_demo.show(seen.number, play, shop, policies)


def _close(seen: Seen, seconds: float) -> None:
    off = [name for name, wrong in seen.wrong.items() if wrong]
    print()
    demo.close(seen.results, seconds, off)


def _figures(options: argparse.Namespace, seen: Seen, error: str = "") -> dict[str, Any]:
    return {
        "ok": seen.ok and not error,
        "scale": options.scale,
        "scenarios": [result.plain() for result in seen.results],
        "plays": {name: not wrong for name, wrong in seen.wrong.items()},
        **({"error": error} if error else {}),
    }


if __name__ == "__main__":
    sys.exit(main())
