"""Ask the demo's database, as anybody would who looks on: without fairlead in between.

    python query.py 'SELECT * FROM mse_demo_table_gray'

asks the demo that was last started; a server's answers while that runs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from media import ACCESS, ROOT, reached
from processes import DemoFailed
from rows import DATABASE


def main(argv: Sequence[str] | None = None) -> int:
    """Print what a statement returns."""
    parser = argparse.ArgumentParser(description="Ask the demo's database.")
    parser.add_argument("statement")
    parser.add_argument("--database", default=DATABASE)
    parser.add_argument("--work", type=Path, default=ROOT / "build/demo", help="the demo's data")
    options = parser.parse_args(argv)
    file = options.work / "databases" / ACCESS
    if not file.exists():
        print(f"no demo has run in {options.work}: make demo", file=sys.stderr)
        return 1
    medium = reached(json.loads(file.read_text()))
    try:
        answer = medium.ask(options.statement, options.database)
    except DemoFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    for line in table(*answer):
        print(line)
    return 0


def table(names: list[str], rows: list[Any]) -> Iterator[str]:
    """Yield the lines of a table for a person."""
    texts = [names, *([str(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for line in texts:
        yield "  ".join(
            text.ljust(width) for text, width in zip(line, widths, strict=True)
        ).rstrip()


if __name__ == "__main__":
    sys.exit(main())
