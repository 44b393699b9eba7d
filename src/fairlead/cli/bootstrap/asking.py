"""Who asks the control plane, and where: options that stand for settings of the agent."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from fairlead.agent.settings import InvalidSetting, Settings
from fairlead.cli.bootstrap.peer import Asked, Server, server
from fairlead.cli.failure import USAGE, Failed

_SHORTHANDS = (
    ("app", "FAIRLEAD_APP", "name that others call the program by"),
    ("namespace", "FAIRLEAD_NAMESPACE", "namespace of the app (default: default)"),
    ("lane", "FAIRLEAD_LANE", "lane of the instance"),
    ("zone", "FAIRLEAD_ZONE", "zone it runs in"),
    ("control", "FAIRLEAD_CONTROL", "URL of the control plane (default: http://127.0.0.1:8580)"),
)
_CERTIFICATE = (
    ("xds-cert", "FAIRLEAD_XDS_CERT", "PEM file: certificate that is shown where xDS is asked for"),
    ("xds-key", "FAIRLEAD_XDS_KEY", "PEM file: the certificate's key"),
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Have `parser` read them."""
    parser.add_argument(
        "--xds",
        metavar="HOST[:PORT]",
        help="where xDS is answered (default: the control plane's host; port 15010 on this "
        "machine, 15012 with TLS elsewhere)",
    )
    parser.add_argument(
        "--xds-tls", action="store_true", help="ask with TLS on this machine too, at port 15012"
    )
    for name, variable, meaning in _CERTIFICATE:
        parser.add_argument(f"--{name}", metavar="FILE", help=f"{meaning} [{variable}]")
    for name, variable, meaning in _SHORTHANDS:
        parser.add_argument(f"--{name}", metavar=name.upper(), help=f"{meaning} [{variable}]")


def add_listen(parser: argparse.ArgumentParser) -> None:
    """Have `parser` read where a gateway listens."""
    parser.add_argument(
        "--listen",
        metavar="ADDRESS",
        default="",
        help="address that a gateway takes requests at: 0.0.0.0 for all (default: 127.0.0.1)",
    )


def add_capture(parser: argparse.ArgumentParser, default: str) -> None:
    """Have `parser` read where an Envoy beside an application takes its calls."""
    parser.add_argument(
        "--capture",
        metavar="PORT",
        type=port,
        default=0,
        help=f"port of 127.0.0.1 that takes the calls of the application (default: {default})",
    )


def port(text: str) -> int:
    """Return the port that `text` is."""
    number = int(text) if text.isascii() and text.isdecimal() else 0
    if not 0 < number < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return number


def server_of(
    options: argparse.Namespace, environ: Mapping[str, str], settings: Settings
) -> Server:
    """Return where xDS is asked for, and how. Raises Failed where that is wrong."""
    certificate, key = (
        getattr(options, name.replace("-", "_")) or environ.get(variable, "")
        for name, variable, _ in _CERTIFICATE
    )
    asked = Asked(where=options.xds, tls=options.xds_tls, certificate=certificate, key=key)
    return server(settings, asked)


def settings_of(options: argparse.Namespace, environ: Mapping[str, str]) -> Settings:
    """Return the settings; an option wins over its variable. Raises Failed where one is wrong."""
    chosen = {variable: getattr(options, name) for name, variable, _ in _SHORTHANDS}
    for name, variable in (("address", "FAIRLEAD_ADDRESS"), ("label", "FAIRLEAD_LABELS")):
        found = getattr(options, name, None)
        chosen[variable] = ",".join(found) if isinstance(found, list) else found
    told = {variable: value for variable, value in chosen.items() if value is not None}
    try:
        return Settings.from_env({**environ, **told})
    except InvalidSetting as error:
        raise Failed(str(error), USAGE) from error
