"""``fairlead get`` and ``fairlead delete``: kubectl's habits for people without it."""

from __future__ import annotations

import json

import pytest
import yaml

from fairlead.cli.command import kubectl
from fairlead.cli.following import Following
from fairlead.cli.get import _rank
from tests.cli.conftest import Say
from tests.cli.rules_text import lane, rule
from tests.control.fleet import until


@pytest.fixture
def applied(say: Say, namespace: str) -> str:
    """Return a namespace with two rules and a lane."""
    text = f"{rule('one')}---\n{rule('two')}---\n{lane()}"
    assert say("apply", "-f", "-", "-n", namespace, stdin=text.encode()).status == 0
    return namespace


def test_a_table_has_the_columns_of_its_kind(say: Say, applied):
    """The control plane makes it: kubectl shows the same."""
    header, *rows = say("get", "trafficlabelrules", "-n", applied).out.splitlines()
    assert header.split() == ["NAME", "APP", "LABEL", "LIVE", "AGE"]
    assert [row.split()[:3] for row in rows] == [
        ["one", "gateway", "gray"],
        ["two", "gateway", "gray"],
    ]
    wide = say("get", "tlr", "-n", applied, "-o", "wide").out.splitlines()[0]
    assert "MATCH" in wide.split()
    one = say("get", "TrafficLabelRule", "two", "-n", applied).out.splitlines()
    assert [line.split()[0] for line in one] == ["NAME", "two"]


def test_all_namespaces_are_shown_with_their_names(say: Say, applied):
    """-A, as with kubectl."""
    lines = say("get", "tlane", "-A").out.splitlines()
    assert lines[0].split()[:2] == ["NAMESPACE", "NAME"]
    assert [applied, "lane"] in [line.split()[:2] for line in lines]


def test_objects_are_printed_in_every_form(say: Say, applied):
    """For people, for scripts, for pipes."""
    listed = yaml.safe_load(say("get", "tlr", "-n", applied, "-o", "yaml").out)
    assert [item["metadata"]["name"] for item in listed["items"]] == ["one", "two"]
    single = json.loads(say("get", "tlr", "one", "-n", applied, "-o", "json").out)
    assert single["metadata"]["name"] == "one"
    names = say("get", "tlr", "-n", applied, "-o", "name").out.splitlines()
    assert names == [f"trafficlabelrule.traffic.opensergo.io/{name}" for name in ("one", "two")]


def test_a_selector_chooses_by_label(say: Say, applied):
    """-l team=a."""
    assert "lane" in say("get", "tlane", "-n", applied, "-l", "team=a").out
    assert "No resources found" in say("get", "tlane", "-n", applied, "-l", "team=b").err
    assert say("get", "tlane", "lane", "-l", "team=a").status == 2


def test_what_is_not_there_is_said_to_be_missing(say: Say, namespace):
    """Nothing found is no error; one thing not found is."""
    nothing = say("get", "wlr", "-n", namespace)
    assert (nothing.status, nothing.out) == (0, "")
    assert nothing.err == f"No resources found in namespace {namespace}.\n"
    assert say("get", "wlr", "x", "-n", namespace).status == 1
    unknown = say("get", "xyzzy")
    assert unknown.status == 2
    assert "trafficlanes (tlane)" in unknown.err


def test_delete_removes_by_name_and_by_file(say: Say, applied, tmp_path):
    """And says what it removed."""
    done = say("delete", "tlr", "one", "-n", applied)
    assert (done.status, done.out) == (0, 'trafficlabelrule.traffic.opensergo.io "one" deleted\n')
    file = tmp_path / "lane.yaml"
    file.write_text(lane())
    assert "deleted" in say("delete", "-f", file, "-n", applied).out
    assert "No resources found" in say("get", "tlane", "-n", applied).err


def test_deleting_what_is_not_there_fails_unless_told_otherwise(say: Say, applied):
    """The others are removed all the same."""
    done = say("delete", "tlr", "none", "two", "-n", applied)
    assert done.status == 1
    assert '"two" deleted' in done.out
    assert '"none" is not in namespace' in done.err
    assert say("delete", "tlr", "none", "-n", applied, "--ignore-not-found").status == 0


def test_delete_needs_to_know_what(say: Say, tmp_path):
    """`fairlead delete tlr` does not mean all of them."""
    assert say("delete", "tlr").status == 2
    assert say("delete", "tlr", "x", "-f", tmp_path / "x.yaml").status == 2


