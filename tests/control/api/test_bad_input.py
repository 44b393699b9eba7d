"""Whatever a body holds, the answer is a Status and nothing that was there is lost."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.control.serving import API, Server, rule

JSON = "application/json"
YAML = "application/yaml"


@pytest.fixture
def url(namespace: str) -> str:
    return f"{API}/namespaces/{namespace}/trafficlabelrules"


def post(http: httpx.Client, url: str, body: str | bytes, kind: str = JSON) -> httpx.Response:
    return http.post(url, content=body, headers={"content-type": kind} if kind else {})


def causes(answer: httpx.Response) -> dict[str, str]:
    return {cause["field"]: cause["message"] for cause in answer.json()["details"]["causes"]}


def test_every_violation_is_told_at_once_with_its_field(http: httpx.Client, url: str) -> None:
    """An author should need one attempt to learn everything, not five."""
    body = rule()
    body["bogus"] = 1
    body["metadata"]["labels"] = {"team": "not a label!"}
    body["spec"]["trafficLabel"] = 5
    body["spec"]["match"][0] |= {"condition": "~~", "value": True, "extra": 1}
    answer = http.post(url, json=body, params={"fieldValidation": "Strict"})
    assert (answer.status_code, answer.json()["reason"]) == (422, "Invalid")
    found = causes(answer)
    assert set(found) >= {
        "bogus",
        "metadata.labels.team",
        "spec.trafficLabel",
        "spec.match[0].condition",
        "spec.match[0].value",
        "spec.match[0].extra",
    }
    assert all(found[field] in answer.json()["message"] for field in found)
    assert http.get(url).json()["items"] == []


def test_a_client_that_does_not_say_is_held_to_the_letter(http: httpx.Client, url: str) -> None:
    """A rule that loses a misspelt field would decide about other traffic than was meant."""
    body = rule()
    body["spec"]["trafficLane"] = "blue"
    answer = http.post(url, json=body)
    assert answer.status_code == 422
    assert answer.json()["details"]["causes"][0]["field"] == "spec.trafficLane"
    assert http.get(url).json()["items"] == []


@pytest.mark.parametrize("validation", ["Warn", "Ignore"])
def test_unknown_fields_are_dropped_where_the_client_does_not_mind(
    http: httpx.Client, url: str, validation: str
) -> None:
    """Old tools send fields that we do not have; stored, they would be believed to work."""
    body = rule()
    body["spec"]["match"][0]["bogus"] = {"deep": [1]}
    body["other"] = True
    answer = http.post(url, json=body, params={"fieldValidation": validation})
    assert answer.status_code == 201, answer.text
    assert "bogus" not in answer.text
    assert "other" not in answer.json()
    warnings = answer.headers.get_list("warning")
    assert len(warnings) == (0 if validation == "Ignore" else 2)
    assert all(warning.startswith('299 - "') for warning in warnings)


def test_a_wrong_value_is_refused_however_lenient_the_client(http: httpx.Client, url: str) -> None:
    """Leniency is about fields nobody knows, never about values nobody can enforce."""
    body = rule(value=1.5)
    body["spec"]["bogus"] = 1
    answer = http.post(url, json=body, params={"fieldValidation": "Ignore"})
    assert answer.status_code == 422
    assert "spec.match[0].value" in causes(answer)
    assert "spec.bogus" not in causes(answer)


def test_a_field_written_twice_is_a_violation(http: httpx.Client, url: str) -> None:
    """One of the two would be lost without a word."""
    text = json.dumps(rule()).replace('"trafficLabel"', '"trafficLabel": "red", "trafficLabel"')
    answer = http.post(
        url,
        content=text,
        params={"fieldValidation": "Strict"},
        headers={"content-type": JSON},
    )
    assert answer.status_code == 422
    assert "written twice" in causes(answer)["spec.trafficLabel"]


@pytest.mark.parametrize(
    "more",
    [
        ",".join(f'"k{n}": 1' for n in range(24_000)) + ', "k0": 2',
        '"x": [' + ",".join("5" for _ in range(49_000)) + "]",
        '"x": [' + ",".join("5" for _ in range(400_000)) + "]",
    ],
)
@pytest.mark.parametrize("asked", ["Strict", "Warn"])
def test_a_crowd_of_faults_is_refused_in_a_moment(
    http: httpx.Client, url: str, more: str, asked: str
) -> None:
    """Agents wait while a body is judged; one could hold them up for a minute, or for hours."""
    text = json.dumps(rule())[:-1] + ", " + more + "}"
    answer = http.post(
        url,
        content=text,
        params={"fieldValidation": asked},
        headers={"content-type": JSON},
        # What grows with the square of it takes minutes, also where nothing else runs.
        timeout=30,
    )
    assert answer.status_code in ((413, 422) if asked == "Strict" else (201, 413))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "a list, expected an object"),
        (b"null", "null, expected an object"),
        (b'"text"', "a string, expected an object"),
        (b"\xff\xfe", "not UTF-8"),
        (b'{"a": [{"b": NaN}]}', "a[0].b: the body holds nan"),
        (b'{"a": 1e999}', "a: the body holds inf"),
        (b'{"a": [1, "\\ud800"]}', "a[1]: the body holds half of a surrogate"),
        (b'{"\\udfff": 1}', "surrogate"),
        (b'{"a": 99999999999999999999}', "a: the body holds an integer of more than 64 bits"),
        (b'{"a": -' + b"9" * 5000 + b"}", "a: the body holds an integer of more than 64 bits"),
        (b"[" * 100_000, "nested deeper"),
        (b'{"a":' * 70 + b"1" + b"}" * 70, "nested deeper"),
        (b"{}", "apiVersion"),
        (b'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"}}', "apiVersion is 'v1'"),
    ],
)
def test_a_body_that_is_no_object_of_the_kind_is_a_bad_request(
    http: httpx.Client, url: str, body: bytes, message: str
) -> None:
    """The message must say what the server saw."""
    answer = post(http, url, body)
    assert (answer.status_code, answer.json()["kind"]) == (400, "Status"), answer.text
    assert message in answer.json()["message"]


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        [],
        {},
        {"name": "UPPER"},
        {"name": ""},
        {"name": 5},
        {"name": "a" * 254},
        {"name": "x", "namespace": "another"},
        {"name": "x", "labels": []},
        {"name": "x", "labels": {"a": 1}},
        {"name": "x", "resourceVersion": "5"},
        {"name": "x", "resourceVersion": {"a": 1}},
        {"generateName": "Upper-"},
        {"generateName": 5},
    ],
)
def test_metadata_that_cannot_be_is_refused(http: httpx.Client, url: str, metadata: Any) -> None:
    """Names end up in paths, labels in selectors."""
    answer = http.post(url, json=rule() | {"metadata": metadata})
    assert answer.status_code in (400, 422), answer.text
    assert http.get(url).json()["items"] == []


def test_what_was_there_stays_when_a_change_is_refused(http: httpx.Client, url: str) -> None:
    """Agents go on with the last good rule; so must the store."""
    made = http.post(url, json=rule()).json()
    one = f"{url}/vip"
    merge = {"content-type": "application/merge-patch+json"}
    revision = made["metadata"]["resourceVersion"]
    bad = rule() | {"metadata": {"name": "vip", "resourceVersion": revision}, "spec": {}}
    refusals = [
        http.put(one, json=bad),
        http.put(one, json=rule("other")),
        http.put(one, json=made | {"metadata": made["metadata"] | {"resourceVersion": "x"}}),
        http.patch(one, json={"spec": None}, headers=merge),
        http.patch(one, json={"metadata": {"name": "other"}}, headers=merge),
        http.patch(one, json={"metadata": None}, headers=merge),
        http.patch(one, json={"kind": "TrafficLane"}, headers=merge),
        http.patch(one, content=b"[]", headers=merge),
        http.patch(one, content=b"{", headers=merge),
    ]
    assert {answer.status_code for answer in refusals} <= {400, 422}
    kept = http.get(one).json()
    # The control plane writes a status meanwhile, which is a revision of its own.
    kept["metadata"]["resourceVersion"] = revision
    assert {**kept, "status": None} == {**made, "status": None}


def test_server_side_apply_is_refused_with_the_reason(http: httpx.Client, url: str) -> None:
    """A plain merge in its place would never conflict and never remove a field."""
    kind = {"content-type": "application/apply-patch+yaml"}
    answer = http.patch(f"{url}/vip", json=rule(), headers=kind)
    assert answer.status_code == 415
    assert "server-side apply is not supported" in answer.json()["message"]


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_of_no_known_type_is_refused(http: httpx.Client, url: str, kind: str) -> None:
    """These are what a foreign page can send without being asked: never read them."""
    assert post(http, url, json.dumps(rule()), kind).status_code == 415


def test_ten_megabytes_are_refused_and_the_answer_is_read(http: httpx.Client, url: str) -> None:
    """A server that hangs up on a sender leaves it with 'broken pipe'."""
    body = rule(value="x" * 10_000_000)
    answer = http.post(url, json=body)
    assert (answer.status_code, answer.json()["reason"]) == (413, "RequestEntityTooLarge")


def test_an_object_cannot_grow_too_large_by_patches(http: httpx.Client, url: str) -> None:
    """The bound is the object's, not the request's."""
    http.post(url, json=rule())
    sizes = []
    for number in range(3):
        body = {"metadata": {"annotations": {f"note-{number}": "x" * 500_000}}}
        merge = {"content-type": "application/merge-patch+json"}
        sizes.append(http.patch(f"{url}/vip", json=body, headers=merge).status_code)
    assert sizes == [200, 200, 413]


def test_yaml_is_read_like_json(http: httpx.Client, url: str) -> None:
    """A file can be sent as it is."""
    text = """
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficLabelRule
metadata: {name: from-yaml}
spec:
  selector: {app: gateway}
  trafficLabel: gray
  match:
  - {condition: "==", type: header, key: location, value: cn-shenzhen}
