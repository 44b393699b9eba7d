"""``fairlead bootstrap``: print what a stock gRPC library, or an Envoy, needs to ask us.

It asks nobody: what is printed is made of settings, as `fairlead run` has them.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fairlead.cli.bootstrap.asking import (
    add_capture,
    add_listen,
    add_options,
    server_of,
    settings_of,
)
from fairlead.cli.bootstrap.envoy import envoy, outside
from fairlead.cli.bootstrap.grpc import grpc
from fairlead.cli.bootstrap.peer import ROUTER, SIDECAR, access_log, listening, node
from fairlead.cli.failure import ENVIRONMENT, OK, USAGE, Failed

ADMIN = "127.0.0.1:15000"
_LOOPBACK = re.compile(r"(?:127\.0\.0\.1|\[::1\]):(\d{1,5})|/.+")


def main(argv: Sequence[str]) -> int:
    """Print a bootstrap, or write it."""
    options = options_parser().parse_args(argv)
    text = json.dumps(bootstrap(options, os.environ), indent=2) + "\n"
    if options.output is None:
        print(text, end="")
        return OK
    _write(Path(options.output), text)
    return OK


def options_parser() -> argparse.ArgumentParser:
    """Return what reads the options."""
    parser = argparse.ArgumentParser(
        prog="fairlead bootstrap",
        description="Print what a stock gRPC library, or an Envoy, needs to ask the control plane.",
        epilog="An option wins over its variable; FAIRLEAD_LABELS, FAIRLEAD_ADDRESS and "
        "FAIRLEAD_CA_FILE are read as well.",
    )
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--grpc", action="store_true", help="for a file of GRPC_XDS_BOOTSTRAP")
    kind.add_argument("--envoy", action="store_true", help="for envoy --config-path")
    parser.add_argument("-o", "--output", metavar="FILE", help="write it to this file")
    parser.add_argument("--gateway", action="store_true", help="an Envoy that others come in by")
    parser.add_argument(
        "--admin",
        metavar="HOST:PORT|PATH",
        default=ADMIN,
        help=f"where Envoy tells of itself, on this machine only (default: {ADMIN})",
    )
    add_options(parser)
    add_listen(parser)
    add_capture(parser, "15001")
    return parser


def bootstrap(options: argparse.Namespace, environ: Mapping[str, str]) -> dict[str, Any]:
    """Return what is printed. Raises Failed where a setting is wrong, or one is missing."""
    settings = settings_of(options, environ)
    if options.grpc and options.gateway:
        raise Failed("--gateway is for --envoy", USAGE)
    if options.listen and not options.gateway:
        raise Failed("--listen is for --gateway", USAGE)
    if options.capture and (options.grpc or options.gateway):
        raise Failed("--capture is for an --envoy that is no --gateway", USAGE)
    where = server_of(options, environ, settings)
    if options.grpc:
        return grpc(where, node(settings, SIDECAR))
    if not settings.app:
        raise Failed("an Envoy belongs to an app: --app, or FAIRLEAD_APP", USAGE)
    found = _LOOPBACK.fullmatch(options.admin)
    if found is None or int(found[1] or 0) > 65535:
        raise Failed(
            f"--admin {options.admin}: expected 127.0.0.1:PORT or the path of a socket; whoever "
            "reaches it can end the Envoy",
            USAGE,
        )
    told = {"LISTEN": listening(options.listen), "ACCESS_LOG": access_log(settings)}
    if options.capture:
        told["CAPTURE"] = f"127.0.0.1:{options.capture}"
    who = node(settings, ROUTER if options.gateway else SIDECAR, **told)
    clusters = () if options.gateway else (outside(),)
    return envoy(where, who, options.admin, clusters)


def _write(path: Path, text: str) -> None:
    """Replace a file whole: a library that starts meanwhile reads the old one, or the new one."""
    written: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8"
        ) as file:
            written = Path(file.name)
            file.write(text)
        written.chmod(0o644)
        written.replace(path)
    except OSError as error:
        if written is not None:
            written.unlink(missing_ok=True)
        raise Failed(f"{path}: {error.strerror}", ENVIRONMENT) from error
