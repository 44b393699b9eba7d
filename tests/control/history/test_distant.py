"""A past that is somebody else's: asked within bounds, and never waited for by what is live."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from fairlead.control.history import distant, prometheus
from fairlead.control.history.distant import Distant, Found
from fairlead.control.history.prometheus import Prometheus, Unanswered
from fairlead.control.telemetry.memory import INTERFACE
from fairlead.control.telemetry.query import Query
from tests.control.telemetry.reports import START, Time

Answer = Callable[[str, dict[str, str]], tuple[int, bytes, dict[str, str]]]
NAME = (INTERFACE, "GET:/a", "server", "")
QUERY = Query(app=("shop", "orders"), sort=INTERFACE, wanted={}, begin=START - 600, end=START)


class Peer:
    """Who is taken for a Prometheus."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.answer: Answer = lambda path, fields: said([])
        peer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                fields = {key: values[0] for key, values in parse_qs(body).items()}
                peer.asked.append((self.path, fields, dict(self.headers)))
                status, content, headers = peer.answer(self.path, fields)
                self.send_response(status)
                for key, value in headers.items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Tests say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/at"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def said(result: Any) -> tuple[int, bytes, dict[str, str]]:
    plain = {"status": "success", "data": {"result": result}}
    return 200, json.dumps(plain).encode(), {"content-type": "application/json"}


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.close()


@pytest.fixture
def time() -> Time:
    return Time(START)


def graph(step: int = 10) -> dict[str, Any]:
    begin = START - 600
    points = 61
    return {
        "step": step,
        "from": begin,
        "series": [{"labels": {}, "passed": [None] * points, "p99": [None] * points}],
    }


def test_an_answer_is_rows_of_numbers(peer: Peer):
    """NaN is what a quantile of nothing is."""
    peer.answer = lambda path, fields: said(
        [{"metric": {"a": "b"}, "values": [[1, "2.5"], [2, "NaN"], [3, "+Inf"], [4, "0"]]}]
    )

    (row,) = Prometheus(url=peer.url).between("up", 1, 4, 1)

    assert row.labels == {"a": "b"}
    assert row.values == [(1.0, 2.5), (4.0, 0.0)]
    (path, fields, headers) = peer.asked[0]
    assert path == "/at/api/v1/query_range"
    assert fields == {"query": "up", "start": "1.000", "end": "4.000", "step": "1", "timeout": "5s"}
    assert "authorization" not in {key.lower() for key in headers}


@pytest.mark.parametrize(
    ("written", "sent"), [("abc\n", "Bearer abc"), ("Basic dTpw\n", "Basic dTpw")]
)
def test_credentials_are_read_from_their_file_each_time(
    peer: Peer, tmp_path: Path, written: str, sent: str
):
    """Tokens of a Kubernetes account are new every hour."""
    file = tmp_path / "token"
    asked = Prometheus(url=peer.url, credentials=file)
    for text in ("old", written):
        file.write_text(text)
        asked.at("up", 1.0)

    headers = {key.lower(): value for key, value in peer.asked[-1][2].items()}
    assert headers["authorization"] == sent


