"""F27: rule files that are broken, ambiguous, or made to cost memory and time."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.rules import RULES, rule
from tests.faults.servers import BIN, Control, control_plane, plain_environment
from tests.faults.test_f04_reconnect_storm import kilobytes

HEAD = """\
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficLabelRule
metadata:
  name: vip
"""
SPEC = """\
spec:
  selector: {app: entry}
  trafficLabel: gray
  match:
"""
MATCH = '  - {type: header, key: x, condition: "==", value: "a"}\n'
BOMB = "a0: &a0 [x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)

FILES: dict[str, tuple[str, str]] = {
    "duplicate key": (f"{HEAD}{SPEC}{MATCH}{HEAD}", "twice"),
    "duplicate key deep down": (
        f'{HEAD}{SPEC}  - {{type: header, type: path, key: x, condition: "==", value: a}}\n',
        ":9: spec.match[0].type",
    ),
    "tab": (f"{HEAD}spec:\n\tselector: {{app: entry}}\n", ":6"),
    "bomb": (f"{BOMB}{HEAD}", "50,000"),
    "anchor to itself": (f"{HEAD}spec: &a\n  selector: *a\n", ":6"),
    "ten megabytes": (f"{HEAD}{SPEC}{MATCH}# " + "x" * (10 << 20), "bytes"),
    "deep flow": (f"{HEAD}spec: " + "[" * 10_000 + "]" * 10_000, ":5"),
    "deep blocks": (HEAD + "spec:\n" + "".join(" " * n + "a:\n" for n in range(1, 300)), ":70"),
    "not a number": (
        f"{HEAD}{SPEC}  - {{type: header, key: x, condition: '==', value: .nan}}",
        ":9",
    ),
    "infinite": (f"{HEAD}{SPEC}  - {{type: header, key: x, condition: '==', value: -.inf}}", ":9"),
    "huge integer": (
        f"{HEAD}{SPEC}  - {{type: header, key: x, condition: '==', value: {'9' * 5000}}}",
        ":9",
    ),
    "null entries": (f"{HEAD}{SPEC}  - null\n", ":9: spec.match[0]"),
    "null map entries": (f"{HEAD}spec:\n  selector: {{app: null}}\n  trafficLabel:\n", ":7"),
    "null in place of everything": (f"{HEAD}spec: null\n", ":5: spec"),
    "tag that builds an object": (f"{HEAD}spec: !!python/object:os.system x\n", ":5"),
    "merge key": (f"{HEAD}spec:\n  <<: {{selector: {{app: a}}}}\n", ":6"),
    "control characters": (f"{HEAD}spec: {{selector: {{app: a\x07}}}}\n", ""),
    "no text": ("\x00\x01\x02", ""),
    "key that is no string": (f"{HEAD}spec: {{1: 2, [a]: b}}\n", ":5"),
    "many documents": ("---\n".join([f"{HEAD}{SPEC}{MATCH}"] * 2), "twice"),
}


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    """One control plane for all files, with the rule that has to stay."""
    with control_plane(tmp_path_factory.mktemp("f27")) as running:
        running.apply(rule("vip", "==", "a"))
        yield running


def own(control: Control) -> tuple[object, object]:
    """Return what there is of the rule, but for what the control plane says of it."""
    plain = control.get(f"{RULES}/vip")
    return plain["spec"], plain["metadata"]["generation"]


def path_of(folder: Path, name: str) -> Path:
    return folder / f"{name.replace(' ', '-').replace(',', '')}.yaml"


@pytest.fixture(scope="module")
def refused(control: Control, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Give all files at once to ``fairlead apply``, in bounded memory; return what it said."""
    folder = tmp_path_factory.mktemp("files")
    for name, (text, _) in FILES.items():
        path_of(folder, name).write_text(text, newline="")
    before = own(control)
    words = [str(BIN / "fairlead"), "apply", "--server", control.url]
    words += [f"-f{path_of(folder, name)}" for name in FILES]
    done = subprocess.run(
        ["prlimit", f"--as={1 << 30}", *words],
        env=plain_environment(),
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert own(control) == before
    return folder, done.stderr


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_broken_or_hostile_changes_nothing(
    refused: tuple[Path, str], name: str
) -> None:
    """One line says where and why; the rule that is in force stays (as in CVE-2026-48042)."""
    folder, said = refused
    lines = [line for line in said.splitlines() if line.startswith(f"{path_of(folder, name)}:")]
    assert lines, said
    assert FILES[name][1] in "\n".join(lines)
    assert max(map(len, lines)) < 1000


def test_nothing_is_changed_for_all_of_them_together(refused: tuple[Path, str]) -> None:
    """A good file among bad ones waits until they are mended."""
    assert refused[1].splitlines()[-1].endswith("nothing was changed")
    assert "Traceback" not in refused[1]


@pytest.mark.parametrize("kind", ["application/yaml", "application/json"])
@pytest.mark.parametrize("name", FILES)
def test_the_api_refuses_the_same_and_goes_on(control: Control, name: str, kind: str) -> None:
    """Not everybody comes through our command line."""
    text = FILES[name][0].replace("name: vip", "name: fresh")
    memory = kilobytes(control, "VmHWM")
    with control.client() as http:
        answer = http.post(RULES, content=text.encode(), headers={"content-type": kind})
        assert answer.status_code in (400, 413, 422), answer.text
        assert answer.json()["kind"] == "Status"
        assert len(answer.content) < 100_000
        assert http.get("/healthz").text == "ok"
        names = [one["metadata"]["name"] for one in http.get(RULES).json()["items"]]
    assert names == ["vip"]
    assert kilobytes(control, "VmHWM") < memory + (256 << 10)


@pytest.mark.parametrize(
    "value",
    [
        "NaN",
        "Infinity",
        "1e999",
        "9" * 5000,
        "-" + "9" * 30,
        '"\\ud800"',
        "null",
        "[" * 60_000,
        '{"a":' * 5000,
        "1.1",
        "true",
        '{"a":1,"a":2}',
    ],
)
def test_json_that_is_no_json_for_everybody_is_refused(control: Control, value: str) -> None:
    """What one reader takes and another does not, must not be stored for both."""
    before = own(control)
    text = json.dumps({"spec": rule("vip", "==", "MARK")["spec"]}).replace('"MARK"', value)
    merge = {"content-type": "application/merge-patch+json"}
    with control.client() as http:
        answer = http.patch(f"{RULES}/vip", content=text, headers=merge)
    assert answer.status_code in (400, 422), answer.text
    assert own(control) == before


def test_a_body_that_unfolds_is_not_read(control: Control) -> None:
    """A megabyte of zeros is a thousand bytes on the way."""
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    with control.client() as http:
        answer = http.post(RULES, content=b"\x1f\x8b" + b"x" * 100, headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (415, "UnsupportedMediaType")


def test_ten_megabytes_of_rules_are_refused_before_they_are_kept(control: Control) -> None:
    """And their sender reads why."""
    with control.client() as http:
        body = b'{"a":"' + b"x" * (10 << 20) + b'"}'
        answer = http.post(RULES, content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 413
        assert answer.json()["reason"] == "RequestEntityTooLarge"
