"""TrafficLane: its canonical form, and every shape the draft can be read as."""

from __future__ import annotations

import pytest

from fairlead.kinds import HttpMatch, StringMatch, TrafficLane, app_of, parse
from tests.kinds.objects import lane, said

CANONICAL = """
selector: {app: gateway}
rules:
  traffic: {http: {headers: {X-Tenant: {exact: acme}}, uri: {prefix: /shop}}}
  workload: {selector: {tag: blue}}
  lane: {name: blue}
  traceIdBaggage: x-opensergo-traffic
"""

AS_A_LIST = """
selector: {app: gateway}
rules:
  traffic:
    http:
      headers:
      - X-Tenant:
        exact: acme
      uri: {prefix: /shop}
  workload: {selector: {tag: blue}}
  lane: {name: blue}
  traceIdBaggage: x-opensergo-traffic
"""

AS_A_LIST_OF_MAPS = AS_A_LIST.replace("X-Tenant:\n        exact: acme", "X-Tenant: {exact: acme}")

OUTSIDE = """
selector: {app: gateway}
rules:
  traffic: {http: {headers: {X-Tenant: {exact: acme}}, uri: {prefix: /shop}}}
  workload: {selector: {tag: blue}}
lane: {name: blue}
traceIdBaggage: x-opensergo-traffic
"""

TWICE = OUTSIDE.replace("rules:\n", "rules:\n  lane: {name: blue}\n")


@pytest.mark.parametrize("text", [AS_A_LIST, AS_A_LIST_OF_MAPS, OUTSIDE, TWICE])
def test_every_shape_of_the_draft_means_the_canonical_one(text):
    """The draft's YAML is mis-indented: nobody knows which one it wanted."""
    assert parse(lane(text)) == parse(lane(CANONICAL))


def test_the_same_lane_in_python_is_equal():
    """S1-02."""
    written = TrafficLane(
        name="x",
        labels={"app": "gateway"},
        selector={"app": "gateway"},
        lane="blue",
        http=HttpMatch(
            headers={"X-Tenant": StringMatch(exact="acme")}, uri=StringMatch(prefix="/shop")
        ),
        workload={"tag": "blue"},
        trace_id_baggage="x-opensergo-traffic",
    )
    assert written == parse(lane(CANONICAL))
    assert written.spec.lane_name == "blue"
    assert app_of(written) == "gateway"


def test_a_lane_in_python_may_spell_http_as_yaml_does():
    """A rule file is often pasted from YAML."""
    http = {"queryParams": {"name": {"exact": "xiaoming"}}}
    written = TrafficLane(
        name="x", labels={"app": "gateway"}, lane="gray", http=http, percentage="0.5"
    )
    text = "rules: {traffic: {http: {queryParams: {name: {exact: xiaoming}}}, percentage: '0.5'}, "
    assert written == parse(lane(text + "lane: {name: gray}}"))


def test_two_different_values_in_the_two_places_are_a_violation():
    """Either could be meant."""
    found = said(lane(TWICE.replace("  lane: {name: blue}", "  lane: {name: green}")))
    assert "contradicts spec.rules.lane.name: green" in found["spec.lane.name"]
    keys = OUTSIDE.replace("rules:\n", "rules:\n  traceIdBaggage: x-other\n")
    assert "contradicts" in said(lane(keys))["spec.traceIdBaggage"]


def test_paths_in_a_list_of_headers_are_the_ones_that_were_typed():
    """The author never wrote headers.X-User-Id."""
    text = """
rules:
  traffic:
    http:
      headers:
      - X-A:
        exact: 1.5
      - X-B: {exact: 1, prefix: b}
      - {X-C: {regex: a*a*}}
      - 7
      - {X-D: {}, X-E: {}}
      - X-A: {exact: 2}
      - bad name: {exact: 2}
      - exact: 3
      - X-E: {prefx: b}
  lane: {name: blue}
"""
    start = "spec.rules.traffic.http.headers"
    found = {path.removeprefix(start): message for path, message in said(lane(text)).items()}
    assert "quote the value" in found["[0].exact"]
    assert "exactly one of exact, prefix, regex" in found["[1].X-B"]
    assert "side by side" in found["[2].X-C.regex"]
    assert "one header" in found["[3]"]
    assert "one header" in found["[4]"]
    assert "matched twice" in found["[5].X-A"]
    assert "not a field name" in found["[6][bad name]"]
    assert "name is missing (kubectl apply drops" in found["[7]"]
    assert "did you mean prefix?" in found["[8].X-E.prefx"]


