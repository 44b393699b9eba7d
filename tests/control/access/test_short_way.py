"""The short way of renewals and reports: what is plainly right goes it, and nothing is lost."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fairlead.protocols.watch.codec import ROOT, Registration, registration_body
from fairlead.protocols.watch.report import REPORTS, Report, report_body
from tests.control.access.plane import Guarded, run
from tests.control.serving import serving
from tests.control.telemetry.reports import interface
from tests.control.test_entrance import connected

AT = f"{ROOT}/instances"
SAID = Registration(
    node="n1", namespace="shop", app="cart", address="127.0.0.1:7001", pid=1, host="h"
)
MEASURED = Report(node="n1", namespace="shop", app="cart", seq=1, seconds=10.0)
MEASURED = replace(MEASURED, interfaces=(interface(passed=10),))


def headers(guarded: Guarded, name: str, **more: str) -> list[tuple[bytes, bytes]]:
    given = {"host": "localhost", "accept": "*/*", "content-type": "application/json"}
    given |= {"authorization": f"Bearer {guarded.made[name].text}"} if name else {}
    return [(one.encode(), value.encode()) for one, value in (given | more).items()]


def short(guarded: Guarded, body: bytes, name: str = "cart", path: str = AT, **more: str) -> Any:
    """What the short way answers, None where it leaves the request to the long one."""
    answer = guarded.plane.short.answer(path.encode(), headers(guarded, name, **more), body)
    return None if answer is None else json.loads(answer)


async def register(guarded: Guarded, said: Registration = SAID) -> Any:
    kind = {"content-type": "application/json"}
    answer = await guarded.ask("cart", "POST", AT, content=registration_body(said), headers=kind)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_renewal_that_says_nothing_new_is_answered_like_the_first(tmp_path: Path) -> None:
    """Which way it went must be nothing that an agent can tell, but for the time it takes."""

    async def scenario(guarded: Guarded) -> None:
        assert short(guarded, registration_body(SAID)) is None
        first = await register(guarded)
        assert short(guarded, registration_body(SAID)) == first
        counted = replace(SAID, counters={"coloured": {"gray": 3}}, report=MEASURED)
        assert short(guarded, registration_body(counted)) == first | {"reported": 1}
        assert guarded.plane._measured.memory.apps
        assert guarded.plane._measured.intake.taken == 1
        asked = await guarded.ask("admin", "GET", f"{ROOT}/requests")
        assert asked.json()["requests"]["registrations"] == 3

    run(tmp_path, scenario)


def test_a_renewal_on_the_short_way_keeps_the_instance(tmp_path: Path) -> None:
    """It is there for the lease, which would else end while the agent is told that it holds."""

    async def scenario(guarded: Guarded) -> None:
        await register(guarded)
        instances = guarded.plane._instances
        (leases,) = instances._leases.values()
        leases["n1"] -= 5.0
        assert short(guarded, registration_body(SAID)) is not None
        assert leases["n1"] > instances._clocks.elapsed() + 5.0

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    "other",
    [
        {"labels": (("zone", "b"),)},
        {"lane": "gray"},
        {"address": "127.0.0.1:7002"},
        {"pid": 2},
        {"app": "bank"},
        {"hooks": ({"library": "flask", "version": "3", "state": "hooked", "reason": ""},)},
    ],
)
def test_whoever_says_something_new_goes_the_long_way(
    tmp_path: Path, other: dict[str, Any]
) -> None:
    """It is to be read, checked and written, which the short way does not do."""

    async def scenario(guarded: Guarded) -> None:
        await register(guarded)
        assert short(guarded, registration_body(replace(SAID, **other))) is None

    run(tmp_path, scenario)


def test_what_is_stored_otherwise_is_looked_at_again(tmp_path: Path) -> None:
    """An instance that somebody else wrote to, or that is gone, is registered and not renewed."""

    async def scenario(guarded: Guarded) -> None:
        await register(guarded)
        await register(guarded, replace(SAID, node="n2", pid=2))
        assert short(guarded, registration_body(SAID)) is None
        await register(guarded)
        assert short(guarded, registration_body(SAID)) is not None
        for node in ("n1", "n2"):
            await guarded.plane._instances.leave("shop", "cart", "127.0.0.1:7001", node)
        assert short(guarded, registration_body(SAID)) is None

    run(tmp_path, scenario)


@pytest.mark.parametrize("name", ["", "bank", "viewer", "admin"])
def test_the_short_way_has_the_same_lock(tmp_path: Path, name: str) -> None:
    """A process renews with its own app's token, and with nobody else's."""

    async def scenario(guarded: Guarded) -> None:
        await register(guarded)
        assert short(guarded, registration_body(replace(SAID, report=MEASURED)), name) is None
        assert short(guarded, report_body(MEASURED), name, REPORTS) is None
        assert guarded.plane._measured.intake.taken == 0

    run(tmp_path, scenario)


def test_a_token_that_was_revoked_opens_the_short_way_no_more(tmp_path: Path) -> None:
    """What is remembered is what a process said, and never that it may."""

    async def scenario(guarded: Guarded) -> None:
        await register(guarded)
        assert short(guarded, registration_body(SAID)) is not None
        guarded.file.remove(guarded.made["cart"].record.id)
        assert short(guarded, registration_body(SAID)) is None

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    "more",
    [
        {"host": "evil.example"},
        {"origin": "http://localhost"},
        {"cookie": "a=b"},
        {"content-type": "text/plain"},
        {"content-encoding": "gzip"},
        {"transfer-encoding": "chunked"},
        {"expect": "100-continue"},
    ],
)
def test_whatever_is_out_of_the_ordinary_goes_the_long_way(
    tmp_path: Path, more: dict[str, str]
) -> None:
    """There everything is looked at that a header may mean."""

    async def scenario(guarded: Guarded) -> None:
        await register(guarded)
        assert short(guarded, registration_body(SAID), **more) is None

    run(tmp_path, scenario)


WORDS = registration_body(SAID).partition(b'"counters"')[0]


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"[]", b"null", b'{"node":{}}', b'{"node":"n1"}', b'{"node":"n1', WORDS),
        *(WORDS + b'"counters":{}', WORDS + b'"counters":{}}}', WORDS + b'"counters":7}'),
        *(WORDS + b'"counters":{},"app":"bank"}', WORDS + b'"counters":{"a":{"x":-1}}}'),
        *(WORDS + b'"counters":{"a":{"x":1,"report":2}}}', WORDS + b'"counters":{},"report":7'),
        *(WORDS + b'"counters":{},"report":{"seq":1,"seconds":', WORDS + b'"report":{}}'),
    ],
)
def test_nonsense_goes_the_long_way(tmp_path: Path, body: bytes) -> None:
    """It is refused there, with the reason."""

    async def scenario(guarded: Guarded) -> None:
        await register(guarded)
        assert short(guarded, body) is None
        assert short(guarded, body, path=REPORTS) is None

    run(tmp_path, scenario)


def test_who_says_the_same_in_another_order_goes_the_long_way(tmp_path: Path) -> None:
    """Agents of an earlier version do; they are registered and renewed all the same."""

    async def scenario(guarded: Guarded) -> None:
        plain = json.loads(registration_body(SAID))
        kind = {"content-type": "application/json"}
        for order in (sorted(plain), ["counters", *plain], ["node", "counters", *plain]):
            body = json.dumps({name: plain[name] for name in order}, separators=(",", ":")).encode()
            answer = await guarded.ask("cart", "POST", AT, content=body, headers=kind)
            assert answer.status_code == 200
            assert short(guarded, body) is None

    run(tmp_path, scenario)


def test_a_node_of_another_app_is_not_renewed(tmp_path: Path) -> None:
    """The app that a node is connected for is its own, whatever a registration claims."""

    async def scenario(guarded: Guarded) -> None:
        other = report_body(replace(MEASURED, app="bank"))
        assert short(guarded, other, "cart", REPORTS) is None
        assert short(guarded, report_body(MEASURED), "cart", REPORTS) == {"reported": 1}

    run(tmp_path, scenario)


def request(body: bytes, more: str = "") -> bytes:
    head = f"POST {AT} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{more}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def answers(connection: Any, count: int) -> list[tuple[bytes, bytes]]:
    """Return the heads and bodies of so many answers of a connection, in order."""
    held = b""
    found: list[tuple[bytes, bytes]] = []
    while len(found) < count:
        head, end, rest = held.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        if end and len(rest) >= length:
            found.append((head, rest[:length]))
            held = rest[length:]
            continue
        piece = connection.recv(65536)
        assert piece, held
        held += piece
    return found


def test_however_a_request_is_cut_it_is_answered_the_same(tmp_path: Path) -> None:
    """Packets end where they like: in a head, in a body, or behind the next request."""
    body = registration_body(SAID)
    with serving(tmp_path / "data") as server, closing(connected(server)) as connection:
        connection.sendall(request(body))
        ((head, first),) = answers(connection, 1)
        assert b"200 OK" in head
        sent = request(body)
        for cut in (1, 40, sent.index(b"\r\n\r\n") + 2, len(sent) - len(body), len(sent) - 1):
            connection.sendall(sent[:cut])
            connection.sendall(sent[cut:])
            assert answers(connection, 1)[0][1] == first
        refused = request(b"{")
        healthy = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        connection.sendall(sent + sent + refused + sent + healthy + sent)
        found = answers(connection, 6)
        assert [head.split(b" ")[1] for head, _ in found] == [b"200", b"200", b"400"] + [b"200"] * 3
        assert [text for _, text in found if text == first] == [first] * 4
        assert b"nosniff" in found[0][0]


def test_who_wants_the_connection_closed_has_it_closed(tmp_path: Path) -> None:
    """A client that asks for it waits for the end."""
    body = registration_body(SAID)
    with serving(tmp_path / "data") as server:
        for more in ("", "Connection: close\r\n"):
            with closing(connected(server)) as connection:
                connection.sendall(request(body, more))
                ((head, _),) = answers(connection, 1)
                assert b"200 OK" in head
                if more:
                    assert connection.recv(1) == b""
