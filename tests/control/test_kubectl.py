"""Stock kubectl against the real server: what an operator types, and what is printed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.control.fleet import Agent, fleet, until
from tests.control.kubectl import Kubectl, rows
from tests.control.serving import Server, lane, rule, serving

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = """\
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficLabelRule
metadata:
  name: my-traffic-label-rule
  labels:
    app: spring-cloud-zuul
spec:
  selector:
    app: spring-cloud-zuul
  trafficLabel: gray
  match:
  - condition: "=="
    type: header
    key: 'location'
    value: cn-shenzhen
"""


def test_kubectl_finds_out_what_is_served(kubectl: Kubectl) -> None:
    """Names, short names and verbs come from discovery alone."""
    printed = kubectl.run("api-resources", "--verbs=list", "-o", "wide")
    assert "trafficlabelrules" in printed
    assert "tlr" in printed
    assert "create,update,patch,delete" in printed
    instances = next(line for line in printed.splitlines() if line.startswith("instances "))
    assert "get,list,watch" in instances
    assert "create" not in instances
    assert "Server Version: v1.32.0+fairlead" in kubectl.run("version")
    assert "traffic.opensergo.io/v1alpha1" in kubectl.run("api-versions")


def test_apply_creates_then_changes_then_leaves_alone(kubectl: Kubectl) -> None:
    """The example of OpenSergo's article, byte for byte."""
    name = "trafficlabelrule.traffic.opensergo.io/my-traffic-label-rule"
    assert kubectl.run("apply", "-f", "-", stdin=EXAMPLE) == f"{name} created\n"
    assert kubectl.run("apply", "-f", "-", stdin=EXAMPLE) == f"{name} unchanged\n"
    changed = EXAMPLE.replace("trafficLabel: gray", "trafficLabel: blue")
    assert kubectl.run("apply", "-f", "-", stdin=changed) == f"{name} configured\n"
    found = kubectl.json("get", "tlr", "my-traffic-label-rule")
    assert found["spec"]["trafficLabel"] == "blue"
    assert found["metadata"]["generation"] == 2
    without = changed.replace("  labels:\n    app: spring-cloud-zuul\n", "")
    kubectl.run("apply", "-f", "-", stdin=without)
    found = kubectl.json("get", "tlr", "my-traffic-label-rule")
    assert "labels" not in found["metadata"]


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha3"])
def test_files_of_istio_are_applied_in_every_version(kubectl: Kubectl, version: str) -> None:
    """They say the same, and files of several years lie side by side."""
    text = f"""\
apiVersion: networking.istio.io/{version}
kind: VirtualService
metadata: {{name: reviews-{version}}}
spec:
  hosts: [reviews-{version}]
  http: [{{timeout: 1s, mirror: {{host: reviews}}}}]
"""
    name = f"virtualservice.networking.istio.io/reviews-{version}"
    assert kubectl.run("apply", "-f", "-", stdin=text) == f"{name} created\n"
    assert kubectl.run("apply", "-f", "-", stdin=text) == f"{name} unchanged\n"
    changed = text.replace("1s", "2s")
    assert kubectl.run("apply", "-f", "-", stdin=changed) == f"{name} configured\n"
    found = kubectl.json("get", "virtualservices.v1.networking.istio.io", f"reviews-{version}")
    assert found["spec"]["http"][0]["timeout"] == "2s"
    assert found["apiVersion"] == "networking.istio.io/v1"
    assert "timeout" in kubectl.run(
        "explain", "virtualservices.spec.http", f"--api-version=networking.istio.io/{version}"
    )


