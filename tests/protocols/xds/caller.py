"""A stock gRPC client in a process of its own, and servers for it to call.

Run as a program it reads ``TARGET NUMBER [BAGGAGE]`` a line, and writes how often who answered.
"""

from __future__ import annotations

import collections
import json
import os
import subprocess
import sys
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path

import grpc

METHOD = "/test.Echo/Who"


@contextmanager
def answering(*names):
    """Serve as each of `names`; yield their addresses."""
    pool = futures.ThreadPoolExecutor(4)
    servers, found = [], {}
    for name in names:
        server = grpc.server(pool, options=[("grpc.so_reuseport", 0)])
        who = grpc.unary_unary_rpc_method_handler(lambda data, context, n=name: n.encode())
        handler = grpc.method_handlers_generic_handler("test.Echo", {"Who": who})
        server.add_generic_rpc_handlers((handler,))
        found[name] = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        server.start()
        servers.append(server)
    try:
        yield found
    finally:
        for server in servers:
            server.stop(0).wait()
        pool.shutdown()


class Caller:
    """The client."""

    def __init__(self, process):
        self._process = process

    def call(self, target, number=1, baggage=""):
        """Call so often; return how often who answered, or the code of what failed."""
        self._process.stdin.write(f"{target} {number} {baggage}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the client is gone"
        return collections.Counter(json.loads(line))


def calling(port, namespace="default", node="grpc-1"):
    """Start a client whose bootstrap names the server at `port`."""
    bootstrap = {
        "xds_servers": [
            {
                "server_uri": f"127.0.0.1:{port}",
                "channel_creds": [{"type": "insecure"}],
                "server_features": ["xds_v3"],
            }
        ],
        "node": {"id": node, "metadata": {"NAMESPACE": namespace}},
    }
    return started(bootstrap)


@contextmanager
def started(bootstrap):
    """Start a client with a bootstrap."""
    environment = {**os.environ, "GRPC_XDS_BOOTSTRAP_CONFIG": json.dumps(bootstrap)}
    environment.pop("GRPC_XDS_BOOTSTRAP", None)
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    try:
        yield Caller(process)
    finally:
        process.kill()
        process.communicate()


def main():
    channels = {}
    for line in sys.stdin:
        target, number, *baggage = line.split()
        if target not in channels:
            channels[target] = grpc.insecure_channel(target).unary_unary(METHOD)
        metadata = [("baggage", baggage[0])] if baggage else []
        counts: collections.Counter[str] = collections.Counter()
        for _ in range(int(number)):
            try:
                counts[channels[target](b"", timeout=8, metadata=metadata).decode()] += 1
            except grpc.RpcError as error:
                counts[error.code().name] += 1
        sys.stdout.write(json.dumps(counts) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
