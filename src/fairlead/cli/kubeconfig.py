"""``fairlead kubeconfig``: print what kubectl needs to know of a control plane."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from fairlead.cli import command
from fairlead.cli.command import DEFAULT_SERVER, Namespace, Server
from fairlead.cli.control_plane import ControlPlane
from fairlead.cli.failure import USAGE, Failed
from fairlead.policy.workload import DEFAULT_NAMESPACE

NAME = "fairlead"


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead kubeconfig``."""
    return command.run("kubeconfig", arguments, COMMANDS)


def kubeconfig(*, namespace: Namespace = None, server: Server = DEFAULT_SERVER) -> None:
    """Print a kubeconfig. It names the files of token and authority, and holds neither."""
    control = ControlPlane(server)
    if control.token_file and not control.url.startswith("https:"):
        raise Failed("kubectl sends a token over https only: serve with --tls-cert", USAGE)
    print(yaml.safe_dump(config(control, namespace or DEFAULT_NAMESPACE), sort_keys=False), end="")


def config(control: ControlPlane, namespace: str) -> dict[str, Any]:
    """Return a kubeconfig for `control`."""
    cluster: dict[str, Any] = {"server": control.url}
    if control.ca_file:
        cluster["certificate-authority"] = str(Path(control.ca_file).resolve())
    user = {"tokenFile": str(Path(control.token_file).resolve())} if control.token_file else {}
    context = {"cluster": NAME, "user": NAME, "namespace": namespace}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": NAME, "cluster": cluster}],
        "users": [{"name": NAME, "user": user}],
        "contexts": [{"name": NAME, "context": context}],
        "current-context": NAME,
    }


COMMANDS: command.Commands = {"kubeconfig": kubeconfig}