def test_several_kinds_are_shown_one_table_below_the_other(say: Say, applied):
    """Names begin with their kind then, so that each can be copied into the next command."""
    tables = say("get", "tlr,tlane", "-n", applied).out.split("\n\n")
    assert [table.split()[0] for table in tables] == ["NAME", "NAME"]
    assert "trafficlabelrule.traffic.opensergo.io/one " in tables[0]
    assert "trafficlane.traffic.opensergo.io/lane " in tables[1]
    every = say("get", "all", "-n", applied, "-o", "name").out.splitlines()
    assert sorted(every) == [
        "trafficlabelrule.traffic.opensergo.io/one",
        "trafficlabelrule.traffic.opensergo.io/two",
        "trafficlane.traffic.opensergo.io/lane",
    ]
    assert say("get", *every, "-n", applied, "-o", "name").out.splitlines() == every
    nothing = say("get", "wlr,dbe", "-n", applied)
    assert (nothing.status, nothing.out) == (0, "")
    assert nothing.err == f"No resources found in namespace {applied}.\n"


def test_objects_of_several_kinds_are_one_list_for_programs(say: Say, applied):
    """Two documents one after the other are no JSON."""
    for words in (("tlr,tlane",), ("tlr/one", "tlane/lane"), ("tlr", "one", "two"), ("all",)):
        found = json.loads(say("get", *words, "-n", applied, "-o", "json").out)
        assert found["kind"].endswith("List")
        assert len(found["items"]) >= 2
    half = say("get", "tlr/one", "tlane/none", "-n", applied, "-o", "yaml")
    assert half.status == 1
    assert [item["metadata"]["name"] for item in yaml.safe_load(half.out)["items"]] == ["one"]
    assert '"none" is not in namespace' in half.err


def test_objects_are_named_by_the_files_they_are_from(say: Say, applied, tmp_path):
    """What was applied a moment ago is asked for by the same words."""
    file = tmp_path / "rules.yaml"
    file.write_text(f"{rule('one')}---\n{lane()}")
    shown = say("get", "-f", file, "-n", applied, "-o", "name").out.splitlines()
    assert [name.rpartition("/")[2] for name in shown] == ["one", "lane"]
    assert say("describe", "-f", file, "-n", applied).out.count("Name:  ") == 2
    words = ("--for=create", "-n", applied)
    assert say("wait", "-f", file, *words).out.splitlines() == [f"{name} created" for name in shown]
    assert say("get", "tlr", "-f", file).status == 2


def test_a_table_can_be_without_heads_and_with_labels(say: Say, applied):
    """For `cut`, and to see what -l could choose."""
    assert say("get", "tlr", "--no-headers", "-n", applied).out.split()[0] == "one"
    header, row = say("get", "tlane", "--show-labels", "-n", applied).out.splitlines()
    assert header.split()[-1] == "LABELS"
    assert row.split()[-1] == "app=gateway,team=a"


@pytest.mark.parametrize(
    "form", ["--jsonpath {}", "-o jsonpath={}", "-o=jsonpath={}", "-ojsonpath={}"]
)
def test_what_is_in_an_object_is_printed_by_its_path(say: Say, applied, form):
    """As kubectl has it: scripts are full of it."""
    words = form.format("{.metadata.name}").split(" ")
    assert say("get", "tlr/one", *words, "-n", applied).out == "one\n"
    every = form.format("{.items[*].metadata.name}").split(" ")
    assert say("get", "tlr", *every, "-n", applied).out == "one two\n"
    assert say("get", "tlr,tlane", *every, "-n", applied).out == "one two lane\n"
    assert say("get", "tlr", *form.format("{.a[}").split(" "), "-n", applied).status == 2


@pytest.mark.parametrize(
    ("words", "taken"),
    [
        (["-o=json", "-n=x"], ["-o", "json", "-n", "x"]),
        (["-l=app=x"], ["-l", "app=x"]),
        (["--dry-run=server", "--dry-run=client", "--dry-run=none"], ["--dry-run"] * 2),
        (["a", "--", "-o=json"], ["a", "--", "-o=json"]),
        ([], []),
        ([""], [""]),
    ],
)
def test_other_spellings_of_kubectl_are_taken(words: list[str], taken: list[str]):
    """What follows -- belongs to somebody else."""
    assert list(kubectl(words)) == taken


def test_rows_and_objects_are_sorted_by_what_is_in_them(say: Say, applied):
    """A path, as kubectl has it; numbers as numbers."""
    where = ("-n", applied)
    text = lane("ten").replace("team: a", "team: '10'") + "---\n"
    text += lane("nine").replace("team: a", "team: '9'")
    assert say("apply", "-f", "-", *where, stdin=text.encode()).status == 0
    words = ("get", "tlane", *where, "--sort-by", "{.metadata.labels.team}")
    rows = [line.split()[0] for line in say(*words).out.splitlines()]
    named = [name.rpartition("/")[2] for name in say(*words, "-o", "name").out.splitlines()]
    assert rows[1:] == named == ["nine", "ten", "lane"]
    assert say("get", "tlane", "--sort-by", "{.a[}").status == 2
    assert _rank(["9"]) < _rank(["10"]) < _rank(["a"])
    assert _rank([]) < _rank(["0"])


