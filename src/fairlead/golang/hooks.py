"""Hooks in the standard library: which there are, and what each changes.

A hook renames functions, which is one word in the text of the toolchain's own file, and a file of
ours declares each by its old name and calls the other. So lines stay where they were, and bodies
may change from one version of Go to the next. The runtime is the exception: a goroutine needs one
word more (`Field`, `After`).

The table of packages of modules is `fairlead.golang.modules`, with the same words.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fairlead.golang.toolchain import OLDEST, Minor

INJECT = Path(__file__).parent / "inject"

RUNTIME = Path(__file__).parent / "runtime"
"""The agent, which joins the package ``index``: a folder without files in every toolchain."""


@dataclass(frozen=True)
class Rename:
    """A function that gets another name; a file of ours declares one by its name then."""

    declarations: tuple[str, ...]
    """As gofmt writes it on one line, without the brace; versions may name parameters in different
    ways."""
    to: str


@dataclass(frozen=True)
class Field:
    """A field more at the end of a struct."""

    struct: str
    field: str


@dataclass(frozen=True)
class After:
    """A statement more, behind the one that is the anchor, in the one function that has it."""

    functions: tuple[str, ...]
    """By name; versions may have moved the anchor from one to another."""
    anchor: str
    statement: str
    uses: tuple[str, ...] = ()
    """Names of the function that the statement has and the anchor has not."""


Edit = Rename | Field | After


@dataclass(frozen=True, kw_only=True)
class Added:
    """A file of ours that joins a package.

    ``//fairlead:needs`` in it says what it uses of that package (`needs`).
    """

    source: str
    """Below `INJECT`; it keeps its name."""
    package: str
    since: Minor = OLDEST
    before: Minor | None = None


@dataclass(frozen=True, kw_only=True)
class StdHook:
    """What is put into packages of the standard library together, or not at all."""

    name: str
    """What ``FAIRLEAD_DISABLE`` and reports call it: an import path."""
    what: str
    """What comes by it."""
    package: str
    edits: tuple[Edit, ...]
    added: tuple[Added, ...] = ()
    since: Minor = OLDEST
    before: Minor | None = None


GLS = "runtime"
"""Name of the hook without which a lane travels by contexts alone."""

_SHARED = Added(source="net_http/fairlead.go", package="net/http")

_CONNECT = (
    "func (t *Transport) connectMethodForRequest(treq *transportRequest)"
    " (cm connectMethod, err error)"
)

_HIJACK = "func (w *response) Hijack() (rwc net.Conn, buf *bufio.ReadWriter, err error)"

_DIAL = "func (t *Transport) dial(ctx context.Context, network, addr string) (net.Conn, error)"

_CONTEXT = "ctx context.Context"
_QUERY = f"({_CONTEXT}, query string, args ...any)"
_ON_CONNECTION = f"{_CONTEXT}, dc *driverConn, release func(error)"
_GRABBER = "cg stmtConnGrabber"
_OF_QUERY = "ctx, txctx context.Context, dc *driverConn, releaseConn func(error)"
_OF_SQL = (
    ("func Register(name string, driver driver.Driver)", "fairleadRegister"),
    ("func Open(driverName, dataSourceName string) (*DB, error)", "fairleadOpen"),
    ("func OpenDB(c driver.Connector) *DB", "fairleadOpenDB"),
    ("func (db *DB) Close() error", "fairleadClose"),
    ("func (db *DB) SetMaxIdleConns(n int)", "fairleadSetMaxIdleConns"),
    ("func (db *DB) SetMaxOpenConns(n int)", "fairleadSetMaxOpenConns"),
    ("func (db *DB) SetConnMaxLifetime(d time.Duration)", "fairleadSetConnMaxLifetime"),
    ("func (db *DB) SetConnMaxIdleTime(d time.Duration)", "fairleadSetConnMaxIdleTime"),
    (f"func (db *DB) PingContext({_CONTEXT}) error", "fairleadPingContext"),
    (
        f"func (db *DB) PrepareContext({_CONTEXT}, query string) (*Stmt, error)",
        "fairleadPrepareContext",
    ),
    (f"func (db *DB) ExecContext{_QUERY} (Result, error)", "fairleadExecContext"),
    (f"func (db *DB) QueryContext{_QUERY} (*Rows, error)", "fairleadQueryContext"),
    (f"func (db *DB) BeginTx({_CONTEXT}, opts *TxOptions) (*Tx, error)", "fairleadBeginTx"),
    (f"func (db *DB) Conn({_CONTEXT}) (*Conn, error)", "fairleadTake"),
    (
        f"func (db *DB) prepareDC({_ON_CONNECTION}, {_GRABBER}, query string) (*Stmt, error)",
        "fairleadPrepareDC",
    ),
    (
        f"func (db *DB) execDC({_ON_CONNECTION}, query string, args []any) (res Result, err error)",
        "fairleadExecDC",
    ),
    (
        f"func (db *DB) queryDC({_OF_QUERY}, query string, args []any) (*Rows, error)",
        "fairleadQueryDC",
    ),
    (
        f"func (db *DB) beginDC({_ON_CONNECTION}, opts *TxOptions) (tx *Tx, err error)",
        "fairleadBeginDC",
    ),
    ("func (dc *driverConn) releaseConn(err error)", "fairleadReleaseConn"),
    ("func (c *Conn) Raw(f func(driverConn any) error) (err error)", "fairleadRaw"),
    (f"func (tx *Tx) StmtContext({_CONTEXT}, stmt *Stmt) *Stmt", "fairleadStmtContext"),
    (f"func (s *Stmt) ExecContext({_CONTEXT}, args ...any) (Result, error)", "fairleadExecContext"),
    (
        f"func (s *Stmt) QueryContext({_CONTEXT}, args ...any) (*Rows, error)",
        "fairleadQueryContext",
    ),
)

STANDARD = (
    StdHook(
        name=GLS,
        what="goroutines, which inherit the request they work for",
        package="runtime",
        edits=(
            Field("g", "fairlead unsafe.Pointer"),
            After(
                ("newproc1",),
                "newg.gopc = callerpc",
                "newg.fairlead = callergp.fairlead",
                uses=("callergp",),
            ),
            After(("gdestroy", "goexit0"), "gp.labels = nil", "gp.fairlead = nil"),
        ),
        added=(Added(source="runtime/fairlead.go", package="runtime"),),
    ),
    StdHook(
        name="net/http",
        what="requests that a server of net/http serves",
        package="net/http",
        edits=(
            Rename(
                ("func (sh serverHandler) ServeHTTP(rw ResponseWriter, req *Request)",),
                "fairleadServeHTTP",
            ),
            Rename(
                (_HIJACK,),
                "fairleadHijack",
            ),
            Rename(("func (w *response) FlushError() error",), "fairleadFlushError"),
        ),
        added=(
            _SHARED,
            Added(source="net_http/fairlead_server.go", package="net/http"),
            Added(source="net_http/fairlead_serve_by.go", package="net/http"),
            Added(source="net_http/fairlead_status2.go", package="net/http", before=(1, 27)),
            Added(
                source="net_http/fairlead_status2_internal.go", package="net/http", since=(1, 27)
            ),
            Added(
                source="http2/fairlead_status.go",
                package="net/http/internal/http2",
                since=(1, 27),
            ),
        ),
    ),
    StdHook(
        name="net/http",
        what="routes of a ServeMux",
        package="net/http",
        edits=(
            Rename(
                ("func (mux *ServeMux) ServeHTTP(w ResponseWriter, r *Request)",),
                "fairleadServeMux",
            ),
        ),
        added=(
            _SHARED,
            Added(source="net_http/fairlead_mux.go", package="net/http"),
            Added(source="net_http/fairlead_mux_old.go", package="net/http", before=(1, 23)),
            Added(source="net_http/fairlead_mux_pattern.go", package="net/http", since=(1, 23)),
        ),
    ),
    StdHook(
        name="net/http",
        what="patterns with variables, which a ServeMux has",
        package="net/http",
        since=(1, 22),
        edits=(
            Rename(
                ("func (mux *ServeMux) registerErr(patstr string, handler Handler) error",),
                "fairleadRegisterErr",
            ),
        ),
        added=(Added(source="net_http/fairlead_mux_register.go", package="net/http"),),
    ),
    StdHook(
        name="net/http",
        what="calls that a client of net/http sends",
        package="net/http",
        edits=(
            Rename(
                ("func (t *Transport) RoundTrip(req *Request) (*Response, error)",),
                "fairleadRoundTrip",
            ),
            Rename(
                (_CONNECT,),
                "fairleadConnectMethodForRequest",
            ),
            Rename((_DIAL,), "fairleadDial"),
        ),
        added=(
            _SHARED,
            Added(source="net_http/fairlead_client.go", package="net/http"),
            Added(source="net_http/fairlead_send_by.go", package="net/http"),
            Added(source="net_http/fairlead_aim.go", package="net/http"),
            Added(source="net_http/fairlead_body.go", package="net/http"),
            Added(source="net_http/fairlead_copies.go", package="net/http"),
            Added(source="net_http/fairlead_limits.go", package="net/http"),
        ),
    ),
    StdHook(
        name="net/http",
        what="servers of net/http that begin to serve, and that shut down",
        package="net/http",
        edits=(
            Rename(
                (
                    "func (srv *Server) Serve(l net.Listener) error",
                    "func (s *Server) Serve(l net.Listener) error",
                ),
                "fairleadServe",
            ),
            Rename(
                (
                    "func (srv *Server) Shutdown(ctx context.Context) error",
                    "func (s *Server) Shutdown(ctx context.Context) error",
                ),
                "fairleadShutdown",
            ),
        ),
        added=(_SHARED, Added(source="net_http/fairlead_life.go", package="net/http")),
    ),
    StdHook(
        name="os/signal",
        what="SIGTERM and SIGINT, which a program may hear itself",
        package="os/signal",
        edits=(
            After(
                ("process",),
                "defer handlers.Unlock()",
                "fairleadHeard(n)",
                uses=("n",),
            ),
        ),
        added=(
            Added(source="os_signal/fairlead_heard.go", package="os/signal"),
            Added(source="index/fairlead_heard.go", package="index"),
        ),
    ),
    StdHook(
        name="database/sql",
        what="statements that are sent to databases",
        package="database/sql",
        edits=(
            Field("DB", "fairlead fairleadDB"),
            Field("driverConn", "fairlead fairleadConn"),
            Field("Stmt", "fairlead fairleadStmt"),
            *(Rename((declaration,), to) for declaration, to in _OF_SQL),
        ),
        added=tuple(
            Added(source=f"database_sql/fairlead_{part}.go", package="database/sql")
            for part in ("pool", "conn", "stmt")
        ),
    ),
)


def within(version: Minor, since: Minor, before: Minor | None) -> bool:
    """Tell whether a version of Go is one of a range."""
    return since <= version and (before is None or version < before)
