"""The Go agent reads snapshots, chooses lanes and writes labels as the Python agent does."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from fairlead.flow import baggage
from fairlead.flow.lane import Lanes
from fairlead.instruments.request import AsgiRequest
from fairlead.policy.calls import CalleeRules, Calls
from fairlead.policy.encode import digest, read_snapshot, seal, to_plain
from fairlead.policy.lane import Colouring, Entry, Lane
from fairlead.policy.match import Condition, InvalidCondition, compile_condition
from fairlead.policy.parts import cookie_value, query_value, trace_id
from fairlead.policy.snapshot import InvalidSnapshot, Snapshot
from fairlead.policy.trace import read_trace
from fairlead.policy.workload import Workload
from tests.compiler.golden_case import compiled
from tests.golang.asking import Refused, Runtime
from tests.policy.test_encode import plain, snapshot

GOLDEN = sorted((Path(__file__).parents[1] / "compiler" / "golden").glob("*/in.yaml"))
HEADERS = st.text(st.characters(max_codepoint=0xFF, exclude_characters="\r\n\0"), max_size=60)
often = hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300
)


def text_of(found: Snapshot) -> str:
    return json.dumps(to_plain(seal(found)))


@pytest.mark.parametrize("case", GOLDEN, ids=lambda path: path.parent.name)
def test_what_the_compiler_makes_is_read_whole(runtime: Runtime, case: Path) -> None:
    """A control plane and the agents that it ships are of one version."""
    services = compiled(case)["services"]
    for one in compiled(case)["snapshots"]:
        whole = {**one, "services": services}
        whole["digest"] = digest(whole)
        answer = runtime.ask("snapshot", Text=json.dumps(whole))
        assert answer == {"digest": whole["digest"], "revision": one["revision"], "refused": []}


@given(
    value=st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53), 2**53)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(exclude_categories=())),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    ),
    ascii_only=st.booleans(),
)
@often
def test_a_digest_is_of_the_content_whatever_it_is(
    runtime: Runtime, value: object, ascii_only: bool
) -> None:
    """Floats are spelt, and text is escaped, in one way only."""
    whole = plain(news=value)
    text = json.dumps(whole, ensure_ascii=ascii_only)
    text = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    if json.loads(text) != whole:
        return  # half a surrogate pair is no UTF-8
    answer = runtime.ask("snapshot", Text=text)
    assert answer["digest"] == whole["digest"]
    assert answer["refused"] == ["news: unknown to this version"]


@pytest.mark.parametrize(
    "changes",
    [
        {"revision": "7"},
        {"revision": True},
        {"services": {}},
        {"services": [{"app": 1, "namespace": "d"}]},
        {"workload": {"labels": [["a"]]}},
        {"lanes": []},
        {"lanes": [{"name": "gray"}, {"name": "gray"}]},
        {"governance": "perhaps"},
        {"services": [{"app": "a", "namespace": "d", "endpoints": [{"address": "x"}] * 2}]},
        {"calls": {"callees": [{"namespace": "d", "app": "a"}] * 2}},
        {"calls": {"callees": [{"namespace": "d", "app": "a", "routes": [{"action": {}}]}]}},
    ],
)
def test_a_wrong_shape_is_refused_in_the_same_words(
    runtime: Runtime, changes: dict[str, Any]
) -> None:
    """What status says does not depend on the language of an agent."""
    changed = plain(**changes)
    with pytest.raises(InvalidSnapshot) as ours:
        read_snapshot(changed)
    with pytest.raises(Refused) as theirs:
        runtime.ask("snapshot", Text=json.dumps(changed))
    assert str(theirs.value).replace('"', "'") == str(ours.value)


def test_a_digest_that_is_not_the_contents_is_refused(runtime: Runtime) -> None:
    """A stored snapshot that changed on its way must not be enforced."""
    with pytest.raises(Refused, match="digest"):
        runtime.ask("snapshot", Text=json.dumps(plain() | {"services": []}))


def test_a_rule_that_cannot_be_enforced_refuses_itself_only(runtime: Runtime) -> None:
    """A rule half understood would colour the wrong traffic; the others are still right."""
    changed = plain()
    rule = json.loads(json.dumps(changed["entry"]["colourings"][0]))
    rule["rule"], rule["conditions"][0]["operator"] = "TrafficLabelRule/new", "sounds-like"
    changed["entry"]["colourings"].insert(0, rule)
    changed = plain(entry=changed["entry"])
    answer = runtime.ask("snapshot", Text=json.dumps(changed))
    assert tuple(answer["refused"]) == read_snapshot(changed)[1]


def test_an_expression_that_go_cannot_say_refuses_its_rule(runtime: Runtime) -> None:
    """A lane whose rule is not kept has to be seen; it must not match something else."""
    condition = Condition(source="header", key="a", operator="regex", values=("(?=x)x.*",))
    entry = Entry(
        colourings=(Colouring(rule="TrafficLane/x", lane="gray", conditions=(condition,)),)
    )
    text = text_of(Snapshot(lanes=(Lane(name="gray"),), entry=entry))
    (refused,) = runtime.ask("snapshot", Text=text)["refused"]
    assert refused.startswith("entry: TrafficLane/x: not a regular expression here: ")


def holds(runtime: Runtime, condition: Condition, request: dict[str, Any], dice: float) -> bool:
    question = {"Condition": to_plain(condition), "Request": request, "Dice": dice}
    return bool(runtime.ask("condition", **question)["holds"])


CASES: list[tuple[str, list[str], str | None]] = [
    ("==", ["a"], "a"),
    ("==", ["\xfc"], "\xfc"),
    ("!=", ["b"], None),
    ("in", ["a", "b"], "b"),
    ("not-in", ["a"], None),
    ("regex", [r"v\d\.\d"], "v1.2"),
    ("regex", [r"v\d\.\d"], "v1.23"),
    ("regex", [r"[\w-]+"], "\xe9t\xe9-1"),
    ("regex", [r"\s*\S+\s*"], "\x85a "),
    ("regex", [r"a{,2}"], "aa"),
    ("regex", [r"a{,2}"], "aaa"),
    ("regex", [r"[]a]+"], "]a"),
    ("regex", [r"(?i)GRAY|blue"], "gray"),
    ("regex", [r"\Aab\Z"], "ab"),
    ("regex", [".*"], "a" * 1025),
    ("regex", [".*"], "a" * 1024),
    ("prefix", ["shen"], "shenzhen"),
    ("prefix", [""], None),
    ("range", ["1", "5"], "5.0000001"),
    ("range", ["1", "5"], "+4"),
    ("range", ["0", "123456789012345678900"], "123456789012345678901"),
    ("exists", [], ""),
    ("exists", [], None),
    ("percentage", ["100"], "x"),
    ("percentage", ["0"], "x"),
    ("percentage", ["33.3"], None),
    *(("percentage", ["50"], str(user)) for user in range(40)),
]


@pytest.mark.parametrize(("operator", "values", "text"), CASES)
def test_an_operator_says_the_same(
    runtime: Runtime, operator: str, values: list[str], text: str | None
) -> None:
    """A user that Python puts on a lane, Go puts there."""
    condition = Condition(
        source="header", key="X-K", operator=operator, values=tuple(values), salt="gray"
    )
    view = AsgiRequest({} if text is None else {"x-k": text})
    headers = [] if text is None else [("x-k", text)]
    ours = compile_condition(condition)(view, lambda: 0.4)
    assert holds(runtime, condition, {"Headers": headers}, 0.4) is ours


@given(
    pattern=st.text(r"ab.*+?[]()|\\dDwWsSzZAbn^$-{},12:=! é\n", min_size=1, max_size=9),
    subjects=st.lists(st.text("ab12 -_é]}{\n:,", max_size=5), min_size=1, max_size=4),
)
@hypothesis_settings(often, max_examples=500)
def test_an_expression_means_the_same_or_is_refused(
    runtime: Runtime, pattern: str, subjects: list[str]
) -> None:
    """One that matches something else would put others on the lane than its author meant."""
    condition = Condition(source="header", key="k", operator="regex", values=(pattern,))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of what Python will read otherwise one day
        try:
            test = compile_condition(condition)
        except (InvalidCondition, Warning):
            return
    for subject in subjects:
        try:
            found = holds(runtime, condition, {"Headers": [("k", subject)]}, 0.0)
        except Refused:
            return
        assert found is test(AsgiRequest({"k": subject}), lambda: 0.0)


@pytest.mark.parametrize(
    ("source", "operator", "values"),
    [
        ("body", "==", ("1",)),
        ("header", "~", ("1",)),
        ("header", "==", ()),
        ("header", "range", ("1", "NaN")),
        ("header", "percentage", ("101",)),
        ("header", "percentage", ("-1",)),
    ],
)
def test_what_no_request_can_be_held_against_is_refused_by_both(
    runtime: Runtime, source: str, operator: str, values: tuple[str, ...]
) -> None:
    """A rule of a newer version must not match by accident."""
    condition = Condition(source=source, key="a", operator=operator, values=values)
    with pytest.raises(InvalidCondition):
        compile_condition(condition)
    with pytest.raises(Refused):
        holds(runtime, condition, {}, 0.0)


@given(text=HEADERS, operator=st.sampled_from(["==", "prefix", "in", "range", "percentage"]))
@often
def test_any_subject_is_judged_alike(runtime: Runtime, text: str, operator: str) -> None:
    """Subjects come from clients."""
    values = {"range": ("1", "2"), "percentage": ("50",)}.get(operator, ("a",))
    condition = Condition(source="header", key="k", operator=operator, values=values)
    ours = compile_condition(condition)(AsgiRequest({"k": text}), lambda: 0.0)
    assert holds(runtime, condition, {"Headers": [("k", text)]}, 0.0) is ours


@given(query=st.text("ab=&%+2Fé ", max_size=40), cookie=st.text('ab=;" ', max_size=40))
@often
def test_a_part_of_a_request_is_found_alike(runtime: Runtime, query: str, cookie: str) -> None:
    """What one agent decodes and the other does not would be two lanes."""
    for source, text, found in (
        ("query", query, query_value(query, "a")),
        ("cookie", cookie, cookie_value(cookie, "a")),
    ):
        request = {"Query": text} if source == "query" else {"Headers": [("cookie", text)]}
        for value in ("", "b", found or "-"):
            condition = Condition(source=source, key="a", operator="==", values=(value,))
            assert holds(runtime, condition, request, 0.0) is (found == value)


@pytest.mark.parametrize(
    "headers",
    [
        {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"},
        {"b3": "abc-def-1"},
        {"b3": "1"},
        {"x-b3-traceid": "abc"},
        {"sw8": "1-YWJj-2"},
        {"sw8": "1-YW-2"},
        {"eagleeye-traceid": "abc"},
        {"eagleeye-traceid": "a" * 300},
    ],
)
def test_a_trace_is_known_by_the_same_id(runtime: Runtime, headers: dict[str, str]) -> None:
    """All calls of one trace are on one side."""
    wanted = trace_id(headers.get)
    condition = Condition(source="trace", operator="==", values=(wanted or "",))
    assert holds(runtime, condition, {"Headers": list(headers.items())}, 0.0) is bool(wanted)


LANES = (Lane(name="gray"), Lane(name="blue", key="x-blue-key"))


@pytest.mark.parametrize("own", ["", "gray"])
@pytest.mark.parametrize("trust", [True, False])
@pytest.mark.parametrize(
    "labels",
    [
        {},
        {"x-opensergo-traffic": "gray"},
        {"opensergo-label": "gray"},
        {"opensergolabel": "gray"},
        {"x-blue-key": "blue"},
        {"x-opensergo-traffic": "_base"},
        {"x-opensergo-traffic": "a b"},
        {"x-opensergo-traffic": "a b", "opensergo-label": "gray"},
        {"x-opensergo-traffic": "blue"},
    ],
)
def test_an_inner_app_trusts_the_same_labels(
    runtime: Runtime, labels: dict[str, str], own: str, trust: bool
) -> None:
    """Contract 7 and 8, in headers of their own and in the baggage."""
    found = Snapshot(workload=Workload(app="a", lane=own), lanes=LANES)
    wanted = Lanes(found, trust=trust).inherit(labels)
    joined = ",".join(f"{key}={value.replace(' ', '%20')}" for key, value in labels.items())
    for headers in (list(labels.items()), [("baggage", joined)] if joined else []):
        request = {"Headers": headers}
        answer = runtime.ask(
            "inherit", Snapshot=text_of(found), Distrust=not trust, Request=request
        )
        assert answer["lane"] == wanted


@pytest.mark.parametrize("lane", ["gray", "blue", "unheard-of", ""])
@pytest.mark.parametrize(
    "header", [None, "user=1,x-blue-key=blue,OpenSergo-Label=old", "x-blue-key=blue", "a=1"]
)
def test_a_label_is_written_alike(runtime: Runtime, lane: str, header: str | None) -> None:
    """Contract 10: only our member is replaced."""
    found = Snapshot(lanes=LANES)
    written = [] if header is None else [header]
    answer = runtime.ask("label", Snapshot=text_of(found), Lane=lane, Written=written)
    assert answer["label"] == (Lanes(found).label(lane, header) or "")


@given(st.text(st.characters(max_codepoint=0x7E), max_size=120) | st.text(" ,;=%2Dax", max_size=60))
@often
def test_any_baggage_is_split_alike(runtime: Runtime, header: str) -> None:
    """Baggage comes from strangers."""
    keys = frozenset({"x", "a"})
    answer = runtime.ask("split", Header=header, Keys=sorted(keys))
    assert (answer["ours"], answer["theirs"]) == baggage.split(header, keys)


@pytest.mark.parametrize(
    "theirs", ["", "a=1,b=2", ",".join(f"m{i}=1" for i in range(300)), "m=" + "x" * 9000]
)
def test_the_limits_cut_the_same_members(runtime: Runtime, theirs: str) -> None:
    """Contract 10: at most 8,192 bytes and 180 members."""
    answer = runtime.ask("join", Key="k", Value="gr y", Theirs=theirs)
    assert answer["header"] == baggage.join("k", "gr y", theirs)


@given(st.text(st.sampled_from("0af-"), min_size=50, max_size=60), st.text(max_size=20))
@often
def test_a_trace_is_passed_on_alike(runtime: Runtime, parent: str, state: str) -> None:
    """A stranger wrote it."""
    good = f"00-{'a' * 32}-{'b' * 16}-01"
    for one in (parent, good, good + "-x", "cc" + good[2:] + "-x", good.upper()):
        found = read_trace(one, state) or ("", "")
        if not state.isascii():
            continue
        answer = runtime.ask("trace", Parent=one, State=state)
        assert (answer["parent"], answer["state"]) == found


def test_an_empty_rule_about_calls_is_one(runtime: Runtime) -> None:
    """That there are any says that deadlines are passed on."""
    calls = Calls(callees=(CalleeRules(namespace="default", app="b"),))
    text = text_of(Snapshot(calls=calls, revision=snapshot().revision))
    assert runtime.ask("snapshot", Text=text)["refused"] == []
