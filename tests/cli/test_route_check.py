"""``fairlead route-check``: tests as Envoy's router_check_tool takes them, and its report."""

from __future__ import annotations

import json

import pytest

from fairlead.cli.main import main

ROUTES = r"""
virtual_hosts:
- name: www
  domains: [shop.example, "*.shop.example"]
  routes:
  - match: {prefix: /new}
    route: {cluster: www2, prefix_rewrite: /api/new, timeout: {seconds: 30}}
  - match: {prefix: /ping}
    direct_response: {status: 200, body: {inline_string: "{ 'message': 'Success!' }"}}
    response_headers_to_add:
    - header: {key: x-ping-response, value: "yes"}
  - match: {prefix: /old}
    redirect: {https_redirect: true, prefix_rewrite: /new, response_code: FOUND}
  - match:
      path: /part
      runtime_fraction: {default_value: {numerator: 30, denominator: HUNDRED}, runtime_key: part}
    route: {cluster: part}
  - name: split
    match:
      safe_regex: {regex: "/split/.+"}
      headers: [{name: x-lane, string_match: {exact: gray}}]
    route:
      host_rewrite_literal: inner
      weighted_clusters:
        clusters: [{name: a, weight: 90}, {name: b, weight: 10}]
    request_headers_to_add:
    - header: {key: X-Client-IP, value: "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"}
  - match: {prefix: /}
    route: {cluster: rest}
  virtual_clusters:
  - name: ride
    headers:
    - {name: ":path", string_match: {safe_regex: {regex: "^/rides/\\d+$"}}}
    - {name: ":method", string_match: {exact: POST}}
- name: default
  domains: ["*"]
  require_tls: ALL
"""


@pytest.fixture
def run(tmp_path, capsys):
    def run(tests, *options, routes=ROUTES):
        (tmp_path / "routes.yaml").write_text(routes)
        content = tests if isinstance(tests, str) else json.dumps(tests)
        (tmp_path / "tests.json").write_text(content)
        files = ["-c", str(tmp_path / "routes.yaml"), "-t", str(tmp_path / "tests.json")]
        status = main(["route-check", *files, *options])
        out, err = capsys.readouterr()
        return status, out, err

    return run


def case(validate, path="/", authority="shop.example", **asked):
    asked = {"authority": authority, "path": path, "method": "GET", **asked}
    return {"tests": [{"test_name": "Test_1", "input": asked, "validate": validate}]}


def lane(**more):
    return {"additional_request_headers": [{"key": "X-Lane", "value": "gray"}], **more}


@pytest.mark.parametrize(
    ("tests", "held"),
    [
        (case({"cluster_name": "www2", "path_rewrite": "/api/new/x?q"}, "/new/x?q"), True),
        (case({"cluster_name": "rest", "virtual_host_name": "www"}), True),
        (case({"cluster_name": "rest"}, authority="a.shop.example"), True),
        (case({"virtual_cluster_name": "ride"}, "/rides/1", method="POST"), True),
        (case({"virtual_cluster_name": "other"}, "/rides/1"), True),
        (case({"path_redirect": "https://shop.example/new/1", "cluster_name": ""}, "/old/1"), True),
        (case({"path_redirect": "http://shop.example/ping", "path_rewrite": ""}, "/ping"), True),
        (case({"path_redirect": "https://elsewhere/"}, authority="elsewhere"), True),
        (case({"cluster_name": "part"}, "/part", runtime="part", random_value=29), True),
        (case({"cluster_name": "part"}, "/part", runtime="part", random_value=30), False),
        (case({"cluster_name": "part"}, "/part"), False),
        (case({"cluster_name": "a", "host_rewrite": "inner"}, "/split/1", **lane()), True),
        (case({"cluster_name": "b"}, "/split/1", **lane(random_value=199)), True),
        (case({"cluster_name": "a"}, "/split/1"), False),
    ],
)
def test_what_is_expected_is_compared(run, tests, held):
    assert (run(tests)[0] == 0) is held


def test_headers_of_requests_and_of_answers(run):
    wanted = {
        "request_header_matches": [
            {"name": ":authority", "string_match": {"exact": "inner"}},
            {"name": "X-Client-IP", "string_match": {"prefix": "127."}},
            {"name": ":cookie", "invert_match": True},
        ],
        "request_header_fields": [{"key": ":path", "value": "/split/1"}],
    }
    assert run(case(wanted, "/split/1", **lane()))[0] == 0
    wanted = {
        "response_header_matches": [
            {"name": "content-type", "string_match": {"exact": "text/plain"}},
            {"name": "content-length", "range_match": {"start": 0, "end": 100}},
            {"name": "x-ping-response", "present_match": True},
            {"name": "x-pong-response", "present_match": True, "invert_match": True},
        ]
    }
    assert run(case(wanted, "/ping"))[0] == 0


