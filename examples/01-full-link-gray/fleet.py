"""The control plane and the running instances, as one thing to start, ask and stop."""

from __future__ import annotations

import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Self

from controlplane import ControlPlane
from instances import ENTRY
from interrupt import held
from load import Request
from processes import (
    ANY_PORT,
    APPS,
    BIN,
    DEFAULT,
    DemoFailed,
    Instance,
    Process,
    answers,
    environment,
    start_instance,
    stop_all,
)

START_SECONDS = 40.0
SETTLE_SECONDS = 15.0
POLICIES = APPS.parent / "policies"


class Fleet:
    """Everything the demo started. Leaving its ``with`` block stops all of it."""

    def __init__(self, work: Path, databases: Sequence[str] = ()) -> None:
        """Keep logs, state and data below `work`; give apps one of the urls `databases`."""
        self.work = work
        self.databases = databases
        self.control = ControlPlane("")
        self._running: dict[str, tuple[Instance, Process]] = {}
        self._serve: Process | None = None
        self._applied: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        try:
            self.start_control("127.0.0.1:0")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop every process, the control plane last."""
        with held():
            stop_all([process for _, process in self._running.values()])
            self._running.clear()
            if self._serve:
                stop_all([self._serve])

    def start_control(self, listen: str) -> None:
        """Start the control plane on the data directory, and wait until it answers."""
        serve = (str(BIN / "fairlead"), "serve", "--data-dir", str(self.work / "data"))
        log = self.work / "logs" / "serve.log"
        with held():
            self._serve = Process([*serve, "--listen", listen], env=environment(), log=log)
        self.until(self._serving, "the control plane answers", START_SECONDS, self._serve)

    def kill_control(self) -> None:
        """End the control plane by SIGKILL."""
        if self._serve:
            self._serve.kill()

    def names(self) -> set[str]:
        """Return the names of the instances that run."""
        return set(self._running)

    def start(self, instances: Sequence[Instance]) -> None:
        """Start those of `instances` that do not run, and wait until the control plane has them.

        One that runs with another driver is stopped first.
        """
        running = {instance.name: instance for instance, _ in self._running.values()}
        new = [instance for instance in instances if running.get(instance.name) != instance]
        self.stop([instance for instance in new if instance.name in running])
        for instance in new:
            with held():
                self._running[instance.name] = (instance, self._begin(instance))
        for instance in new:
            process = self._running[instance.name][1]
            registered = partial(self.address, instance)
            self.until(registered, f"{instance.name} is registered", START_SECONDS, process)

    def stop(self, instances: Sequence[Instance]) -> None:
        """Stop those of `instances` that run by SIGTERM, and wait until they have ended."""
        stopping = [self._running[i.name] for i in instances if i.name in self._running]
        for _, process in stopping:
            process.terminate()
        for instance, process in stopping:
            stopped = process.wait()
            del self._running[instance.name]
            if not stopped:
                raise DemoFailed(f"{instance.name} did not stop on SIGTERM\n{process.tail()}")

    def restart(self, instance: Instance, address: str) -> None:
        """Stop `instance` and start it again at the address it had; no control plane is asked."""
        self.stop([instance])
        port = address.rpartition(":")[2]
        command = tuple(port if word == ANY_PORT[1] else word for word in instance.command)
        with held():
            process = self._begin(replace(instance, command=command))
            self._running[instance.name] = (instance, process)
        self.until(lambda: answers(address), f"{address} answers", START_SECONDS, process)

    def _begin(self, instance: Instance) -> Process:
        return start_instance(
            instance, control=self.control.url, work=self.work, databases=self.databases
        )

    def pid(self, instance: Instance) -> int:
        """Return the id of the process that was started as `instance`."""
        return self._running[instance.name][1].pid

    def memory(self, instances: Iterable[Instance]) -> int:
        """Return the bytes that `instances`, which run, take together."""
        return sum(self._running[instance.name][1].memory() for instance in instances)

    def doctor(self, instance: Instance) -> list[str]:
        """Return what `fairlead doctor` says of the process that serves `instance`, by line."""
        argv = [str(BIN / "fairlead"), "doctor", str(self.pid(instance))]
        env = environment(FAIRLEAD_STATE=str(self.work / "state"))
        # It exits 1 where something is wrong, as an absent control plane is.
        done = subprocess.run(
            argv, env=env, capture_output=True, text=True, timeout=30, check=False
        )
        return done.stdout.splitlines()

    def address(self, instance: Instance) -> str | None:
        """Return where the control plane says `instance` listens, or None."""
        return self.control.address(instance)

    def apply(self, *policies: str) -> None:
        """Put the rules of the files `policies` in force, and take away those of others."""
        # In this order: an instance whose label no rule names any more would be a base instance.
        if new := [policy for policy in policies if policy not in self._applied]:
            self._fairlead("apply", *_files(new))
        if old := [policy for policy in self._applied if policy not in policies]:
            self._fairlead("delete", *_files(old))
        self._applied = policies

    def settle(self, namespace: str = DEFAULT) -> None:
        """Wait until every process of `namespace` enforces what was compiled for it."""
        passed, forget = self.control.milestone(namespace)
        self.until(passed, "every agent has its snapshot", SETTLE_SECONDS, self._serve)
        forget()

    def until(
        self,
        holds: Callable[[], object],
        what: str,
        seconds: float,
        process: Process | None = None,
    ) -> None:
        """Wait until it `holds`. Raises DemoFailed, with the end of the log of `process`."""
        deadline = time.monotonic() + seconds
        while not holds():
            log = f"\n  the end of {process.log}:\n{process.tail()}" if process else ""
            if process and not process.running:
                raise DemoFailed(f"waited until {what}, but the process has ended{log}")
            if time.monotonic() > deadline:
                raise DemoFailed(f"waited {seconds:.0f} s until {what}{log}")
            time.sleep(0.05)

    def served(self) -> Counter[str]:
        """Return how many requests each instance has answered by its access log, by hop."""
        return self._logged(200)

    def failed(self) -> Counter[str]:
        """Return how many requests each instance has failed by its access log, by hop."""
        return self._logged(500)

    def log(self, instance: Instance) -> str:
        """Return what `instance`, which runs, has printed."""
        return self._running[instance.name][1].log.read_text(errors="replace")

    def log_of_this_run(self, instance: Instance) -> str:
        """Return the same without what was printed before it was last started."""
        return self._running[instance.name][1].printed()

    def _logged(self, status: int) -> Counter[str]:
        counts: Counter[str] = Counter()
        for instance, _ in self._running.values():
            if instance.hop:
                line = instance.access.format(app=instance.app, status=status)
                counts[instance.hop] += len(re.findall(line, self.log(instance)))
        return counts

    def _serving(self) -> bool:
        log = (self.work / "logs" / "serve.log").read_text()
        found = re.findall(r"serving on (http://\S+),", log)
        if found:
            self.control = ControlPlane(found[-1])
        return bool(found) and self.control.ready()

    def explain(self, request: Request) -> list[str]:
        """Return how `fairlead explain` accounts for the lane of a request to the entry."""
        headers = [word for pair in request.headers for word in ("-H", ": ".join(pair))]
        told = self._fairlead("explain", "request", "--app", ENTRY.app, "--path", "/a", *headers)
        return told.split("\na call from here on")[0].splitlines()

    def _fairlead(self, *arguments: str) -> str:
        argv = [str(BIN / "fairlead"), *arguments]
        env = environment(FAIRLEAD_CONTROL=self.control.url)
        done = subprocess.run(
            argv, env=env, capture_output=True, text=True, timeout=30, check=False
        )
        if done.returncode:
            raise DemoFailed(f"fairlead {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout


def _files(policies: Iterable[str]) -> Iterable[str]:
    return (word for policy in policies for word in ("-f", str(POLICIES / policy)))
