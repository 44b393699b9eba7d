"""``fairlead apply``: everything is checked before anything is sent."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Say
from tests.cli.rules_text import lane, rule
from tests.control.telemetry.test_endpoints import Shop

LABEL = "trafficlabelrule.traffic.opensergo.io"
LANE = "trafficlane.traffic.opensergo.io"
FLOW = """\
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FlowControl
metadata: {name: orders, labels: {app: APP}}
spec:
  targets:
  - targetResourceName: GET:/orders
  strategies:
  - rateLimit: {threshold: 100, statDuration: 1s}
"""


def test_apply_creates_changes_and_leaves_alone(say: Say, namespace, tmp_path):
    """The three words of kubectl."""
    file = tmp_path / "rules.yaml"
    file.write_text(f"{rule()}---\n{lane()}")
    created = say("apply", "-f", file, "-n", namespace)
    assert (created.status, created.err) == (0, "")
    assert created.out == f"{LABEL}/rule created\n{LANE}/lane created\n"
    assert say("apply", "-f", file, "-n", namespace).out.count("unchanged") == 2
    file.write_text(f"{rule(value='b')}---\n{lane()}")
    changed = say("apply", file, "-n", namespace)
    assert changed.out == f"{LABEL}/rule configured\n{LANE}/lane unchanged\n"


def test_an_app_that_nobody_has_reported_is_warned_of_with_the_one_that_is_meant(
    say: Say, shop: Shop
):
    """A misspelt app is a rule without effect; it may also come before its app, so it is stored."""
    shop.register("frontend", 8001)
    made = say("lane", "create", "blue", "--app", "frontnd", "-H", "a: b", "-n", shop.namespace)
    warning = (
        f"Warning: no agent has reported an app called frontnd in namespace {shop.namespace}"
        ", did you mean frontend?\n"
    )
    assert (made.status, made.err) == (0, warning)
    assert made.out.endswith(" created\n")
    flow = FLOW.replace("APP", "frontnd").encode()
    done = say("apply", "-f", "-", "-n", shop.namespace, stdin=flow)
    assert (done.status, done.err, done.out.split()[-1]) == (0, warning, "created")
    right = FLOW.replace("APP", "frontend").encode()
    done = say("apply", "-f", "-", "-n", shop.namespace, stdin=right)
    assert (done.status, done.err, done.out.split()[-1]) == (0, "", "configured")


def test_an_app_that_calls_are_sent_to_and_nobody_has_reported_is_warned_of(say: Say, shop: Shop):
    """A host with a dot may be somebody else's: nothing is said of that one."""
    shop.register("frontend", 8001)
    shop.register("back", 8002)
    rule = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: front}
spec:
  hosts: [frontend, example.com]
  http: [{route: [{destination: {host: bakc}}]}]
