"""``fairlead diff`` and ``fairlead edit``: seen before it is done, and never lost."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Say
from tests.cli.rules_text import rule

EDITOR = """
import sys
steps, path = {steps!r}, sys.argv[-1]
count = {directory!r} + "/count"
try:
    number = int(open(count).read())
except OSError:
    number = 0
open(count, "w").write(str(number + 1))
text = open(path).read()
open({directory!r} + f"/seen-{{number}}", "w").write(text)
old, new = steps[min(number, len(steps) - 1)]
open(path, "w").write(new if old is None else text.replace(old, new))
"""


@pytest.fixture
def edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that makes an editor of replacements, one for each time it is opened."""

    def use(*steps: tuple[str | None, str]) -> Path:
        script = tmp_path / "editor.py"
        script.write_text(EDITOR.format(steps=list(steps), directory=str(tmp_path)))
        monkeypatch.setenv("VISUAL", f"{sys.executable} {script}")
        monkeypatch.setenv("TMPDIR", str(tmp_path))
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        return tmp_path

    return use


def stored(say: Say, namespace: str, name: str = "rule"):
    return json.loads(say("get", "tlr", name, "-o", "json", "-n", namespace).out)


def value(say: Say, namespace: str) -> str:
    return str(stored(say, namespace)["spec"]["match"][0]["value"])


def put(say: Say, namespace: str, text: str = "") -> None:
    assert say("apply", "-f", "-", "-n", namespace, stdin=(text or rule()).encode()).status == 0


def test_diff_ends_with_1_where_something_would_change_and_changes_nothing(say: Say, namespace):
    """As kubectl's: a pipeline asks before it applies."""
    put(say, namespace)
    same = say("diff", "-f", "-", "-n", namespace, stdin=rule().encode())
    assert (same.status, same.out) == (0, "")
    other = say("diff", "-f", "-", "-n", namespace, stdin=rule(value="b").encode())
    assert other.status == 1
    lines = other.out.splitlines()
    assert lines[0].startswith(f"--- live/{namespace}/trafficlabelrule.traffic.opensergo.io/rule")
    assert "-    value: a" in lines
    assert "+    value: b" in lines
    assert value(say, namespace) == "a"


def test_diff_shows_a_new_object_whole(say: Say, namespace):
    fresh = say("diff", "-f", "-", "-n", namespace, stdin=rule().encode())
    assert fresh.status == 1
    assert fresh.out.startswith("--- /dev/null\n+++ new/")
    assert say("get", "tlr", "rule", "-n", namespace).status == 1


def test_what_cannot_be_compared_does_not_look_like_a_difference(say: Say, namespace):
    """1 is the answer; a mistake is none."""
    wrong = rule().replace("header", "heather").encode()
    assert say("diff", "-f", "-", "-n", namespace, stdin=wrong).status == 2
    away = ("--server", "http://127.0.0.1:9")
    assert say("diff", "-f", "-", *away, stdin=rule().encode()).status == 3


def test_a_dry_run_of_apply_is_checked_and_not_done(say: Say, namespace):
    said = say("apply", "--dry-run", "-f", "-", "-n", namespace, stdin=rule().encode())
    assert said.out.endswith("/rule created (dry run)\n")
    assert say("get", "tlr", "rule", "-n", namespace).status == 1


def test_what_is_saved_in_the_editor_is_stored(say: Say, namespace, edit):
    put(say, namespace)
    directory = edit(("value: a", "value: changed"))
    said = say("edit", "tlr", "rule", "-n", namespace)
    assert (said.status, said.err) == (0, "")
    assert said.out == "trafficlabelrule.traffic.opensergo.io/rule edited\n"
    assert value(say, namespace) == "changed"
    shown = (directory / "seen-0").read_text()
    assert "status:" not in shown
    assert "resourceVersion" not in shown
    assert not list(directory.glob("fairlead-edit-*"))


@pytest.mark.parametrize("step", [("value: a", "value: a"), (None, ""), (None, "# nothing\n")])
def test_an_edit_of_nothing_changes_nothing(say: Say, namespace, edit, step):
    """Closing the editor is how one gets out of it."""
    put(say, namespace)
    edit(step)
    said = say("edit", "tlr/rule", "-n", namespace)
    assert (said.status, said.out) == (0, "Edit cancelled, no changes made.\n")


def test_a_refused_text_opens_again_with_the_reasons_above_it(say: Say, namespace, edit):
    """And below them stands what was typed, not what was there."""
    put(say, namespace)
    directory = edit(("type: header", "type: heather"), ("type: heather", "type: cookie"))
    said = say("edit", "tlr", "rule", "-n", namespace)
    assert (said.status, said.err) == (0, "")
    again = (directory / "seen-1").read_text()
    assert again.startswith("# spec.match[0].type: unknown type 'heather'")
    assert "type: heather" in again.partition("\n#\n")[2]
    assert stored(say, namespace)["spec"]["match"][0]["type"] == "cookie"


def test_who_gives_up_keeps_the_text(say: Say, namespace, edit):
    """Saving the refused text once more is how one says so."""
    put(say, namespace)
    edit(("type: header", "type: heather"), ("nothing", "nothing"))
    said = say("edit", "tlr", "rule", "-n", namespace)
    assert said.status == 1
    assert "unknown type 'heather'" in said.err
    kept = Path(said.err.strip().rpartition(" is in ")[2])
    assert "type: heather" in kept.read_text()
    assert value(say, namespace) == "a"


def test_another_name_is_another_object(say: Say, namespace, edit):
    put(say, namespace)
    directory = edit(("name: rule", "name: other"), (None, ""))
    assert say("edit", "tlr", "rule", "-n", namespace).status == 0
    assert "is another object than the one that is edited" in (directory / "seen-1").read_text()


def test_who_was_overtaken_sees_what_is_there_now(say: Say, namespace, edit, monkeypatch):
    """The second of two editors must not undo the first unseen."""
    put(say, namespace)
    directory = edit(("value: a", "value: mine"), ("value: mine", "value: both"))
    script = directory / "editor.py"
    theirs = directory / "theirs.yaml"
    theirs.write_text(rule(value="theirs"))
    overtake = (
        f"import subprocess, sys, os\nif not os.path.exists({str(directory / 'count')!r}):\n"
        f"    subprocess.run([sys.executable, '-m', 'fairlead.cli.main', 'apply', '-n', "
        f"{namespace!r}, {str(theirs)!r}], check=True)\n"
    )
    script.write_text(overtake + script.read_text())
    said = say("edit", "tlr", "rule", "-n", namespace)
    assert said.status == 0, said.err
    again = (directory / "seen-1").read_text()
    assert "Somebody else changed the object meanwhile" in again
    assert "value: theirs" in again
    assert value(say, namespace) == "both"


def test_an_editor_that_is_not_there_is_said(say: Say, namespace, monkeypatch):
    put(say, namespace)
    monkeypatch.setenv("VISUAL", "/nowhere/vi")
    said = say("edit", "tlr", "rule", "-n", namespace)
    assert said.status == 3
    assert "/nowhere/vi" in said.err
    assert "set EDITOR" in said.err