@pytest.mark.parametrize(
    ("match", "told"),
    [
        (
            {"name": "content-type", "string_match": {"exact": "text/plain"}, "invert_match": True},
            (
                "expected: [content-type: text/plain], actual: NOT [content-type: text/plain], "
                "test type: response_header_matches.string_match.exact"
            ),
        ),
        (
            {"name": "content-length", "range_match": {"start": 100, "end": 1000}},
            "actual: [content-length: 25], test type: response_header_matches.range_match",
        ),
        (
            {"name": "x-ping-response", "string_match": {"exact": "pong"}},
            (
                "expected: [x-ping-response: pong], actual: [x-ping-response: yes], "
                "test type: response_header_matches.string_match.exact"
            ),
        ),
        (
            {"name": "x-ping-response", "present_match": True, "invert_match": True},
            (
                "expected: [has(x-ping-response):false], actual: [has(x-ping-response):true], "
                "test type: response_header_matches.present_match"
            ),
        ),
        (
            {"name": "x-pong-response", "present_match": True},
            (
                "expected: [has(x-pong-response):true], actual: [has(x-pong-response):false], "
                "test type: response_header_matches.present_match"
            ),
        ),
    ],
)
def test_failures_are_told_in_the_words_of_envoy(run, match, told):
    """Its own tests look for these lines."""
    wanted = {"response_header_matches": [match]}
    status, out, err = run(case(wanted, "/ping"), "--only-show-failures")
    assert (status, out) == (1, "Test_1\n")
    assert told in err.splitlines()


def test_details_name_every_test(run):
    tests = case({"cluster_name": "wrong"})
    tests["tests"].append({**case({"cluster_name": "rest"})["tests"][0], "test_name": "Test_2"})
    status, out, err = run(tests, "--details")
    assert (status, out) == (1, "Test_1\nTest_2\n")
    assert err == "expected: [wrong], actual: [rest], test type: cluster_name\n"
    assert "Test_2" not in run(tests, "--details", "--only-show-failures")[1]


def test_coverage_is_of_routes_and_weighted_clusters(run):
    tests = case({"cluster_name": "rest"})
    status, out, _ = run(tests)
    assert (status, out) == (0, "Current route coverage: 14.2857%\n")
    status, _, err = run(tests, "--fail-under", "50")
    assert (status, err) == (1, "Failed to meet coverage requirement: 50%\n")
    out = run(tests, "--covall")[1]
    assert "Missing test for host: www, route name: split, regex: '/split/.+'" in out
    assert "coverage: 2.85714%" in out
    assert "Missing" not in run(tests)[1]


def test_the_report_as_json(run):
    status, out, _ = run(case({"cluster_name": "x"}), "-o", "json")
    told = json.loads(out)
    assert (status, told["tests"][0]["passed"]) == (1, False)
    assert told["tests"][0]["failures"] == [
        "expected: [x], actual: [rest], test type: cluster_name"
    ]


def test_the_older_form_and_commas_that_end_a_list(run):
    older = """[{"test_name": "t", "input": {":authority": "shop.example", ":path": "/split/1",
      "additional_headers": [{"field": "x-lane", "value": "gray"},]},
      "validate": {"cluster_name": "a",
      "header_fields": [{"field": "x-lane", "value": "gray"}]}},]"""
    assert run(older)[0] == 0


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("/new}", "/new, foo: 1}", "routes.yaml:6: virtual_hosts[0].routes[0].match.foo: "),
        (
            "cluster: rest",
            "inline_cluster_specifier_plugin: {}",
            "virtual_hosts[0].routes[5].route.inline_cluster_specifier_plugin: is not evaluated",
        ),
        ("/split/.+", "(?=a)", "virtual host 'www', routes[4]: '(?=a)'"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_with_its_place(run, old, new, told):
    status, _, err = run(case({"cluster_name": "rest"}), routes=ROUTES.replace(old, new, 1))
    assert status == 1
    assert told in err


def test_fields_of_tests_that_are_not_known_are_refused(run):
    status, _, err = run(case({"cluster": "rest"}))
    assert status == 1
    assert "tests[0].validate.cluster: there is no such field" in err
