"""Two services of gRPC, unmodified, below ``fairlead run``: lanes, limits, breakers, a restart."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.control.serving import rule
from tests.faults.servers import BIN, Control, Process, plain_environment, until

APPS = Path(__file__).parent / "apps"
KINDS = "fault-tolerance.opensergo.io/v1alpha1"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the services' interface, as applications do."""
    out = tmp_path_factory.mktemp("generated")
    words = ["-m", "grpc_tools.protoc", f"-I{APPS}", f"--python_out={out}"]
    done = subprocess.run(
        [sys.executable, *words, f"--grpc_python_out={out}", "shop.proto"],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return out


class Shop:
    """The services, and a client of the first."""

    def __init__(self, control: Control, generated: Path, work: Path) -> None:
        self._control, self._generated, self._work = control, generated, work
        self.started: list[Process] = []

    def start(self, app: str, *words: str, module: str = "", **env: str) -> Process:
        """Start an instance, and wait until it is registered."""
        count = len(self._control.instances(app))
        environ = plain_environment(
            FAIRLEAD_CONTROL=self._control.url,
            FAIRLEAD_APP=app,
            FAIRLEAD_STATE=str(self._work / "state"),
            PYTHONPATH=str(self._generated),
            PYTHONUNBUFFERED="1",
            **env,
        )
        run = [str(BIN / "fairlead"), "run", "--", sys.executable]
        command = [*run, str(APPS / f"rpc_{module or app}.py"), *words]
        process = Process(command, self._work / f"{app}-{len(self.started)}.log", environ)
        self.started.append(process)

        def registered() -> bool:
            assert process.popen.poll() is None, process.text()
            return len(self._control.instances(app)) == count + 1

        until(registered, f"{app} is registered")
        return process

    def channel(self) -> Any:
        """Return a channel of a stranger's to the first service."""
        (instance,) = self._control.instances("checkout")
        return grpc.insecure_channel(instance["spec"]["address"])


@pytest.fixture
def shop(control: Control, generated: Path, tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(control, generated, tmp_path)
    try:
        yield shop
    finally:
        for process in shop.started:
            process.kill()


def price(channel: Any, **metadata: str) -> str:
    """Return who told the price, or why nobody did."""
    try:
        return text_of(channel.unary_unary("/shop.Checkout/Price")(b"", 30, [*metadata.items()]))
    except grpc.RpcError as error:
        return f"{error.code().name}: {error.details()}"


def pay(channel: Any) -> str:
    with pytest.raises(grpc.RpcError) as raised:
        channel.unary_unary("/shop.Checkout/Pay")(b"", timeout=30)
    return f"{raised.value.code().name}: {raised.value.details()}"


def watch(channel: Any, **metadata: str) -> set[str]:
    answers = channel.unary_stream("/shop.Checkout/Watch")(b"", 30, [*metadata.items()])
    return {text_of(answer) for answer in answers}


def text_of(message: bytes) -> str:
    """Return the one field of an answer: its number and kind, its length, the text."""
    return message[2:].decode()


def guard(control: Control, app: str, target: str, kind: str, **spec: Any) -> None:
    """Have one strategy guard one resource of an app."""
    name = f"{app}-{kind.lower()}"
    control.apply(
        {
            "apiVersion": KINDS,
            "kind": "FaultToleranceRule",
            "metadata": {"name": name},
            "spec": {
                "selector": {"app": app},
                "targets": [{"targetResourceName": target}],
                "strategies": [{"name": name, "kind": kind}],
            },
        }
    )
    plural = {"RateLimitStrategy": "ratelimitstrategies"}.get(kind, "circuitbreakerstrategies")
    plain = {"apiVersion": KINDS, "kind": kind, "metadata": {"name": name}, "spec": spec}
    with control.client() as http:
        answer = http.post(f"/apis/{KINDS}/namespaces/default/{plural}", json=plain)
    assert answer.is_success, answer.text


def test_a_gray_lane_goes_through_services_of_grpc(control: Control, shop: Shop) -> None:
    """The entry chooses by metadata; a stranger's label opens no lane."""
    own = rule()
    own["spec"]["selector"]["app"] = "checkout"
    control.apply(own)
    shop.start("cart")
    shop.start("cart", FAIRLEAD_LANE="gray", VERSION="gray")
    shop.start("checkout")
    with shop.channel() as channel:
        until(lambda: price(channel, location="cn-shenzhen") == "cartgray", "the lane is there")
        for _ in range(5):
            assert price(channel, location="cn-shenzhen") == "cartgray"
            assert watch(channel, location="cn-shenzhen") == {"cartgray"}
            assert price(channel) == "cart"
            assert watch(channel) == {"cart"}
            assert price(channel, baggage="x-opensergo-traffic=gray") == "cart"


def test_methods_are_limited_and_given_up_one_by_one(control: Control, shop: Shop) -> None:
    """By who serves them, and by who calls them."""
    shop.start("cart")
    shop.start("checkout")
    hour = {"statDuration": "1h", "threshold": 2, "metricType": "RequestAmount"}
    guard(control, "cart", "/shop.Cart/Price", "RateLimitStrategy", limitMode="Local", **hour)
    guard(
        control,
        "checkout",
        "call:cart:/shop.Cart/Pay",
        "CircuitBreakerStrategy",
        strategy="ErrorRequestCount",
        triggerCount=2,
        statDuration="1h",
        recoveryTimeout="1h",
        minRequestAmount=1,
    )
    with shop.channel() as channel:
        limited = "RESOURCE_EXHAUSTED: rate limited: /shop.Cart/Price"
        until(lambda: price(channel) == limited, "the limit is in force")
        assert watch(channel) == {"cart"}
        opened = "RESOURCE_EXHAUSTED: circuit open: call:cart:/shop.Cart/Pay"
        assert pay(channel) == "UNAVAILABLE: the bank is closed"
        until(lambda: pay(channel) == opened, "the breaker is open")
        assert watch(channel) == {"cart"}


def test_an_instance_that_is_replaced_under_load_loses_no_call(
    control: Control, shop: Shop
) -> None:
    """It leaves before it stops; calls under way end, and later ones go to the other."""
    old = shop.start("cart", VERSION="-old")
    shop.start("checkout")
    answers: list[str] = []
    stop = threading.Event()

    def load() -> None:
        with shop.channel() as channel:
            while not stop.wait(0.005):
                answers.append(price(channel))

    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        until(lambda: answers.count("cart-old") > 20, "calls are answered")
        shop.start("cart", VERSION="-new")
        until(lambda: answers.count("cart-new") > 20, "the new one has its share")
        assert old.stop() == 0
        seen = len(answers)
        until(lambda: len(answers) > seen + 50, "calls go on")
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
    assert set(answers) == {"cart-old", "cart-new"}
    assert set(answers[-20:]) == {"cart-new"}
    with control.client():
        assert len(control.instances("cart")) == 1


def test_a_service_that_takes_no_signals_ends_when_its_calls_have(
    control: Control, shop: Shop
) -> None:
    """Clients keep their connections open for as long as they live: they are told to let go."""
    shop.start("cart")
    checkout = shop.start("checkout")
    with shop.channel() as channel:
        until(lambda: price(channel) == "cart", "it serves")
        assert checkout.stop() in {0, -15}  # well before FAIRLEAD_DRAIN is over
        assert control.instances("checkout") == []


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_that_open_one_port_are_one_instance(
    control: Control, shop: Shop, method: str
) -> None:
    """Contract 1 and 2; the process that they stem from serves nobody."""
    shop.start("cart", method, module="workers")

    def both() -> bool:
        (instance,) = control.instances("cart")
        return len(instance["spec"]["processes"]) == 2

    until(both, "both have registered")
    (instance,) = control.instances("cart")
    with grpc.insecure_channel(instance["spec"]["address"]) as channel:
        pid = int(channel.unary_unary("/shop.Cart/Price")(b"", timeout=30))
    assert pid in {process["pid"] for process in instance["spec"]["processes"]}
