"""What an operator may say, and what is answered to the rest."""

from __future__ import annotations

import inspect
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from fairlead.control.history.prometheus import Prometheus
from fairlead.control.settings import VARIABLES, InvalidSetting, Settings, parse_listen


def test_the_command_line_comes_before_the_variables() -> None:
    """As everywhere."""
    environment = {"FAIRLEAD_DATA_DIR": "/a", "FAIRLEAD_LISTEN": "127.0.0.1:1"}
    read = Settings.read(environment, data_dir="/b", listen=None)
    assert (read.data_dir, read.host, read.port) == (Path("/b"), "127.0.0.1", 1)
    read = Settings.read({}, data_dir="/b", listen=None)
    assert (read.host, read.port) == ("127.0.0.1", 8580)


def test_every_setting_says_why_it_is_as_it_is() -> None:
    """A field without a reason is a number that nobody dares to change."""
    source = Path(inspect.getfile(Settings)).read_text()
    body = source.partition("class Settings:")[2]
    for field in fields(Settings):
        after = body.partition(f"    {field.name}: ")[2].partition("\n")[2]
        assert after.lstrip().startswith('"""'), field.name


def test_variables_are_those_of_the_product() -> None:
    """One prefix, so that a person can find them."""
    assert all(name.startswith("FAIRLEAD_") for name in VARIABLES.values())


def test_a_data_directory_is_asked_for() -> None:
    """A default would put the truth where nobody looks for it."""
    with pytest.raises(InvalidSetting, match="FAIRLEAD_DATA_DIR"):
        Settings.read({}, data_dir=None, listen=None)


@pytest.mark.parametrize(
    ("text", "listen"),
    [
        ("127.0.0.1:8580", ("127.0.0.1", 8580)),
        ("127.9.9.9:0", ("127.9.9.9", 0)),
        ("localhost:80", ("127.0.0.1", 80)),
        ("[::1]:8580", ("::1", 8580)),
    ],
)
def test_loopback_addresses_are_listened_on(text: str, listen: tuple[str, int]) -> None:
    """Both families."""
    assert parse_listen(text) == listen


@pytest.mark.parametrize("text", ["0.0.0.0:8580", "[::]:8580", "10.0.0.1:80", "8.8.8.8:1"])
def test_other_addresses_are_refused_without_tls(text: str) -> None:
    """A token that anybody on the way can read protects nothing."""
    with pytest.raises(InvalidSetting, match=r"loopback.*--tls-cert"):
        Settings.read({}, data_dir="/d", listen=text)


@pytest.mark.parametrize("text", ["0.0.0.0:8580", "[::]:8580", "10.0.0.1:80"])
def test_other_addresses_ask_for_a_token(text: str) -> None:
    """There is no way to switch it off: whoever reaches the port could change every rule."""
    environment = {"FAIRLEAD_TLS_CERT": "c.pem", "FAIRLEAD_TLS_KEY": "k.pem", "FAIRLEAD_AUTH": "0"}
    assert Settings.read(environment, data_dir="/d", listen=text).auth


@pytest.mark.parametrize(
    ("variable", "option", "asked"),
    [("", False, False), ("", True, True), ("on", False, True), ("off", True, True)],
)
def test_loopback_asks_for_a_token_where_it_is_told_to(
    variable: str, option: bool, asked: bool
) -> None:
    """Another user of the machine reaches loopback too."""
    read = Settings.read({"FAIRLEAD_AUTH": variable}, data_dir="/d", listen=None, auth=option)
    assert read.auth is asked


def test_a_misspelt_switch_is_no_open_door() -> None:
    """Whoever wrote FAIRLEAD_AUTH=yess wanted a token to be asked for."""
    with pytest.raises(InvalidSetting, match="FAIRLEAD_AUTH"):
        Settings.read({"FAIRLEAD_AUTH": "yess"}, data_dir="/d", listen=None)


