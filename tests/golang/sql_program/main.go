// Ledger does with databases what it is told over HTTP: a program as a stranger would write one.
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"sync"

	_ "github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/lib/pq"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	_ "modernc.org/sqlite"
)

// Step is one thing to do.
type Step struct {
	Do     string
	Name   string // of what is opened, begun, prepared, or used
	In     string // name of the pool, the transaction or the connection that it is done in
	Driver string
	SQL    string
	Args   []any
	Plain  bool // without the request's context
}

type runs interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	PrepareContext(context.Context, string) (*sql.Stmt, error)
}

type order struct {
	ID   int
	Item string
}

func (order) TableName() string { return "orders" }

var (
	lock  sync.Mutex
	known = map[string]any{}
)

func get[T any](name string) T {
	lock.Lock()
	defer lock.Unlock()
	found, ok := known[name].(T)
	if !ok {
		panic(fmt.Sprintf("%s is a %T", name, known[name]))
	}
	return found
}

func keep(name string, value any, err error) (any, error) {
	if err == nil {
		lock.Lock()
		known[name] = value
		lock.Unlock()
	}
	return "ok", err
}

func open(step Step) (any, error) {
	switch step.Driver {
	case "pgx connector":
		config, err := pgx.ParseConfig(step.SQL)
		if err != nil {
			return nil, err
		}
		return keep(step.Name, stdlib.OpenDB(*config), nil)
	case "pgx alone":
		conn, err := pgx.Connect(context.Background(), step.SQL)
		return keep(step.Name, conn, err)
	case "pgxpool":
		pool, err := pgxpool.New(context.Background(), step.SQL)
		return keep(step.Name, pool, err)
	case "gorm":
		db, err := gorm.Open(postgres.Open(step.SQL), &gorm.Config{})
		return keep(step.Name, db, err)
	}
	db, err := sql.Open(step.Driver, step.SQL)
	if err == nil {
		db.SetMaxOpenConns(4)
	}
	return keep(step.Name, db, err)
}

func rows(found *sql.Rows, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	defer found.Close()
	columns, _ := found.Columns()
	all := [][]any{}
	for found.Next() {
		row, to := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			to[i] = &row[i]
		}
		if err := found.Scan(to...); err != nil {
			return nil, err
		}
		for i := range row {
			if text, ok := row[i].([]byte); ok {
				row[i] = string(text)
			}
		}
		all = append(all, row)
	}
	return all, found.Err()
}

func changed(result sql.Result, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return result.RowsAffected()
}

func begin(ctx context.Context, step Step) (any, error) {
	if conn, ok := get[any](step.In).(*sql.Conn); ok {
		tx, err := conn.BeginTx(ctx, nil)
		return keep(step.Name, tx, err)
	}
	tx, err := get[*sql.DB](step.In).BeginTx(ctx, nil)
	return keep(step.Name, tx, err)
}

func do(ctx context.Context, step Step) (any, error) {
	switch step.Do {
	case "open":
		return open(step)
	case "ping":
		return "ok", get[*sql.DB](step.In).PingContext(ctx)
	case "exec":
		return changed(get[runs](step.In).ExecContext(ctx, step.SQL, step.Args...))
	case "query":
		return rows(get[runs](step.In).QueryContext(ctx, step.SQL, step.Args...))
	case "prepare":
		stmt, err := get[runs](step.In).PrepareContext(ctx, step.SQL)
		return keep(step.Name, stmt, err)
	case "exec prepared":
		return changed(get[*sql.Stmt](step.Name).ExecContext(ctx, step.Args...))
	case "query prepared":
		return rows(get[*sql.Stmt](step.Name).QueryContext(ctx, step.Args...))
	case "exec prepared in":
		return changed(get[*sql.Tx](step.In).StmtContext(ctx, get[*sql.Stmt](step.Name)).ExecContext(ctx, step.Args...))
	case "begin":
		return begin(ctx, step)
	case "commit":
		return "ok", get[*sql.Tx](step.In).Commit()
	case "rollback":
		return "ok", get[*sql.Tx](step.In).Rollback()
	case "conn":
		conn, err := get[*sql.DB](step.In).Conn(ctx)
		return keep(step.Name, conn, err)
	case "raw":
		return "ok", get[*sql.Conn](step.In).Raw(func(any) error { return nil })
	case "close":
		return "ok", get[interface{ Close() error }](step.In).Close()
	case "open connections":
		return get[*sql.DB](step.In).Stats().OpenConnections, nil
	case "copy":
		stmt, err := get[*sql.Tx](step.In).PrepareContext(ctx, pq.CopyIn("orders", "item"))
		if err != nil {
			return nil, err
		}
		if _, err := stmt.ExecContext(ctx, step.SQL); err != nil {
			return nil, err
		}
		_, err = stmt.ExecContext(ctx)
		return "ok", err
	case "pool exec":
		tag, err := get[*pgxpool.Pool](step.In).Exec(ctx, step.SQL, step.Args...)
		return tag.RowsAffected(), err
	case "alone exec":
		tag, err := get[*pgx.Conn](step.In).Exec(ctx, step.SQL, step.Args...)
		return tag.RowsAffected(), err
	case "alone query":
		var found any
		err := get[*pgx.Conn](step.In).QueryRow(ctx, step.SQL, step.Args...).Scan(&found)
		return found, err
	case "alone batch":
		batch := &pgx.Batch{}
		batch.Queue(step.SQL, step.Args...)
		return "ok", get[*pgx.Conn](step.In).SendBatch(ctx, batch).Close()
	case "alone copy":
		rows := pgx.CopyFromRows([][]any{step.Args})
		return get[*pgx.Conn](step.In).CopyFrom(ctx, pgx.Identifier{"orders"}, []string{"item"}, rows)
	case "gorm create":
		return "ok", get[*gorm.DB](step.In).WithContext(ctx).Create(&order{Item: step.SQL}).Error
	}
	return nil, fmt.Errorf("nobody knows how to %s", step.Do)
}

func serve(w http.ResponseWriter, r *http.Request) {
	var steps []Step
	if err := json.NewDecoder(r.Body).Decode(&steps); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	results := []any{}
	for _, step := range steps {
		ctx := context.WithoutCancel(r.Context())
		if step.Plain {
			ctx = context.Background()
		}
		result, err := do(ctx, step)
		if err != nil {
			results = append(results, map[string]string{"error": err.Error()})
			continue
		}
		results = append(results, result)
	}
	json.NewEncoder(w).Encode(results)
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr())
	os.Stdout.Sync()
	http.HandleFunc("/run", serve)
	log.Fatal(http.Serve(listener, nil))
}
