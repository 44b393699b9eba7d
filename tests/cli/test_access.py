"""The verbs at a server that speaks TLS and asks for a token, and the verbs about tokens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from fairlead.cli.main import main
from tests.cli.conftest import Said
from tests.control.access.certificates import Pair, certificate
from tests.control.serving import Server, rule, serving


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, pair: Pair) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("guarded") / "data"
    with serving(data, auth=True, **pair.options) as running:
        yield running


class Shell:
    """Says command lines with one person's files."""

    def __init__(
        self, server: Server, home: Path, capsys: pytest.CaptureFixture[str], text: str
    ) -> None:
        self.server, self.token, self._capsys = server, home / "token", capsys
        home.mkdir(parents=True, exist_ok=True)
        self.token.write_text(text)
        self.token.chmod(0o600)

    def say(self, *words: str | Path) -> Said:
        status = main([str(word) for word in words])
        captured = self._capsys.readouterr()
        return Said(status, captured.out, captured.err)

    def asks(self, *words: str | Path) -> Said:
        """Say a verb with the URL and the two files."""
        files = ("--token-file", self.token, "--ca-file", self.server.ca)
        return self.say(*words, "--server", self.server.url, *files)


@pytest.fixture
def admin(guarded: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(guarded, tmp_path / "admin", capsys, guarded.token)


@pytest.fixture
def rule_file(tmp_path: Path) -> Path:
    path = tmp_path / "rule.yaml"
    path.write_text(yaml.safe_dump(rule("vip")))
    return path


def test_a_token_is_made_used_listed_and_revoked(
    admin: Shell, tmp_path: Path, rule_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The life of the token of a pipeline."""
    where = tmp_path / "ci-token"
    made = admin.asks(
        "token", "create", "ci", "--role", "edit", "--role", "view@*", "--write", where
    )
    assert (made.status, made.out) == (0, f"{where}\n"), made.err
    assert where.stat().st_mode & 0o777 == 0o600
    ci = Shell(admin.server, tmp_path / "ci", capsys, where.read_text())
    assert ci.asks("apply", "-f", rule_file).out.endswith("/vip created\n")
    assert "vip" in ci.asks("get", "trafficlabelrules", "-A").out
    refused = ci.asks("delete", "-n", "shop", "trafficlabelrule", "vip")
    assert refused.status == 1
    assert 'User "ci" cannot delete resource "trafficlabelrules"' in refused.err
    assert 'in the namespace "shop"' in refused.err
    listed = admin.asks("token", "list").out
    assert "edit@default,view@*" in listed
    assert admin.asks("token", "revoke", "ci").status == 0
    gone = ci.asks("get", "trafficlabelrules")
    assert gone.status == 1
    assert "Unauthorized: the token is not known here, or was revoked" in gone.err
    assert "--token-file or FAIRLEAD_TOKEN_FILE" in gone.err
    assert where.read_text().strip() not in gone.err + refused.err + listed


def test_the_files_are_read_from_variables_too(
    admin: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same ones that agents have."""
    monkeypatch.setenv("FAIRLEAD_CONTROL", admin.server.url)
    monkeypatch.setenv("FAIRLEAD_TOKEN_FILE", str(admin.token))
    monkeypatch.setenv("FAIRLEAD_CA_FILE", admin.server.ca)
    assert admin.say("status").status == 0
    assert admin.say("get", "trafficlanes", "-A").status == 0


def test_a_lost_admin_token_is_replaced_in_the_data_directory(
    guarded: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """While the server runs: who may write there needs no token."""
    shell = Shell(guarded, tmp_path, capsys, "lost")
    made = shell.say("token", "create", "root", "--role", "admin@*", "--data-dir", guarded.data_dir)
    again = Shell(guarded, tmp_path / "again", capsys, made.out)
    assert again.asks("token", "list").status == 0
    listed = shell.say("token", "list", "-o", "json", "--data-dir", guarded.data_dir)
    named = [one["name"] for one in json.loads(listed.out)["tokens"]]
    assert {"admin", "root"} <= set(named)
    gone = shell.say("token", "revoke", "root", "--data-dir", guarded.data_dir)
    assert gone.status == 0
    assert again.asks("token", "list").status == 1


def test_an_agents_token_is_for_its_app(admin: Shell, guarded: Server) -> None:
    """Made with --app; people's verbs are not for it."""
    made = admin.asks("token", "create", "cart", "--app", "cart", "-n", "shop", "--expires", "90d")
    assert "agent@shop/cart; expires 20" in made.err
    with guarded.client(made.out.strip()) as http:
        assert http.get("/apis").status_code == 403


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o620, 0o666])
def test_a_token_file_that_others_may_use_is_refused(admin: Shell, mode: int) -> None:
    """With the command that mends it."""
    admin.token.chmod(mode)
    said = admin.asks("get", "trafficlanes")
    assert said.status == 2
    assert f"chmod 600 {admin.token}" in said.err
    assert admin.token.read_text() not in said.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("get", "trafficlanes", "--token", "x"),
            "there is no option --token, did you mean --token-file?",
        ),
        (("token", "create", "x"), "say what it is for"),
        (("token", "create", "x", "--role", "view", "--app", "a"), "say what it is for"),
        (("token", "create", "x", "--role", "root"), "none of view, edit, admin, agent"),
        (("token", "create", "x y", "--role", "view"), "name: letters"),
        (("token", "create", "x", "--role", "view", "--expires", "1y"), "90d, 12h, 30m"),
        (("token", "create", "x", "--role", "view", "--write", "/nowhere/t"), "--write /nowhere/t"),
        (("token", "revoke", "nobody"), "there is no token 'nobody'"),
        (("token", "list", "--data-dir", "/nowhere"), "is no directory"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    admin: Shell, words: tuple[str, ...], message: str
) -> None:
    """And nothing was made."""
    before = admin.asks("token", "list").out
    said = admin.asks(*words)
    assert said.status != 0
    assert message in said.err
    assert "Traceback" not in said.err
    assert admin.asks("token", "list").out == before


