"""What drives services under load counts as users do: every request, answered or not."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

LOAD = Path(__file__).resolve().parents[2] / "examples/02-flow-governance/rigs/load.py"


@pytest.fixture(scope="module")
def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("rigs_load", LOAD)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["rigs_load"] = module
    spec.loader.exec_module(module)
    return module


def statuses(load: ModuleType, answer: bytes, *, hang_up: bool = False) -> Counter[int]:
    """Return what 40 requests come to at a server that gives one answer."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while answer:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer)
                if hang_up:
                    break
            else:
                await reader.read()
        except asyncio.IncompleteReadError:
            pass
        writer.close()

    async def run() -> Counter[int]:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        generator = load.Generator(f"{host}:{port}", timeout=5.0 if answer else 0.05)
        await generator.offer((load.Phase(0.1, 200), load.Phase(0.1, 200)), ("/a", "/b"))
        server.close()
        assert Counter(one.path for one in generator.samples) == {"/a": 20, "/b": 20}
        assert Counter(one.phase for one in generator.samples) == {0: 20, 1: 20}
        return Counter(one.status for one in generator.samples)

    return asyncio.run(run())


def test_every_answer_is_counted_by_its_status(load):
    """A rejection is an answer, and no error."""
    answer = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 2\r\n\r\nno"

    assert statuses(load, answer) == {429: 40}


def test_a_kept_connection_that_was_closed_is_no_error_of_the_service(load):
    """Servers close idle connections as they like: the picture would be theirs."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    assert statuses(load, answer, hang_up=True) == {200: 40}


def test_who_gets_no_answer_in_time_has_given_up(load):
    """A server that answers nobody must not look as if nobody had asked."""
    assert statuses(load, b"") == {load.GIVEN_UP: 40}


def test_the_percentile_of_a_few_is_one_of_them(load):
    """An interpolated value is no wait that anybody had."""
    assert load.percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert load.percentile([], 0.99) == 0.0
