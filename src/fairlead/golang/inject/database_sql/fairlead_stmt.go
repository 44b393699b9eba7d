package sql

import (
	"context"
	fairlead "index"
)

//fairlead:needs Stmt.cg stmtConnGrabber
//fairlead:needs Stmt.closed bool
//fairlead:needs Stmt.db *DB
//fairlead:needs Stmt.mu sync.Mutex
//fairlead:needs Stmt.query string
//fairlead:needs Stmt.stickyErr error
//fairlead:needs Tx.db *DB
//fairlead:needs func (stmtConnGrabber) grabConn(context.Context) (*driverConn, releaseConn, error)

// fairleadStmt is what a prepared statement stands for: what was prepared may be another text.
type fairleadStmt struct{ text string }

// fairleadWhole returns the pool that the application has opened.
func (db *DB) fairleadWhole() *DB {
	if db.fairlead.outer != nil {
		return db.fairlead.outer
	}
	return db
}

// fairleadAsText tells whether a statement is to be sent as a text instead of being executed as it was
// prepared: it was prepared on another side, or may be another one there.
func (s *Stmt) fairleadAsText(ctx context.Context) (bool, error) {
	if s.stickyErr != nil || s.fairlead.text == "" || !fairlead.OnFor(fairleadPath) {
		return false, nil
	}
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed {
		return false, nil
	}
	if s.cg == nil {
		return s.db.fairlead.pool.AsText(ctx, s.fairlead.text, s.query != s.fairlead.text), nil
	}
	dc, release, err := s.cg.grabConn(ctx)
	if err != nil {
		return false, nil // which says so
	}
	sent, err := dc.fairleadJudge(ctx, s.fairlead.text, true)
	release(err)
	return sent != s.query, err
}

// fairleadExec executes the text of a statement where the statement would be.
func (s *Stmt) fairleadExec(ctx context.Context, args []any) (Result, error) {
	switch at := s.cg.(type) {
	case *Tx:
		return at.ExecContext(ctx, s.fairlead.text, args...)
	case *Conn:
		return at.ExecContext(ctx, s.fairlead.text, args...)
	}
	return s.db.fairleadWhole().ExecContext(ctx, s.fairlead.text, args...)
}

func (s *Stmt) fairleadQuery(ctx context.Context, args []any) (*Rows, error) {
	switch at := s.cg.(type) {
	case *Tx:
		return at.QueryContext(ctx, s.fairlead.text, args...)
	case *Conn:
		return at.QueryContext(ctx, s.fairlead.text, args...)
	}
	return s.db.fairleadWhole().QueryContext(ctx, s.fairlead.text, args...)
}

// ExecContext executes a statement on the side of the work at hand.
func (s *Stmt) ExecContext(ctx context.Context, args ...any) (result Result, err error) {
	asText, err := s.fairleadAsText(ctx)
	if err != nil {
		return nil, err
	}
	if asText {
		return s.fairleadExec(ctx, args)
	}
	call, err := s.fairleadBegin(ctx, args)
	if err != nil {
		return nil, err
	}
	defer func() { call.End(err) }()
	err = fairlead.SQLBroken
	return s.fairleadExecContext(ctx, args...)
}

// QueryContext queries by a statement on the side of the work at hand.
func (s *Stmt) QueryContext(ctx context.Context, args ...any) (rows *Rows, err error) {
	asText, err := s.fairleadAsText(ctx)
	if err != nil {
		return nil, err
	}
	if asText {
		return s.fairleadQuery(ctx, args)
	}
	call, err := s.fairleadBegin(ctx, args)
	if err != nil {
		return nil, err
	}
	defer func() { call.End(err) }()
	err = fairlead.SQLBroken
	return s.fairleadQueryContext(ctx, args...)
}

// fairleadBegin asks the rules about a statement that is executed as it was prepared.
func (s *Stmt) fairleadBegin(ctx context.Context, args []any) (*fairlead.SQLCall, error) {
	if s.fairlead.text == "" || !fairlead.OnFor(fairleadPath) {
		return nil, nil
	}
	return s.db.fairlead.pool.Begin(ctx, s.fairlead.text, args)
}

// StmtContext prepares a statement of the pool in a transaction, of whichever side that is.
func (tx *Tx) StmtContext(ctx context.Context, stmt *Stmt) *Stmt {
	text := stmt.fairlead.text
	if text == "" || !fairlead.OnFor(fairleadPath) || stmt.stickyErr != nil {
		return tx.fairleadStmtContext(ctx, stmt)
	}
	if stmt.db.fairleadWhole() != tx.db.fairleadWhole() {
		return tx.fairleadStmtContext(ctx, stmt) // which says that it is another database's
	}
	if tx.db == stmt.db && stmt.query == text && !fairlead.SQLShadowed(ctx) {
		own := tx.fairleadStmtContext(ctx, stmt)
		own.fairlead.text = text
		return own
	}
	own, err := tx.PrepareContext(ctx, text)
	if err != nil {
		return &Stmt{stickyErr: err}
	}
	return own
}
