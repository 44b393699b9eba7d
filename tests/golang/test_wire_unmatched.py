"""The status of a rule tells that a Go program has not what the rule names, where that is sure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fairlead.agent.inspect import ask
from tests.faults.servers import Control, until
from tests.golang.building import Project
from tests.golang.wired import Wires

SERVES = """\
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
)

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /greet1a/{name}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "hello")
	})
	mux.HandleFunc("/static/", http.NotFound)
	listener, err := net.Listen("tcp", os.Getenv("LISTEN"))
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	var handler http.Handler = mux
	if os.Args[1] == "wrapped" {
		handler = http.HandlerFunc(mux.ServeHTTP)
	}
	http.Serve(listener, handler)
}
"""

GROUP, VERSION = "fault-tolerance.opensergo.io", "v1alpha1"


@pytest.fixture(scope="module")
def program(go: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program with a ServeMux that knows variables."""
    if go.name.startswith("1.21."):
        pytest.skip("a ServeMux tells its patterns from Go 1.22 on")
    project = Project(go, tmp_path_factory.mktemp("unmatched") / "hello")
    project.write("go.mod", "module example.org/hello\n\ngo 1.22\n")
    project.write("main.go", SERVES)
    project.fairlead("build", "--strict", "-o", "built", ".")
    return project.folder / "built"


@pytest.fixture
def starts(program: Path, tmp_path: Path) -> Iterator[Wires]:
    """Start processes of the program."""
    found = Wires(program, tmp_path)
    yield found
    found.stop()


def limited(control: Control, *targets: str) -> None:
    """Limit resources of the app shop."""
    control.apply(
        {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": "FlowControl",
            "metadata": {"name": "few", "labels": {"app": "shop"}},
            "spec": {
                "targets": [{"targetResourceName": one} for one in targets],
                "strategies": [{"rateLimit": {"threshold": 5, "statDuration": "1s"}}],
            },
        }
    )


def conditions(control: Control) -> dict[str, Any]:
    """Return the conditions of the rule, by type."""
    path = f"/apis/{GROUP}/{VERSION}/namespaces/default/flowcontrols/few"
    return {one["type"]: one for one in control.get(path).get("status", {}).get("conditions", ())}


@pytest.mark.parametrize("how", ["plain", "wrapped"])
def test_a_route_that_is_misspelt_is_told(
    starts: Wires, control: Control, tmp_path: Path, how: str
) -> None:
    """A handler of the program's own may serve whatever it wants: of that nothing is told."""
    limited(control, "GET:/greet1b/{name}", "GET:/greet1a/{name}", "/static/logo.png")
    one = starts.start("shop", how, FAIRLEAD_CONTROL=control.url, FAIRLEAD_APP="shop")
    socket = tmp_path / "state" / f"{one.process.pid}.sock"
    if how == "wrapped":
        until(lambda: "Enforced" in conditions(control), "it is told")
        until(lambda: conditions(control)["Enforced"]["status"] == "True", "it is in force")
        assert ask(socket)["unmatched"] is None
        assert "TargetNotSeen" not in conditions(control)
        return

    def told() -> Any:
        found = conditions(control).get("TargetNotSeen", {})
        return found if found.get("reason") == "NoSuchResource" else None

    found = until(told, "it is told")
    meant = "GET:/greet1b/{name}, did you mean GET:/greet1a/{name}?"
    assert found["message"] == f"app shop has not {meant}"
    assert conditions(control)["Enforced"]["status"] == "False"
    assert ask(socket)["unmatched"] == {"GET:/greet1b/{name}": "GET:/greet1a/{name}"}
