"""Starts workers, kills some, and tells what they have seen."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.workers.worker import AT_A_TIME, gates, rules
from fairlead.flow.layout import CUTS

WORKERS = 8
MEMORY = "/dev/shm"


@contextmanager
def meeting() -> Iterator[str]:
    """Make a place where workers may meet."""
    with tempfile.TemporaryDirectory(dir=MEMORY if Path(MEMORY).is_dir() else None) as folder:
        yield f"{folder}/arena"


def started(path: str, form: str, kind: str, seconds: float, amount: float) -> Any:
    """Start a worker."""
    given = (path, form, kind, str(seconds), str(amount))
    command = [sys.executable, "-m", "benchmarks.workers.worker", *given]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def ended(workers: list[Any]) -> list[dict[str, Any]]:
    """Return what workers have said last."""
    texts = [worker.communicate(timeout=600)[0] for worker in workers]
    return [json.loads(text.splitlines()[-1]) for text in texts]


def used(form: str, seconds: float, rate: float) -> dict[str, float]:
    """Offer three times a limit with all workers; return what came of its whole seconds."""
    with meeting() as path:
        said = ended([started(path, form, "rate", seconds + 2, rate) for _ in range(WORKERS)])
    passed = Counter[int]()
    for one in said:
        passed.update({int(second): n for second, n in one["passed"].items()})
    # Where all were there: they do not begin, nor end, at the same time.
    whole = sorted(passed)[2:-2]
    offered = max(max(map(int, one["passed"])) for one in said)
    counts = [passed[second] for second in whole if second < offered]
    return {
        "seconds": len(counts),
        "over": sum(count > rate for count in counts),
        "used_percent": round(100 * sum(counts) / (len(counts) * rate), 2),
        "least_percent": round(100 * min(counts) / rate, 2),
    }


def throughput(form: str, workers: int, number: int, seconds: float) -> float:
    """Return how many calls a second so many workers come to, all at the same gate."""
    with meeting() as path:
        said = ended([started(path, form, "busy", seconds, number) for _ in range(workers)])
    return float(sum(one["calls"] for one in said) / seconds)


def killed(form: str, seconds: float) -> dict[str, float]:
    """Kill workers at random while all call; return what they left a second later."""
    dice = random.Random(7)
    with meeting() as path:

        def start() -> Any:
            return started(path, form, "hold", 3600, 0)

        workers, kills = [start() for _ in range(WORKERS)], 0
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(dice.uniform(0.02, 0.3))
            number = dice.randrange(WORKERS)
            workers[number].kill()
            workers[number].communicate()
            workers[number] = start()
            kills += 1
        for worker in workers:
            worker.kill()
            worker.communicate()
        time.sleep(1)
        made = gates(path, form)
        made.apply(rules(5, most=AT_A_TIME))
        gate = made.gate("r5")
        began = time.monotonic()
        entries = [gate.enter() for _ in range(AT_A_TIME)]
        took = time.monotonic() - began
        free = sum(entry.refused is None for entry in entries)
        pool: Any = made.pool
        cuts = pool.arena.view[CUTS]
        for entry in entries:
            entry.exit()
    return {
        "kills": kills,
        "kills_under_the_lock": cuts,
        "leaked": AT_A_TIME - free,
        "stuck": int(took > 1),
    }
