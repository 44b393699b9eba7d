"""F28: regular expressions that never end, or are a megabyte long."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from tests.faults.rules import RULES, lane, live, rule
from tests.faults.servers import BIN, Apps, Control, control_plane, plain_environment, until

MERGE = {"content-type": "application/merge-patch+json"}

EXPRESSIONS = {
    "nested": "(a+)+$",
    "nested, not captured": "(?:a*)*b",
    "nested deeper": "((a?)+)+b",
    "alternatives that overlap": "(a|a)*b",
    "alternatives, one within the other": "(a|ab?)+c",
    "adjacent": ".*.*.*=.*",
    "adjacent classes": r"\w+\d+\w+$",
    "counted": "(a{1,30}){1,30}b",
    "back reference": r"(a+)\1+b",
    "look behind": "(?<=a+)b",
    "megabyte": "a" * (1 << 20),
    "a little too long": "a" * 1025,
    "megabyte of alternatives": "|".join(["abc"] * (1 << 18)),
    "deep groups": "(" * 500 + ")" * 500,
    "no expression": "(",
    "null": "a\x00b",
}


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    """One control plane for all expressions, with the rule that has to stay."""
    with control_plane(tmp_path_factory.mktemp("f28")) as running:
        running.apply(rule("vip", "==", "a"))
        yield running


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_an_expression_that_could_take_for_ever_is_refused(control: Control, name: str) -> None:
    """At admission, and in a moment: each request of an application would pay for it."""
    before = control.get(f"{RULES}/vip")
    patch = {"spec": rule("vip", "regex", EXPRESSIONS[name])["spec"]}
    with control.client() as http:
        answer = http.patch(f"{RULES}/vip", json=patch, headers=MERGE)
        assert http.get("/healthz").text == "ok"
    assert answer.status_code in (413, 422), answer.text
    assert answer.status_code == 413 or "spec.match[0].value" in answer.text
    assert len(answer.content) < 20_000
    assert control.get(f"{RULES}/vip")["spec"] == before["spec"]


def test_apply_names_the_line_of_such_an_expression(control: Control, tmp_path: Path) -> None:
    """Without a control plane having seen it."""
    paths = {name: tmp_path / f"{number}.yaml" for number, name in enumerate(EXPRESSIONS)}
    for name, path in paths.items():
        path.write_text(yaml.safe_dump(rule("vip", "regex", EXPRESSIONS[name]), width=1 << 22))
    words = [str(BIN / "fairlead"), "apply", "--server", control.url]
    done = subprocess.run(
        [*words, *(f"-f{path}" for path in paths.values())],
        env=plain_environment(),
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    for name, path in paths.items():
        lines = [line for line in done.stderr.splitlines() if line.startswith(f"{path}:")]
        assert lines, name
        assert "megabyte" in name or name == "null" or "spec.match[0].value" in lines[0], lines
        assert max(map(len, lines)) < 1000


def test_an_expression_that_is_allowed_is_cheap_on_any_text(control: Control, apps: Apps) -> None:
    """What a client sends is no shorter for being hostile: it is cut, and the request answered."""
    control.apply(rule("cheap", "regex", "a*b"))
    app = apps.start("entry", control.url)
    until(lambda: live(control, "cheap").get("status") == "True", "the rule is live")
    assert lane(app, "aaab") == "cheap"
    assert lane(app, "a" * 1500 + "b") == "base"
    with httpx.Client(trust_env=False, timeout=10) as http:
        assert http.get(app.url, headers={"x-user": "a" * 30_000}).status_code == 200


pytestmark = pytest.mark.timeout(120)
