"""`fairlead go` as somebody with a program of theirs runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

FAIRLEAD = Path(sys.executable).parent / "fairlead"

HELLO = """\
package main

import (
	"fmt"
	"net/http"
)

func main() {
	_, err := http.Get("http://127.0.0.1:1/")
	fmt.Println("got", err != nil)
}
"""


def run(
    go: Path, folder: Path, *command: str | Path, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, with a toolchain in front of all others."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("FAIRLEAD_")}
    path = f"{go / 'bin'}{os.pathsep}{kept['PATH']}"
    usual = {"PATH": path, "GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false"}
    return subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env={**kept, **usual, **more},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


def fairlead_go(go: Path, folder: Path, *words: str | Path, **more: str) -> str:
    """Return what `fairlead go` says in a folder; it has to do it."""
    done = run(go, folder, FAIRLEAD, "go", *words, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


class Project:
    """A folder with a module in it, and the toolchain that builds it."""

    def __init__(self, go: Path, folder: Path) -> None:
        self.go, self.folder = go, folder
        folder.mkdir(parents=True, exist_ok=True)
        self.write("go.mod", "module example.org/hello\n\ngo 1.21\n")
        self.write("main.go", HELLO)

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run(self, *command: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the folder; there are no modules to be had."""
        return run(self.go, self.folder, *command, **{"GOFLAGS": "", "GOPROXY": "off", **more})

    def fairlead(self, *words: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        """Run `fairlead go`, which is expected to do it."""
        done = self.run(FAIRLEAD, "go", *words, **more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def plain(self, *words: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        """Run `go`, which is expected to do it."""
        done = self.run("go", *words, **more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def hooked(self, program: str = "hello") -> bool:
        """Tell whether a program has the agent in it."""
        done = self.run("go", "tool", "nm", program)
        return " index..inittask" in done.stdout
