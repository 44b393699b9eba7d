"""``fairlead analyze``: of files, of files as if applied, and of what is stored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Say
from tests.cli.rules_text import lane, rule
from tests.control.access.plane import Guarded, run

RULES = """apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FaultToleranceRule
metadata: {name: orders, labels: {app: orders}}
spec:
  targets: [{targetResourceName: /orders}]
  strategies:
  - name: one-a-secnd
    kind: RateLimitStrategy
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: RateLimitStrategy
metadata: {name: one-a-second}
spec: {threshold: 1, statDuration: 1s}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("rules.yaml").write_text(RULES)
    return Path("rules.yaml")


def test_files_are_looked_at_without_a_control_plane(say: Say, file):
    """With file and line, what is wrong and what to do."""
    said = say("analyze", "-f", file, "--server", "http://127.0.0.1:9")
    assert (said.status, said.err) == (1, "")
    first, remedy, *rest = said.out.splitlines()
    assert first.startswith("rules.yaml:7: error FL002: FaultToleranceRule default/orders: ")
    assert "spec.strategies[0].name: " in first
    assert "did you mean one-a-second?" in first
    assert remedy.startswith("    write the name")
    assert rest[0].startswith("rules.yaml:10: warning FL014: RateLimitStrategy ")
    assert "1 error, 1 warning" in rest


def test_what_is_invalid_is_told_and_the_rest_is_looked_at(say: Say, file):
    """One mistake must not hide the others."""
    Path("rules.yaml").write_text(rule().replace("header", "heather") + "---\n" + RULES)
    wrong = "---\napiVersion: traffic.opensergo.io/v1alpha1\nkind: WorkloadLabelRule\n"
    wrong += "metadata: {name: t}\nspec: {workloadLabels: [gray], selector: {db: d, table: t}}\n"
    with Path("rules.yaml").open("a") as text:
        text.write(wrong)
    said = say("analyze", "-f", file, "-o", "json")
    found = json.loads(said.out)["findings"]
    assert [one["code"] for one in found[:3]] == ["FL001", "FL007", "FL002"]
    assert found[0]["line"] == 8
    assert found[0]["path"] == "spec.match[0].type"
    assert found[1]["severity"] == "error"


def test_nothing_wrong_is_said_and_ends_well(say: Say):
    said = say("analyze", "-f", "-", stdin=rule().encode())
    assert (said.status, said.out) == (0, "nothing is wrong that can be seen\n")


def test_what_ends_with_1_is_chosen(say: Say, file):
    Path("rules.yaml").write_text(RULES.partition("---\n")[2])
    assert say("analyze", "-f", file).status == 0
    assert say("analyze", "-f", file, "--fail-on", "warning").status == 1
    Path("rules.yaml").write_text(RULES)
    assert say("analyze", "-f", file, "--fail-on", "never").status == 0


def test_sarif_has_what_code_hosts_ask_for(say: Say, file):
    """2.1.0: a driver with its rules, results that point at them, and places."""
    said = say("analyze", "-f", file, "-o", "sarif")
    log = json.loads(said.out)
    assert log["version"] == "2.1.0"
    (one_run,) = log["runs"]
    rules = one_run["tool"]["driver"]["rules"]
    assert len({one["id"] for one in rules}) == len(rules)
    for result in one_run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"]
    place = one_run["results"][0]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "rules.yaml"}, "region": {"startLine": 7}}


def test_what_is_stored_is_looked_at_with_what_is_there(say: Say, namespace):
    """Without files: rules that were right when they were applied."""
    say("apply", "-f", "-", "-n", namespace, stdin=lane().encode())
    found = json.loads(say("analyze", "-n", namespace, "-o", "json").out)["findings"]
    assert {one["code"] for one in found} == {"FL010", "FL012"}
    assert all((one["source"], one["line"]) == ("", 0) for one in found)
    everywhere = json.loads(say("analyze", "-A", "-o", "json").out)["findings"]
    assert namespace in {one["namespace"] for one in everywhere}


def test_files_are_looked_at_as_if_they_were_applied(say: Say, namespace, file):
    """Beside what is stored: by itself the file would be right, or wrong."""
    stored = RULES.partition("---\n")[2].replace("one-a-second", "one-a-secnd")
    say("apply", "-f", "-", "-n", namespace, stdin=stored.encode())
    Path("rules.yaml").write_text(RULES.partition("---\n")[0])
    alone = say("analyze", "-f", file, "-n", namespace)
    assert "FL002" in alone.out
    live = json.loads(say("analyze", "-f", file, "--live", "-n", namespace, "-o", "json").out)
    codes = {one["code"]: one for one in live["findings"]}
    assert "FL002" not in codes
    assert (codes["FL012"]["source"], codes["FL012"]["line"]) == ("rules.yaml", 1)
    assert say("get", "ftr", "-n", namespace, "-o", "name").out == ""


def test_an_object_is_written_once(say: Say, file):
    Path("rules.yaml").write_text(rule() + "---\n" + rule())
    said = say("analyze", file)
    assert said.status == 1
    assert "rules.yaml:10: error FL001: " in said.out
    assert "is written twice, first in rules.yaml" in said.out


def test_who_may_view_a_namespace_may_have_it_analyzed(tmp_path: Path) -> None:
    """And nobody else; what is posted is bounded, and of that namespace."""

    async def scenario(guarded: Guarded) -> None:
        async def ask(who: str, **body: Any) -> Any:
            return await guarded.ask(who, "POST", "/fairlead/v1/analyze", json=body)

        assert (await ask("viewer", namespace="shop")).json()["findings"] == []
        assert (await ask("viewer", namespace="bank")).status_code == 403
        assert (await ask("cart", namespace="shop")).status_code == 403
        bad = {"apiVersion": "v1", "kind": "Nothing", "metadata": {"name": "x"}}
        answer = (await ask("viewer", namespace="shop", objects=[bad])).json()["findings"]
        assert {one["code"] for one in answer} == {"FL001"}
        assert (await ask("viewer", namespace="shop", objects=[bad] * 1001)).status_code == 400
        assert (await ask("viewer", namespace="shop", objects={})).status_code == 400

    run(tmp_path, scenario)
