"""Codes, their pages, and what is found in each page's own example."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fairlead.compiler.analyze.analysis import Advice, Here, analyzed
from fairlead.compiler.analyze.codes import CODES, Code, Severity
from fairlead.compiler.governance import Governance
from fairlead.compiler.instance import Instance
from fairlead.kinds import InvalidResource, load_documents
from fairlead.kinds.loading import load_placed

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "analyze.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## (FL\d{3})\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
REFUSED = ("FL001", "FL007")
"""Codes whose example is no valid object: the command line has them from its files."""


def instance(app: str, **more: object) -> Instance:
    fields = {"namespace": "default", "app": app, "address": "127.0.0.1:1", **more}
    return Instance(**fields)  # type: ignore[arg-type]


HERE = {
    "FL011": (instance("orders", labels=(("version", "v2"),)),),
    "FL018": (instance("orders", lane="gray", unfit_for_tables="sqlite3 is not hooked"),),
    "FL023": (instance("orders", zone="eu/a"),),
    "FL020": tuple(instance("orders", address=f"127.0.0.1:{n}") for n in range(9)),
}
CALLS = {"FL022": ((("default", "web"), ("default", "stock")),)}


def example(code: str) -> str:
    found = re.search(r"```yaml\n(.*?)```", SECTIONS[code], re.DOTALL)
    assert found is not None
    return found[1]


def advice(code: str, here: Here | None = None) -> list[Advice]:
    return analyzed(load_documents(example(code)), here)


def test_every_code_has_a_section_and_every_section_a_code():
    """The page that a finding links to is there, and says the same."""
    assert list(SECTIONS) == [code.id for code in CODES]
    for code in CODES:
        live = ", live" if code.live else ""
        assert SECTIONS[code.id].strip().startswith(f"**{code.name}**, {code.severity}{live}.")
        assert code.page.endswith(f"#{code.id.lower()}")


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.id)
def test_the_example_of_each_page_is_found(code: Code):
    """A page that shows something else than it says is worse than none."""
    if code.id in REFUSED:
        with pytest.raises(InvalidResource) as refused:
            load_documents(example(code.id))
        assert len(refused.value.violations) == 1
        return
    there, calls = HERE.get(code.id, ()), CALLS.get(code.id, ())
    here = Here(instances=there, calls=calls) if code.live else None
    found = [one for one in advice(code.id, here) if one.code is code]
    assert found, advice(code.id, here)


def test_nothing_is_said_about_instances_where_nobody_knows_them():
    """A pipeline has no instances; it would fail for each of them."""
    for code in CODES:
        if code.live:
            assert [one for one in advice(code.id) if one.code.live] == []


def test_places_that_share_calls_have_instances():
    """By what instances say of themselves, or their labels."""
    text = example("FL023")
    labels = (("topology.kubernetes.io/region", "eu"), ("topology.kubernetes.io/zone", "b"))
    a = instance("orders", zone="eu/a")
    b = instance("orders", labels=labels, address="127.0.0.1:2")
    other = instance("orders", zone="us/x")
    there = {"": (a, b), "others get its share": (a,), "calls from there fail": (other,)}
    for words, found in there.items():
        told = analyzed(load_documents(text), Here(instances=found))
        assert [one.code.id for one in told] == (["FL023"] if words else [])
        assert all(one.message.endswith(words) for one in told)
        assert all(one.loc[-1] == "distribute" for one in told)


def test_a_sidecar_that_names_what_is_called_hides_nothing():
    """And one is blamed for its own workloads alone."""
    named = example("FL022").replace("./orders", "./stock")
    other = example("FL022").replace("app: web", "app: other")

    for text in (named, other):
        assert analyzed(load_documents(text), Here(calls=CALLS["FL022"])) == []


def test_an_instance_that_nobody_selects_is_told_of():
    """It was written to be called."""
    text = (
        "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata: {name: ledger}\n"
        "spec: {address: 10.0.0.1, labels: {app: ledger}}"
    )

    assert [one.code.id for one in analyzed(load_documents(text))] == ["FL014"]
    both = f"{text}\n---\n{example('FL021')}"
    assert analyzed(load_documents(both), Here()) == []


def test_a_reference_is_found_at_its_field():
    """So that an editor can show it."""
    (one,) = [one for one in advice("FL002") if one.code.id == "FL002"]
    assert one.loc == ("spec", "strategies", 0, "name")
    assert "did you mean one-a-second?" in one.message
    placed, violations = load_placed(example("FL002"), "rules.yaml")
    assert violations == []
    ((_, origin), _) = placed
    assert origin.line(one.loc) == 6


def test_a_rule_of_the_same_lane_takes_nothing_away():
    """Two rules for one lane are two doors to it."""
    text = example("FL003").replace("trafficLabel: beta", "trafficLabel: gray")
    assert analyzed(load_documents(text)) == []


def test_a_switched_namespace_is_a_note():
    """Nobody is told of an error for what an operator has chosen."""
    here = Here(governance=Governance(namespaces={"default": "observe"}))
    notes = [one for one in advice("FL004", here) if one.code.name == "OnTrial"]
    assert len(notes) == 2
    assert "observe" in notes[0].message


def test_the_gravest_comes_first():
    """A terminal shows the top."""
    texts = "---\n".join(
        example(code.id) for code in CODES if code.id in ("FL002", "FL014", "FL017")
    )
    ranks = [list(Severity).index(one.code.severity) for one in analyzed(load_documents(texts))]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == 3


def test_good_objects_are_not_complained_about():
    """A linter that cries wolf is switched off."""
    text = example("FL008").replace("blue", "gray")
    assert analyzed(load_documents(text)) == []


EJECTING = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: orders}}
spec:
  host: orders
  trafficPolicy: {{outlierDetection: {{consecutive5xxErrors: 5, maxEjectionPercent: {percent}}}}}
  subsets:
  - {{name: v1, labels: {{version: v1}}}}
  - name: v2
    labels: {{version: v2}}
    trafficPolicy: {{outlierDetection: {{consecutive5xxErrors: {errors}, maxEjectionPercent: 100}}}}
"""


@pytest.mark.parametrize(
    ("instances", "percent", "errors", "found"),
    [
        (0, 10, 5, []),
        (
            9,
            10,
            5,
            ["orders has 9 instances, of which maxEjectionPercent 10 lets none be left out; "],
        ),
        (10, 50, 5, []),
        (
            10,
            0,
            5,
            ["orders has 10 instances, of which maxEjectionPercent 0 lets none be left out; "],
        ),
        (2, 50, 0, ["subset v1 of orders has 1 instance: "]),
    ],
)
def test_where_no_instance_can_ever_be_left_out_it_is_said(instances, percent, errors, found):
    """It reads as if something were protected; of ten instances on, the default does."""
    there = tuple(
        instance("orders", address=f"127.0.0.1:{n}", labels=(("version", f"v{1 + n % 2}"),))
        for n in range(instances)
    )
    text = EJECTING.format(percent=percent, errors=errors)
    told = [
        one
        for one in analyzed(load_documents(text), Here(instances=there))
        if one.code.id == "FL020"
    ]
    assert [one.message.startswith(start) for one, start in zip(told, found, strict=True)] == [
        True for _ in found
    ]
    assert all(one.loc == ("spec", "trafficPolicy", "outlierDetection") for one in told)
