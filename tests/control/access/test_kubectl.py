"""Stock kubectl with TLS that it checks, a token from a file, and questions about oneself."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from fairlead.cli.main import main
from tests.control.access.certificates import certificate
from tests.control.serving import Server, rule, serving


class Shell:
    """One person's directory: a token, a kubeconfig, and kubectl."""

    def __init__(self, home: Path, program: str, server: Server) -> None:
        self.home, self.program, self.server = home, program, server
        self.token = home / "token"
        self.token.touch(0o600)

    def fairlead(self, capsys: pytest.CaptureFixture[str], *words: str) -> str:
        """Say a verb that has to work; return what it printed."""
        files = ["--token-file", str(self.token), "--ca-file", self.server.ca]
        status = main([*words, "--server", self.server.url, *files])
        printed = capsys.readouterr()
        assert status == 0, printed.err
        return printed.out

    def kubectl(self, *words: str | Path) -> tuple[str, str]:
        """Return what kubectl printed, and what it complained of."""
        env = {"HOME": str(self.home), "KUBECONFIG": str(self.home / "config"), "PATH": "/usr/bin"}
        command = [self.program, *map(str, words)]
        done = subprocess.run(
            command, env=env, capture_output=True, text=True, timeout=50, check=False
        )
        return done.stdout, done.stderr


def test_kubectl_works_with_the_kubeconfig_that_is_printed(
    tmp_path: Path, program: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing of it is special to us: roles, refusals and `auth` look as in a cluster."""
    pair = certificate(tmp_path / "tls")
    with serving(tmp_path / "data", auth=True, **pair.options) as server:
        shell = Shell(tmp_path, program, server)
        shell.token.write_text(server.token)
        printed = shell.fairlead(capsys, "kubeconfig", "-n", "shop")
        assert server.token not in printed
        (tmp_path / "config").write_text(printed)
        written = tmp_path / "rule.yaml"
        written.write_text(yaml.safe_dump(rule("vip")))

        assert shell.kubectl("apply", "-f", written)[0].endswith("/vip created\n")
        assert shell.kubectl("auth", "can-i", "create", "trafficlanes") == ("yes\n", "")
        assert "admin" in shell.kubectl("auth", "whoami")[0]

        guest = shell.fairlead(capsys, "token", "create", "guest", "--role", "view", "-n", "shop")
        shell.token.write_text(guest)
        assert shell.kubectl("get", "trafficlabelrules")[0].startswith("NAME")
        assert shell.kubectl("auth", "can-i", "create", "trafficlanes")[0] == "no\n"
        assert shell.kubectl("auth", "can-i", "list", "trafficlanes")[0] == "yes\n"
        listed = shell.kubectl("auth", "can-i", "--list")
        assert listed[1] == ""
        allowed = {row.split()[0]: row[row.rindex("[") :] for row in listed[0].splitlines()[1:]}
        assert allowed["trafficlanes.traffic.opensergo.io"] == "[get list watch]"
        assert allowed["explanations.fairlead.io"] == "[create]"
        assert "tokens.fairlead.io" not in allowed
        assert "edit" not in shell.kubectl("auth", "whoami")[0]
        refused = shell.kubectl("delete", "trafficlabelrule", "vip")[1]
        assert refused.startswith("Error from server (Forbidden): ")
        assert 'User "guest" cannot delete resource "trafficlabelrules"' in refused
        everywhere = shell.kubectl("get", "trafficlabelrules", "-A")[1]
        assert "at the cluster scope" in everywhere

        shell.token.write_text("fairlead_000000000000_" + "A" * 43)
        assert "Unauthorized" in shell.kubectl("get", "trafficlabelrules")[1]
