"""What the demo runs: four apps under several servers, gray instances marked in several ways.

Every port is 0: the agent finds the socket that the server opened, and registers its address.
"""

from __future__ import annotations

from dataclasses import replace

from processes import ANY_PORT, GUNICORN, Instance

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

# Each with the other's driver.
SWAPPED = {C: replace(C, driver=1), C_GRAY: replace(C_GRAY, driver=0)}
