"""``fairlead serve``: run the control plane until a signal arrives.

Exit status 2 for settings that cannot be used, 3 where this machine does not let it start.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from fairlead.cli import command
from fairlead.console import pages
from fairlead.control.access.records import TokensUnusable
from fairlead.control.app import run
from fairlead.control.logs import Unhurried
from fairlead.control.server import CannotListen
from fairlead.control.settings import InvalidSetting, Settings
from fairlead.control.store import DirectoryInUse, StoreFailed
from fairlead.control.tls import CertificateUnusable

BAD_SETTING, CANNOT_START = 2, 3


_Xds = Annotated[
    str | None,
    typer.Option(
        "--xds",
        help="Serve Envoy and stock gRPC libraries as well: on (127.0.0.1:15010), or HOST:PORT on "
        "loopback.",
        show_default=False,
    ),
]
_XdsTls = Annotated[
    str | None,
    typer.Option(
        "--xds-tls",
        help="Serve them with TLS: on (port 15012 at the address of --listen), or HOST:PORT.",
        show_default=False,
    ),
]
_ClientAuthority = Annotated[
    str | None,
    typer.Option(
        "--xds-client-ca",
        help="PEM file: whose certificates let clients of --xds-tls in.",
        show_default=False,
    ),
]
_Governance = Annotated[
    str | None,
    typer.Option(
        "--governance",
        help="off, observe or on (the default): whether namespaces without a label "
        "fairlead.io/governance enforce their rules.",
        show_default=False,
    ),
]
_Prune = Annotated[
    bool,
    typer.Option(
        "--xds-prune",
        help="Give each Envoy the instances of what its app was seen to call, and others when it "
        "calls them.",
    ),
]
_Certificate = Annotated[
    str | None,
    typer.Option("--tls-cert", help="PEM file: certificate and chain.", show_default=False),
]
_Key = Annotated[
    str | None,
    typer.Option("--tls-key", help="PEM file: the certificate's key.", show_default=False),
]
_Prometheus = Annotated[
    str | None,
    typer.Option(
        "--prometheus",
        help="URL of a Prometheus that reads the agents: graphs of what memory does not know "
        "are asked of it, and none of it is kept in the data directory.",
        show_default=False,
    ),
]
_Credentials = Annotated[
    str | None,
    typer.Option(
        "--prometheus-credentials",
        help="File with a token for it, or with two words such as Basic and what follows.",
        show_default=False,
    ),
]


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead serve``."""
    return command.run("serve", arguments, COMMANDS)


def _serve(  # noqa: PLR0913 - one parameter for each option
    data_dir: Annotated[
        str | None,
        typer.Option("--data-dir", help="Directory that keeps everything.", show_default=False),
    ] = None,
    listen: Annotated[
        str | None,
        typer.Option("--listen", help="HOST:PORT; 127.0.0.1:8580 if left out.", show_default=False),
    ] = None,
    governance: _Governance = None,
    xds: _Xds = None,
    xds_tls: _XdsTls = None,
    xds_client_ca: _ClientAuthority = None,
    *,
    xds_prune: _Prune = False,
    auth: Annotated[
        bool,
        typer.Option("--auth", help="Ask for a token on loopback too, as everywhere else."),
    ] = False,
    tls_cert: _Certificate = None,
    tls_key: _Key = None,
    prometheus: _Prometheus = None,
    prometheus_credentials: _Credentials = None,
) -> None:
    """Run the control plane until a signal arrives."""
    more: dict[str, Any] = {
        "governance": governance,
        "xds": xds,
        "xds_tls": xds_tls,
        "xds_client_ca": xds_client_ca,
        "xds_prune": xds_prune,
        "auth": auth,
        "tls_cert": tls_cert,
        "tls_key": tls_key,
        "prometheus": prometheus,
        "prometheus_credentials": prometheus_credentials,
    }
    raise typer.Exit(serve(data_dir, listen, **more))


def serve(
    data_dir: str | None,
    listen: str | None,
    environment: Mapping[str, str] = os.environ,
    **more: Any,
) -> int:
    """Serve on `listen` with the store in `data_dir`, and what else `Settings.read` takes.

    Return the exit status.
    """
    logging.basicConfig(
        level=logging.WARNING, format="fairlead: %(message)s", handlers=[Unhurried()]
    )
    try:
        settings = Settings.read(environment, data_dir=data_dir, listen=listen, **more)
    except InvalidSetting as error:
        return _complain(str(error), BAD_SETTING)
    return serve_with(settings)


def serve_with(settings: Settings) -> int:
    """Serve; return the exit status."""
    directory = settings.data_dir

    def ready(url: str, token: str) -> None:
        if token:
            print(f"fairlead: admin token, shown this once: {token}")
        print(f"fairlead: serving on {url}, data in {directory}", flush=True)

    try:
        run(settings, ready, pages.routes())
    except CertificateUnusable as error:
        return _complain(str(error), BAD_SETTING)
    except (DirectoryInUse, StoreFailed, CannotListen, TokensUnusable) as error:
        return _complain(str(error), CANNOT_START)
    except OSError as error:
        reason = f"data directory {directory} cannot be used: {error.strerror or error}"
        return _complain(reason, CANNOT_START)
    return 0


def _complain(message: str, status: int) -> int:
    print(f"fairlead: {message}", file=sys.stderr)
    return status


COMMANDS: command.Commands = {"serve": _serve}