ANSWERS: dict[str, tuple[Answer, str]] = {
    "nobody lets us in": (lambda *_: (401, b"<html>", {}), "refuses the credentials"),
    "no prometheus": (lambda *_: (200, b"<html>hello", {}), "is it a Prometheus"),
    "too much work": (
        lambda *_: (422, b'{"status":"error","error":"query timed out in expression"}', {}),
        "HTTP 422: query timed out",
    ),
    "elsewhere": (lambda *_: (302, b"", {"location": "http://127.0.0.1:1/"}), "HTTP 302"),
    "other json": (lambda *_: (200, b"[1]", {}), "no reason"),
    "strange rows": (lambda *_: said([{"metric": {}, "values": [1]}]), "does not give"),
    "words": (lambda *_: said([{"metric": {}, "value": [1, "many"]}]), "does not give"),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_an_answer_that_is_none_is_told_as_such(peer: Peer, what: str):
    """Whoever looks at a graph without a past reads there what to mend."""
    peer.answer, message = ANSWERS[what]

    with pytest.raises(Unanswered, match=message):
        Prometheus(url=peer.url).at("up", 1.0)
    assert len(peer.asked) == 1


def test_no_more_is_read_than_has_room(peer: Peer, monkeypatch: pytest.MonkeyPatch):
    """A control plane must not run out of memory by somebody's graph."""
    monkeypatch.setattr(prometheus, "MOST_BYTES", 1 << 20)
    peer.answer = lambda *_: (200, b" " * (2 << 20), {})

    with pytest.raises(Unanswered, match="more than 1 MB"):
        Prometheus(url=peer.url).at("up", 1.0)


def test_nobody_waits_for_ever(peer: Peer, monkeypatch: pytest.MonkeyPatch):
    """A Prometheus that hangs takes an answer with it, and no thread."""
    monkeypatch.setattr(prometheus, "PATIENCE", 0.1)
    released = threading.Event()

    def hang(path: str, fields: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        released.wait(10)
        return said([])

    peer.answer = hang
    try:
        with pytest.raises(Unanswered, match=r"no answer within 0\.1 s"):
            Prometheus(url=peer.url).at("up", 1.0)
    finally:
        released.set()


def test_more_points_than_prometheus_works_out_are_not_asked_for(peer: Peer):
    """It would refuse them after all the work."""
    with pytest.raises(Unanswered, match="11000"):
        Prometheus(url=peer.url).between("up", 0, 11_000, 1)
    assert peer.asked == []


def test_credentials_are_in_no_message(
    tmp_path: Path, time: Time, caplog: pytest.LogCaptureFixture
):
    """A log is read by more people than may read Prometheus."""
    file = tmp_path / "token"
    file.write_text("very-secret")
    asked = Distant(Prometheus(url="http://127.0.0.1:1", credentials=file), time.clocks)

    with caplog.at_level(logging.DEBUG):
        asyncio.run(asked.look())

    assert "cannot be reached" in asked.problem
    assert "127.0.0.1:1" in caplog.text
    assert "very-secret" not in caplog.text + asked.problem + repr(asked.shown()) + repr(asked)


def test_a_graph_that_memory_has_asks_nobody(peer: Peer, time: Time):
    """Nearly all graphs are of the last minutes."""
    asked = Distant(Prometheus(url=peer.url), time.clocks)

    assert asyncio.run(asked.begin(QUERY, START - 600)) is None
    assert peer.asked == []


def test_what_does_not_answer_is_not_asked_again_at_once(time: Time):
    """Or every graph of the last minutes would take five seconds."""
    asked = Distant(Prometheus(url="http://127.0.0.1:1"), time.clocks)

    async def twice() -> tuple[Found | None, Found | None]:
        first = await asked.begin(QUERY, START - 60)
        asked._prometheus = Prometheus(url="http://127.0.0.1:2")
        return first, await asked.begin(QUERY, START - 60)

    first, second = asyncio.run(twice())

    assert first is not None
    assert "refused" in first.problem
    assert second == first


def test_a_graph_is_completed_before_memory_begins(peer: Peer, time: Time):
    """What memory has is finer, and stays."""
    at = Found(until=START - 95, every=2.5)
    plain = graph()
    plain["series"][0]["passed"][55] = 7.0

    def answer(path: str, fields: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        begin, end = float(fields["start"]), float(fields["end"])
        times = [begin + 10 * i for i in range(int((end - begin) // 10) + 1)]
        gone = times[5:7]
        own = {"interface": "GET:/a", "side": "server"}
        row = [[at, "3"] for at in times if at not in gone]
        return said(
            [
                {"metric": {"of": "covered"}, "values": row},
                {"metric": {"of": "passed", **own}, "values": row[20:]},
                {"metric": {"of": "passed", "interface": "GET:/b"}, "values": row},
            ]
        )

    peer.answer = answer
    asked = Distant(Prometheus(url=peer.url), time.clocks)
    asyncio.run(asked.complete(QUERY, [NAME], plain, at))

    passed = plain["series"][0]["passed"]
    assert passed[:5] == [0.0] * 5
    assert passed[5:7] == [None] * 2
    assert passed[22:51] == [3.0] * 29
    assert passed[51:] == [None] * 4 + [7.0] + [None] * 5
    assert plain["series"][0]["p99"] == [None] * 61
    assert "problem" not in plain


def test_a_graph_without_a_past_says_why(time: Time):
    """A gap that nobody explains is taken for a quiet hour."""
    asked, plain = Distant(Prometheus(url="http://127.0.0.1:1"), time.clocks), graph()

    asyncio.run(asked.complete(QUERY, [NAME], plain, Found(until=START - 60, problem="it is off")))

    assert plain["problem"] == "what is older has to come from Prometheus: it is off"


def test_a_prometheus_that_reads_no_agents_is_told_of(peer: Peer, time: Time):
    """The usual mistake: the control plane is read, and no application is."""
    asked = Distant(Prometheus(url=peer.url), time.clocks)
    asyncio.run(asked.look())
    assert "FAIRLEAD_METRICS" in asked.shown()["problem"]

    peer.answer = lambda *_: said([{"metric": {}, "value": [1, "3"]}])
    asyncio.run(asked.look())
    assert asked.shown() == {"place": peer.url, "problem": ""}


def test_rates_span_some_samples(peer: Peer, time: Time):
    """A rate of ten seconds has nothing to go by where samples are half a minute apart."""
    peer.answer = lambda *_: said([{"metric": {"of": "scrapes"}, "value": [1, "2"]}])
    asked = Distant(Prometheus(url=peer.url), time.clocks)

    found = asyncio.run(asked.begin(QUERY, START))
    assert found is not None
    assert found.every == 30
    asyncio.run(asked.complete(QUERY, [NAME], graph(), found))

    assert f"[{distant.SAMPLES * 30}s]" in peer.asked[-1][1]["query"]


def test_several_who_look_at_one_graph_ask_once(peer: Peer, time: Time):
    """A page asks every few seconds, and there are many pages of one incident."""
    asked = Distant(Prometheus(url=peer.url), time.clocks)

    async def look() -> None:
        found = await asked.begin(QUERY, START - 60)
        assert found is not None
        await asked.complete(QUERY, [NAME], graph(), found)

    for _ in range(3):
        asyncio.run(look())
        time.now += 5
    assert len(peer.asked) == 2

    time.now += distant.FRESH
    asyncio.run(look())
    assert len(peer.asked) == 4


def test_a_question_that_is_too_much_is_nobody_else_s_trouble(peer: Peer, time: Time):
    """One graph of too many interfaces must not take the past from everybody."""
    asked = Distant(Prometheus(url=peer.url), time.clocks)
    peer.answer = lambda *_: (422, b'{"status":"error","error":"too many samples"}', {})

    found = asyncio.run(asked.begin(QUERY, START - 60))
    assert found is not None
    assert "too many samples" in found.problem
    peer.answer = lambda *_: said([])

    again = asyncio.run(asked.begin(QUERY, START - 60))
    assert again is not None
    assert (again.problem, asked.problem) == ("", "")
