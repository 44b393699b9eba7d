"""What is prepared for a toolchain once, and what a build waits for that finds it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from fairlead.golang.known import Known, Record, ours
from tests.golang.building import FAIRLEAD

SLOW = {"argparse", "dataclasses", "hashlib", "importlib.metadata", "inspect", "pathlib"}
SLOW |= {"shutil", "subprocess", "tempfile", "tree_sitter", "typing"}


def record_of(folder: Path, *key: str) -> Record:
    return Record(str(folder), key)


def kept(folder: Path) -> tuple[Path, Path]:
    """Keep something that was made of a file; return that, and what was made."""
    of, made = folder / "server.go", folder / "overlay.json"
    of.write_text("package http\n")
    made.write_text("{}")
    known = Known(str(made), ["shim"], ["net/http x: gone"])
    record_of(folder, "go1.26").write(known, [str(of)], [str(made)])
    return of, made


def test_what_was_prepared_is_found_again(tmp_path: Path) -> None:
    _, made = kept(tmp_path)
    found = record_of(tmp_path, "go1.26").read()
    assert found is not None
    assert vars(found) == {
        "overlay": str(made),
        "toolexec": ["shim"],
        "drifted": ["net/http x: gone"],
    }
    assert record_of(tmp_path, "go1.27").read() is None


def test_a_toolchain_that_has_changed_is_prepared_for_anew(tmp_path: Path) -> None:
    of, _ = kept(tmp_path)
    of.write_text("package http // of another day\n")
    assert record_of(tmp_path, "go1.26").read() is None
    of.unlink()
    assert record_of(tmp_path, "go1.26").read() is None


def test_what_somebody_has_deleted_is_made_anew(tmp_path: Path) -> None:
    _, made = kept(tmp_path)
    made.unlink()
    assert record_of(tmp_path, "go1.26").read() is None


def test_a_record_that_nobody_can_read_is_none(tmp_path: Path) -> None:
    kept(tmp_path)
    (record,) = (tmp_path / "known").iterdir()
    for text in ("", "[]", '{"key": 1}'):
        record.write_text(text)
        assert record_of(tmp_path, "go1.26").read() is None


def test_our_own_files_are_part_of_what_is_asked_for() -> None:
    said = " ".join(ours())
    assert all(f" {name} " in said for name in ("known.py", "fairlead_server.go", "request.go"))


def test_a_build_by_a_known_toolchain_imports_little(tmp_path: Path) -> None:
    """Whoever builds waits for each import: what looks at sources is for the first build."""
    go = tmp_path / "goroot" / "bin" / "go"
    said = {"GOROOT": str(tmp_path / "goroot"), "GOVERSION": "go1.26.8"}
    go.parent.mkdir(parents=True)
    go.write_text(f"#!/bin/sh\n[ $1 = env ] && echo '{json.dumps(said)}'\ntrue\n")
    go.chmod(0o755)
    environment = {
        "PATH": f"{go.parent}{os.pathsep}/usr/bin:/bin",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    first, second = (
        subprocess.run(
            [sys.executable, "-I", "-X", "importtime", FAIRLEAD, "go", "build", "."],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        for _ in range(2)
    )
    imported = [
        {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line}
        for done in (first, second)
    ]
    assert "dataclasses" in imported[0]
    assert imported[1] & SLOW == set()
    warned = [
        [line for line in one.stderr.splitlines() if "no hook" in line] for one in (first, second)
    ]
    assert warned[0] == warned[1] != []
