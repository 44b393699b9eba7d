"""Settings: every spelling that is honoured, which one wins, and how a wrong value is named."""

from __future__ import annotations

from dataclasses import fields

import pytest

from fairlead.agent.podinfo import parse_podinfo, read_podinfo
from fairlead.agent.settings import VARIABLES, InvalidSetting, Settings


def settings(environ: dict[str, str] | None = None, **pod: str) -> Settings:
    """Return the settings in `environ` and in pod labels."""
    return Settings.from_env(environ or {}, read=lambda path: pod)


def labelled(environ: dict[str, str], pod: dict[str, str] | None = None) -> Settings:
    return Settings.from_env(environ, read=lambda path: pod or {})


def test_the_table_covers_every_field():
    """Nobody could set a field without a variable, or see a variable without a field."""
    assert [variable.field for variable in VARIABLES] == [field.name for field in fields(Settings)]


def test_the_defaults_are_the_contracts():
    """An app that is only given a name finds a control plane beside it."""
    found = settings({"HOME": "/home/app"})

    assert found.control == "http://127.0.0.1:8580"
    assert (found.namespace, found.source, found.trust, found.shadow) == (
        "default", "watch", "mesh", "on",
    )  # fmt: skip
    assert found.lane is None
    assert found.podinfo == "/etc/podinfo/labels"
    assert found.state == "/home/app/.local/state/fairlead"


def test_every_variable_is_read():
    """Whatever the contract names has its effect, or is at least recorded."""
    found = settings(
        {
            "FAIRLEAD_ENABLED": "1",
            "FAIRLEAD_CONTROL": "http://control.mesh:9000/",
            "FAIRLEAD_APP": "shop",
            "FAIRLEAD_NAMESPACE": "prod",
            "FAIRLEAD_LANE": "gray",
            "FAIRLEAD_LABELS": "version=v2, tag=gray,blue",
            "FAIRLEAD_ZONE": "eu/hz-a/r1",
            "FAIRLEAD_ADDRESS": "10.0.0.1:80",
            "FAIRLEAD_SOURCE": "file:/etc/snapshot.json",
            "FAIRLEAD_SHADOW": "orders,users",
            "FAIRLEAD_TRUST": "none",
            "FAIRLEAD_STATE": "/var/lib/fairlead",
            "FAIRLEAD_TOKEN_FILE": "/run/token",
            "FAIRLEAD_CA_FILE": "/run/ca.pem",
            "FAIRLEAD_PODINFO": "/etc/labels",
            "FAIRLEAD_DISABLE": "httpx, flask,,httpx",
            "FAIRLEAD_PURE": "on",
            "FAIRLEAD_LANGUAGE": "python",
            "FAIRLEAD_DEADLINE": "12.5",
        }
    )

    assert found == Settings(
        enabled=True,
        control="http://control.mesh:9000",
        app="shop",
        namespace="prod",
        lane="gray",
        labels=(("version", "v2"), ("tag", "gray"), ("tag", "blue")),
        zone="eu/hz-a/r1",
        address="10.0.0.1:80",
        source="file:/etc/snapshot.json",
        shadow="orders,users",
        trust="none",
        state="/var/lib/fairlead",
        token_file="/run/token",
        ca_file="/run/ca.pem",
        podinfo="/etc/labels",
        disable=("httpx", "flask"),
        pure=True,
        language="python",
        deadline=12.5,
    )


def test_foreign_spellings_are_honoured():
    """A workload that ran under another governance platform runs under this one as it is."""
    foreign = {
        "msePilotCreateAppName": "spring-cloud-a",
        "mseNamespace": "prod",
        "msePilotAutoEnable": "on",
        "aliyun.com/app-language": "python",
        "traffic.opensergo.io/label": "gray",
        "alicloud.service.tag": "blue",
    }
    expected = (
        "spring-cloud-a", "prod", True, "python", (("tag", "gray"), ("tag", "blue")),
    )  # fmt: skip

    for found in (labelled(foreign), labelled({}, foreign)):
        assert (
            found.app, found.namespace, found.enabled, found.language, found.labels,
        ) == expected  # fmt: skip