"""
    done = say("apply", "-f", "-", "-n", shop.namespace, stdin=rule.encode())
    assert done.status == 0
    warned = f"no agent has reported an app called bakc in namespace {shop.namespace}"
    assert f"{warned}, did you mean back?" in done.err


def test_what_get_prints_can_be_applied_and_changes_nothing(say: Say, namespace):
    """In both forms, with all that the server added."""
    say("apply", "-f", "-", "-n", namespace, stdin=rule(value='"1.10"').encode())
    for form in ("yaml", "json"):
        text = say("get", "tlr", "-o", form, "-n", namespace).out
        assert say("apply", "-f", "-", stdin=text.encode()).out == f"{LABEL}/rule unchanged\n"


def test_annotations_of_others_are_left_alone_and_a_field_taken_out_is_gone(say: Say, namespace):
    """Kubectl keeps its own notes there; a spec is what the file says."""
    noted = lane().replace("labels:", "annotations: {example.com/by: them}, labels:")
    say("apply", "-f", "-", "-n", namespace, stdin=noted.encode())
    bare = lane().replace(", team: a", "").replace("x-tenant", "x-other")
    assert "configured" in say("apply", "-f", "-", "-n", namespace, stdin=bare.encode()).out
    stored = json.loads(say("get", "tlane", "lane", "-o", "json", "-n", namespace).out)
    assert stored["metadata"]["annotations"] == {"example.com/by": "them"}
    assert stored["metadata"]["labels"] == {"app": "gateway"}
    assert list(stored["spec"]["rules"]["traffic"]["http"]["headers"]) == ["x-other"]


def test_one_violation_anywhere_and_nothing_is_applied(say: Say, namespace, tmp_path):
    """Half a change is worse than none; what was applied before stays."""
    good, bad = tmp_path / "a.yaml", tmp_path / "b.yaml"
    good.write_text(rule("good"))
    bad.write_text(rule("bad", value="1.10") + "---\n" + rule("worse").replace("header", "head"))
    done = say("apply", "-f", good, "-f", bad, "-n", namespace)
    assert (done.status, done.out) == (1, "")
    first, second, summary = done.err.splitlines()
    assert first.startswith(f"{bad}:8: spec.match[0].value: ")
    assert second.startswith(f"{bad}:17: spec.match[0].type: unknown type 'head'")
    assert summary == "fairlead: 2 violations, nothing was changed"
    assert "No resources found" in say("get", "tlr", "-n", namespace).err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a:\n\tb: c\n", ":2: a tab in the indentation"),
        (rule() + "bogus: 1\n", ":9: bogus: unknown field"),
        (rule().replace("match:\n", "match: {}\n#"), ":7: spec.match: must be a list, got a map"),
        ("# " + "x" * 10_000_000, ": 10,000,002 bytes, at most 1,048,576"),
        ("a: &a [*a]", ":1: *a repeats itself"),
        ("[" * 5000, ":1: nested more than 64 deep"),
        ("kind: TrafficLnae\napiVersion: traffic.opensergo.io/v1alpha1", ":1: kind: unknown kind"),
        (rule().replace('"=="', '"~"'), ":8: spec.match[0].condition: unknown operator '~'"),
        (rule(value='"(a+)+"').replace('"=="', "regex"), ":8: spec.match[0].value: repeats a part"),
        (rule() + "kind: TrafficLane\n", ":9: kind: is written twice, first on line 2"),
    ],
)
def test_bad_input_is_refused_with_file_and_line(say: Say, namespace, tmp_path, text, said):
    """Every item of the list of bad input."""
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    done = say("apply", "-f", file, "-n", namespace)
    assert (done.status, done.out) == (1, "")
    assert any(line.startswith(f"{file}{said}") for line in done.err.splitlines()), done.err


def test_standard_input_is_bounded_and_named(say: Say):
    """`cat huge | fairlead apply -f -`."""
    done = say("apply", "-f", "-", stdin=b"a" * 2_000_000)
    assert done.status == 1
    assert "1,048,576" in done.err
    assert say("apply", "-f", "-", stdin=b"a: b: c").err.startswith("<stdin>:1: ")


def test_a_source_without_a_resource_is_refused(say: Say, tmp_path):
    """What should have made the file has failed; "done" would hide it."""
    file = tmp_path / "empty.yaml"
    file.write_text("# nothing yet\n---\n")
    result = say("apply", "-f", file)
    assert (result.status, result.out) == (1, "")
    assert "empty.yaml: no resource in it, nothing was changed" in result.err


def test_a_directory_is_its_yaml_and_json_files_in_order(say: Say, namespace, tmp_path):
    """Python there is not executed: nobody named it."""
    (tmp_path / "b.yml").write_text(rule("b"))
    (tmp_path / "a.yaml").write_text(rule("a"))
    plain = {"apiVersion": "v1", "kind": "List", "items": []}
    (tmp_path / "c.json").write_text(json.dumps(plain))
    (tmp_path / "d.py").write_text("raise SystemExit('executed')")
    (tmp_path / "README.md").write_text("no: yaml: here")
    done = say("apply", "-f", tmp_path, "-n", namespace)
    assert done.out == f"{LABEL}/a created\n{LABEL}/b created\n"
    empty = tmp_path / "empty"
    empty.mkdir()
    assert say("apply", "-f", empty).status == 2


def test_one_object_in_two_files_is_refused(say: Say, namespace, tmp_path):
    """The order of file names would decide."""
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(rule())
    done = say("apply", "-f", tmp_path, "-n", namespace)
    assert done.status == 1
    place = f"{tmp_path / 'b.yaml'}: TrafficLabelRule {namespace}/rule"
    assert f"{place} is written twice, first in {tmp_path / 'a.yaml'}\n" in done.err


def test_a_namespace_that_is_asked_for_is_not_overruled(say: Say, namespace):
    """-n says where; a file that says elsewhere is a mistake of one of the two."""
    text = rule().replace("name: rule", "name: rule, namespace: other")
    done = say("apply", "-f", "-", "-n", namespace, stdin=text.encode())
    assert done.status == 1
    assert "is not in the namespace" in done.err


def test_a_file_that_is_not_there_is_named(say: Say, tmp_path):
    """Exit status 3: something around the command is missing."""
    done = say("apply", "-f", tmp_path / "none.yaml")
    assert done.status == 3
    assert done.err == f"fairlead: {tmp_path / 'none.yaml'}: No such file or directory\n"


PYTHON = """
from fairlead.kinds import Match, TrafficLabelRule, TrafficLane

