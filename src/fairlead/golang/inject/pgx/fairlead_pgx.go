package pgx

import (
	"context"
	"unsafe" // and for go:linkname

	"github.com/jackc/pgx/v5/pgconn"
)

// These are nil in a program that the agent is not a part of.

//go:linkname fairleadConnected index.connectedBeside
var fairleadConnected func(path string, conn uintptr)

//go:linkname fairleadMaySend index.maySendBeside
var fairleadMaySend func(ctx context.Context, path string, conn uintptr) error

// connect is what every connection comes by: those of the application, of pools and of database/sql.
func connect(ctx context.Context, config *ConnConfig) (*Conn, error) {
	c, err := fairleadConnect(ctx, config)
	if err == nil && fairleadConnected != nil {
		fairleadConnected(fairleadPath, uintptr(unsafe.Pointer(c)))
	}
	return c, err
}

func (c *Conn) fairleadMay(ctx context.Context) error {
	if fairleadMaySend == nil {
		return nil
	}
	return fairleadMaySend(ctx, fairleadPath, uintptr(unsafe.Pointer(c)))
}

// Exec is what statements and transactions come by.
func (c *Conn) Exec(ctx context.Context, sql string, arguments ...any) (pgconn.CommandTag, error) {
	if err := c.fairleadMay(ctx); err != nil {
		return pgconn.CommandTag{}, err
	}
	return c.fairleadExec(ctx, sql, arguments...)
}

// Query is what queries come by, QueryRow's too.
func (c *Conn) Query(ctx context.Context, sql string, args ...any) (Rows, error) {
	if err := c.fairleadMay(ctx); err != nil {
		ctx = fairleadRefused{ctx, err} // rows are made, and tracers told, as after any other error
	}
	return c.fairleadQuery(ctx, sql, args...)
}

// SendBatch is what batches come by.
func (c *Conn) SendBatch(ctx context.Context, b *Batch) BatchResults {
	if err := c.fairleadMay(ctx); err != nil {
		return &batchResults{ctx: ctx, conn: c, err: err}
	}
	return c.fairleadSendBatch(ctx, b)
}

// CopyFrom copies rows into a table.
func (c *Conn) CopyFrom(ctx context.Context, tableName Identifier, columnNames []string, rowSrc CopyFromSource) (int64, error) {
	if err := c.fairleadMay(ctx); err != nil {
		return 0, err
	}
	return c.fairleadCopyFrom(ctx, tableName, columnNames, rowSrc)
}

// fairleadRefused is a context that is over from the start: nothing is sent with it.
type fairleadRefused struct {
	context.Context
	why error
}

var fairleadOver = func() chan struct{} {
	over := make(chan struct{})
	close(over)
	return over
}()

func (r fairleadRefused) Done() <-chan struct{} { return fairleadOver }

func (r fairleadRefused) Err() error { return r.why }
