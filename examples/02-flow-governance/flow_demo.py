"""Each behaviour of flow governance against a live server: one unmodified app, one YAML each.

Run by ``make demo EXAMPLE=02-flow-governance``. Starts a control plane, and an app by ``fairlead
run``, applies one policy of ``plays/`` after the other, and sends requests. Exits 1 if one of them
gets another answer than the policy says.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from stand import HERE, Answer, DemoFailed, Instance, Stand, ask

ROOT = HERE.parents[1]
POLICIES = HERE / "plays"


class Demo(Stand):
    """The stand with one app, the shop."""

    shop: Instance

    def begin(self) -> None:
        """Start the shop."""
        self.shop = self.serve("shop", "uvicorn", "shop:app", "--port", "0")

    def ask(
        self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send the shop a request."""
        return ask(self.shop.address, path, method, headers)


Play = Callable[[Demo], "list[tuple[str, bool]]"]
"""Sends requests; returns what was seen, and whether that is as it has to be."""


def rate(demo: Demo) -> list[tuple[str, bool]]:
    """Five a minute, whenever they come."""
    answers = [demo.ask("/hello") for _ in range(12)]
    refused = [one for one in answers if one.status == 429]
    return [
        (f"12 requests: {tally(answers)}", statuses(answers) == {200: 5, 429: 7}),
        (f"the others read: {refused[0].body}", refused[0].body == "rate limited: GET:/hello"),
    ]


def queue(demo: Demo) -> list[tuple[str, bool]]:
    """One each 200 ms; the others wait for their turn."""
    begun = time.monotonic()
    answers = at_once(demo, "/hello", 6)
    took = time.monotonic() - begun
    return [
        (f"6 requests at once: {tally(answers)}", statuses(answers) == {200: 6}),
        (f"the last has waited: {took:.1f} s after the first came", took >= 1.0),
    ]


def concurrency(demo: Demo) -> list[tuple[str, bool]]:
    """Two at a time; a place is free again when a response has ended."""
    answers = at_once(demo, "/slow", 6)
    again = demo.ask("/slow")
    return [
        (f"6 requests at once: {tally(answers)}", statuses(answers) == {200: 2, 429: 4}),
        (f"afterwards: {again.status}", again.status == 200),
    ]


def failing(demo: Demo) -> list[tuple[str, bool]]:
    """A breaker opens when half of the calls fail."""
    return opens_and_closes(demo, "down", 503)


def slow(demo: Demo) -> list[tuple[str, bool]]:
    """A breaker opens when half of the calls are slow."""
    return opens_and_closes(demo, "slow", 200)


def opens_and_closes(demo: Demo, condition: str, bad: int) -> list[tuple[str, bool]]:
    """See a breaker of four calls open, try again, and close."""
    demo.ask(f"/condition/{condition}", "POST")
    before = [demo.ask("/stock").status for _ in range(4)]
    opened = demo.ask("/stock")
    tried = demo.until(lambda: demo.ask("/stock"), lambda one: one.status == bad)
    again = demo.ask("/stock")
    demo.ask("/condition/well", "POST")
    demo.until(lambda: demo.ask("/stock"), lambda one: one.status == 200)
    after = [demo.ask("/stock").status for _ in range(3)]
    return [
        (f"while it is {condition}: {before}", before == [bad] * 4),
        (f"then: {opened.status} {opened.body}", opened.body == "circuit open: GET:/stock"),
        (
            f"a probe finds {tried.status}, and it is open again: {again.status}",
            again.status == 429,
        ),
        (f"when it is well: {after}", after == [200] * 3),
    ]


def hot(demo: Demo) -> list[tuple[str, bool]]:
    """Two a minute of each item, and four of one of them."""
    answers = {
        sku: [demo.ask(f"/items/{sku}") for _ in range(5)] for sku in ("a", "b", "bestseller")
    }
    wanted = {"a": {200: 2, 429: 3}, "b": {200: 2, 429: 3}, "bestseller": {200: 4, 429: 1}}
    return [
        (f"{sku}: {tally(found)}", statuses(found) == wanted[sku]) for sku, found in answers.items()
    ]