def test_the_own_variable_wins_then_the_environment_then_the_pod():
    """Whoever is closest to the process knows best."""
    own = {"FAIRLEAD_APP": "own"}
    environment = {"msePilotCreateAppName": "environment"}
    pod = {"msePilotCreateAppName": "pod"}

    assert labelled({**own, **environment}, pod).app == "own"
    assert labelled(environment, pod).app == "environment"
    assert labelled({}, pod).app == "pod"


def test_labels_add_up_over_names_but_not_over_places():
    """Contract 1: the union of all spellings; one spelling has one value."""
    found = labelled(
        {"FAIRLEAD_LABELS": "tag=own", "alicloud.service.tag": "environment"},
        {"alicloud.service.tag": "pod", "traffic.opensergo.io/label": "own"},
    )

    assert found.labels == (("tag", "own"), ("tag", "environment"))


@pytest.mark.parametrize("value", ["", "base", "_base", " base "])
def test_every_spelling_of_base_is_base_and_not_unset(value):
    """An operator who says base does not want a label to say otherwise."""
    assert settings({"FAIRLEAD_LANE": value}).lane == ""


def test_an_empty_variable_is_as_good_as_none():
    """Deployment templates leave variables empty."""
    found = settings({"FAIRLEAD_APP": "", "FAIRLEAD_CONTROL": " ", "FAIRLEAD_LABELS": ""})

    assert (found.app, found.control, found.labels) == ("", "http://127.0.0.1:8580", ())


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("FAIRLEAD_ENABLED", "maybe", "expected on or off"),
        ("FAIRLEAD_WARMUP", "soon", "expected a time like 30s or 2m"),
        ("FAIRLEAD_WARMUP", "-1s", "expected a time like 30s or 2m"),
        ("FAIRLEAD_DRAIN", "2h", "expected a time like 30s or 2m, at most 3600s"),
        ("FAIRLEAD_CONTROL", "127.0.0.1:8580", "expected http://HOST[:PORT]"),
        ("FAIRLEAD_CONTROL", "http://h/path", "expected http://HOST[:PORT]"),
        ("FAIRLEAD_CONTROL", "https://me:secret@h", "expected http://HOST[:PORT]"),
        ("FAIRLEAD_CONTROL", "ftp://h", "expected http://HOST[:PORT]"),
        ("FAIRLEAD_CONTROL", "http://h:0", "expected http://HOST[:PORT]"),
        ("FAIRLEAD_ZONE", "a/b/c/d", "a place is zone, region/zone or region/zone/subzone"),
        ("FAIRLEAD_ZONE", "eu//r1", "a place is zone, region/zone or region/zone/subzone"),
        ("FAIRLEAD_APP", "two words", "a name has letters, digits, '-', '_' and '.'"),
        ("FAIRLEAD_APP", "../etc", "a name has letters, digits, '-', '_' and '.'"),
        ("msePilotCreateAppName", "a/b", "a name has letters, digits, '-', '_' and '.'"),
        ("FAIRLEAD_NAMESPACE", "Prod", "a namespace has small letters, digits and '-'"),
        ("FAIRLEAD_LANE", "gray lane", "a lane has letters, digits, '-', '_' and '.'"),
        ("FAIRLEAD_LABELS", "=v", "'=v' is not the syntax of a label"),
        ("FAIRLEAD_LABELS", "k=a b", "'k=a b' is not the syntax of a label"),
        ("traffic.opensergo.io/label", "tag=gray", "'tag=gray' is not the syntax of a label"),
        ("FAIRLEAD_ADDRESS", "localhost", "expected HOST:PORT, an IPv6 host in brackets"),
        ("FAIRLEAD_ADDRESS", "::1:80", "expected HOST:PORT, an IPv6 host in brackets"),
        ("FAIRLEAD_ADDRESS", "h:65536", "expected HOST:PORT, an IPv6 host in brackets"),
        ("FAIRLEAD_SOURCE", "xds://istiod:15010", "xds:// is not available yet"),
        ("FAIRLEAD_SOURCE", "nacos", "expected watch or file:PATH"),
        ("FAIRLEAD_TRUST", "all", "expected mesh or none"),
        ("FAIRLEAD_SHADOW", "orders,,users", "expected on, off or table names"),
        ("FAIRLEAD_SHADOW", "orders,a\nb", "holds characters that cannot be printed"),
        ("FAIRLEAD_STATE", "/a\nb", "holds characters that cannot be printed"),
        ("FAIRLEAD_DEADLINE", "soon", "expected seconds"),
    ],
)
def test_a_wrong_value_is_named_with_its_variable_and_reason(name, value, reason):
    """The operator must not have to guess which of twenty variables it was."""
    with pytest.raises(InvalidSetting) as caught:
        labelled({name: value})

    assert (caught.value.name, caught.value.value) == (name, value.strip())
    assert caught.value.reason.startswith(reason)
    assert str(caught.value).startswith(f"{name}={value.strip()!r}: {reason}")


