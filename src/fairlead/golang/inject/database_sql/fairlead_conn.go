package sql

import (
	"context"
	"database/sql/driver"
	fairlead "index"
	"io"
)

//fairlead:needs driverConn.ci driver.Conn
//fairlead:needs driverConn.db *DB
//fairlead:needs func (*Conn) grabConn(context.Context) (*driverConn, releaseConn, error)
//fairlead:needs func ctxDriverPrepare(context.Context, driver.Conn, string) (driver.Stmt, error)
//fairlead:needs func ctxDriverQuery(context.Context, driver.QueryerContext, driver.Queryer, string, []driver.NamedValue) (driver.Rows, error)
//fairlead:needs func ctxDriverStmtQuery(context.Context, driver.Stmt, []driver.NamedValue) (driver.Rows, error)
//fairlead:needs func withLock(sync.Locker, func())
//fairlead:needs type driverConn
//fairlead:needs type stmtConnGrabber

// fairleadConn is what is known of a connection by what was sent on it.
type fairleadConn = fairlead.SQLConn

// fairleadJudge returns what to send for a statement, or why nothing is to be sent.
func (dc *driverConn) fairleadJudge(ctx context.Context, query string, values bool) (string, error) {
	if !fairlead.OnFor(fairleadPath) {
		return query, nil
	}
	return dc.fairlead.Judge(ctx, dc.db.fairlead.pool, query, values, func(query string) ([][]any, error) {
		return dc.fairleadAsk(ctx, query)
	})
}

// fairleadBegin asks the rules about a statement.
func (dc *driverConn) fairleadBegin(ctx context.Context, query string, args []any) (*fairlead.SQLCall, error) {
	if !fairlead.OnFor(fairleadPath) {
		return nil, nil
	}
	return dc.db.fairlead.pool.Begin(ctx, query, args)
}

// fairleadAsk returns the rows of a query of ours, as the driver gives them.
func (dc *driverConn) fairleadAsk(ctx context.Context, query string) (rows [][]any, err error) {
	withLock(dc, func() {
		var found driver.Rows
		var stmt driver.Stmt
		found, err = nil, driver.ErrSkip
		queryerCtx, ok := dc.ci.(driver.QueryerContext)
		queryer, old := dc.ci.(driver.Queryer)
		if ok || old {
			found, err = ctxDriverQuery(ctx, queryerCtx, queryer, query, nil)
		}
		if err == driver.ErrSkip {
			if stmt, err = ctxDriverPrepare(ctx, dc.ci, query); err != nil {
				return
			}
			defer stmt.Close()
			found, err = ctxDriverStmtQuery(ctx, stmt, nil)
		}
		if err != nil {
			return
		}
		defer found.Close()
		rows, err = fairleadRows(found)
	})
	return rows, err
}

func fairleadRows(found driver.Rows) ([][]any, error) {
	var rows [][]any
	values := make([]driver.Value, len(found.Columns()))
	for {
		if err := found.Next(values); err == io.EOF {
			return rows, nil
		} else if err != nil {
			return nil, err
		}
		row := make([]any, len(values))
		for i, value := range values {
			if bytes, ok := value.([]byte); ok {
				value = string(bytes) // the driver may use them again
			}
			row[i] = value
		}
		rows = append(rows, row)
	}
}

// releaseConn is what every connection comes by that goes back to its pool.
func (dc *driverConn) releaseConn(err error) {
	if fairlead.OnFor(fairleadPath) {
		dc.fairlead.Freed()
	}
	dc.fairleadReleaseConn(err)
}

// execDC is what every statement comes by that returns no rows.
func (db *DB) execDC(ctx context.Context, dc *driverConn, release func(error), query string, args []any) (res Result, err error) {
	call, err := dc.fairleadBegin(ctx, query, args)
	if err != nil {
		release(err)
		return nil, err
	}
	defer func() { call.End(err) }()
	sent, err := dc.fairleadJudge(ctx, query, len(args) > 0)
	if err != nil {
		release(err)
		return nil, err
	}
	err = fairlead.SQLBroken
	return db.fairleadExecDC(ctx, dc, release, sent, args)
}

// queryDC is what every statement comes by that returns rows.
func (db *DB) queryDC(ctx, txctx context.Context, dc *driverConn, releaseConn func(error), query string, args []any) (rows *Rows, err error) {
	call, err := dc.fairleadBegin(ctx, query, args)
	if err != nil {
		releaseConn(err)
		return nil, err
	}
	defer func() { call.End(err) }()
	sent, err := dc.fairleadJudge(ctx, query, len(args) > 0)
	if err != nil {
		releaseConn(err)
		return nil, err
	}
	err = fairlead.SQLBroken
	return db.fairleadQueryDC(ctx, txctx, dc, releaseConn, sent, args)
}

// prepareDC prepares what is sent for a statement; the statement remembers what it stands for.
func (db *DB) prepareDC(ctx context.Context, dc *driverConn, release func(error), cg stmtConnGrabber, query string) (*Stmt, error) {
	sent, err := dc.fairleadJudge(ctx, query, true)
	if err != nil {
		release(err)
		return nil, err
	}
	stmt, err := db.fairleadPrepareDC(ctx, dc, release, cg, sent)
	if err == nil {
		stmt.fairlead.text = query
	}
	return stmt, err
}

// beginDC begins a transaction, which has one side.
func (db *DB) beginDC(ctx context.Context, dc *driverConn, release func(error), opts *TxOptions) (tx *Tx, err error) {
	if !fairlead.OnFor(fairleadPath) {
		return db.fairleadBeginDC(ctx, dc, release, opts)
	}
	if err := dc.fairlead.Hold(ctx, dc.db.fairlead.pool, true); err != nil {
		release(err)
		return nil, err
	}
	ended := func(err error) {
		dc.fairlead.Ended()
		release(err)
	}
	return db.fairleadBeginDC(ctx, dc, ended, opts)
}

// Raw hands out the driver's connection where nothing can go to base unseen.
func (c *Conn) Raw(f func(driverConn any) error) (err error) {
	if fairlead.OnFor(fairleadPath) {
		dc, release, err := c.grabConn(nil)
		if err != nil {
			return err
		}
		err = dc.fairlead.Raw(nil, dc.db.fairlead.pool)
		release(nil)
		if err != nil {
			return err
		}
	}
	return c.fairleadRaw(f)
}