@pytest.mark.parametrize("part", ["headers", "queryParams"])
def test_a_lane_looks_at_no_more_than_64_headers_or_parameters(part):
    """Each is looked at for every request; twenty thousand of them took ten seconds to read."""
    many = ", ".join(f"h{n}: {{exact: a}}" for n in range(65))
    text = "rules: {traffic: {http: {PART: {MANY}}}, lane: {name: b}}".replace("PART", part)
    found = said(lane(text.replace("MANY", many)))
    assert "at most 64" in found[f"spec.rules.traffic.http.{part}"]
    parse(lane(text.replace("MANY", many.rpartition(",")[0])))


def test_header_names_ignore_case_also_when_they_are_repeated():
    """One of the two would never be looked at."""
    text = (
        "rules: {traffic: {http: {headers: {X-A: {exact: a}, x-a: {exact: b}}}}, lane: {name: b}}"
    )
    assert "matched twice" in said(lane(text))["spec.rules.traffic.http.headers.x-a"]


@pytest.mark.parametrize(
    ("match", "word"),
    [
        ("{}", "exactly one of"),
        ("{exact: a, regex: b}", "exactly one of"),
        ("acme", "must be a map"),
        ("{exact: null}", "null"),
        ("{exact: true}", "quote"),
        ("{is: a}", "unknown field"),
    ],
)
def test_a_string_match_compares_in_exactly_one_way(match, word):
    """A CRD cannot say so; OpenSergo's does not check."""
    text = f"rules: {{traffic: {{http: {{headers: {{X-A: {match}}}}}}}, lane: {{name: b}}}}"
    assert any(word in message for message in said(lane(text)).values())


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        ("{lane: {name: base}}", "spec.rules.lane.name"),
        ("{lane: {name: a b}}", "spec.rules.lane.name"),
        ("{lane: {}}", "spec.rules.lane.name"),
        ("{}", "spec.rules.lane"),
        ("{lane: {name: b}, traceIdBaggage: a b}", "spec.rules.traceIdBaggage"),
        ("{lane: {name: b}, traceIdBaggage: Cookie}", "spec.rules.traceIdBaggage"),
        ("{lane: {name: b}, traffic: {}}", "spec.rules.traffic"),
        ("{lane: {name: b}, traffic: {http: {}}}", "spec.rules.traffic.http"),
        ("{lane: {name: b}, traffic: {http: {headers: {}}}}", "spec.rules.traffic.http"),
        ("{lane: {name: b}, traffic: {percentage: 101}}", "spec.rules.traffic.percentage"),
        ("{lane: {name: b}, traffic: {percentage: 0.5}}", "spec.rules.traffic.percentage"),
        (
            "{lane: {name: b}, traffic: {http: {uri: {exact: a}}}}",
            "spec.rules.traffic.http.uri.exact",
        ),
        ("{lane: {name: b}, workload: {}}", "spec.rules.workload.selector"),
        ("{lane: {name: b}, workload: {selector: {}}}", "spec.rules.workload.selector"),
        ("{lane: {name: b}, workload: {selector: {tag: 1}}}", "spec.rules.workload.selector.tag"),
    ],
)
def test_a_lane_that_means_nothing_is_refused(rules, path):
    """Each of these would be stored and do nothing, or something else."""
    assert path in said(lane(f"rules: {rules}"))


def test_a_lane_needs_an_entry_app_only_if_it_puts_traffic_on_it():
    """A lane by workload alone has no entry."""
    plain = lane("rules: {lane: {name: b}, workload: {selector: {tag: b}}}")
    del plain["metadata"]["labels"]
    assert app_of(parse(plain)) == ""
    plain["spec"]["rules"]["traffic"] = {"percentage": 5}
    assert "binds to no app" in said(plain)["spec.selector.app"]