def test_get_prints_tables_made_by_the_server(kubectl: Kubectl) -> None:
    """With the columns of the kind, and AGE as kubectl writes it."""
    kubectl.run("apply", "-f", "-", stdin=EXAMPLE)
    head, row = rows(kubectl.run("get", "trafficlabelrules"))
    assert head == ["NAME", "APP", "LABEL", "LIVE", "AGE"]
    assert row[:3] == ["my-traffic-label-rule", "spring-cloud-zuul", "gray"]
    assert row[-1].endswith("s")
    head, _ = rows(kubectl.run("get", "tlr", "-o", "wide"))
    assert head[-1] == "SHARE"
    everywhere = kubectl.run("get", "tlr", "-A", "--no-headers")
    assert any(line.split()[1] == "my-traffic-label-rule" for line in everywhere.splitlines())
    assert kubectl.run("get", "tlr", "-o", "name").strip().endswith("/my-traffic-label-rule")
    path = "jsonpath={.items[0].spec.match[0].value}"
    assert kubectl.run("get", "tlr", "-o", path) == "cn-shenzhen"
    assert "trafficLabel: gray" in kubectl.run("get", "tlr", "-o", "yaml")


def test_labels_select(kubectl: Kubectl) -> None:
    """`-l`, also in lists of several kinds."""
    kubectl.run("create", "-f", "-", stdin=rule("one"))
    kubectl.run("create", "-f", "-", stdin=rule("two"))
    kubectl.run("label", "tlr", "one", "team=red")
    printed = kubectl.run("get", "tlr", "-l", "team=red", "-o", "name")
    assert printed.split() == ["trafficlabelrule.traffic.opensergo.io/one"]
    kubectl.run("label", "tlr", "one", "team-")
    assert kubectl.run("get", "tlr", "-l", "team=red", "-o", "name") == ""
    kubectl.run("annotate", "tlr", "one", "note=hello")
    assert kubectl.json("get", "tlr", "one")["metadata"]["annotations"] == {"note": "hello"}


def test_diff_shows_a_change_and_makes_none(kubectl: Kubectl) -> None:
    """Exit status 1 says that there is a difference."""
    kubectl.run("apply", "-f", "-", stdin=EXAMPLE)
    changed = EXAMPLE.replace("trafficLabel: gray", "trafficLabel: blue")
    printed = kubectl.run("diff", "-f", "-", stdin=changed, status=1)
    assert "-  trafficLabel: gray" in printed
    assert "+  trafficLabel: blue" in printed
    assert kubectl.json("get", "tlr", "my-traffic-label-rule")["spec"]["trafficLabel"] == "gray"
    kubectl.run("diff", "-f", "-", stdin=EXAMPLE)
    dry = kubectl.run("apply", "--dry-run=server", "-f", "-", stdin=changed)
    assert "configured (server dry run)" in dry
    kubectl.run("delete", "--dry-run=server", "tlr", "my-traffic-label-rule")
    kubectl.run("get", "tlr", "my-traffic-label-rule")


def test_replace_refuses_what_is_out_of_date(kubectl: Kubectl) -> None:
    """409, in kubectl's words."""
    kubectl.run("create", "-f", "-", stdin=rule())
    # Writing the status makes a newer version too, as in a cluster.
    until(lambda: kubectl.json("get", "tlr", "vip").get("status"))
    seen = kubectl.json("get", "tlr", "vip")
    seen["spec"]["trafficLabel"] = "blue"
    kubectl.run("replace", "-f", "-", stdin=seen)
    printed = kubectl.run("replace", "-f", "-", stdin=seen, status=1)
    assert "the object has been modified" in printed


def test_patches_merge_and_other_kinds_of_patch_are_refused(kubectl: Kubectl) -> None:
    """Server-side apply says that it is not supported, and what to do instead."""
    kubectl.run("create", "-f", "-", stdin=rule())
    body = '{"spec":{"trafficLabel":"blue"}}'
    assert "patched" in kubectl.run("patch", "tlr", "vip", "--type=merge", "-p", body)
    kubectl.run("wait", "tlr/vip", "--for=jsonpath={.status.conditions[0].observedGeneration}=2")
    assert "no change" in kubectl.run("patch", "tlr", "vip", "--type=merge", "-p", body)
    printed = kubectl.run("apply", "--server-side", "-f", "-", stdin=rule(), status=1)
    assert "server-side apply is not supported" in printed
    assert "without --server-side" in printed


