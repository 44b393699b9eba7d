"""Greenlets that a request spawns keep its lane, and a pool of them takes each item's.

In a process of their own: monkey patching is for a whole process, and cannot be undone.
"""

from __future__ import annotations

import json
import subprocess
import sys
from textwrap import dedent
from typing import Any

import gevent
import gevent.pool
import gevent.threadpool

from tests.instruments.plane import Plane, hooked

PREPARE = """
    import json, sys
    from gevent import monkey

    monkey.patch_all()
    import _thread, threading
    from concurrent.futures import ThreadPoolExecutor

    import gevent
    import gevent.pool
    import gevent.threadpool
    from fairlead.instruments.propagate import current
    from tests.instruments.plane import Plane, hooked, serving

    def lane():
        origin = current()
        return None if origin is None else origin.lane
"""


def run(program: str) -> Any:
    """Run `program` under monkey patching; return what it says."""
    source = dedent(PREPARE) + dedent(program)
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, check=False, timeout=30, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_a_request_spawns_keeps_its_lane() -> None:
    """A greenlet has no context but an empty one."""
    seen = run(
        """
        said = []
        with hooked(Plane(), "gevent", "python"):
            pool = gevent.pool.Pool(2)
            native = gevent.get_hub().threadpool
            for name in ("gray", "blue", None):
                def work():
                    greenlet = gevent.spawn(lane)
                    later = gevent.pool.Group()
                    raw = gevent.event.AsyncResult()
                    gevent.spawn_raw(lambda: raw.set(lane()))
                    delayed = gevent.spawn_later(0, lane)
                    return [
                        greenlet.get(), raw.get(), delayed.get(), later.spawn(lane).get(),
                        pool.spawn(lane).get(), pool.apply(lane), native.apply(lane),
                    ]
                if name is None:
                    said.append(work())
                else:
                    with serving(name):
                        said.append(work())
        json.dump(said, sys.stdout)
        """
    )
    assert seen == [["gray"] * 7, ["blue"] * 7, [None] * 7]


def test_threads_that_are_greenlets_follow_the_same_rule() -> None:
    """Workers started by a gray request serve base items as base there too."""
    seen = run(
        """
        said = []
        with hooked(Plane(), "gevent", "python"):
            with serving("gray"):
                thread = threading.Thread(target=lambda: said.append(lane()))
                thread.start()
                thread.join()
                pool = ThreadPoolExecutor(1)
                said.append(pool.submit(lane).result())
            said.append(pool.submit(lane).result())
            with serving("blue"):
                said.append(pool.submit(lane).result())
        json.dump(said, sys.stdout)
        """
    )
    assert seen == ["gray", "gray", None, "blue"]


def test_requests_that_take_turns_keep_apart() -> None:
    """Each greenlet has its own context: a switch in the middle of a request mixes nothing."""
    seen = run(
        """
        def request(name):
            with serving(name):
                said = []
                for _ in range(5):
                    gevent.sleep(0)
                    said.append(lane())
                return said

        with hooked(Plane(), "gevent", "python"):
            greenlets = [gevent.spawn(request, name) for name in ("gray", "", "blue")]
            gevent.joinall(greenlets)
        json.dump([greenlet.value for greenlet in greenlets], sys.stdout)
        """
    )
    assert seen == [["gray"] * 5, [""] * 5, ["blue"] * 5]


def test_restoring_leaves_no_trace() -> None:
    """A guest that leaves takes everything along."""
    owners: list[Any] = [gevent.pool.Group, gevent.threadpool.ThreadPool]
    before = [gevent.spawn, gevent.spawn_raw, gevent.spawn_later, *(o.spawn for o in owners)]
    with hooked(Plane(), "gevent"):
        assert gevent.spawn is not before[0]
    after = [gevent.spawn, gevent.spawn_raw, gevent.spawn_later, *(o.spawn for o in owners)]
    assert after == before


def test_greenlets_keep_to_times_and_repeat_by_themselves() -> None:
    """Each has a call of its own under way: one that waits for its turn must not end another's."""
    seen = run(
        """
        import requests, time
        from dataclasses import replace
        from fairlead.policy.balance import Budget, Cluster
        from fairlead.policy.calls import CalleeRules, Calls
        from fairlead.policy.resilience import Retry
        from tests.flow.routes import call_route
        from tests.instruments.plane import inner
        from tests.instruments.rude import FAILED, OK, one_by_one, rude

        answers = {}

        def behave(one, peer):
            path = one.requests[-1].split()[1]
            answers[path] = answers.get(path, 0) + 1
            if path.startswith(b"/slow"):
                one_by_one(one, peer)
            peer.sendall(FAILED if answers[path] < 3 else OK)

        def get(path):
            try:
                return requests.get("http://b" + path, timeout=20).status_code
            except requests.RequestException as error:
                return "late"

        retry = Retry(attempts=2, on=("5xx",))
        route = call_route(rule="VirtualService/b http[0]", timeout=1.0, retry=retry)
        with rude(behave) as server:
            clusters = (Cluster(budget=Budget(least=100)),)
            rules = CalleeRules(namespace="default", app="b", routes=(route,), clusters=clusters)
            snapshot = replace(inner({"b": {server.address: ""}}), calls=Calls(callees=(rules,)))
            with hooked(Plane(snapshot), "urllib3", "requests", "gevent"):
                began = time.monotonic()
                kinds = ("slow", "x")
                jobs = [gevent.spawn(get, f"/{kind}{n}") for n in range(5) for kind in kinds]
                gevent.joinall(jobs, timeout=20)
                took = time.monotonic() - began
        print(json.dumps([sorted({str(job.value) for job in jobs[0::2]}),
            [job.value for job in jobs[1::2]], took < 8]))
        """
    )
    assert seen == [["late"], [200] * 5, True]