@pytest.mark.parametrize(
    ("value", "shadow", "tables"),
    [
        ("", "on", None),
        ("on", "on", None),
        ("True", "on", None),
        ("OFF", "off", frozenset()),
        ("0", "off", frozenset()),
        ("orders", "orders", {"orders"}),
        (" orders , Users,orders", "orders,Users", {"orders", "Users"}),
    ],
)
def test_shadows_are_for_every_table_for_none_or_for_those_named(value, shadow, tables):
    """A list is how a team lets the first table onto a lane, and no other."""
    found = settings({"FAIRLEAD_SHADOW": value})

    assert (found.shadow, found.shadow_tables) == (shadow, tables)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("30", 30.0), ("30s", 30.0), ("1.5s", 1.5), ("250ms", 0.25), ("2m", 120.0), ("1h", 3600.0)],
)
def test_a_time_is_written_as_people_write_it(value, seconds):
    """Seconds where there is no unit, as most servers' own options have it."""
    found = settings({"FAIRLEAD_WARMUP": value, "FAIRLEAD_DRAIN": value})
    assert (found.warmup, found.drain) == (seconds, seconds)


@pytest.mark.parametrize(
    ("url", "control"),
    [
        ("http://h", "http://h:8580"),
        ("http://[::1]", "http://[::1]:8580"),
        ("http://[::1]:1/", "http://[::1]:1"),
    ],
)
def test_the_control_planes_port_may_be_left_out(url, control):
    """8580 is the port of contract, "Names"."""
    assert settings({"FAIRLEAD_CONTROL": url}).control == control


@pytest.mark.parametrize(
    ("environ", "state"),
    [
        ({"HOME": "/h", "XDG_STATE_HOME": "/x"}, "/x/fairlead"),
        ({"HOME": "/h", "XDG_STATE_HOME": "relative"}, "/h/.local/state/fairlead"),
        ({}, ""),
        ({"HOME": "/h", "FAIRLEAD_STATE": "/s"}, "/s"),
    ],
)
def test_state_is_kept_where_xdg_says(environ, state):
    """A relative path must be ignored, says the specification."""
    assert settings(environ).state == state


def test_pod_labels_are_read_as_the_downward_api_writes_them():
    """Values are quoted as Go quotes strings."""
    text = (
        'app="shop"\n'
        'alicloud.service.tag="gray"\n'
        r'odd="a\"b\\c\td\u00e9\x41"' + "\n"
        'broken=no quotes\nhalf="open\n'
    )

    assert parse_podinfo(text) == {
        "app": "shop", "alicloud.service.tag": "gray", "odd": 'a"b\\c\tdéA',
    }  # fmt: skip


def test_without_a_pod_there_are_no_pod_labels(tmp_path):
    """Most processes run on no Kubernetes; a folder in the file's place is no reason to fail."""
    (tmp_path / "labels").write_text('mseNamespace="prod"\n')

    assert read_podinfo(str(tmp_path / "nothing")) == {}
    assert read_podinfo(str(tmp_path)) == {}
    found = Settings.from_env({"FAIRLEAD_PODINFO": str(tmp_path / "labels")})
    assert found.namespace == "prod"
