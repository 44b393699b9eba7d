package fairlead

import (
	"fmt"
	"os"
	"strings"
)

// Dialects of SQL (fairlead.sql.session).
const (
	mysqlDialect    = "mysql"
	postgresDialect = "postgres"
	sqliteDialect   = "sqlite"
)

// sqlDrivers are the packages of drivers whose statements and data source names are understood here.
var sqlDrivers = map[string]string{
	"github.com/go-sql-driver/mysql":   mysqlDialect,
	"github.com/jackc/pgx/v4/stdlib":   postgresDialect,
	"github.com/jackc/pgx/v5/stdlib":   postgresDialect,
	"github.com/lib/pq":                postgresDialect,
	"modernc.org/sqlite":               sqliteDialect,
	"github.com/glebarez/go-sqlite":    sqliteDialect,
	"github.com/glebarez/sqlite":       sqliteDialect,
	"github.com/mattn/go-sqlite3":      sqliteDialect,
	"github.com/ncruces/go-sqlite3":    "",
	"github.com/denisenkom/go-mssqldb": "",
}

// sqlSource is where the connections of a pool lead, as far as that can be told.
type sqlSource interface {
	// targets are what a connection may be to: the driver tries them in turn. None where that is not
	// known, with the reason.
	targets() ([]sqlTarget, string)

	// aimed returns the data source name, or the connector, that leads to a shadow instead.
	aimed(shadow *shadowDatabase, password string) (dsn string, connector any, err error)
}

// vagueSource is one of which nothing is known but why.
type vagueSource struct{ reason string }

func (v vagueSource) targets() ([]sqlTarget, string) { return nil, v.reason }

func (v vagueSource) aimed(*shadowDatabase, string) (string, any, error) {
	return "", nil, fmt.Errorf("%s", v.reason)
}

// sourceOf reads a data source name as its driver does.
func sourceOf(dialect, dsn string) sqlSource {
	switch dialect {
	case mysqlDialect:
		return readMySQLSource(dsn)
	case postgresDialect:
		return readPostgresSource(dsn, os.Getenv)
	case sqliteDialect:
		return sqliteSource{dsn}
	}
	return vagueSource{"its driver is not known"}
}

// secretAt returns the password that is kept at env:NAME or file:PATH (fairlead.instruments.secret).
// It is read whenever a pool is opened: it may have been changed.
func secretAt(place string) (string, error) {
	kind, name, _ := strings.Cut(place, ":")
	switch kind {
	case "env":
		if value, ok := os.LookupEnv(name); ok {
			return value, nil
		}
		return "", fmt.Errorf("the password is in the variable %s, which is not set", name)
	case "file":
		text, err := os.ReadFile(name)
		if err != nil {
			return "", fmt.Errorf("the password is in %s, which cannot be read", name)
		}
		return strings.TrimSuffix(string(text), "\n"), nil
	}
	return "", fmt.Errorf("where the password is has to be env:NAME or file:PATH")
}
