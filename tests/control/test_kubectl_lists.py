"""Stock kubectl: lists in pages, patches of every type, deletions, and waiting."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.control.fleet import until
from tests.control.kubectl import Kubectl, rows
from tests.control.serving import API, Server, lane, rule

TEST_THEN_REPLACE = """[
    {"op": "test", "path": "/spec/trafficLabel", "value": "gray"},
    {"op": "replace", "path": "/spec/trafficLabel", "value": "blue"}
]"""


@contextmanager
def started(kubectl: Kubectl, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Run kubectl while the block goes on."""
    command = [kubectl.program, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=kubectl.env) as running:
        try:
            yield running
        finally:
            running.terminate()


def test_a_list_is_fetched_in_pages(kubectl: Kubectl) -> None:
    """Kubectl asks for 500 at a time; what it prints must be whole, and in order."""
    listed = {"apiVersion": "v1", "kind": "List", "items": [rule(f"r{n}") for n in range(7)]}
    kubectl.run("create", "-f", "-", stdin=listed)
    for size in ("1", "3", "7", "0"):
        table = rows(kubectl.run("get", "tlr", f"--chunk-size={size}", "--no-headers"))
        assert [row[0] for row in table] == [f"r{n}" for n in range(7)]
    verbose = kubectl.run("get", "tlr", "--chunk-size=3", "-o", "name", "-v=6", status=0)
    assert len(verbose.split()) == 7
    kubectl.run("delete", "tlr", "--all", "--timeout=10s")


def test_a_json_patch_is_made_where_its_test_holds(kubectl: Kubectl) -> None:
    """`--type=json` changes one element of a list, and only while it is the one that was meant."""
    kubectl.run("create", "-f", "-", stdin=rule())
    words = ("patch", "tlr", "vip", "--type=json", "-p", TEST_THEN_REPLACE)
    dry = kubectl.json(*words, "--dry-run=server")
    assert dry["spec"]["trafficLabel"] == "blue"
    assert kubectl.json("get", "tlr", "vip")["spec"]["trafficLabel"] == "gray"
    assert "patched" in kubectl.run(*words)
    printed = kubectl.run(*words, status=1)
    assert "operation 0 of the JSON patch, test" in printed
    assert kubectl.json("get", "tlr", "vip")["spec"]["trafficLabel"] == "blue"


def test_a_patch_without_a_type_is_told_which_to_give(kubectl: Kubectl) -> None:
    """Kubectl's own default is for Kubernetes' own kinds."""
    kubectl.run("create", "-f", "-", stdin=rule())
    printed = kubectl.run("patch", "tlr", "vip", "-p", '{"spec":{"trafficLabel":"x"}}', status=1)
    assert "--type=merge" in printed
    assert kubectl.json("get", "tlr", "vip")["spec"]["trafficLabel"] == "gray"


@pytest.mark.parametrize("how", [["--cascade=foreground"], ["--cascade=orphan"], ["--now"]])
def test_deletions_take_every_option(kubectl: Kubectl, how: list[str]) -> None:
    """Scripts carry them from clusters; here they all come to the same."""
    kubectl.run("create", "-f", "-", stdin=rule())
    assert "deleted" in kubectl.run("delete", "tlr", "vip", "--timeout=10s", *how)
    assert kubectl.run("get", "tlr", "-o", "name") == ""


def test_wait_returns_when_it_is_deleted_or_says_what_it_should(kubectl: Kubectl) -> None:
    """Pipelines wait for both."""
    kubectl.run("create", "-f", "-", stdin=rule())
    path = "jsonpath={.status.workloads.total}"
    assert "condition met" in kubectl.run("wait", "tlr/vip", f"--for={path}=0", "--timeout=60s")
    with started(kubectl, "wait", "tlr/vip", "--for=delete", "--timeout=60s") as waiting:
        kubectl.run("delete", "tlr", "vip")
        assert waiting.wait(60) == 0  # it says nothing where it came too late
    kubectl.run("wait", "tlr/vip", "--for=delete", "--timeout=1s")
    printed = kubectl.run("wait", "tlr/vip", "--for=condition=Live", "--timeout=1s", status=1)
    assert "NotFound" in printed


def test_a_label_is_set_only_on_what_was_seen(kubectl: Kubectl) -> None:
    """`--resource-version` is kubectl's way to say it: 409 where somebody else was faster."""
    kubectl.run("create", "-f", "-", stdin=rule())
    until(lambda: kubectl.json("get", "tlr", "vip").get("status"))
    seen = kubectl.json("get", "tlr", "vip")["metadata"]["resourceVersion"]
    kubectl.run("label", "tlr", "vip", "team=red", f"--resource-version={seen}")
    words = ("label", "tlr", "vip", "team=blue", "--overwrite", f"--resource-version={seen}")
    assert "the object has been modified" in kubectl.run(*words, status=1)
    kubectl.run("annotate", "tlr", "vip", "note=x")
    kubectl.run("annotate", "tlr", "vip", "note-")
    assert "team=red" in kubectl.run("label", "tlr", "vip", "--list")


def test_what_is_no_longer_applied_is_pruned(kubectl: Kubectl) -> None:
    """`apply --prune` finds what it once made by its own annotation."""
    for name in ("one", "two"):
        body = rule(name)
        body["metadata"]["labels"] = {"set": "a"}
        kubectl.run("apply", "-f", "-", stdin=body)
    kinds = "--prune-allowlist=traffic.opensergo.io/v1alpha1/TrafficLabelRule"
    printed = kubectl.run("apply", "--prune", "-l", "set=a", kinds, "-f", "-", stdin=body)
    assert "one pruned" in printed
    assert kubectl.run("get", "tlr", "-o", "name").split("/")[-1].strip() == "two"


def test_every_get_that_ends_leaves_a_revision_to_go_on_from(
    kubectl: Kubectl, server: Server, namespace: str
) -> None:
    """`get --raw` with a resourceVersion is kubectl's watch for programs."""
    kubectl.run("create", "-f", "-", stdin=rule())
    url = f"{API}/namespaces/{namespace}/trafficlabelrules"
    revision = kubectl.json("get", "tlr")["items"][0]["metadata"]["resourceVersion"]
    kubectl.run("create", "-f", "-", stdin=rule("second"))
    words = ("get", "--raw", f"{url}?watch=1&resourceVersion={revision}&timeoutSeconds=1")
    assert '"name":"second"' in kubectl.run(*words)


def test_all_kinds_are_listed_by_one_name(kubectl: Kubectl) -> None:
    """What is in a namespace, in one breath; `all` is what scripts delete by, and is not ours."""
    kubectl.run("create", "-f", "-", stdin=rule())
    kubectl.run("create", "-f", "-", stdin=lane())
    printed = kubectl.run("get", "fairlead", "-o", "name")
    assert {line.split(".")[0] for line in printed.split()} == {"trafficlabelrule", "trafficlane"}
    assert "resource type" in kubectl.run("get", "all", status=1)
