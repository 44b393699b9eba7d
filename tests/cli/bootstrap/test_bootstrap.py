"""What `fairlead bootstrap` prints is what gRPC libraries and Envoy take."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fairlead.cli.bootstrap.command import bootstrap, main, options_parser
from fairlead.cli.failure import ENVIRONMENT, USAGE, Failed

ENVOY = os.environ.get("ENVOY", "")
AUTHORITY = """\
-----BEGIN CERTIFICATE-----
-----END CERTIFICATE-----
"""


def made(*words: str, **environ: str) -> dict[str, Any]:
    """Return what is printed."""
    return bootstrap(options_parser().parse_args(words), environ)


def refused(*words: str, **environ: str) -> tuple[str, int]:
    """Return why nothing is printed, and the status."""
    with pytest.raises(Failed) as raised:
        made(*words, **environ)
    return str(raised.value), raised.value.status


@pytest.fixture
def authority(tmp_path: Path) -> str:
    """Return the path of a file of authorities."""
    path = tmp_path / "ca.pem"
    path.write_text(AUTHORITY)
    return str(path)


def test_a_grpc_library_asks_this_machine_in_the_clear():
    """Nobody has to say anything to try it."""
    plain = made("--grpc")

    assert plain["xds_servers"] == [
        {
            "server_uri": "127.0.0.1:15010",
            "channel_creds": [{"type": "insecure"}],
            "server_features": ["xds_v3"],
        }
    ]
    assert plain["node"]["id"].startswith("sidecar~127.0.0.1~client-")
    assert plain["node"]["id"].endswith(".default~default.svc.cluster.local")


def test_a_node_says_what_fairlead_run_says():
    """The same settings, so that a rule that selects an app selects both."""
    plain = made(
        "--grpc",
        "--lane",
        "gray",
        FAIRLEAD_APP="orders",
        FAIRLEAD_NAMESPACE="shop",
        FAIRLEAD_LABELS="version=v2",
        FAIRLEAD_ZONE="b",
        FAIRLEAD_ADDRESS="10.0.0.7:8080",
    )["node"]

    assert plain["id"].startswith("sidecar~10.0.0.7~orders-")
    assert plain["cluster"] == "orders"
    assert plain["metadata"] == {
        "NAMESPACE": "shop",
        "LABELS": {"app": "orders", "version": "v2", "lane": "gray"},
    }
    assert plain["locality"] == {"zone": "b"}


@pytest.mark.parametrize(
    ("control", "told", "asked"),
    [
        ("http://localhost:8580", None, "localhost:15010"),
        ("http://[::1]:8580", None, "[::1]:15010"),
        ("http://127.0.0.1:8580", "127.0.0.1:15999", "127.0.0.1:15999"),
        ("https://control.test:8580", None, "control.test:15012"),
        ("http://127.0.0.1:8580", "control.test", "control.test:15012"),
        ("http://127.0.0.1:8580", "[2001:db8::1]:443", "[2001:db8::1]:443"),
    ],
)
def test_what_is_not_on_this_machine_is_asked_with_tls(control, told, asked, authority):
    """Tables of routes say where everything is: no stranger may read or write them."""
    words = ("--xds", told) if told else ()
    [asks] = made("--grpc", *words, FAIRLEAD_CONTROL=control, FAIRLEAD_CA_FILE=authority)[
        "xds_servers"
    ]

    assert asks["server_uri"] == asked
    local = asked.startswith(("127.", "localhost", "[::1]"))
    assert asks["channel_creds"][0]["type"] == ("insecure" if local else "tls")


def test_an_envoy_believes_no_server_but_the_one_it_asked_for(authority):
    """A certificate of another host, of the same authority, is a stranger's."""
    plain = made("--envoy", "--app", "a", "--xds", "control.test", FAIRLEAD_CA_FILE=authority)
    [cluster, _] = plain["static_resources"]["clusters"]
    context = cluster["transport_socket"]["typed_config"]

    assert context["sni"] == "control.test"
    assert context["common_tls_context"]["validation_context"] == {
        "trusted_ca": {"filename": authority},
        "match_typed_subject_alt_names": [
            {"san_type": "DNS", "matcher": {"exact": "control.test"}}
        ],
    }


