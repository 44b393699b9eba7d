"""What the demo runs: four apps under several servers, gray instances marked in several ways.

Every port is 0: the agent finds the socket that the server opened, and registers its address.
"""

from __future__ import annotations

from dataclasses import replace

from processes import ANY_PORT, DEFAULT, GUNICORN, Instance

ENTRY = Instance(app="spring-cloud-zuul", command=("uvicorn", "spring_cloud_zuul:app", *ANY_PORT))
A = Instance(app="a", command=("gunicorn", "a:app", "--threads", "16", *GUNICORN))
B = Instance(app="b", command=("uvicorn", "b:app", "--workers", "2", *ANY_PORT))
C = Instance(
    app="c",
    command=("gunicorn", "c:app", "-k", "uvicorn_worker.UvicornWorker", *GUNICORN),
    driver=0,
)
BASE = (ENTRY, A, B, C)

A_GRAY = Instance(
    app="a",
    lane="gray",
    command=("flask", "--app", "a", "run", *ANY_PORT),
    mark="traffic.opensergo.io/label=gray",
)
B_GRAY = Instance(
    app="b",
    lane="gray",
    command=("python", "-m", "uvicorn", "b:app", *ANY_PORT),
    mark="alicloud.service.tag=gray",
)
C_GRAY = Instance(
    app="c",
    lane="gray",
    command=("uvicorn", "c:app", *ANY_PORT),
    mark="FAIRLEAD_LANE=gray",
    driver=1,
)
GRAY = (A_GRAY, B_GRAY, C_GRAY)

# Two more lanes that share base, each with fewer instances of its own.
B_BLUE = Instance(
    app="b", lane="blue", command=("uvicorn", "b:app", *ANY_PORT), mark="FAIRLEAD_LABELS=tag=blue"
)
A_GREEN = Instance(
    app="a",
    lane="green",
    command=("gunicorn", "a:app", "--preload", "--threads", "8", *GUNICORN),
    mark="alicloud.service.tag=green",
)
C_GREEN = replace(C_GRAY, lane="green", mark="FAIRLEAD_LANE=green")
GROUP = (B_BLUE, A_GREEN, C_GREEN)

# For the rolling restart: a caller, and B three times under three servers, each to be replaced.
GATE = Instance(app="gateway", command=("uvicorn", "gateway:app", *ANY_PORT), namespace="rolling")
ROLLING = tuple(
    Instance(app="b", command=command, namespace="rolling", version=str(number))
    for number, command in enumerate(
        2
        * (
            ("uvicorn", "b:app", *ANY_PORT),
            ("gunicorn", "b:app", "-k", "uvicorn_worker.UvicornWorker", *GUNICORN),
            ("uvicorn", "b:app", "--workers", "2", *ANY_PORT),
        ),
        1,
    )
)
OLD, NEW = ROLLING[:3], ROLLING[3:]

# For the patterns. A whole second stack, in a namespace of its own, behind a gateway:
STACK = "gray-stack"
GATEWAY = replace(GATE, namespace=DEFAULT, variables=(("STACK", STACK),))
COPIES = tuple(replace(instance, namespace=STACK, version="gray") for instance in (A, B, C))


def _by_hand(app: str, below: str, lane: str = "") -> Instance:
    name = app.upper() if len(app) == 1 else ""
    return Instance(
        app=app,
        lane=lane,
        command=("uvicorn", "by_hand:app", *ANY_PORT),
        mark=f"FAIRLEAD_LANE={lane}" if lane else "",
        namespace="per-hop",
        # No label that came from before counts: each hop decides for itself.
        variables=(("NAME", name), ("NEXT", below), ("FAIRLEAD_TRUST", "none")),
    )


# ... and a chain whose apps pass the header on by themselves.
BY_HAND_ENTRY = _by_hand(ENTRY.app, "a")
BY_HAND_BASE = (_by_hand("a", "b"), _by_hand("b", "c"), _by_hand("c", ""))
BY_HAND_GRAY = (_by_hand("a", "b", "gray"), _by_hand("c", "", "gray"))

# Each with the other's driver.
SWAPPED = {C: replace(C, driver=1), C_GRAY: replace(C_GRAY, driver=0)}
