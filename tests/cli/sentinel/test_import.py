"""``fairlead sentinel import``: files of either dialect, as objects."""

from __future__ import annotations

import json

import pytest

from fairlead.kinds import load_documents
from tests.cli.conftest import Say
from tests.cli.sentinel.rules_of import FILES, compiled, imported, in_file, typed

FLOW = [{"resource": "f", "count": 5, "limitApp": "default"}]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_files_rules_are_objects_that_can_be_applied(say: Say, path):
    """As they are printed, and without a word: all of it is honoured."""
    done = say("sentinel", "import", path, "--app", "orders", "-n", "shop")
    assert (done.status, done.err) == (0, "")
    loaded = load_documents(done.out)
    assert {(one.kind.kind, one.namespace) for one in loaded} == {("FlowControl", "shop")}
    assert len({one.name for one in loaded}) == len({one["resource"] for one in in_file(path)})


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_type_of_a_file_is_told_by_its_fields(path):
    """Nobody has to know what Sentinel calls it."""
    dialect, _, name = path.stem.partition("-")
    found = typed(in_file(path))
    assert (found.dialect, found.name) == (dialect, name)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_rule_is_a_rule(path):
    """None is lost between a file and an agent."""
    assert len(list(compiled(imported(in_file(path))))) == len(in_file(path))


def test_what_is_imported_again_changes_the_same_objects(say: Say, namespace, tmp_path):
    """Their names come of resources, not of places in a file."""
    file = tmp_path / "flow.json"
    file.write_text(json.dumps([*FLOW, {**FLOW[0], "resource": "g"}]))
    words = ("sentinel", "import", file, "--app", "orders", "-n", namespace, "-o", "apply")
    assert say(*words).out.count(" created") == 2
    file.write_text(json.dumps([{**FLOW[0], "resource": "g"}, {**FLOW[0], "count": 6}]))
    again = say(*words)
    assert (again.status, again.err) == (0, "")
    assert sorted(line.split()[-1] for line in again.out.splitlines()) == [
        "configured",
        "unchanged",
    ]
    assert say("get", "fc", "-n", namespace, "-l", "fairlead.io/source=sentinel").status == 0


def test_several_files_are_one_set_of_rules(say: Say, tmp_path):
    """Others are those that no rule of any file names."""
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    first.write_text(json.dumps([{**FLOW[0], "limitApp": "other"}]))
    second.write_text(json.dumps([{**FLOW[0], "limitApp": "web"}]))
    done = say("sentinel", "import", first, second, "--app", "orders")
    (loaded,) = load_documents(done.out)
    assert loaded.spec.strategies[0].rate_limit.other_callers == ("web",)


def test_what_is_left_out_is_told_and_the_rest_is_there(say: Say):
    """Its status is that of kubectl, which goes on and says that not all was well."""
    rules = {"flow": FLOW, "system": [{"qps": 100}]}
    done = say("sentinel", "import", "-", "--app", "a", stdin=json.dumps(rules).encode())
    assert done.status == 1
    assert done.err == (
        "<stdin>: system[0]: left out: protection of the whole process is not supported yet\n"
    )
    assert len(load_documents(done.out)) == 1


def test_with_one_rule_that_is_none_nothing_is_imported(say: Say):
    """Every fault is told at once."""
    rules = [{**FLOW[0], "count": -1}, FLOW[0], {**FLOW[0], "grade": 9}, 7]
    done = say("sentinel", "import", "-", "--app", "a", stdin=json.dumps(rules).encode())
    assert (done.status, done.out) == (1, "")
    places = [line.partition(": ")[2].split(":")[0] for line in done.err.splitlines()]
    assert places[:3] == ["[0].count", "[2].grade", "[3]"]
    assert done.err.splitlines()[-1] == "fairlead: rules that are none: nothing was imported"


@pytest.mark.parametrize(
    ("text", "words", "status"),
    [
        ("[{]", "is not JSON: ", 1),
        ("[NaN]", "NaN is no number of JSON", 1),
        ("[" * 100_000, "is nested too deep", 1),
        ("\xff", "is not JSON: ", 1),
        ("{}", "rules are an array", 1),
        ("3", "rules are an array", 1),
        ('{"flow": 3}', "<stdin>: flow: rules are an array", 1),
        ('[{"resource": "f"}]', "no field says which rules these are", 1),
        ("[" + "9" * 41 + "]", "an integer of 41 digits", 1),
    ],
)
def test_what_cannot_be_read_is_told(say: Say, text, words, status):
    """A file of another program, or half of one."""
    done = say("sentinel", "import", "-", "--app", "a", stdin=text.encode("latin-1"))
    assert (done.status, done.out) == (status, "")
    assert words in done.err


def test_a_type_can_be_said_where_no_field_tells_it(say: Say):
    """With every field at its default, nothing is left of a rule but its resource."""
    text = b'[{"resource": "f"}]'
    done = say("sentinel", "import", "-", "--app", "a", "--type", "flow", stdin=text)
    assert done.status == 0
    assert "threshold: 0" in done.out
    wrong = say("sentinel", "import", "-", "--app", "a", "--type", "flo", stdin=text)
    assert (wrong.status, "say one of param-flow" in wrong.err) == (2, True)


def test_an_empty_array_is_no_rule(say: Say):
    """A data source without rules has one."""
    done = say("sentinel", "import", "-", "--app", "a", stdin=b"\xef\xbb\xbf[]")
    assert (done.status, done.out, done.err) == (0, "", "")


def test_many_rules_of_one_resource_are_several_objects():
    """An object holds 64 strategies."""
    rules = [{**FLOW[0], "limitApp": f"app-{n}"} for n in range(130)]
    found = imported(rules)
    assert [len(one.spec.strategies) for one in found.resources] == [64, 64, 2]
    assert len({one.name for one in found.resources}) == 3
    assert len(list(compiled(found))) == 130