def test_delete_waits_until_it_is_gone(kubectl: Kubectl) -> None:
    """Kubectl asks again until the uid it was told is away."""
    kubectl.run("create", "-f", "-", stdin=rule())
    assert "deleted" in kubectl.run("delete", "tlr", "vip", "--timeout=10s")
    assert "NotFound" in kubectl.run("get", "tlr", "vip", status=1)
    assert "NotFound" in kubectl.run("delete", "tlr", "vip", status=1)
    kubectl.run("delete", "tlr", "vip", "--ignore-not-found")
    kubectl.run("create", "-f", "-", stdin=rule("one"))
    kubectl.run("create", "-f", "-", stdin=rule("two"))
    kubectl.run("delete", "tlr", "--all", "--timeout=10s")
    assert kubectl.run("get", "tlr", "-o", "name") == ""


def test_describe_shows_the_conditions(kubectl: Kubectl) -> None:
    """Where people look first when something does not work."""
    kubectl.run("apply", "-f", "-", stdin=EXAMPLE)
    until(lambda: "Conditions:" in kubectl.run("describe", "tlr", "my-traffic-label-rule"))
    printed = kubectl.run("describe", "tlr", "my-traffic-label-rule")
    assert "no workload of this namespace is connected" in printed
    assert "Events:" in printed


def test_explain_knows_the_fields(kubectl: Kubectl) -> None:
    """Written once, in the kind."""
    printed = kubectl.run("explain", "trafficlabelrule.spec")
    assert "trafficLabel\t<string> -required-" in printed
    assert "Lane that matching requests are put on." in printed
    recursive = kubectl.run("explain", "trafficlane", "--recursive")
    assert "percentage" in recursive
    assert "processes" in kubectl.run("explain", "instance.spec")


def test_every_violation_is_printed_at_once(kubectl: Kubectl) -> None:
    """One attempt is enough to learn everything."""
    wrong = EXAMPLE.replace("trafficLabel: gray", "trafficLabel: a b\n  bogus: 1").replace(
        '"=="', '"~~"'
    )
    printed = kubectl.run("apply", "-f", "-", stdin=wrong, status=1)
    assert 'The TrafficLabelRule "my-traffic-label-rule" is invalid' in printed
    for field in ("spec.trafficLabel:", "spec.bogus:", "spec.match[0].condition:"):
        assert f"* {field}" in printed, printed
    assert kubectl.run("get", "tlr", "-o", "name") == ""


def test_without_validation_unknown_fields_are_left_out(kubectl: Kubectl) -> None:
    """`--validate=ignore`, and a warning with `--validate=warn`."""
    body = rule()
    body["spec"]["bogus"] = 1
    printed = kubectl.run("create", "--validate=warn", "-f", "-", stdin=body)
    assert "created" in printed
    assert "bogus" not in kubectl.json("get", "tlr", "vip")["spec"]


def test_namespaces_need_not_be_made(kubectl: Kubectl, namespace: str) -> None:
    """One is there as soon as something is in it."""
    other = f"{namespace[:50]}-b"
    kubectl.run("-n", other, "create", "-f", "-", stdin=rule())
    assert kubectl.run("get", "tlr", "-o", "name") == ""
    assert f"namespace/{other}" in kubectl.run("get", "ns", "-o", "name")
    printed = kubectl.run("create", "namespace", other, status=1)
    assert "namespaces need not be made" in printed


