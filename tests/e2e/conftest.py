"""Real processes, from outside: the demo's own modules start and stop them."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "01-full-link-gray"

sys.path.insert(0, str(EXAMPLE))
