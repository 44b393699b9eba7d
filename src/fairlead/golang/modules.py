"""Hooks for packages of modules: which there are, and the program that puts them in.

``go`` replaces no files below its cache of modules (``-overlay``). So packages of modules are
hooked when they are compiled, wherever they lie: in that cache, in a vendor folder, in a workspace.
`shim` does that, called by ``go`` before each of its tools (``-toolexec``).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from fairlead.golang.hooks import INJECT, Rename
from fairlead.golang.overlay import HOME, written
from fairlead.golang.toolchain import Toolchain

SHIM = Path(__file__).parent / "shim.py"

QUICK = INJECT / "shim" / "main.go"


@dataclass(frozen=True)
class ModuleHook:
    """What is put into one package."""

    module: str
    renames: tuple[Rename, ...]
    folder: str
    """Of `INJECT`; every file in it becomes one of the package."""
    below: str = ""
    """Where in the module the package is."""

    @property
    def package(self) -> str:
        """Import path."""
        return f"{self.module}/{self.below}" if self.below else self.module

    @property
    def files(self) -> list[Path]:
        """Files of ours."""
        return sorted((INJECT / self.folder).glob("*.go"))


_FIND_ROUTE = (
    "func (n *node) FindRoute(rctx *Context, method methodTyp, path string)"
    " (*node, endpoints, http.Handler)"
)

_CHI = Rename((_FIND_ROUTE,), "fairleadFindRoute")

_HANDLE = "func (pr *patRouter) Handle(method, reqPath string, handler http.Handler) error"

_INVOKE = (
    "func invoke(ctx context.Context, method string, req, reply any, cc *ClientConn,"
    " opts ...CallOption) error"
)

_NEW_CLIENT_STREAM = (
    "func newClientStream(ctx context.Context, desc *StreamDesc, cc *ClientConn, method string,"
    " opts ...CallOption) (_ ClientStream, err error)"
)

_DIAL = (
    "func DialContext(ctx context.Context, target string, opts ...DialOption)"
    " (conn *ClientConn, err error)"
)

_GRPC = (
    Rename(("func NewServer(opt ...ServerOption) *Server",), "fairleadNewServer"),
    Rename(("func (s *Server) Serve(lis net.Listener) error",), "fairleadServe"),
    Rename(("func (s *Server) GracefulStop()",), "fairleadGracefulStop"),
    Rename(("func (s *Server) Stop()",), "fairleadStop"),
    Rename((_INVOKE,), "fairleadInvoke"),
    Rename((_NEW_CLIENT_STREAM,), "fairleadNewClientStream"),
    Rename((_DIAL,), "fairleadDialContext"),
    Rename(("func (cc *ClientConn) Close() error",), "fairleadClose"),
)

_ROUND_TRIP = (
    "func (t *Transport) RoundTripOpt(req *http.Request, opt RoundTripOpt) (*http.Response, error)"
)

_HTTP2 = (
    Rename(("func (s *Server) ServeConn(c net.Conn, opts *ServeConnOpts)",), "fairleadServeConn"),
    Rename((_ROUND_TRIP,), "fairleadRoundTripOpt"),
)

_WEBSOCKET = (
    "func (d *Dialer) DialContext(ctx context.Context, urlStr string, requestHeader http.Header)"
    " (*Conn, *http.Response, error)"
)

_REDIS = tuple(
    Rename((f"func (c *baseClient) {name}(ctx context.Context, {given}) error",), to)
    for name, given, to in (
        ("process", "cmd Cmder", "fairleadProcess"),
        ("processPipeline", "cmds []Cmder", "fairleadProcessPipeline"),
        ("processTxPipeline", "cmds []Cmder", "fairleadProcessTxPipeline"),
    )
)

_ACQUIRE = (
    "func (p *Pool) Acquire(ctx context.Context) (*Conn, error)",
    "func (p *Pool) Acquire(ctx context.Context) (c *Conn, err error)",
    "func (p *Pool) Acquire(ctx context.Context) (_ *Conn, err error)",
)


_COPY = (
    "func (c *Conn) CopyFrom(ctx context.Context, tableName Identifier, columnNames []string,"
    " rowSrc CopyFromSource) (int64, error)"
)

_EXEC = (
    "func (c *Conn) Exec(ctx context.Context, sql string, arguments ...any)"
    " (pgconn.CommandTag, error)"
)

_PGX_CONNECT = "func connect(ctx context.Context, config *ConnConfig) (c *Conn, err error)"

_QUERY = "func (c *Conn) Query(ctx context.Context, sql string, args ...any) (Rows, error)"

_SEND = (
    "func (c *Conn) SendBatch(ctx context.Context, b *Batch) (br BatchResults)",
    "func (c *Conn) SendBatch(ctx context.Context, b *Batch) BatchResults",
)

_PGX = (
    Rename((_PGX_CONNECT,), "fairleadConnect"),
    Rename((_EXEC,), "fairleadExec"),
    Rename((_QUERY,), "fairleadQuery"),
    Rename(_SEND, "fairleadSendBatch"),
    Rename((_COPY,), "fairleadCopyFrom"),
)


def _pgxpool(version: str) -> ModuleHook:
    return ModuleHook(
        f"github.com/jackc/pgx/{version}",
        (Rename(_ACQUIRE, "fairleadAcquire"),),
        "pgxpool",
        below="pgxpool",
    )


MODULES = (
    ModuleHook(
        "github.com/gin-gonic/gin",
        (Rename(("func (c *Context) Next()",), "fairleadNext"),),
        "gin",
    ),
    ModuleHook(
        "github.com/zeromicro/go-zero",
        (
            Rename(
                (_HANDLE,),
                "fairleadHandle",
            ),
        ),
        "gozero",
        below="rest/router",
    ),
    ModuleHook("google.golang.org/grpc", _GRPC, "grpc"),
    ModuleHook("golang.org/x/net", _HTTP2, "xnet_http2", below="http2"),
    ModuleHook(
        "github.com/gorilla/websocket",
        (Rename((_WEBSOCKET,), "fairleadDialContext"),),
        "websocket",
    ),
    ModuleHook("github.com/redis/go-redis/v9", _REDIS, "redis"),
    ModuleHook("github.com/go-redis/redis/v8", _REDIS, "redis"),
    ModuleHook("github.com/jackc/pgx/v5", _PGX, "pgx"),
    _pgxpool("v4"),
    _pgxpool("v5"),
    ModuleHook("github.com/go-chi/chi", (_CHI,), "chi"),
    ModuleHook("github.com/go-chi/chi/v5", (_CHI,), "chi"),
    ModuleHook(
        "github.com/labstack/echo/v4",
        (Rename(("func (r *Router) Find(method, path string, c Context)",), "fairleadFind"),),
        "echo",
    ),
    ModuleHook(
        "github.com/gorilla/mux",
        (
            Rename(
                ("func (r *Router) Match(req *http.Request, match *RouteMatch) bool",),
                "fairleadMatch",
            ),
        ),
        "mux",
    ),
)


def config(chain: Sequence[str], *, strict: bool) -> str:
    """Return what `shim` reads, JSON; `chain` is the program that the user has put before tools.

    Its suffix tells what is made with these hooks from what is made with others.
    """
    packages = {
        one.package: {
            "package": one.package,
            "module": one.module,
            "renames": [[rename.declarations, rename.to] for rename in one.renames],
            "files": [str(path) for path in one.files],
        }
        for one in MODULES
    }
    digest = sha256(json.dumps([packages, strict], sort_keys=True).encode())
    for path in [SHIM, QUICK, *(path for one in MODULES for path in one.files)]:
        digest.update(path.read_bytes())
    suffix = f"+fairlead@{digest.hexdigest()[:16]}"
    settings = {
        "suffix": suffix,
        "chain": list(chain),
        "strict": strict,
        "agent": HOME,
        "packages": packages,
    }
    return json.dumps(settings, indent=1)


def toolexec(
    folder: Path, toolchain: Toolchain, chain: Sequence[str], *, strict: bool
) -> list[str]:
    """Return the command for ``-toolexec``; what it needs is written below `folder`.

    Where the toolchain cannot compile the quick half of the shim, the slow half does everything.
    """
    text = config(chain, strict=strict)
    digest = sha256(text.encode()).hexdigest()[:16]
    settled = written(folder / f"shim-{digest}.json", text.encode())
    python = [sys.executable, "-S", "-E", "-I", str(SHIM), str(settled)]
    quick = _quick(folder, toolchain)
    if quick is None:
        return python
    settings = json.loads(text)
    lines = [
        f"suffix {settings['suffix']}",
        f"agent {settings['agent']}",
        *(f"chain {part}" for part in chain),
        *(f"python {part}" for part in python),
        *(f"package {name}" for name in settings["packages"]),
    ]
    short = written(folder / f"shim-{digest}.txt", "".join(f"{line}\n" for line in lines).encode())
    return [str(quick), str(short)]


def _quick(folder: Path, toolchain: Toolchain) -> Path | None:
    """Return the quick half of the shim, compiled once; None where that is not possible."""
    made = folder / f"shim-{sha256(QUICK.read_bytes()).hexdigest()[:16]}"
    if made.exists():
        return made
    folder.mkdir(parents=True, exist_ok=True)
    foreign = ("GOOS", "GOARCH", "GOFLAGS", "GOEXPERIMENT")
    own = {key: value for key, value in toolchain.environment.items() if key not in foreign}
    own |= {"CGO_ENABLED": "0", "GOWORK": "off", "GO111MODULE": "off", "GOENV": "off"}
    with NamedTemporaryFile(dir=folder, prefix="shim-", delete=False) as room:
        pass
    command = [toolchain.go, "build", "-ldflags=-s -w", "-o", room.name, str(QUICK)]
    done = subprocess.run(command, env=own, cwd=folder, capture_output=True, check=False)
    if done.returncode:
        os.unlink(room.name)
        return None
    os.replace(room.name, made)
    return made