def test_a_token_is_not_sent_where_all_on_the_way_can_read_it(admin: Shell) -> None:
    """Nor to whom a URL with a password in it would have it sent."""
    for url, message in (
        ("http://fairlead.example:8580", "use https://"),
        ("https://me:hush@127.0.0.1:1", "no URL of a control plane"),
    ):
        said = admin.say("get", "tlane", "--server", url, "--token-file", admin.token)
        assert said.status == 2
        assert message in said.err
        assert "hush" not in said.err


def test_a_certificate_that_is_not_trusted_is_named(admin: Shell, tmp_path: Path) -> None:
    """With the option that would trust it."""
    said = admin.say("get", "tlane", "--server", admin.server.url, "--token-file", admin.token)
    assert said.status == 3
    assert "--ca-file or FAIRLEAD_CA_FILE" in said.err
    empty = tmp_path / "empty"
    empty.touch()
    said = admin.say("get", "tlane", "--server", admin.server.url, "--ca-file", empty)
    assert f"authority file {empty}: holds no certificate in PEM form" in said.err


def test_a_token_and_plain_http_are_nothing_for_kubectl(admin: Shell, tmp_path: Path) -> None:
    """It would leave the token out without a word, and be refused."""
    said = admin.say("kubeconfig", "--server", "http://127.0.0.1:1", "--token-file", admin.token)
    assert said.status == 2
    assert "over https only" in said.err


def test_the_first_start_tells_a_token_and_the_second_does_not(tmp_path: Path) -> None:
    """It is shown once, and not kept; one that was made before is enough."""
    with serving(tmp_path / "data", auth=True) as server:
        assert server.token.startswith("fairlead_")
        assert server.token not in (tmp_path / "data" / "tokens.json").read_text()
    with serving(tmp_path / "data", auth=True) as again:
        assert again.token == ""
        with again.client(server.token) as http:
            assert http.get("/apis").status_code == 200
