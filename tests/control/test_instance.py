"""What an instance's object looks like."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fairlead.compiler.instance import Instance
from fairlead.control.instance import (
    compiled,
    instance_key,
    instance_name,
    joined,
    object_of,
    status_of,
)
from fairlead.control.instance_kind import INSTANCE
from fairlead.protocols.watch.codec import UNSAID, Registration

SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


@pytest.mark.parametrize(
    ("app", "address", "name"),
    [
        ("a", "127.0.0.1:9001", "a.127.0.0.1-9001"),
        ("spring-cloud-zuul", "zuul.local:80", "spring-cloud-zuul.zuul.local-80"),
        ("a", "[::1]:9001", "a.0-0-0-0-0-0-0-1-9001"),
        ("a", "[fe80::1:2]:80", "a.fe80-0-0-0-0-0-1-2-80"),
    ],
)
def test_an_instance_is_named_by_app_and_address(app: str, address: str, name: str) -> None:
    """People find it in `kubectl get instances`."""
    assert instance_name(app, address) == name


@pytest.mark.parametrize("app", ["Cart", "my_app", "a..b", "x" * 63, "A_b"])
def test_every_app_gives_a_name_that_objects_may_have(app: str) -> None:
    """Apps are named freely, objects are not."""
    address = f"{'h' * 200}.local:65535"
    name = instance_name(app, address)
    assert SUBDOMAIN.fullmatch(name)
    assert len(name) <= 253


def test_apps_that_differ_in_replaced_letters_have_different_names() -> None:
    """Otherwise one would take the other's object."""
    names = {instance_name(app, "h:1") for app in ("a-b", "a_b", "A-b", "a--b", "a.b")}
    assert len(names) == 5


def test_apps_and_hosts_with_dots_have_different_names() -> None:
    """Otherwise shop.eu on host web would take the object of shop on host eu.web."""
    assert instance_name("shop.eu", "web:80") != instance_name("shop", "eu.web:80")
    assert instance_name("shop.eu", "web:80").startswith("shop.eu.web-80-")


def test_the_compiler_gets_what_was_registered() -> None:
    """Labels keep repeated keys and their order; no lane is another thing than base."""
    labels = (("tag", "blue"), ("tag", "gray"), ("team", "x"))
    given = Registration(
        node="n",
        namespace="shop",
        app="cart",
        address="h:1",
        pid=1,
        host="h",
        labels=labels,
        zone="z",
        unfit={"tables": "no rewriter", "databases": ""},
    )
    key = instance_key("shop", "cart", "h:1")
    expected = Instance(
        namespace="shop",
        app="cart",
        address="h:1",
        labels=labels,
        zone="z",
        unfit_for_tables="no rewriter",
    )
    assert compiled(key, joined(None, given)) == expected


def test_the_object_can_be_selected_by_label() -> None:
    """`kubectl get instances -l app=cart,tag=blue`; `app` is the app's, whatever a label says."""
    given = Registration(
        node="n",
        namespace="shop",
        app="cart",
        address="h:1",
        pid=1,
        host="h",
        labels=(("tag", "blue"), ("tag", "gray"), ("app", "other")),
        unfit={"tables": "", "databases": ""},
    )
    spec = joined(None, given)
    key = instance_key("shop", "cart", "h:1")
    made = object_of(key, None, spec, status_of(spec, "blue", None), {"uid": "u"})
    assert made["metadata"]["labels"] == {"tag": "blue", "app": "cart"}
    assert made["metadata"]["name"] == "cart.h-1"
    assert made["status"] == {"lane": "blue", "pids": 1, "hooks": "0/0"}


def test_hooks_are_those_of_the_process_that_has_the_fewest() -> None:
    """One worker that is not governed makes the instance not governed."""
    hooked = {"library": "httpx", "version": "1", "state": "hooked", "reason": ""}
    failed = hooked | {"state": "failed"}
    first = Registration(
        node="n1", namespace="s", app="a", address="h:1", pid=1, host="h", hooks=(hooked, hooked)
    )
    second = Registration(
        node="n2", namespace="s", app="a", address="h:1", pid=2, host="h", hooks=(hooked, failed)
    )
    spec = joined(joined(None, first), second)
    assert status_of(spec, "", None)["hooks"] == "1/2"


def test_one_unfit_process_makes_its_instance_unfit() -> None:
    """A call may reach any of them, and its rows base."""
    first = Registration(
        node="n1",
        namespace="s",
        app="a",
        address="h:1",
        pid=1,
        host="h",
        unfit={"tables": "", "databases": ""},
    )
    second = replace(first, node="n2", pid=2, unfit={"tables": "why", "databases": ""})
    spec = joined(joined(None, first), second)
    found = compiled(instance_key("s", "a", "h:1"), spec)
    assert (found.unfit_for_tables, found.unfit_for_databases) == ("why", "")
    assert status_of(spec, "", None)["unfit"] == {"tables": "why"}
    mended = joined(spec, replace(second, unfit=first.unfit))
    assert compiled(instance_key("s", "a", "h:1"), mended).unfit_for_tables == ""
    assert "unfit" not in status_of(mended, "", None)


@pytest.mark.parametrize(("said", "alone"), [("go1.26.8", True), ("3.11.2", False), ("", False)])
def test_a_program_in_go_counts_for_itself(said: str, alone: bool) -> None:
    """What workers count together is Python's; a version says which language it is of."""
    given = Registration(
        node="n", namespace="s", app="a", address="h:1", pid=1, host="h", python=said
    )
    assert compiled(instance_key("s", "a", "h:1"), joined(None, given)).alone is alone


def test_an_instance_that_an_older_version_stored_has_not_been_asked() -> None:
    """Until it renews its lease nobody knows what its processes would write where."""
    given = Registration(node="n", namespace="s", app="a", address="h:1", pid=1, host="h")
    spec = joined(None, given)
    del spec["processes"][0]["unfit"]
    found = compiled(instance_key("s", "a", "h:1"), spec)
    assert (found.unfit_for_tables, found.unfit_for_databases) == (UNSAID, UNSAID)


def test_the_table_of_instances_says_which_shadows_they_are_unfit_for() -> None:
    """`kubectl get instances -o wide`; the reasons are in the status."""
    (column,) = (column for column in INSTANCE.columns if column.name == "Unfit")
    now = datetime.now(UTC)
    unfit = {"tables": "why", "databases": "why"}
    assert column.cell({"status": {"unfit": unfit}}, now) == "tables,databases"
    assert column.cell({"status": {}}, now) == "-"
