"""An application that calls another one over and over, and knows nothing of zones.

Run as ``front.py FILE URL``: writes a line for each call, when it began, how long it took and who
answered; with a number behind it, makes so many calls and writes how often whom.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TextIO

import httpx

THREADS, PAUSE = 8, 0.02
FAILED = "failed"
HOST = "orders"


def call(client: httpx.Client, url: str) -> str:
    """Call it; return what it answers, FAILED where that is no good."""
    try:
        answer = client.get(url, headers={"host": HOST})
    except httpx.HTTPError:
        return FAILED
    return answer.text if answer.status_code == 200 else FAILED


def over_and_over(output: TextIO, lock: threading.Lock, url: str) -> None:
    """Call it for good."""
    with httpx.Client(trust_env=False) as client:
        while True:
            begun = time.time()
            answer = call(client, url)
            with lock:
                output.write(f"{begun:.3f} {time.time() - begun:.3f} {answer}\n")
                output.flush()
            time.sleep(PAUSE)


def main() -> None:
    """Do what the command line says."""
    path, url, *number = sys.argv[1:]
    if number:
        with httpx.Client(trust_env=False) as client:
            found = Counter(call(client, url) for _ in range(int(number[0])))
        lines = "".join(f"{count} {answer}\n" for answer, count in found.items())
        Path(f"{path}.part").write_text(lines)
        Path(f"{path}.part").rename(path)
        return
    with Path(path).open("w") as output:
        lock = threading.Lock()
        threads = [
            threading.Thread(target=over_and_over, args=(output, lock, url)) for _ in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main()