def test_rules_of_a_namespace_are_switched_by_a_label(kubectl: Kubectl, namespace: str) -> None:
    """What an operator types in an incident, and when it is over."""
    switch = "fairlead.io/governance"
    kubectl.run("create", "-f", "-", stdin=rule())

    def mode() -> str:
        return kubectl.run("get", "ns", namespace, "--no-headers").split()[2]

    assert mode() == "on"
    kubectl.run("label", "namespace", namespace, f"{switch}=observe")
    assert mode() == "observe"
    printed = kubectl.run("label", "ns", namespace, f"{switch}=off", status=1)
    assert "--overwrite is false" in printed
    kubectl.run("label", "ns", namespace, f"{switch}=off", "--overwrite")
    assert mode() == "off"
    printed = kubectl.run("label", "ns", namespace, f"{switch}=no", "--overwrite", status=1)
    assert "allowed: off, observe, on" in printed
    kubectl.run("annotate", "ns", namespace, "example.com/why=incident 7")
    kubectl.run("label", "ns", namespace, f"{switch}-")
    assert mode() == "on"
    patch = json.dumps({"metadata": {"labels": {switch: "observe"}}})
    kubectl.run("patch", "ns", namespace, "--type=merge", "-p", patch)
    assert mode() == "observe"


def test_a_namespace_is_applied_patched_and_edited(kubectl: Kubectl, namespace: str) -> None:
    """Kubectl knows the kind, and sends its own sort of patch for it."""
    switch = "fairlead.io/governance"
    metadata = {"name": namespace, "labels": {switch: "observe", "team": "a"}}
    manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    assert "created" in kubectl.run("apply", "-f", "-", stdin=manifest)
    assert "unchanged" in kubectl.run("apply", "-f", "-", stdin=manifest)
    metadata["labels"] = {switch: "off"}
    assert "configured" in kubectl.run("apply", "-f", "-", stdin=manifest)
    labels = kubectl.json("get", "ns", namespace)["metadata"]["labels"]
    assert labels == {switch: "off", "kubernetes.io/metadata.name": namespace}
    kubectl.run("patch", "ns", namespace, "-p", json.dumps({"metadata": {"labels": {"a": "b"}}}))
    editor = kubectl.home / "observe"
    editor.write_text("#!/bin/sh\nsed -i 's/governance: \"off\"/governance: observe/' $1\n")
    editor.chmod(0o700)
    kubectl.env["KUBE_EDITOR"] = str(editor)
    assert "edited" in kubectl.run("edit", "ns", namespace)
    labels = kubectl.json("get", "ns", namespace)["metadata"]["labels"]
    assert (labels[switch], labels["a"]) == ("observe", "b")
    assert "deleted" in kubectl.run("delete", "ns", namespace)


def test_wait_returns_when_a_rule_is_live(kubectl: Kubectl, server: Server, namespace: str) -> None:
    """`apply`, `wait`, then send traffic: no sleep in anybody's pipeline."""
    agents = [
        Agent(server.url, namespace, "gateway", 7000),
        Agent(server.url, namespace, "cart", 7001),
    ]
    with fleet(*agents):
        kubectl.run("create", "-f", "-", stdin=rule())
        wait: Callable[[], str] = lambda: kubectl.run(  # noqa: E731
            "wait", "--for=condition=Live", "tlr/vip", "--timeout=15s"
        )
        assert "condition met" in wait()
        head, row = rows(kubectl.run("get", "tlr", "vip"))
        assert row[head.index("LIVE")] == "2/2"
        changed = rule(label="blue")
        kubectl.run("apply", "-f", "-", stdin=changed)
        assert "condition met" in wait()
        live = kubectl.json("get", "tlr", "vip")["status"]["conditions"][0]
        assert live["observedGeneration"] == 2


def test_instances_are_listed(kubectl: Kubectl, server: Server, namespace: str) -> None:
    """Who is there, on which lane, with which hooks."""
    hook = {"library": "httpx", "version": "0.28", "state": "hooked", "reason": ""}
    gray = Agent(
        server.url, namespace, "cart", 7001, labels=[("tag", "gray")], hooks=(hook,), zone="z1"
    )
    kubectl.run("create", "-f", "-", stdin=rule())
    with fleet(gray):
        until(lambda: "gray" in kubectl.run("get", "instances", "--no-headers"))
        until(lambda: "True" in kubectl.run("get", "instances", "--no-headers"))
        head, row = rows(kubectl.run("get", "instances"))
        assert head == [
            *("NAME", "APP", "ADDRESS", "LANE", "ZONE", "PIDS", "HOOKS", "PROTECTED"),
            *("LIVE", "AGE"),
        ]
        assert row[:-1] == [
            *("cart.127.0.0.1-7001", "cart", "127.0.0.1:7001", "gray", "z1", "1", "1/1"),
            *("-", "True"),
        ]
        printed = kubectl.run("delete", "instance", "cart.127.0.0.1-7001", status=1)
        assert "does not allow this method" in printed