def gray(name, key):
    return TrafficLabelRule(
        name=name,
        namespace={namespace!r},
        selector={{"app": "gateway"}},
        traffic_label="gray",
        match=[Match(type="header", key=key, condition="==", value="1")],
    )

first, again = gray("first", "x"), None
second = gray("second", "y")
"""


def test_python_rules_are_executed_and_applied(say: Say, namespace, tmp_path):
    """S1-02: `fairlead apply rules.py`; the list decides where there is one."""
    file = tmp_path / "rules.py"
    file.write_text(PYTHON.format(namespace=namespace) + "again = first\n")
    assert say("apply", file).out == f"{LABEL}/first created\n{LABEL}/second created\n"
    (tmp_path / "neighbour.py").write_text("NAME = 'third'\n")
    listed = "from neighbour import NAME\nRESOURCES = [gray(NAME, 'z')]\n"
    file.write_text(PYTHON.format(namespace=namespace) + listed)
    assert say("apply", "-f", file).out == f"{LABEL}/third created\n"


def test_the_python_form_and_the_yaml_form_are_one_object(say: Say, namespace, tmp_path):
    """Applying the other form changes nothing."""
    file = tmp_path / "rules.py"
    file.write_text(
        PYTHON.format(namespace=namespace).replace("second = ", "RESOURCES = [first] #")
    )
    say("apply", file)
    text = rule("first", '"1"').replace("x-user", "x")
    done = say("apply", "-f", "-", "-n", namespace, stdin=text.encode())
    assert done.out == f"{LABEL}/first unchanged\n"


@pytest.mark.parametrize(
    ("tail", "line", "word"),
    [
        ("gray('A_b', 'x')", 16, "metadata.name: 'A_b' is not a name"),
        ("gray('ok', 'bad key')", 16, "spec.match[0].key: 'bad key' is not a field name"),
        (
            "Match(type='head', condition='==')",
            16,
            "type: unknown type 'head', did you mean header?",
        ),
        ("1 / 0", 16, "ZeroDivisionError: division by zero"),
        ("raise SystemExit(5)", 16, "SystemExit: 5"),
        ("import nowhere_to_be_found", 16, "ModuleNotFoundError"),
        ("def (", 16, "SyntaxError"),
        ("RESOURCES = [first, 5]", 0, "RESOURCES[1] is no resource but int"),
    ],
)
def test_errors_in_python_rules_name_file_and_line(say: Say, namespace, tmp_path, tail, line, word):
    """Not a traceback through our own modules."""
    file = tmp_path / "rules.py"
    file.write_text(PYTHON.format(namespace=namespace) + "\n" + tail + "\n")
    done = say("apply", file)
    assert (done.status, done.out) == (1, "")
    if "gray(" in tail:
        line = 5
    start = f"{file}:{line}: " if line else f"{file}: "
    assert done.err.startswith(start), done.err
    assert word in done.err.splitlines()[0]