def test_an_object_is_printed_in_the_order_in_which_it_is_read(say: Say, applied):
    """Its names first, and what came of it last."""
    found = yaml.safe_load(say("get", "tlane/lane", "-n", applied, "-o", "yaml").out)
    assert list(found)[:4] == ["apiVersion", "kind", "metadata", "spec"]
    listed = json.loads(say("get", "tlane", "-n", applied, "-o", "json").out)
    assert list(listed)[-1] == "items"
    assert list(listed["items"][0])[2] == "metadata"


def test_all_of_a_kind_are_deleted_only_where_that_is_said(say: Say, applied):
    """A name that was forgotten must not be all of them."""
    assert say("delete", "tlr", "-n", applied).status == 2
    assert say("delete", "all", "--all", "-n", applied).status == 2
    assert say("delete", "tlr", "one", "--all", "-n", applied).status == 2
    dry = say("delete", "tlr,tlane", "--all", "--dry-run", "-n", applied)
    assert [line.endswith("deleted (dry run)") for line in dry.out.splitlines()] == [True] * 3
    assert say("delete", "tlane", "-l", "team=b", "-n", applied).out == ""
    assert say("delete", "tlane", "-l", "team=a", "-n", applied).out.count("deleted") == 1
    assert say("delete", "tlr", "--all", "-n", applied).out.count("deleted") == 2
    assert "No resources found" in say("get", "all", "-n", applied).err


@pytest.mark.parametrize("words", [(), ("a,b",), ("tlr", ""), (",",), ("all", "x"), ("tlr/",)])
def test_what_names_no_object_is_a_usage_error(say: Say, words):
    assert say("get", *words).status == 2


SHADOW_TABLE = """
apiVersion: traffic.opensergo.io/v1alpha1
kind: WorkloadLabelRule
metadata: {name: orders}
spec: {workloadLabels: [gray], selector: {db: shop, table: orders_gray}}
"""


def test_a_wide_table_of_label_rules_lists_their_members(say: Say, namespace):
    """S1-04: who is labelled, and what is shadowed."""
    assert say("apply", "-f", "-", "-n", namespace, stdin=SHADOW_TABLE.encode()).status == 0
    member = "table shop.orders_gray shadows orders"
    words = ("get", "workloadlabelrules", "-n", namespace, "-o", "wide")
    wide = until(lambda: [out for out in [say(*words).out] if member in out])[0]
    header, _ = wide.splitlines()
    assert "MEMBERS" in header.split()
    assert "MEMBERS" not in say("get", "wlr", "-n", namespace).out


def test_endpoints_and_shadows_are_shown_by_short_names(say: Say, namespace):
    """The two kinds of the database group."""
    text = """
apiVersion: database.opensergo.io/v1alpha1
kind: DatabaseEndpoint
metadata: {name: ds-w}
spec: {database: {MySQL: {url: "jdbc:mysql://127.0.0.1:3306/w", password: "env:W"}}}
---
apiVersion: database.opensergo.io/v1alpha1
kind: Shadow
metadata: {name: sh1}
spec:
  dataSources: {m: {sourceDataSourceName: ds-w, shadowDataSourceName: ds-s}}
  shadowAlgorithms: {h: {type: SIMPLE_HINT, props: {lane: gray}}}
"""
    assert say("apply", "-f", "-", "-n", namespace, stdin=text.encode()).status == 0
    header, row = say("get", "dbe", "-n", namespace).out.splitlines()
    assert header.split() == ["NAME", "ENGINE", "URL", "LIVE", "AGE"]
    assert row.split()[:3] == ["ds-w", "MySQL", "jdbc:mysql://127.0.0.1:3306/w"]
    row = say("get", "shadows", "-n", namespace).out.splitlines()[1]
    assert row.split()[:3] == ["sh1", "gray", "ds-w→ds-s"]


def test_events_that_are_followed_begin_with_the_newest_last(say: Say, namespace, monkeypatch):
    """What comes then stands below it: one order for all that is on the screen."""

    def row(name: str, last: str) -> dict[str, object]:
        return {"cells": [name], "object": {"metadata": {"name": name}, "lastTimestamp": last}}

    rows = [row("a", "2026-01-01T00:00:03Z"), row("b", "2026-01-01T00:00:01Z")]
    table = {"columnDefinitions": [{"name": "Name"}], "rows": rows}
    monkeypatch.setattr(Following, "begin", lambda self: table)
    monkeypatch.setattr(Following, "events", lambda self: iter(()))
    assert say("get", "events", "-w", "-n", namespace).out.split() == ["NAME", "b", "a"]
