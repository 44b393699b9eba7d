"""What the demo runs: four apps under several servers, gray instances marked in several ways.

Every port is 0: the agent finds the socket that the server opened, and registers its address.
"""

from __future__ import annotations

from processes import Instance

_UVICORN = ("--port", "0")
# No control socket: gunicorn would put it into the home directory.
_GUNICORN = ("--bind", "127.0.0.1:0", "--access-logfile", "-", "--no-control-socket")

ENTRY = Instance(app="spring-cloud-zuul", command=("uvicorn", "spring_cloud_zuul:app", *_UVICORN))
A = Instance(app="a", command=("gunicorn", "a:app", "--threads", "16", *_GUNICORN))
B = Instance(app="b", command=("uvicorn", "b:app", "--workers", "2", *_UVICORN))
C = Instance(
    app="c", command=("gunicorn", "c:app", "-k", "uvicorn_worker.UvicornWorker", *_GUNICORN)
)
BASE = (ENTRY, A, B, C)

A_GRAY = Instance(
    app="a",
    lane="gray",
    command=("flask", "--app", "a", "run", *_UVICORN),
    mark="traffic.opensergo.io/label=gray",
)
B_GRAY = Instance(
    app="b",
    lane="gray",
    command=("python", "-m", "uvicorn", "b:app", *_UVICORN),
    mark="alicloud.service.tag=gray",
)
C_GRAY = Instance(
    app="c", lane="gray", command=("uvicorn", "c:app", *_UVICORN), mark="FAIRLEAD_LANE=gray"
)
GRAY = (A_GRAY, B_GRAY, C_GRAY)

# Two more lanes that share base, each with fewer instances of its own.
B_BLUE = Instance(
    app="b", lane="blue", command=("uvicorn", "b:app", *_UVICORN), mark="FAIRLEAD_LABELS=tag=blue"
)
A_GREEN = Instance(
    app="a",
    lane="green",
    command=("gunicorn", "a:app", "--preload", "--threads", "8", *_GUNICORN),
    mark="alicloud.service.tag=green",
)
C_GREEN = Instance(
    app="c", lane="green", command=("uvicorn", "c:app", *_UVICORN), mark="FAIRLEAD_LANE=green"
)
GROUP = (B_BLUE, A_GREEN, C_GREEN)