"""
    answer = post(http, url, text, YAML)
    assert answer.status_code == 201, answer.text
    expected = rule("from-yaml")["spec"]
    assert answer.json()["spec"] == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a:\n\tb: 1", "line 2"),
        ("a: 1\n---\nb: 2", "2 YAML documents"),
        ("", "0 YAML documents"),
        ("a: *unknown", "unknown"),
        ("a: !!python/object:os.system x", "tags"),
        ("a: &a [x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n", "expected"),
        (
            "\n".join(
                ["a0: &a0 [x]"]
                + [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
            ),
            "50,000",
        ),
        ("[" * 5_000, "64"),
        ("a: 1\na: 2", "twice"),
    ],
)
def test_bad_yaml_is_refused_with_its_line(
    http: httpx.Client, url: str, text: str, message: str
) -> None:
    """Tabs, bombs, tags and abysses: bounded, and named."""
    answer = post(http, url, text, YAML)
    assert answer.status_code in (400, 422), answer.text
    assert message in answer.json()["message"]


def test_a_yaml_body_names_the_field_of_a_violation(http: httpx.Client, url: str) -> None:
    """The API knows paths, `fairlead apply` knows lines (contract 18)."""
    text = json.dumps(rule()).replace('"cn-shenzhen"', "0123")
    answer = post(http, url, text, YAML)
    assert answer.status_code == 422
    assert "spec.match[0].value" in causes(answer)


@pytest.mark.parametrize(
    "query",
    ["fieldValidation=Maybe", "dryRun=Some", "dryRun=All&dryRun=x"],
)
def test_options_nobody_knows_are_refused(http: httpx.Client, url: str, query: str) -> None:
    """A dry run that is misspelt must not become a write."""
    answer = http.post(f"{url}?{query}", json=rule())
    assert (answer.status_code, answer.json()["reason"]) == (422, "Invalid")
    assert causes(answer).keys() == {query.partition("=")[0]}
    assert http.get(url).json()["items"] == []


@pytest.mark.parametrize("query", ["resourceVersion=x", "timeoutSeconds=-1", "resourceVersion=1e3"])
def test_watch_options_nobody_knows_are_refused(http: httpx.Client, url: str, query: str) -> None:
    """An error now is better than a stream that never says anything."""
    assert http.get(f"{url}?watch=true&{query}").status_code == 400


@pytest.mark.parametrize(
    "accept", ["text/html", "application/vnd.kubernetes.protobuf", "application/json;as=Table;v=v9"]
)
def test_forms_that_are_not_offered_are_said_so(http: httpx.Client, url: str, accept: str) -> None:
    """A protobuf client must not be left with JSON it cannot read."""
    answer = http.get(url, headers={"accept": accept})
    assert (answer.status_code, answer.json()["reason"]) == (406, "NotAcceptable")


@pytest.mark.parametrize("host", ["evil.example", "10.0.0.1:8580", "", "127.0.0.1.evil.example"])
def test_a_foreign_host_name_is_refused(http: httpx.Client, host: str) -> None:
    """A name that somebody lets resolve to 127.0.0.1 gives a web page our answers to read."""
    answer = http.get("/api/v1/namespaces", headers={"host": host})
    assert answer.status_code == 403, answer.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:99", "127.0.0.1", "127.8.8.8:1", "[::1]"])
def test_names_of_loopback_are_welcome(http: httpx.Client, host: str) -> None:
    """Tunnels and port forwards change the port, not the place."""
    assert http.get("/version", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:3000"])
def test_pages_of_other_sites_are_refused(http: httpx.Client, url: str, origin: str) -> None:
    """Browsers send such requests without asking us first."""
    answer = http.post(url, json=rule(), headers={"origin": origin})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers
    assert http.get(url).json()["items"] == []


def test_our_own_pages_are_welcome(http: httpx.Client, server: Server, url: str) -> None:
    """The console will be served from here."""
    answer = http.post(url, json=rule(), headers={"origin": server.url})
    assert answer.status_code == 201


def raw_requests() -> Iterator[bytes]:
    yield b"GET / HTTP/1.1\r\n\r\n"
    yield b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
    yield b"POST /apis HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n"
    yield b"GET /%ff%00/../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield b"GET /apis/a/b/namespaces/%2e%2e/c/%00 HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize("raw", list(raw_requests()))
def test_requests_that_are_no_http_do_no_harm(
    http: httpx.Client, server: Server, raw: bytes
) -> None:
    """Scanners and mistaken clients come by; the next request must be answered."""
    host, port = urlsplit(server.url).hostname, urlsplit(server.url).port
    with socket.create_connection((host, port), 5) as connection:
        connection.settimeout(5)
        connection.sendall(raw)
        first = connection.recv(64)
        assert first.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4")), first
    assert http.get("/healthz").text == "ok"