@pytest.mark.parametrize(
    ("given", "missing"), [("tls_cert", "--tls-key"), ("tls_key", "--tls-cert")]
)
def test_a_certificate_and_its_key_go_together(given: str, missing: str) -> None:
    """Plain HTTP in place of TLS, because of a forgotten option, is not what was asked for."""
    pair = {"tls_cert": None, "tls_key": None, given: "x.pem"}
    with pytest.raises(InvalidSetting, match=missing):
        Settings.read({}, data_dir="/d", listen=None, **pair)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text", ["8580", ":8580", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "h:1", "127.0.0.1:65536"]
)
def test_an_address_that_is_none_is_refused_with_the_form(text: str) -> None:
    """The message shows what to write."""
    with pytest.raises(InvalidSetting, match=r"127\.0\.0\.1:8580"):
        parse_listen(text)


def test_a_prometheus_is_a_url_and_a_file() -> None:
    """The command line comes before the variables, and a path before the API is kept."""
    environment = {
        "FAIRLEAD_PROMETHEUS": "http://a:9090",
        "FAIRLEAD_PROMETHEUS_CREDENTIALS": "/t",
    }
    read = Settings.read(environment, data_dir="/d", listen=None, prometheus="https://b/prom/")
    assert read.prometheus == Prometheus(url="https://b/prom", credentials=Path("/t"))
    assert Settings.read({}, data_dir="/d", listen=None).prometheus is None


@pytest.mark.parametrize(
    "url", ["prometheus:9090", "ftp://a", "http://", "http://a:port", "http://a/?x=1", "http://a#b"]
)
def test_what_is_no_url_is_refused(url: str) -> None:
    """It would be found out when somebody misses the past."""
    with pytest.raises(InvalidSetting, match="--prometheus"):
        Settings.read({}, data_dir="/d", listen=None, prometheus=url)


def test_a_password_in_a_url_is_refused_and_not_shown() -> None:
    """Everybody on the machine can list processes, and logs are passed on."""
    with pytest.raises(InvalidSetting, match="--prometheus-credentials") as refused:
        Settings.read({}, data_dir="/d", listen=None, prometheus="https://me:secret@a:9090")
    assert "secret" not in str(refused.value)


def test_credentials_are_not_sent_for_everybody_to_read() -> None:
    """A token that anybody on the way can read protects nothing."""
    options: Any = {"data_dir": "/d", "listen": None, "prometheus_credentials": "/t"}
    with pytest.raises(InvalidSetting, match="https"):
        Settings.read({}, prometheus="http://prometheus.monitoring:9090", **options)
    with pytest.raises(InvalidSetting, match="goes with"):
        Settings.read({}, **options)
    for url in ("http://127.0.0.1:9090", "http://[::1]:9090", "https://a"):
        assert Settings.read({}, prometheus=url, **options).prometheus


def test_xds_with_tls_is_served_where_everything_else_is() -> None:
    """It shows the same certificate; on other addresses than loopback clients show one, too."""
    pair: dict[str, Any] = {"tls_cert": "c.pem", "tls_key": "k.pem"}
    read = Settings.read({}, data_dir="/d", listen=None, xds_tls="on", **pair)
    assert (read.xds, read.xds_tls, read.xds_client_ca) == (None, ("127.0.0.1", 15012), None)
    read = Settings.read(
        {"FAIRLEAD_XDS_TLS": "on", "FAIRLEAD_XDS_CLIENT_CA": "ca.pem"},
        data_dir="/d",
        listen="0.0.0.0:8580",
        **pair,
    )
    assert (read.xds_tls, read.xds_client_ca) == (("0.0.0.0", 15012), Path("ca.pem"))


@pytest.mark.parametrize(
    ("told", "named"),
    [
        ({"xds_tls": "on"}, "--tls-cert"),
        ({"xds_tls": "0.0.0.0:15012", "tls_cert": "c", "tls_key": "k"}, "--xds-client-ca"),
        ({"xds_client_ca": "ca.pem"}, "--xds-tls"),
        ({"xds_tls": "here", "tls_cert": "c", "tls_key": "k"}, "--xds-tls 'here'"),
        ({"xds": "0.0.0.0:15010"}, "--xds-tls"),
    ],
)
def test_xds_is_open_to_nobody_by_mistake(told: dict[str, Any], named: str) -> None:
    """Tables of routes say where everything is."""
    with pytest.raises(InvalidSetting, match=named):
        Settings.read({}, data_dir="/d", listen=None, **told)