def test_shadows_of_tables_and_databases_are_applied_and_explained(
    kubectl: Kubectl, server: Server, namespace: str
) -> None:
    """The article's other example, and the two kinds of the database group."""
    article = (ROOT / "tests" / "kinds" / "data" / "workload-label-rule.yaml").read_text()
    name = "workloadlabelrule.traffic.opensergo.io/gray-sts-label-rule"
    assert kubectl.run("apply", "-f", "-", stdin=article) == f"{name} created\n"
    member = "table mse-demo.mse_demo_table_gray shadows mse_demo_table"
    until(lambda: member in kubectl.run("get", "wlr", "-o", "wide"))
    assert f"- {member}\n" in kubectl.run("get", "wlr", "gray-sts-label-rule", "-o", "yaml")
    assert "sourceDataSourceName" in kubectl.run("explain", "shadow.spec", "--recursive")
    assert "maxPoolSize" in kubectl.run("explain", "databaseendpoint.spec.database.MySQL")
    with fleet(Agent(server.url, namespace, "cart", 7001)):
        head, row = rows(kubectl.run("get", "instances", "-o", "wide"))
        assert "UNFIT" in head
        assert "tables,databases" in row


def test_get_follows_changes(kubectl: Kubectl) -> None:
    """`get -w` prints a row for every change."""
    kubectl.run("create", "-f", "-", stdin=rule())
    words = [kubectl.program, "get", "tlr", "--watch", "-o", "name"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=kubectl.env) as watching:
        assert watching.stdout is not None
        try:
            assert watching.stdout.readline().strip().endswith("/vip")
            kubectl.run("create", "-f", "-", stdin=rule("second"))
            lines = iter(watching.stdout.readline, "")
            assert any(line.strip().endswith("/second") for line in lines)
        finally:
            watching.terminate()


def test_several_kinds_in_one_list(kubectl: Kubectl) -> None:
    """What `get -o yaml` wrote is applied elsewhere; kubectl treats lists in its own way."""
    items = [rule("a"), lane("b")]
    listed = {"apiVersion": "v1", "kind": "List", "items": items}
    assert kubectl.run("apply", "-f", "-", stdin=listed).count("created") == 2
    assert kubectl.run("delete", "-f", "-", stdin=listed).count("deleted") == 2


def test_edit_saves_what_the_editor_left(kubectl: Kubectl, tmp_path: Path) -> None:
    """Read, change, write back with the revision."""
    kubectl.run("create", "-f", "-", stdin=rule())
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i "s/trafficLabel: gray/trafficLabel: blue/" "$1"\n')
    editor.chmod(0o755)
    kubectl.env["KUBE_EDITOR"] = str(editor)
    assert "edited" in kubectl.run("edit", "tlr", "vip")
    assert kubectl.json("get", "tlr", "vip")["spec"]["trafficLabel"] == "blue"


def test_a_watch_goes_on_where_it_was_after_a_restart(program: str, tmp_path: Path) -> None:
    """Kubectl ends its watch with the server; what was acknowledged is there for the next."""
    data = tmp_path / "data"
    with serving(data) as server:
        listen = server.url.removeprefix("http://")
        first = Kubectl(program, server.url, "default", tmp_path / "home")
        first.run("create", "-f", "-", stdin=rule())
        server.stop()
        with serving(data, listen):
            assert first.run("get", "tlr", "-o", "name").strip().endswith("/vip")
            first.run("delete", "tlr", "vip")
