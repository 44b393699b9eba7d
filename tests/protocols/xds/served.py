"""A gRPC server that asks the control plane whether, and how, it serves.

Run as a program with an address, it says a line when it is told that it serves.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path

import grpc


@contextmanager
def serving(address, bootstrap, python=sys.executable):
    """Run one; yield its process."""
    environment = {**os.environ, "GRPC_XDS_BOOTSTRAP_CONFIG": json.dumps(bootstrap)}
    environment.pop("GRPC_XDS_BOOTSTRAP", None)
    words = [python, str(Path(__file__)), address]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def main():
    server = grpc.server(futures.ThreadPoolExecutor(4), xds=True)
    who = grpc.unary_unary_rpc_method_handler(lambda data, context: b"served")
    handler = grpc.method_handlers_generic_handler("test.Echo", {"Who": who})
    server.add_generic_rpc_handlers((handler,))
    fallback = grpc.insecure_server_credentials()
    server.add_secure_port(sys.argv[1], grpc.xds_server_credentials(fallback))
    server.start()
    sys.stdout.write("started\n")
    sys.stdout.flush()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