def test_a_certificate_is_shown_where_one_is_asked_for(authority, tmp_path):
    """Both read the files themselves, so that no key is in what is printed."""
    pair = [tmp_path / name for name in ("c.pem", "k.pem")]
    for path in pair:
        path.write_text("")
    certificate, key = map(str, pair)
    words = ("--xds-tls", "--xds-cert", certificate)
    environ = {"FAIRLEAD_CA_FILE": authority, "FAIRLEAD_XDS_KEY": key}

    [asks] = made("--grpc", *words, **environ)["xds_servers"]
    envoy = made("--envoy", "--app", "a", *words, **environ)

    assert asks["server_uri"] == "127.0.0.1:15012"
    assert asks["channel_creds"][0]["config"] == {
        "ca_certificate_file": authority,
        "certificate_file": certificate,
        "private_key_file": key,
    }
    socket = envoy["static_resources"]["clusters"][0]["transport_socket"]
    assert socket["typed_config"]["common_tls_context"]["tls_certificates"] == [
        {"certificate_chain": {"filename": certificate}, "private_key": {"filename": key}}
    ]
    assert refused("--grpc", *words, FAIRLEAD_CA_FILE=authority)[1] == USAGE
    assert refused("--grpc", *words, FAIRLEAD_CA_FILE=authority, FAIRLEAD_XDS_KEY="none")[1] == (
        ENVIRONMENT
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--envoy",), "--app, or FAIRLEAD_APP"),
        (("--envoy", "--app", "a", "--admin", "0.0.0.0:1"), "whoever reaches it"),
        (("--envoy", "--app", "a", "--admin", "127.0.0.1:99999"), "expected 127.0.0.1:PORT"),
        (("--grpc", "--xds", "http://x"), "expected HOST"),
        (("--grpc", "--xds", "x:0"), "expected HOST"),
        (("--grpc", "--app", "no name"), "a name has letters"),
        (("--grpc", "--gateway"), "for --envoy"),
        (("--envoy", "--app", "a", "--listen", "0.0.0.0"), "for --gateway"),
        (("--envoy", "--app", "a", "--gateway", "--listen", "here"), "expected an address"),
    ],
)
def test_what_is_wrong_is_said(words, said):
    """Envoy and gRPC would say it later, and in their own words."""
    reason, status = refused(*words)

    assert said in reason
    assert status == USAGE


def test_authorities_that_are_not_there_are_named(tmp_path):
    """An Envoy without any believes everybody."""
    reason, status = refused("--grpc", "--xds", "x.test", FAIRLEAD_CA_FILE=str(tmp_path / "none"))

    assert "none: no authorities there" in reason
    assert status == ENVIRONMENT


def test_a_file_is_written_whole(tmp_path, capsys):
    """A library that starts meanwhile must not read half of it."""
    path = tmp_path / "xds.json"

    assert main(["--grpc", "-o", str(path)]) == 0

    assert "xds_servers" in json.loads(path.read_text())
    assert capsys.readouterr().out == ""
    assert [each.name for each in tmp_path.iterdir()] == ["xds.json"]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    """And nothing is left there."""
    with pytest.raises(Failed, match="Is a directory"):
        main(["--grpc", "-o", str(tmp_path)])

    with pytest.raises(Failed, match="No such file"):
        main(["--grpc", "-o", str(tmp_path / "none" / "file")])


@pytest.mark.skipif(not ENVOY, reason="make test-envoy tries it")
@pytest.mark.parametrize("words", [(), ("--gateway", "--admin", "/tmp/admin.sock")])
def test_a_real_envoy_takes_it(words, tmp_path):
    """Whether a field is Envoy's only Envoy can say."""
    path = tmp_path / "envoy.json"
    main(["--envoy", "--app", "orders", *words, "-o", str(path)])

    done = subprocess.run(
        [ENVOY, "--mode", "validate", "--config-path", str(path)],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert done.returncode == 0, done.stderr