def callers(demo: Demo) -> list[tuple[str, bool]]:
    """One app may call; what others get is written in the rule."""
    answers = {
        app: demo.ask("/hello", headers={"fairlead-caller": app}) for app in ("web", "batch")
    }
    web, batch = answers["web"], answers["batch"]
    return [
        (f"web: {web.status}", web.status == 200),
        (f"batch: {batch.status} {batch.body}", batch.status == 403),
    ]


def redirect(demo: Demo) -> list[tuple[str, bool]]:
    """A waiting room."""
    demo.ask("/hello")
    answer = demo.ask("/hello")
    place = answer.headers.get("location", "")
    return [(f"{answer.status} to {place}", (answer.status, place) == (302, "/waiting-room"))]


def message(demo: Demo) -> list[tuple[str, bool]]:
    """When it is worth to come back."""
    demo.ask("/hello")
    answer = demo.ask("/hello")
    seconds = answer.headers.get("retry-after", "")
    return [(f"{answer.status} {answer.body}", f"try again in {seconds} s" in answer.body)]


def trial(demo: Demo) -> list[tuple[str, bool]]:
    """What it would reject is counted, and nothing is rejected."""
    answers = [demo.ask("/hello") for _ in range(4)]
    counted = [line.strip() for line in demo.doctor(demo.shop.pid) if "would_limit" in line]
    return [
        (f"4 requests: {tally(answers)}", statuses(answers) == {200: 4}),
        (f"doctor: {' '.join(counted)}", bool(counted)),
    ]


PLAYS: tuple[Play, ...] = (
    *(rate, queue, concurrency, failing, slow),
    *(hot, callers, redirect, message, trial),
)


def at_once(demo: Demo, path: str, number: int) -> list[Answer]:
    """Return the answers to so many requests that are sent together."""
    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(lambda _: demo.ask(path), range(number)))


def statuses(answers: Sequence[Answer]) -> dict[int, int]:
    """Return how many answers have each status."""
    return dict(Counter(answer.status for answer in answers))


def tally(answers: Sequence[Answer]) -> str:
    """Return the same in words."""
    counted = sorted(statuses(answers).items())
    return ", ".join(f"{number} x {status}" for status, number in counted)


def main(argv: Sequence[str] | None = None) -> int:
    """Play, and return the exit status: 0, or 1 if anything was not as the policies say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="only these plays, with commas between")
    parser.add_argument("--work", type=Path, default=ROOT / "build/flow-demo", help="logs and data")
    options = parser.parse_args(argv)
    chosen = [play for play in PLAYS if play.__name__ in (options.only or play.__name__).split(",")]
    try:
        with Demo(options.work) as demo:
            print(f"Flow governance of {demo.shop.address}  (logs in {options.work})\n")
            wrong = sum(show(number, play, demo) for number, play in enumerate(chosen, 1))
    except (DemoFailed, OSError, subprocess.SubprocessError) as failure:
        print(f"the demo stopped: {failure}", file=sys.stderr)
        return 1
    print("\nok" if not wrong else f"\n{wrong} not as it has to be")
    return min(wrong, 1)


def show(number: int, play: Play, demo: Demo, policies: Path = POLICIES) -> int:
    """Play one, by the policy of its name, and say what was seen; return how much is wrong."""
    policy = policies / f"{play.__name__}.yaml"
    print(f"{number}  {play.__name__}  {(play.__doc__ or '').strip()}")
    with demo.enforced(policy):
        seen = play(demo)
    for words, right in seen:
        print(f"   {'ok' if right else 'WRONG'}  {words}")
    print(f"   $ fairlead apply -f {os.path.relpath(policy, ROOT)}")
    return sum(not right for _, right in seen)


if __name__ == "__main__":
    sys.exit(main())
