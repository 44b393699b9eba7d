"""Stock kubectl in a home of its own, and what it prints."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

CONFIG = """\
apiVersion: v1
kind: Config
clusters: [{{name: fairlead, cluster: {{server: "{url}"}}}}]
users: [{{name: nobody, user: {{}}}}]
contexts: [{{name: here, context: {{cluster: fairlead, user: nobody, namespace: "{namespace}"}}}}]
current-context: here
"""


class Kubectl:
    """Runs kubectl with a home directory of its own, in one namespace."""

    def __init__(self, program: str, url: str, namespace: str, home: Path) -> None:
        self.program, self.home = program, home
        home.mkdir(parents=True, exist_ok=True)
        (home / "config").write_text(CONFIG.format(url=url, namespace=namespace))
        self.env = {
            "HOME": str(home),
            "KUBECONFIG": str(home / "config"),
            "PATH": os.environ["PATH"],
            "KUBE_EDITOR": "false",
        }

    def run(self, *words: str, stdin: Any = None, status: int = 0) -> str:
        """Return what it printed; it must end with `status`."""
        text = stdin if isinstance(stdin, str | None) else json.dumps(stdin)
        done = subprocess.run(
            [self.program, *words],
            check=False,
            input=text,
            capture_output=True,
            text=True,
            timeout=30,
            env=self.env,
        )
        assert done.returncode == status, (words, done.stdout, done.stderr)
        return done.stdout if status == 0 else done.stdout + done.stderr

    def json(self, *words: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run(*words, "-o", "json"))
        return found


def rows(table: str) -> list[list[str]]:
    return [line.split() for line in table.splitlines()]
