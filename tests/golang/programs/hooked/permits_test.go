package hooked

import (
	"database/sql"
	"database/sql/driver"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// database is a driver whose statements do nothing.
type database struct{}

func (database) Open(string) (driver.Conn, error)           { return database{}, nil }
func (database) Prepare(string) (driver.Stmt, error)        { return database{}, nil }
func (database) Begin() (driver.Tx, error)                  { return nil, io.EOF }
func (database) NumInput() int                              { return -1 }
func (database) Exec([]driver.Value) (driver.Result, error) { return driver.RowsAffected(1), nil }
func (database) Query([]driver.Value) (driver.Rows, error)  { return database{}, nil }
func (database) Columns() []string                          { return nil }
func (database) Next([]driver.Value) error                  { return io.EOF }
func (database) Close() error                               { return nil }

// broken is a value that panics where a driver wants it.
type broken struct{}

func (broken) Value() (driver.Value, error) { panic("broken") }

func panics(do func()) (did bool) {
	defer func() { did = recover() != nil }()
	do()
	return false
}

// A rule lets one statement be under way: one that panics is not any more.
func TestAStatementThatPanicsIsOver(t *testing.T) {
	sql.Register("nothing", database{})
	db, err := sql.Open("nothing", "shop")
	if err != nil {
		t.Fatal(err)
	}
	exec := func(arg any) error { _, err := db.Exec("INSERT", arg); return err }
	query := func(arg any) error {
		rows, err := db.Query("SELECT", arg)
		if err == nil {
			rows.Close()
		}
		return err
	}
	stmt, err := db.Prepare("SELECT")
	if err != nil {
		t.Fatal(err)
	}
	preparedExec := func(arg any) error { _, err := stmt.Exec(arg); return err }
	preparedQuery := func(arg any) error {
		rows, err := stmt.Query(arg)
		if err == nil {
			rows.Close()
		}
		return err
	}
	fail := func(arg any) error { _, err := db.Exec("FAIL", arg); return err }
	for i := 0; i < 2; i++ {
		panics(func() { fail(broken{}) })
	}
	if err := fail(1); err == nil || !strings.Contains(err.Error(), "(breaker)") {
		t.Errorf("after two panics of the driver: %v", err)
	}
	for _, do := range []func(any) error{exec, query, preparedExec, preparedQuery} {
		if !panics(func() { do(broken{}) }) {
			t.Error("no panic")
		}
		if err := do(1); err != nil {
			t.Error(err)
		}
	}
}

// nowhere is a listener that is no socket.
type nowhere struct{ closed chan struct{} }

func (n nowhere) Accept() (net.Conn, error) { <-n.closed; return nil, net.ErrClosed }
func (n nowhere) Close() error              { return nil }
func (n nowhere) Addr() net.Addr            { return nil }

func TestAListenerMayHaveNoAddress(t *testing.T) {
	server, closed := &http.Server{}, make(chan struct{})
	close(closed)
	if panics(func() { server.Serve(nowhere{closed}) }) {
		t.Error("Serve panics")
	}
}
